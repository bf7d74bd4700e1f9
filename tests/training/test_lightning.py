"""The module of Lightning trains as a loop by hand does, and keeps the reference out of files."""

import copy
import importlib.util
import warnings

import pytest
import torch
from oracles.needs import missing
from torch import nn
from torch.testing import assert_close
from torch.utils.data import DataLoader

from midpo_sym import losses
from midpo_sym.training.step import pair_loss

PAIRS, TOKENS, VOCABULARY = 2, 5, 11
MISSING = [name for name in ("lightning",) if importlib.util.find_spec(name) is None]


class Output:
    def __init__(self, *, logits, hidden_states):
        self.logits, self.hidden_states = logits, hidden_states


class Model(nn.Module):
    """What `pair_loss` asks of a model, and no more."""

    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, 6)
        self.lm_head = nn.Linear(6, VOCABULARY, bias=False)

    def get_output_embeddings(self):
        return self.lm_head

    def forward(self, input_ids, *, output_hidden_states, logits_to_keep, use_cache):
        assert output_hidden_states
        assert not use_cache
        hidden_states = self.tokens(input_ids).cumsum(1).tanh()
        logits = self.lm_head(hidden_states[:, -logits_to_keep:])
        return Output(logits=logits, hidden_states=(hidden_states,))


def batches():
    torch.manual_seed(4)
    found = []
    for _ in range(3):
        ids = torch.randint(VOCABULARY, (2 * PAIRS, TOKENS))
        labels = ids.clone()
        labels[:, :2] = -100
        found.append({"input_ids": ids, "labels": labels})
    return found


def by_logits(loss, model, reference, batch):
    """The same loss through logits of the whole batch."""
    every = [
        each.lm_head(each.tokens(batch["input_ids"]).cumsum(1).tanh())
        for each in (model, reference)
    ]
    found = loss.from_logits(every[0], batch["labels"], ref_logits=every[1].detach())
    return found[0].mean()


def test_a_step_is_the_loss_from_logits():
    torch.manual_seed(2)
    model, reference = Model(), Model()
    loss, batch = losses.TDPOLoss(beta=0.4), batches()[0]
    found, _, _ = pair_loss(loss, model, batch, reference=reference)
    wanted = by_logits(loss, model, reference, batch)
    learned = list(model.parameters())
    for one, other in zip(*(torch.autograd.grad(x, learned) for x in (found, wanted)), strict=True):
        assert_close(one, other)
    kept = losses.DPOLoss(beta=0.4)
    sums, _, _ = pair_loss(kept, model, {**batch, "ref_logps": -torch.ones(2 * PAIRS, TOKENS)})
    ratios = kept.from_logits(
        model.lm_head(model.tokens(batch["input_ids"]).cumsum(1).tanh()),
        batch["labels"],
        ref_logps=-torch.ones(2 * PAIRS, TOKENS),
    )[0]
    assert_close(sums, ratios.mean())
    with pytest.raises(ValueError, match="reference: missing, TDPOLoss needs it; pass reference="):
        pair_loss(loss, model, batch)


@pytest.mark.slow
def test_lightning_trains_as_a_loop_does(tmp_path):
    if MISSING:
        missing("Lightning (pip install 'lightning>=2.6,<3')")
    torch.manual_seed(2)
    model, reference = Model(), Model()
    loss, twin = losses.TDPOLoss(beta=0.4), copy.deepcopy(model)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.5)
    for batch in batches():
        optimizer.zero_grad()
        by_logits(loss, twin, reference, batch).backward()
        optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own state
        import lightning  # noqa: PLC0415 - takes seconds

        from midpo_sym.training.lightning import PreferenceModule  # noqa: PLC0415 - needs it

        module = PreferenceModule(
            model, loss, reference=reference,
            optimizer=lambda found: torch.optim.SGD(found, lr=0.5),
        )  # fmt: skip
        trainer = lightning.Trainer(
            max_epochs=1, accelerator="cpu", logger=False, enable_progress_bar=False,
            enable_model_summary=False, enable_checkpointing=False, default_root_dir=tmp_path,
        )  # fmt: skip
        rows = DataLoader(batches(), batch_size=None)
        trainer.fit(module, rows, DataLoader(batches()[:1], batch_size=None))
        trainer.save_checkpoint(tmp_path / "one.ckpt")
        kept = torch.load(tmp_path / "one.ckpt", weights_only=False)["state_dict"]
    for one, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert_close(one, other)
    assert sorted(kept) == ["model.lm_head.weight", "model.tokens.weight"]
    seen = trainer.callback_metrics
    wanted = by_logits(loss, twin, reference, batches()[0])
    assert_close(seen["val_loss"], wanted.detach())
    assert set(seen) >= {"train_rewards/margins", "val_rewards/accuracies"}
