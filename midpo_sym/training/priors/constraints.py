"""What keeps a learned prior from explaining everything: a budget, a square, turns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import torch
from torch import Tensor, nn


def budget_penalty(divergence: Tensor, budget: float, price: float) -> Tensor:
    """Return what a prior pays for being further from the reference than it may; ().

    Args:
        divergence: KL(π_ref‖ζ) along each response, nats; (N,). Along responses of the reference
            its mean is the divergence of the two.
        budget: nats of a response that are free.
        price: of a nat beyond them.
    """
    return price * (divergence.mean() - budget).clamp(min=0)


class PairOffsets(nn.Module):
    """log ζ = log π_ref, with an offset of each pair that depends on the label; as in AuxDPO.

    A prior that knows the label is in no set of distributions: with `square=0` nothing constrains
    it, and the loss falls to 0 whatever the policy does.
    """

    def __init__(self, pairs: int, *, beta: float, square: float = 0.05) -> None:
        """Make offsets of 0.

        Args:
            pairs: how many there are in all.
            beta: scale of the implicit reward, in whose unit the offsets are.
            square: what the square of an offset costs.
        """
        super().__init__()
        self.offsets = nn.Parameter(torch.zeros(pairs))
        self.beta, self.square = beta, square

    def forward(self, rows: Tensor, ref_logps: Tensor) -> tuple[Tensor, Tensor]:
        """Return log ζ of responses, chosen first, and the penalty of each pair; (2B,), (B,).

        Args:
            rows: which pairs of all; (B,).
            ref_logps: log π_ref of the responses, chosen first; (2B,).
        """
        offset = self.offsets[rows]
        half = torch.cat([offset, -offset]) / 2
        penalty = self.square * offset**2 if self.square else torch.zeros_like(offset.detach())
        return ref_logps - half / self.beta, penalty


@dataclasses.dataclass(frozen=True)
class Turns:
    """Policy and prior trained in turns, the policy first.

    Attributes:
        steps: of a turn.
    """

    steps: int = 10

    def __post_init__(self) -> None:
        """Check the number.

        Raises:
            ValueError: a turn has no step.
        """
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}; expected 1 or more, the steps of a turn")

    def trains_policy(self, step: int) -> bool:
        """Return whether the policy moves in a step, counted from 0."""
        return (step // self.steps) % 2 == 0

    def trains_prior(self, step: int) -> bool:
        """Return whether the prior moves in a step, counted from 0."""
        return not self.trains_policy(step)

    def freeze(
        self, step: int, policy: Iterable[nn.Parameter], prior: Iterable[nn.Parameter]
    ) -> None:
        """Drop the gradients of what does not move in a step; call it before the optimiser.

        Args:
            step: counted from 0.
            policy: its parameters.
            prior: its parameters.
        """
        for each in prior if self.trains_policy(step) else policy:
            each.grad = None
