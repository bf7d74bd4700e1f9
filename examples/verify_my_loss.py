"""Is this the loss that it says it is? Three functions, as one meets them, each asked.

Run it with `python examples/verify_my_loss.py`, or ask about one of them on the command line:

    midpo verify examples/verify_my_loss.py::my_loss --as dpo
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

import midpo_sym


def my_loss(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    beta: float = 0.1,
) -> tuple[Tensor, Tensor, Tensor]:
    """DPO, written in one's own way; the rewards are logged."""
    chosen = beta * (chosen_logps - ref_chosen_logps)
    rejected = beta * (rejected_logps - ref_rejected_logps)
    rewards = torch.stack([chosen, rejected])
    loss = -functional.log_softmax(rewards, dim=0)[0].mean()
    return loss, chosen.detach(), rejected.detach()


def with_margin(
    chosen_logps: Tensor, rejected_logps: Tensor, beta: float = 2.0, gamma: float = 0.5
) -> Tensor:
    """SimPO of averages, with the margin under the bracket, where it is γ/β that is meant."""
    return -functional.logsigmoid(beta * (chosen_logps - rejected_logps - gamma)).mean()


@dataclass
class Config:
    """What a trainer has instead of arguments."""

    beta: float = 0.1
    device: str = "cuda"


class Trainer:
    """A trainer whose loss takes a batch in a dictionary, and its settings from a config."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def compute_loss(self, batch: dict[str, Tensor]) -> Tensor:
        chosen = (batch["chosen"] - batch["ref_chosen"]).to(self.config.device)
        rejected = (batch["rejected"] - batch["ref_rejected"]).to(self.config.device)
        return functional.softplus(self.config.beta * (rejected - chosen)).mean()


def of_trainer(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    beta: float,
) -> Tensor:
    """Call the trainer's own method: the adapter says what is what, and keeps it off the GPU."""
    batch = {
        "chosen": chosen_logps,
        "rejected": rejected_logps,
        "ref_chosen": ref_chosen_logps,
        "ref_rejected": ref_rejected_logps,
    }
    return Trainer(Config(beta=beta, device="cpu")).compute_loss(batch)


def main() -> None:
    averages = {
        "chosen_logps": "log(pi(w))/length(w)",
        "rejected_logps": "log(pi(l))/length(l)",
    }
    mine = midpo_sym.verify(my_loss, "dpo")
    print(mine)
    print()
    print(midpo_sym.verify(with_margin, "simpo", bind=averages))
    print()
    again = midpo_sym.verify(with_margin, "simpo", bind={**averages, "gamma": "gamma/alpha"})
    trainers = midpo_sym.verify(of_trainer, "dpo")
    print(f"with γ/β for γ it is SimPO: {again.proved}; the trainer's is DPO: {trainers.proved}")
    sys.exit(0 if mine.proved and again.proved and trainers.proved else 1)


if __name__ == "__main__":
    main()
