"""What a head is read of, without any library: linear layers, and the source of a forward."""

import types

import pytest
import torch
from oracles.tensor.literal import SimPO
from torch import nn

from midpo_sym.tensor import OutputHead, read_head


class Model(nn.Module):
    """Models whose lm_head is linear; subclasses say what they do to its logits."""

    def __init__(self, **settings):
        super().__init__()
        self.lm_head = nn.Linear(4, 7, dtype=torch.float64)
        self.config = types.SimpleNamespace(**settings)

    def get_output_embeddings(self):
        return self.lm_head

    def model(self, hidden):
        return types.SimpleNamespace(last_hidden_state=hidden)


class Scaled(Model):
    def forward(self, hidden, labels=None):
        outputs = self.model(hidden)
        states = outputs.last_hidden_state
        logits = self.lm_head(states[:, :, :]).float() / self.config.scaling
        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels)
        return types.SimpleNamespace(loss=loss, logits=logits)


class Capped(Model):
    def forward(self, hidden):
        states = self.model(hidden).last_hidden_state
        outputs = self.model(hidden)
        states = outputs.last_hidden_state
        logits = 0.5 * self.lm_head(states)
        cap = getattr(self.config, "cap", None)
        if cap is not None:
            logits = torch.tanh(logits / cap)
            logits = logits * cap
        return types.SimpleNamespace(logits=logits)


class Masked(Model):
    def forward(self, hidden):
        outputs = self.model(hidden)
        logits = self.lm_head(outputs.last_hidden_state)
        logits[:, :, 3] = -1e30
        return types.SimpleNamespace(logits=logits)


class Unlike(Model):
    def forward(self, hidden, flag):
        outputs = self.model(hidden)
        logits = self.lm_head(outputs.last_hidden_state)
        if flag:
            logits = logits * 2
        return types.SimpleNamespace(logits=logits)


class Divided(Model):
    def forward(self, hidden):
        outputs = self.model(hidden)
        states = outputs.last_hidden_state / 3
        return types.SimpleNamespace(logits=self.lm_head(states))


class InPlace(Model):
    def forward(self, hidden):
        outputs = self.model(hidden)
        logits = self.lm_head(outputs.last_hidden_state)
        logits.mul_(2)
        return types.SimpleNamespace(logits=logits)


class Looped(Model):
    def forward(self, hidden):
        outputs = self.model(hidden)
        logits = self.lm_head(outputs.last_hidden_state)
        for _ in range(2):
            logits = logits * 2
        return types.SimpleNamespace(logits=logits)


HIDDEN = torch.randn(2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("model", "scale", "cap"),
    [
        (Scaled(scaling=8.0), 0.125, None),
        (Scaled(scaling=0.3), 1 / 0.3, None),
        (Capped(cap=0.3), 0.5, 0.3),
        (Capped(cap=None), 0.5, None),
        (Capped(), 0.5, None),
    ],
)
def test_a_models_forward_is_read(model, scale, cap):
    head = read_head(model)
    assert (head.logit_scale, head.softcap) == (scale, cap)
    logits = model(HIDDEN).logits.double()
    torch.testing.assert_close(head.logits(HIDDEN), logits, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (Masked(), "not the lm_head's"),
        (Unlike(), "not the lm_head's"),
        (InPlace(), "not the lm_head's"),
        (Divided(), "other than plain hidden states"),
        (Looped(), "in a loop"),
        (Scaled(scaling=-1.0), "no positive"),
        (Scaled(scaling=torch.tensor(2.0)), "not the lm_head's"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_cure(model, why):
    with pytest.raises(ValueError, match=why) as caught:
        read_head(model)
    assert "get_output_embeddings(), with the softcap= and logit_scale=" in str(caught.value)


def test_keywords_say_what_a_linear_layer_does_not():
    head = read_head(Capped().lm_head, softcap=2.0, logit_scale=0.5)
    assert (head.logit_scale, head.softcap) == (0.5, 2.0)
    assert read_head(head) == head
    for keyword, cure in (("softcap", "has 2.0; leave"), ("logit_scale", "has 0.5; leave")):
        with pytest.raises(ValueError, match=cure):
            read_head(head, **{keyword: 3.0})


def hooked():
    linear = nn.Linear(4, 7)
    linear.register_forward_hook(lambda *_: None)
    return linear


def partitioned():
    linear = nn.Linear(4, 7)
    linear.weight = nn.Parameter(torch.empty(0))
    linear.weight.ds_id = 1
    return linear


def split():
    """Return a layer whose weight says what a DTensor says, on the first of two processes."""
    linear = nn.Linear(4, 7, bias=False)
    part = linear.weight.detach()[:4].requires_grad_()
    linear.weight.placements = (types.SimpleNamespace(is_shard=lambda dim=0: dim == 0),)
    linear.weight.device_mesh = types.SimpleNamespace(
        ndim=1, size=lambda _: 2, get_local_rank=lambda _: 0, get_group=lambda _: None
    )
    linear.weight.to_local = lambda: part
    return linear


class Quantised(nn.Linear):
    def forward(self, states):
        return super().forward(states).round()


@pytest.mark.parametrize(
    ("head", "error", "cure"),
    [
        (torch.eye(4), TypeError, "a tensor is for from_hidden"),
        (nn.Embedding(4, 4), ValueError, "use from_logits"),
        (Quantised(4, 7), ValueError, "use from_logits"),
        (hooked(), ValueError, "remove them"),
        (partitioned(), ValueError, "GatheredParameters"),
        (type("DistributedDataParallel", (nn.Module,), {})(), ValueError, r"wrapper\.module"),
    ],
)
def test_other_modules_are_refused_with_the_cure(head, error, cure):
    with pytest.raises(error, match=cure):
        read_head(head)


def test_a_plain_tensor_beside_a_split_head_is_refused():
    """FSDP2 splits a weight as tensor parallelism does, but its processes have different data."""
    labels = torch.tensor([[0, 1, 2], [0, 3, 4]])
    with pytest.raises(ValueError, match=r"hidden: expected a DTensor, .*full_tensor"):
        SimPO().from_head(torch.randn(2, 3, 4), split(), labels)


def test_a_head_is_a_product_with_a_scale():
    head = OutputHead(torch.eye(2), torch.tensor([0.0, 1.0]), logit_scale=3.0)
    assert head.logits(torch.tensor([[1.0, 2.0]])).tolist() == [[3.0, 9.0]]
