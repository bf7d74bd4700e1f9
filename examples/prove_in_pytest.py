"""Losses that are proved by pytest: each test returns the loss that its mark names.

    pytest --midpo examples/prove_in_pytest.py

Three that do not take log-probabilities by name: adapters of a few lines say what is what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


@dataclass
class Config:
    """What a trainer has instead of arguments."""

    beta: float = 0.1
    label_smoothing: float = 0.0


def with_config(chosen: Tensor, rejected: Tensor, config: Config) -> Tensor:
    """DPO from log-ratios, with the settings of a config object."""
    logits = config.beta * (chosen - rejected)
    smoothed = config.label_smoothing * logsigmoid(-logits)
    return -(1 - config.label_smoothing) * logsigmoid(logits) - smoothed


def of_batch(batch: dict[str, Tensor], beta: float) -> Tensor:
    """DPO from the dictionary that a data loader gives: chosen above rejected responses."""
    chosen, rejected = (batch["logps"] - batch["ref_logps"]).chunk(2)
    return -logsigmoid(beta * (chosen - rejected)).mean()


def on_gpu(logps: Tensor, beta: float) -> Tensor:
    """CPO, on a GPU and nowhere else."""
    chosen, rejected = logps.to("cuda").chunk(2)
    return -logsigmoid(beta * (chosen - rejected))


@pytest.mark.midpo("dpo", bind={"chosen": "log(pi(w)/ref(w))", "rejected": "log(pi(l)/ref(l))"})
def test_config() -> Callable[..., Tensor]:
    def loss(chosen: Tensor, rejected: Tensor, beta: float) -> Tensor:
        return with_config(chosen, rejected, Config(beta=beta))

    return loss


@pytest.mark.midpo(
    "dpo",
    bind={"logps": "log(pi(w)); log(pi(l))", "ref_logps": "log(ref(w)); log(ref(l))"},
)
def test_batch() -> Callable[..., Tensor]:
    def loss(logps: Tensor, ref_logps: Tensor, beta: float) -> Tensor:
        return of_batch({"logps": logps, "ref_logps": ref_logps}, beta)

    return loss


@pytest.mark.midpo("cpo.toml", bind={"logps": "log(pi(w)); log(pi(l))"})
def test_gpu(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tensor]:
    """Where there is no GPU, what moves a tensor there leaves it where it is."""
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *_, **__: self)
    return on_gpu
