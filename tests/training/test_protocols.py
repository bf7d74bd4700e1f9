"""Libraries that cannot be installed beside this one, by the protocols that they publish.

Each fixture stands for a library: the names that the module imports, and no more. What the library
passes and what it does with the answer is written in the docstring of the test, with its source.
"""

import importlib
import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch.nn.functional import logsigmoid
from torch.testing import assert_close

from midpo_sym import losses

PAIRS, TOKENS, VOCABULARY = 3, 6, 11
BETA = 0.3


def stand_in(monkeypatch, name, **names):
    """Put a module, and the packages it is in, where imports look."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        module = ModuleType(".".join(parts[:depth]))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    vars(sys.modules[name]).update(names)


def ours(monkeypatch, name):
    """Import a module of ours afresh, to be forgotten after the test."""
    monkeypatch.delitem(sys.modules, f"midpo_sym.training.{name}", raising=False)
    module = importlib.import_module(f"midpo_sym.training.{name}")
    monkeypatch.delitem(sys.modules, f"midpo_sym.training.{name}")
    return module


@pytest.fixture
def batch():
    """Three pairs in turns, chosen first, of different lengths; log-probabilities of each token."""
    torch.manual_seed(6)
    labels = torch.randint(VOCABULARY, (2 * PAIRS, TOKENS))
    labels[:, :2] = -100
    labels[1, 4:] = labels[4, 3:] = -100
    shape = (2 * PAIRS, TOKENS, VOCABULARY)
    logits, reference = (torch.randn(shape, dtype=torch.float64) for _ in range(2))
    # Of the token at each place, as the logits there say: shifted already.
    place = labels.clamp(min=0).unsqueeze(-1)
    logps, ref_logps = (
        each.log_softmax(-1).gather(-1, place)[..., 0] for each in (logits, reference)
    )
    return SimpleNamespace(
        labels=labels, live=labels >= 0, logits=logits, ref_logits=reference,
        logps=logps, ref_logps=ref_logps,
    )  # fmt: skip


def dpo_by_hand(batch, beta=BETA):
    """−log σ(β Δ) of each pair, and β times the log-ratios: equation 7 of DPO."""
    ratios = beta * ((batch.logps - batch.ref_logps) * batch.live).sum(-1)
    return -logsigmoid(ratios[::2] - ratios[1::2]), ratios[::2], ratios[1::2]


@pytest.fixture
def nemo(monkeypatch):
    kinds = {
        "LossType": SimpleNamespace(SEQUENCE_LEVEL="sequence_level"),
        "LossInputType": SimpleNamespace(LOGPROB="logprob"),
    }
    stand_in(monkeypatch, "nemo_rl.algorithms.loss.interfaces", **kinds)
    return ours(monkeypatch, "nemo_rl")


def data_of_nemo(batch):
    """Log-probabilities at t are of token t + 1; the reference's have a column more."""
    blank = torch.zeros(2 * PAIRS, 1, dtype=torch.float64)
    return {
        "token_mask": torch.cat([blank, batch.live], 1),
        "sample_mask": torch.tensor([1.0, 1, 0, 0, 1, 1]),
        "reference_policy_logprobs": torch.cat([batch.ref_logps, blank], 1),
    }


def test_nemo_rl(nemo, batch):
    """`LossFunction.__call__(data, global_valid_seqs, global_valid_toks, next_token_logprobs)`
    returns a microbatch's sum over its pairs over the pairs of the whole batch, which is
    global_valid_seqs / 2, and metrics as numbers; pairs whose sample_mask is 0 do not count.

    NVIDIA-NeMo/RL 7ea279ab, nemo_rl/algorithms/loss/interfaces.py and loss_functions.py (DPOLossFn,
    PreferenceLossFn: rows in turns, `token_mask[:, 1:]`, `reference_policy_logprobs[:, :-1]`).
    """
    fn = nemo.PreferenceLossFn(losses.DPOLoss(beta=BETA))
    assert (fn.loss_type, fn.input_type) == ("sequence_level", "logprob")
    logps = batch.logps.requires_grad_()
    loss, metrics = fn(
        data=data_of_nemo(batch),
        global_valid_seqs=torch.tensor(10),
        global_valid_toks=torch.tensor(99),
        next_token_logprobs=logps,
    )
    each, chosen, rejected = dpo_by_hand(batch)
    wanted = (each[0] + each[2]) / 5
    assert_close(loss, wanted)
    assert_close(*(torch.autograd.grad(one, logps)[0] for one in (loss, wanted)))
    right = (chosen > rejected).double()
    for name, found in (("loss", each), ("rewards_chosen_mean", chosen), ("accuracy", right)):
        assert metrics[name] == pytest.approx((found[0] + found[2]).item() / 5), name
    assert metrics["num_valid_samples"] == 2


def test_nemo_rl_has_lengths_and_no_divergences(nemo, batch):
    fn = nemo.PreferenceLossFn(losses.SimPOLoss(beta=2.0, gamma=0.5))
    loss, _ = fn(batch.logps, data_of_nemo(batch), torch.tensor(4))
    means = (batch.logps * batch.live).sum(-1) / batch.live.sum(-1)
    each = -logsigmoid(2 * (means[::2] - means[1::2]) - 0.5)
    assert_close(loss, (each[0] + each[2]) / 2)
    with pytest.raises(ValueError, match=r"needs KL of ref_pi; NeMo-RL gives log-probabilities"):
        nemo.PreferenceLossFn(losses.TDPOLoss())


