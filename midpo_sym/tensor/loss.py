"""The base class of the generated losses, and what it has to be told about a loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from midpo_sym.tensor import inputs
from midpo_sym.tensor.checks import check_data, check_weights
from midpo_sym.tensor.kernels.fused import attach, single_pass
from midpo_sym.tensor.kernels.measured import Measured, nothing_yet
from midpo_sym.tensor.kernels.sizes import accumulation_dtype
from midpo_sym.tensor.kernels.vocabulary import Source, measure
from midpo_sym.tensor.linear import heads, linear_statistics
from midpo_sym.tensor.logits import response_statistics
from midpo_sym.tensor.needs import Given, Needs, rows_of_data
from midpo_sym.tensor.slopes import (
    as_leaves,
    check_agreement,
    derivatives,
    through_arguments,
    through_sums,
)
from midpo_sym.tensor.statistics import ResponseStatistics

_MANY = 8  # places listed in a message

Reduction = Literal["mean", "sum", "none"]
Triple = tuple[Tensor, Tensor, Tensor]


class PreferenceLoss(nn.Module):
    """A loss `link(argument)` of pairs of responses.

    Subclasses set `needs` and define `argument`; they may redefine `link`. The argument of a pair
    depends on that pair only, and the link goes element by element. A subclass that redefines
    `from_statistics`, say to mix pairs, is still right everywhere, but never in a single pass.

    Attributes:
        needs: what the loss needs to know of a response.
    """

    needs: ClassVar[Needs]

    def argument(self, chosen: ResponseStatistics, rejected: ResponseStatistics) -> Triple:
        """Return (argument, chosen_rewards, rejected_rewards), each (B,).

        Args:
            chosen: statistics of the preferred responses; (B, T).
            rejected: statistics of the others; (B, T).

        Raises:
            NotImplementedError: a subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define argument()")

    def link(self, argument: Tensor) -> Tensor:
        """Return the losses of arguments, element by element: -log sigmoid; (B,)."""
        return -functional.logsigmoid(argument)

    def from_statistics(self, chosen: ResponseStatistics, rejected: ResponseStatistics) -> Triple:
        """Return losses and implicit rewards from statistics.

        Args:
            chosen: statistics of the preferred responses; (B, T).
            rejected: statistics of the others; (B, T).

        Returns:
            (losses, chosen_rewards, rejected_rewards), each (B,), the rewards detached.

        Raises:
            ValueError: a statistic that the loss needs is missing, a token weight is out of range,
                or an argument is ∞ - ∞.
        """
        for name, part in (("chosen", chosen), ("rejected", rejected)):
            self._check_present(name, part)
        if chosen.mask.shape[0] != rejected.mask.shape[0]:
            raise ValueError(
                f"rejected: expected as many responses as chosen, {chosen.mask.shape[0]}, got "
                f"{rejected.mask.shape[0]}"
            )
        argument, chosen_rewards, rejected_rewards = self.argument(chosen, rejected)
        if not torch.compiler.is_compiling():
            _check_defined(argument, chosen, rejected)
        return self.link(argument), chosen_rewards.detach(), rejected_rewards.detach()

    def from_logits(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        ref_logits: Tensor | None = None,
        ref_logps: Tensor | None = None,
        prev_logps: Tensor | None = None,
        prev_logits: Tensor | None = None,
        mask: Tensor | None = None,
        overwrite_logits: bool = False,
        **weights: Tensor,
    ) -> Triple:
        """Return losses and implicit rewards from logits, not shifted, chosen responses first.

        Args:
            logits: the policy's; floating point (2B, T, V).
            labels: token ids, -100 where ignored; int64 (2B, T).
            ref_logits: the reference's, if the loss needs it; (2B, T, V).
            ref_logps: cached log π_ref(y_t) instead, where no divergence is needed; (2B, T).
            prev_logps: cached log-probabilities of the previous policy, if needed; (2B, T).
            prev_logits: its logits, if a statistic of its distributions is needed; (2B, T, V).
            mask: completion mask, combined with `labels != -100`; bool or integer (2B, T).
            overwrite_logits: write the gradient over the memory of `logits`.
            **weights: per-token weights by name, each (2B, T); and data, (2B,) of responses,
                (B,) of pairs, () of the batch.

        Returns:
            (losses, chosen_rewards, rejected_rewards), each (B,), the rewards detached.

        Raises:
            TypeError: an argument is no tensor of the right kind; a weight is missing or unknown.
            ValueError: as `response_statistics` and `from_statistics` raise it, or a reference is
                missing.
        """
        given = ref_logits is not None or ref_logps is not None
        self._check_given(weights, "ref_logits or ref_logps", given=given, prev_logps=prev_logps)
        ref = self._needs_ref
        data = self._without_data(weights, labels)
        statistics = response_statistics(
            logits,
            labels,
            ref_logits=ref_logits if ref else None,
            ref_logps=ref_logps if ref else None,
            prev_logps=prev_logps,
            kl=self.needs.kl,
            mask=mask,
            weights=weights,
            overwrite_logits=overwrite_logits,
        )
        sources = {"pi": (logits,), "ref": (ref_logits,), "prev": (prev_logits,)}
        statistics = self._with_vocabulary(statistics, sources, overwritten=overwrite_logits)
        statistics = dataclasses.replace(statistics, data=data)
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
    ) -> Triple:
        """Return the loss and implicit rewards from hidden states and the lm_head.

        Logits are in memory a tile at a time. If the argument is linear in the statistics, or the
        loss is one of the responses' log-probabilities, "mean" and "sum" form the gradients in the
        same pass as the loss; everything else projects once more in the backward pass, and gives
        the same.

        Args:
            hidden: the policy's last hidden states, chosen responses first; (2B, T, H).
            weight: of its lm_head; (V, H).
            labels: token ids, -100 where ignored; int64 (2B, T).
            bias: of its lm_head; (V,).
            ref_hidden: the reference's hidden states, if the loss needs it; (2B, T, H_ref).
            ref_weight: of its lm_head; (V, H_ref).
            ref_bias: of its lm_head; (V,).
            ref_logps: cached log π_ref(y_t) instead, where no divergence is needed; (2B, T).
            prev_logps: cached log-probabilities of the previous policy, if needed; (2B, T).
            mask: completion mask, combined with `labels != -100`; bool or integer (2B, T).
            reduction: of the losses: "mean", "sum", or "none".
            **weights: per-token weights by name, each (2B, T); and data, (2B,) of responses,
                (B,) of pairs, () of the batch.

        Returns:
            (loss, chosen_rewards, rejected_rewards): the loss a scalar, or (B,) if not reduced; the
            rewards (B,), detached.

        Raises:
            TypeError: an argument is no tensor of the right kind; a weight is missing or unknown.
            ValueError: as `linear_statistics` and `from_statistics` raise it, a reference is
                missing, the reduction is unknown, or `needs.linear` or `needs.by_sums` is claimed
                wrongly.
        """
        if reduction not in {"mean", "sum", "none"}:
            raise ValueError(f"reduction: expected 'mean', 'sum' or 'none', got {reduction!r}")
        has_ref = ref_hidden is not None or ref_logps is not None
        source = "ref_hidden and ref_weight, or ref_logps"
        self._check_given(weights, source, given=has_ref, prev_logps=prev_logps)
        if not self._needs_ref:
            ref_hidden = ref_weight = ref_bias = ref_logps = None
        data = self._without_data(weights, labels)
        given = Given(ref_logps, prev_logps, weights, data)
        states = (hidden, weight, bias, ref_hidden, ref_weight, ref_bias)
        if reduction != "none" and self._fuses(hidden, weight, bias):
            return self._single_pass(states, labels, mask, given, reduction)
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
        sources = {"pi": states[:3], "ref": states[3:]}
        statistics = self._with_vocabulary(statistics, sources)
        statistics = dataclasses.replace(statistics, data=data)
        losses, chosen_rewards, rejected_rewards = self.from_statistics(*statistics.chunk())
        return _reduced(losses, reduction), chosen_rewards, rejected_rewards

    def _fuses(self, *trained: Tensor | None) -> bool:
        """Return whether gradients are wanted, and can be formed with the loss."""
        return (
            (self.needs.linear or self.needs.by_sums)
            and not self.needs.statistics
            and type(self).from_statistics is PreferenceLoss.from_statistics
            and not torch.compiler.is_compiling()
            and torch.is_grad_enabled()
            and any(each is not None and each.requires_grad for each in trained)
        )

    def _single_pass(
        self,
        states: tuple[Tensor, Tensor, Tensor | None, Tensor | None, Tensor | None, Tensor | None],
        labels: Tensor,
        mask: Tensor | None,
        given: Given,
        reduction: Reduction,
    ) -> Triple:
        """Do what `from_hidden` does, and form the gradients on the way."""
        policy, reference = heads(*states)
        kl, has_ref = self.needs.kl, reference is not None
        inputs.check_reference(
            kl, "ref_hidden and ref_weight", given=has_ref, cached=given.ref_logps
        )
        shape, device = tuple(policy.hidden.shape[:2]), policy.hidden.device
        live = inputs.live_tokens(labels, mask, shape, device, "hidden")
        blank = nothing_yet(
            live,
            accumulation_dtype(policy.hidden.dtype),
            reference=has_ref,
            kl_ref_pi="ref_pi" in kl,
            kl_pi_ref="pi_ref" in kl,
        )

        def argument(measured: Measured) -> Tensor:
            return self.argument(*given.join(measured, live).chunk())[0]

        def loss_of(arguments: Tensor) -> Tensor:
            return _reduced(self.link(arguments), reduction)

        linear = self.needs.linear
        through = through_arguments if linear else through_sums
        coefficients, slopes = through(argument, loss_of, blank, live)
        measured, gradients = single_pass(
            policy, reference, labels, live, coefficients, slopes, kl=kl, apart=not linear
        )
        # What else the loss depends on, learned token weights above all, gets its gradient here.
        leaves = as_leaves(measured)
        losses, *rewards = self.from_statistics(*given.join(leaves, live).chunk())
        loss = _reduced(losses, reduction)
        moves = derivatives(loss, leaves)
        check_agreement(
            type(self).__name__, moves, coefficients, gradients.slopes, live, linear=linear
        )
        loss = attach(loss, gradients, policy, reference, labels, live, measured, moves)
        return loss, rewards[0], rewards[1]

    @property
    def _needs_ref(self) -> bool:
        """Whether the reference matters, as log-probabilities or as a whole distribution."""
        return bool(self.needs.kl) or (
            self.needs.reference and self.needs.reference_model != "prev"
        )

    def _without_data(self, given: dict[str, Tensor], labels: Tensor) -> dict[str, Tensor]:
        """Take the data out of what is given by name, and return them for each response."""
        data = {name: given.pop(name) for name in self.needs.data}
        return rows_of_data(self.needs.data, data, len(labels))

    def _with_vocabulary(
        self,
        statistics: ResponseStatistics,
        sources: Mapping[str, tuple[Tensor | None, ...]],
        *,
        overwritten: bool = False,
    ) -> ResponseStatistics:
        """Add the statistics of next-token distributions that have no kernel."""
        wanted = self.needs.statistics
        if not wanted:
            return statistics
        if overwritten:
            raise ValueError(
                f"overwrite_logits: {type(self).__name__} reads the logits again in the backward "
                f"pass, for {', '.join(wanted)}; leave it out"
            )
        there: dict[str, Source] = {
            model: tuple(each for each in source if each is not None)
            for model, source in sources.items()
            if source[0] is not None
        }
        found = measure(wanted, there, statistics.mask)
        return dataclasses.replace(statistics, vocabulary=found)

    def _check_given(
        self,
        weights: Mapping[str, Tensor],
        source: str,
        *,
        given: bool,
        prev_logps: Tensor | None,
    ) -> None:
        """Check that what the loss needs is there, whatever it looks like."""
        name = type(self).__name__
        if set(weights) != {*self.needs.weights, *self.needs.data}:
            wanted = ", ".join((*self.needs.weights, *self.needs.data)) or "none"
            what = "token weights and data" if self.needs.data else "token weights"
            raise TypeError(
                f"{name}: expected the {what} {wanted}, got {', '.join(sorted(weights)) or 'none'}"
            )
        if self._needs_ref and not given:
            raise ValueError(f"{source}: missing, {name} needs the reference")
        if self.needs.reference_model == "prev" and prev_logps is None:
            raise ValueError(f"prev_logps: missing, {name} needs the previous policy")

    def _check_present(self, name: str, part: ResponseStatistics) -> None:
        """Check that statistics hold what the loss needs."""
        fields = [f"kl_{each}" for each in self.needs.kl]
        if self._needs_ref:
            fields.append("logratios")
        if self.needs.reference_model == "prev":
            fields.append("prev_logps")
        missing = [each for each in fields if getattr(part, each) is None]
        missing += [
            f"vocabulary[{each!r}]" for each in self.needs.statistics if each not in part.vocabulary
        ]
        missing += [f"data[{each!r}]" for each in self.needs.data if each not in part.data]
        missing += [f"weights[{each!r}]" for each in self.needs.weights if each not in part.weights]
        if missing:
            raise ValueError(
                f"{name}: {type(self).__name__} needs {', '.join(missing)} of the statistics, "
                "expected tensors (pairs, tokens), got None"
            )
        for each, domain in self.needs.weights.items():
            check_weights(domain, part.mask, part.mask, **{each: part.weights[each]})
        for each, (of, domain) in self.needs.data.items():
            check_data({"logps": part.logps}, domain, of, **{each: part.data[each]})


def _reduced(losses: Tensor, reduction: Reduction) -> Tensor:
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def _check_defined(
    argument: Tensor, chosen: ResponseStatistics, rejected: ResponseStatistics
) -> None:
    """Check that no argument is ∞ - ∞.

    Raises:
        ValueError: an argument is NaN, and statistics of its pair are infinite.
    """
    wrong = argument.detach().isnan()
    if not wrong.any():
        return
    found = []
    for name, part in (("chosen", chosen), ("rejected", rejected)):
        for field in ("logps", "logratios", "kl_ref_pi", "kl_pi_ref"):
            values = getattr(part, field)
            if values is not None:
                places = (values.detach().isinf() & wrong.unsqueeze(1)).nonzero().tolist()
                found += [f"{name}.{field}[{row}, {token}]" for row, token in places[:_MANY]]
    if found:
        raise ValueError(
            f"the argument of pair {wrong.nonzero().flatten().tolist()[:_MANY]} is ∞ - ∞: infinite "
            f"at [pair, position] are {', '.join(found)}; a token has probability 0 under one "
            "model where the other gives it some, as a logit of -inf says: mask the same "
            "vocabulary in both, and no label of the responses"
        )
