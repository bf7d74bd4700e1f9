"""The base class of the generated losses, and what it has to be told about a loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from midpo_sym.tensor import inputs
from midpo_sym.tensor.heads.output import OutputHead, scaled
from midpo_sym.tensor.heads.read import read_head
from midpo_sym.tensor.kernels.fused import attach, single_pass
from midpo_sym.tensor.kernels.measured import Measured, nothing_yet
from midpo_sym.tensor.kernels.projection import Head
from midpo_sym.tensor.kernels.sizes import accumulation_dtype
from midpo_sym.tensor.kernels.vocabulary import Source, measure
from midpo_sym.tensor.linear import heads, linear_statistics
from midpo_sym.tensor.logits import response_statistics
from midpo_sym.tensor.needs import (
    Given,
    Needs,
    check_defined,
    check_given,
    check_present,
    take_data,
)
from midpo_sym.tensor.slopes import (
    as_leaves,
    check_agreement,
    derivatives,
    through_arguments,
    through_sums,
)
from midpo_sym.tensor.statistics import ResponseStatistics

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
            check_present(name, type(self).__name__, self.needs, part)
        if chosen.mask.shape[0] != rejected.mask.shape[0]:
            raise ValueError(
                f"rejected: expected as many responses as chosen, {chosen.mask.shape[0]}, got "
                f"{rejected.mask.shape[0]}"
            )
        argument, chosen_rewards, rejected_rewards = self.argument(chosen, rejected)
        if not torch.compiler.is_compiling():
            check_defined(argument, chosen, rejected)
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
        check_given(
            type(self).__name__,
            self.needs,
            weights,
            "ref_logits or ref_logps",
            given=given,
            prev_logps=prev_logps,
        )
        ref = self.needs.needs_ref
        data = take_data(self.needs.data, weights, len(labels))
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
        softcap: float | None = None,
        logit_scale: float | None = None,
        ref_softcap: float | None = None,
        ref_logit_scale: float | None = None,
        ref_logps: Tensor | None = None,
        prev_logps: Tensor | None = None,
        mask: Tensor | None = None,
        reduction: Reduction = "mean",
        **weights: Tensor,
    ) -> Triple:
        """Return the loss and implicit rewards from hidden states and tensors of the lm_head.

        A tensor hides what a model adds to it: `from_head` takes the module, and reads that. Logits
        are in memory a tile at a time. If the argument is linear in the statistics, or the
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
            softcap: c where the policy's logits z become c·tanh(z/c), as in Gemma 2.
            logit_scale: what the policy's logits are multiplied by, before the cap.
            ref_softcap: of the reference.
            ref_logit_scale: of the reference.
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
        check_given(
            type(self).__name__, self.needs, weights, source, given=has_ref, prev_logps=prev_logps
        )
        if not self.needs.needs_ref:
            ref_hidden = ref_weight = ref_bias = ref_logps = None
        hidden, bias = scaled("", hidden, weight, bias, logit_scale)
        if ref_hidden is not None and ref_weight is not None:
            ref_hidden, ref_bias = scaled("ref_", ref_hidden, ref_weight, ref_bias, ref_logit_scale)
        data = take_data(self.needs.data, weights, len(labels))
        given = Given(ref_logps, prev_logps, weights, data)
        states, ref_states = (hidden, weight, bias), (ref_hidden, ref_weight, ref_bias)
        softcaps = (softcap, ref_softcap)
        if reduction != "none" and self._fuses(hidden, weight, bias):
            models = heads(states, ref_states, softcaps)
            return self._single_pass(models, labels, mask, given, reduction)
        statistics = linear_statistics(
            hidden,
            weight,
            labels,
            bias=bias,
            ref_hidden=ref_hidden,
            ref_weight=ref_weight,
            ref_bias=ref_bias,
            softcap=softcap,
            ref_softcap=ref_softcap,
            ref_logps=ref_logps,
            prev_logps=prev_logps,
            kl=self.needs.kl,
            mask=mask,
            weights=weights,
        )
        sources = {"pi": states, "ref": ref_states}
        statistics = self._with_vocabulary(statistics, sources, softcaps)
        statistics = dataclasses.replace(statistics, data=data)
        losses, chosen_rewards, rejected_rewards = self.from_statistics(*statistics.chunk())
        return _reduced(losses, reduction), chosen_rewards, rejected_rewards

    def from_head(
        self,
        hidden: Tensor,
        head: nn.Module | OutputHead,
        labels: Tensor,
        *,
        softcap: float | None = None,
        logit_scale: float | None = None,
        ref_hidden: Tensor | None = None,
        ref_head: nn.Module | OutputHead | None = None,
        **others: Any,
    ) -> Triple:
        """Return the loss and implicit rewards from hidden states and the lm_head as a module.

        Bias, LoRA, scale and soft-cap are the model's (see `read_head`), adapters get their
        gradients, and what cannot be read is refused.

        Args:
            hidden: the policy's last hidden states, chosen responses first; (2B, T, H).
            head: the policy, its lm_head, or what `read_head` returned. Only a model says whether
                it caps or scales its logits.
            labels: token ids, -100 where ignored; int64 (2B, T).
            softcap: as `from_hidden` takes it, if `head` is but a linear layer.
            logit_scale: the same.
            ref_hidden: the reference's hidden states, if the loss needs it; (2B, T, H_ref).
            ref_head: as `head`, of the reference. Where that is the policy without its adapters:
                `read_head(model)`, called while they are disabled.
            **others: as `from_hidden` takes them.

        Returns:
            What `from_hidden` returns.

        Raises:
            TypeError: as `read_head` and `from_hidden` raise it.
            ValueError: as `read_head` and `from_hidden` raise it, or half a reference is given.
        """
        inputs.check_matrix("hidden", hidden, inputs.HIDDEN)
        policy = read_head(head, softcap=softcap, logit_scale=logit_scale).on(hidden)
        given: dict[str, Any] = {"bias": policy.bias, "softcap": policy.softcap}
        if (ref_hidden is None) != (ref_head is None):
            missing = "ref_hidden" if ref_hidden is None else "ref_head"
            raise ValueError(
                f"{missing}: is None, as half a reference is given; the reference's hidden states "
                "go with its model, or with read_head(model) while its adapters are disabled"
            )
        if ref_hidden is not None:
            inputs.check_matrix("ref_hidden", ref_hidden, inputs.HIDDEN)
            with torch.no_grad():
                other = read_head(ref_head).on(ref_hidden)
            given |= {"ref_hidden": other.hidden, "ref_weight": other.weight}
            given |= {"ref_bias": other.bias, "ref_softcap": other.softcap}
        return self.from_hidden(policy.hidden, policy.weight, labels, **given, **others)

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
        models: tuple[Head, Head | None],
        labels: Tensor,
        mask: Tensor | None,
        given: Given,
        reduction: Reduction,
    ) -> Triple:
        """Do what `from_hidden` does, and form the gradients on the way."""
        policy, reference = models
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

    def _with_vocabulary(
        self,
        statistics: ResponseStatistics,
        sources: Mapping[str, tuple[Tensor | None, ...]],
        softcaps: tuple[float | None, float | None] = (None, None),
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
        caps = dict(zip(("pi", "ref"), softcaps, strict=True))
        found = measure(wanted, there, statistics.mask, caps)
        return dataclasses.replace(statistics, vocabulary=found)


def _reduced(losses: Tensor, reduction: Reduction) -> Tensor:
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()