class SwiftTrainer:
    """`swift.rlhf_trainers.DPOTrainer`, but for all that is not its loss."""

    def get_batch_loss_metrics(self, model_output, reference, loss_types=("sigmoid",)):
        found = [
            self.dpo_loss(
                model_output["chosen_logps"], model_output["rejected_logps"], *reference,
                loss_type, model_output,
            )
            for loss_type in loss_types
        ]  # fmt: skip
        return found[0]


def test_ms_swift(monkeypatch, batch):
    """`DPOTrainer.dpo_loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps,
    loss_type, model_output)` returns losses and rewards of pairs from sums of log-probabilities;
    its caller takes the mean.

    modelscope/ms-swift 3602360a, swift/rlhf_trainers/dpo_trainer.py (`get_batch_loss_metrics`), and
    swift/megatron/trainers/dpo_trainer.py, which calls it with the four tensors alone.
    """
    stand_in(monkeypatch, "swift.rlhf_trainers", DPOTrainer=SwiftTrainer)
    module = ours(monkeypatch, "ms_swift")
    trainer = module.preference_trainer(losses.DPOLoss(beta=BETA))()
    assert isinstance(trainer, SwiftTrainer)
    sums, ref_sums = ((each * batch.live).sum(-1) for each in (batch.logps, batch.ref_logps))
    output = {"chosen_logps": sums[::2], "rejected_logps": sums[1::2]}
    reference = (ref_sums[::2], ref_sums[1::2])
    for found in (
        trainer.get_batch_loss_metrics(output, reference),
        trainer.dpo_loss(*output.values(), *reference),
    ):
        for one, other in zip(found, dpo_by_hand(batch), strict=True):
            assert_close(one, other)
    with pytest.raises(ValueError, match="loss_type is 'hinge', which says another loss"):
        trainer.get_batch_loss_metrics(output, reference, ["hinge"])
    for loss in (losses.SimPOLoss(), losses.RDPOLoss()):
        with pytest.raises(ValueError, match=r"reads tokens or lengths; ms-swift gives the sum"):
            module.preference_trainer(loss)


@pytest.fixture
def twinkle(monkeypatch):
    stand_in(monkeypatch, "twinkle.loss.base", Loss=type("Loss", (), {"require_logits": False}))
    module = ModuleType("twinkle.data_format")
    module.LossOutput = dict  # a TypedDict there
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return ours(monkeypatch, "twinkle")


@pytest.mark.parametrize(
    "way",
    ["tensor", "lists", "short lists", "sums", pytest.param("logits", marks=pytest.mark.slow)],
)
def test_twinkle(way, twinkle, batch):
    """A `Loss` is called with inputs (`labels`, rolled by the template, rows in turns), outputs
    (`logps`, or `logits` where `require_logits`) and what `forward_backward` is passed, such as
    `ref_outputs` or `ref_logps`; it returns {"loss", "num_tokens"}, 0 tokens for a mean over pairs.

    modelscope/twinkle 1a1d8845, src/twinkle/loss/dpo.py and base.py, template/base.py
    (`_roll_labels`), model/transformers/transformers.py (`calculate_loss`).
    """
    loss = twinkle.TwinkleLoss(losses.DPOLoss(beta=BETA))
    assert not loss.require_logits
    outputs, given = {"logps": batch.logps}, {"ref_outputs": {"logps": batch.ref_logps}}
    rows = zip(batch.ref_logps, batch.live, strict=True)
    if way == "lists":
        given = {"ref_logps": batch.ref_logps.tolist()}
    elif way == "short lists":
        given = {"ref_logps": [row[live].tolist() for row, live in rows]}
    elif way == "sums":
        sums = (batch.ref_logps * batch.live).sum(-1)
        given = {"ref_chosen_logps": sums[::2], "ref_rejected_logps": sums[1::2]}
    elif way == "logits":
        outputs = {"logits": batch.logits, "logps": None}
    found = loss({"labels": batch.labels}, outputs, **given)
    assert found["num_tokens"] == 0
    assert_close(found["loss"], dpo_by_hand(batch)[0].mean())


@pytest.mark.slow
def test_twinkle_gives_distributions_to_losses_that_read_them(twinkle, batch):
    """TDPO, by hand: the log-ratios minus KL(π_ref‖π) along each response."""
    loss = twinkle.TwinkleLoss(losses.TDPOLoss(beta=BETA))
    assert loss.require_logits
    found = loss(
        {"labels": batch.labels},
        {"logps": batch.logps, "logits": batch.logits},
        ref_outputs={"logits": batch.ref_logits},
    )
    own, reference = (each.log_softmax(-1) for each in (batch.logits, batch.ref_logits))
    kl = ((reference.exp() * (reference - own)).sum(-1) * batch.live).sum(-1)
    ratios = ((batch.logps - batch.ref_logps) * batch.live).sum(-1)
    score = BETA * (ratios + kl)
    assert_close(found["loss"], -logsigmoid(score[::2] - score[1::2]).mean())
    with pytest.raises(ValueError, match=r"ref_outputs: expected the reference's logits"):
        loss({"labels": batch.labels}, {"logps": batch.logps, "logits": batch.logits})
    with pytest.raises(ValueError, match="reference: missing"):
        twinkle.TwinkleLoss(losses.DPOLoss())({"labels": batch.labels}, {"logps": batch.logps})
