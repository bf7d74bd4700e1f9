"""The base class of the generated losses, and what it has to be told about a loss."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional

from midpo_sym.tensor.linear import linear_statistics
from midpo_sym.tensor.logits import response_statistics
from midpo_sym.tensor.statistics import ResponseStatistics

Reduction = Literal["mean", "sum", "none"]


@dataclasses.dataclass(frozen=True)
class Needs:
    """What a loss needs to know of a response, and how its argument depends on it.

    Attributes:
        reference: log-probabilities of a frozen model, the reference or a previous policy.
        kl: the divergences, of "ref_pi" for KL(π_ref‖π) and "pi_ref" for KL(π‖π_ref).
        lengths: the numbers of tokens.
        weights: names of the per-token weights.
        linear: the argument is linear in the per-token statistics, so that its derivative with
            respect to them does not depend on them. It lets `from_hidden` work in a single pass.
        reference_model: which frozen model: "ref", "prev", or None.
    """

    reference: bool = False
    kl: tuple[str, ...] = ()
    lengths: bool = False
    weights: tuple[str, ...] = ()
    linear: bool = False
    reference_model: Literal["ref", "prev"] | None = None


class PreferenceLoss(nn.Module):
    """A loss `link(argument)` of pairs of responses.

    Subclasses set `needs` and define `argument`; they may redefine `link`. The argument of a pair
    may depend on that pair only.
    """

    needs: ClassVar[Needs]

    def argument(
        self, chosen: ResponseStatistics, rejected: ResponseStatistics
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return (argument, chosen_rewards, rejected_rewards), each (B,)."""
        raise NotImplementedError

    def link(self, argument: Tensor) -> Tensor:
        """Return the losses of arguments (B,), element by element: -log sigmoid."""
        return -functional.logsigmoid(argument)

    def from_statistics(
        self, chosen: ResponseStatistics, rejected: ResponseStatistics
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return (losses, chosen_rewards, rejected_rewards), each (B,), rewards detached."""
        argument, chosen_rewards, rejected_rewards = self.argument(chosen, rejected)
        return self.link(argument), chosen_rewards.detach(), rejected_rewards.detach()

    def from_logits(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        ref_logits: Tensor | None = None,
        ref_logps: Tensor | None = None,
        prev_logps: Tensor | None = None,
        mask: Tensor | None = None,
        overwrite_logits: bool = False,
        **weights: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return (losses, chosen_rewards, rejected_rewards), each (B,), from logits (2B, T, V)."""
        statistics = response_statistics(
            logits,
            labels,
            ref_logits=ref_logits,
            ref_logps=ref_logps,
            prev_logps=prev_logps,
            kl=self.needs.kl,
            mask=mask,
            weights=weights,
            overwrite_logits=overwrite_logits,
        )
        return self.from_statistics(*statistics.chunk())

    def from_hidden(
        self,
        hidden: Tensor,
        weight: Tensor,
        labels: Tensor,
        *,
        bias: Tensor | None = None,
        ref_hidden: Tensor | None = None,
        ref_weight: Tensor | None = None,
        ref_bias: Tensor | None = None,
        ref_logps: Tensor | None = None,
        prev_logps: Tensor | None = None,
        mask: Tensor | None = None,
        reduction: Reduction = "mean",
        **weights: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return (loss, chosen_rewards, rejected_rewards) from hidden states (2B, T, H)."""
        statistics = linear_statistics(
            hidden,
            weight,
            labels,
            bias=bias,
            ref_hidden=ref_hidden,
            ref_weight=ref_weight,
            ref_bias=ref_bias,
            ref_logps=ref_logps,
            prev_logps=prev_logps,
            kl=self.needs.kl,
            mask=mask,
            weights=weights,
        )
        losses, chosen_rewards, rejected_rewards = self.from_statistics(*statistics.chunk())
        if reduction == "mean":
            losses = losses.mean()
        elif reduction == "sum":
            losses = losses.sum()
        return losses, chosen_rewards, rejected_rewards
