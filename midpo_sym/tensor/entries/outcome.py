"""From losses of pairs to what a training step wants: skipped pairs, weights, smoothing, a mean."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.checks import check_number
from midpo_sym.tensor.inputs import values
from midpo_sym.tensor.statistics import ResponseStatistics

Reduction = Literal["mean", "sum", "none"]
Empty = Literal["raise", "skip"]
Triple = tuple[Tensor, Tensor, Tensor]

_HALF = 0.5  # a weight in every domain, and a probability whose odds are finite
_NEAR = 0.6
_LONG = 4  # tokens of a response whose sum and mean cannot be taken for each other


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What is made of the losses of pairs.

    Attributes:
        empty: what a response without a token does: "raise", or "skip" its pair, whose loss and
            rewards are 0 and which counts in no mean.
        reduction: "mean" over the pairs that count, by their weights; "sum"; or "none".
        sample_weights: of the pairs; (B,).
        label_smoothing: the share of pairs that are taken to be the wrong way round, below 0.5.
    """

    empty: Empty = "raise"
    reduction: Reduction = "mean"
    sample_weights: Tensor | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        """Check the parts.

        Raises:
            TypeError: one is of another type.
            ValueError: one is none of what it may be.
        """
        if self.reduction not in {"mean", "sum", "none"}:
            raise ValueError(f"reduction: expected 'mean', 'sum' or 'none', got {self.reduction!r}")
        if self.empty not in {"raise", "skip"}:
            raise ValueError(f"empty: expected 'raise' or 'skip', got {self.empty!r}")
        check_number("label_smoothing", self.label_smoothing, "nonnegative")
        if self.label_smoothing >= _HALF:
            raise ValueError(
                f"label_smoothing is {self.label_smoothing}; expected a number from 0 to below 0.5"
            )
        weights = self.sample_weights
        if weights is not None and (not isinstance(weights, Tensor) or weights.ndim != 1):
            raise TypeError(
                f"sample_weights: expected a tensor (pairs,), got {inputs.describe(weights)}"
            )
        if weights is None:
            return
        if not values.holds(
            weights.isfinite() & (weights >= 0), "sample_weights: finite, 0 or more"
        ):
            raise ValueError(
                f"sample_weights: expected finite numbers, 0 or more, got {weights.tolist()[:8]}"
            )

    def smoothed(self, link: Callable[[Tensor], Tensor], argument: Tensor) -> Tensor:
        """Return the losses of arguments, some of whose pairs may be the wrong way round; (B,)."""
        share = self.label_smoothing
        if not share:
            return link(argument)
        return (1 - share) * link(argument) + share * link(-argument)

    def reduce(self, losses: Tensor, kept: Tensor) -> Tensor:
        """Return the loss of a batch.

        Args:
            losses: (B,).
            kept: the pairs that count; bool (B,).

        Raises:
            ValueError: there are not as many weights as pairs, or one is negative or no number.
        """
        weights = self.sample_weights
        if self.empty == "skip":
            losses = torch.where(kept, losses, 0.0)
        if weights is not None:
            shape, device = tuple(losses.shape), losses.device
            inputs.check_alike("sample_weights", weights, shape, device, "the batch of pairs")
            weights = weights.detach().to(losses.dtype)
            weights = torch.where(kept, weights, 0.0) if self.empty == "skip" else weights
            losses = losses * weights
        if self.reduction == "none":
            return losses
        if self.reduction == "sum":
            return losses.sum()
        if weights is None and self.empty == "raise":
            return losses.mean()
        total = kept.sum().to(losses.dtype) if weights is None else weights.sum()
        return losses.sum() / torch.where(total > 0, total, 1.0)  # no pair counts: 0, not 0/0

    def rewards(self, found: Tensor, kept: Tensor) -> Tensor:
        """Return implicit rewards, 0 where a pair is skipped; (B,)."""
        return torch.where(kept, found, 0.0) if self.empty == "skip" else found

    def prepared(
        self, chosen: ResponseStatistics, rejected: ResponseStatistics
    ) -> tuple[ResponseStatistics, ResponseStatistics, Tensor]:
        """Return statistics that a loss can be computed of, and the pairs that count; bool (B,).

        Raises:
            ValueError: a response is empty, and that is not allowed.
        """
        there = [part.mask.any(-1) for part in (chosen, rejected)]
        kept = there[0] & there[1] if len(there[0]) == len(there[1]) else there[0]
        if self.empty == "raise":
            if not values.holds(kept, "labels: a response has no token"):
                raise ValueError(
                    f"pair {(~kept).nonzero().flatten().tolist()[:8]}: a response has no token; "
                    "drop the pair, or pass empty='skip'"
                )
            return chosen, rejected, kept
        return _standing_in(chosen), _standing_in(rejected), kept


def _standing_in(part: ResponseStatistics) -> ResponseStatistics:
    """Return statistics whose empty responses have one token, of which every loss has a value.

    What it is does not matter, but that it is finite does: 0 times NaN is NaN.
    """
    token = torch.zeros_like(part.mask)
    token[:, 0] = True
    token = token & ~part.mask.any(-1, keepdim=True)

    def put(each: Tensor | None, value: float) -> Tensor | None:
        return None if each is None else torch.where(token, value, each)

    logps = put(part.logps, math.log(_HALF))
    assert logps is not None
    return dataclasses.replace(
        part,
        logps=logps,
        mask=part.mask | token,
        ref_logps=put(part.ref_logps, math.log(_HALF)),
        prev_logps=put(part.prev_logps, math.log(_HALF)),
        weights={name: torch.where(token, _HALF, each) for name, each in part.weights.items()},
        ref_sums=None
        if part.ref_sums is None
        else torch.where(token.any(-1), math.log(_HALF), part.ref_sums),
    )


def check_sums(chosen: ResponseStatistics, rejected: ResponseStatistics) -> None:
    """Warn where the sums of a reference are means over tokens, by all appearances.

    A reference is near its policy, or was; a sum that is a long response's mean is far off.
    """
    if chosen.ref_sums is None or rejected.ref_sums is None or not values.may_read(chosen.logps):
        return
    likely = []
    for part in (chosen, rejected):
        assert part.ref_sums is not None
        ratio = part.ref_sums * part.lengths / part.logps.detach().sum(-1)
        likely.append((part.lengths >= _LONG) & (ratio > _NEAR) & (_NEAR * ratio < 1))
    if bool(torch.cat(likely).all()):
        warnings.warn(
            "ref_logps: look like means over tokens, expected sums over the tokens of a response: "
            "multiply each by the number of its tokens",
            UserWarning,
            stacklevel=4,
        )
