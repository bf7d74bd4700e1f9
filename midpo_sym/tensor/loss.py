"""The base class of the generated losses, and what it has to be told about a loss."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional

from midpo_sym.tensor.entries import hidden as from_states
from midpo_sym.tensor.entries import logits as from_outputs
from midpo_sym.tensor.entries.call import prepare
from midpo_sym.tensor.entries.finish import finished
from midpo_sym.tensor.entries.head import read_models
from midpo_sym.tensor.entries.logits import responses_of
from midpo_sym.tensor.entries.outcome import Empty, Outcome, Reduction, Triple
from midpo_sym.tensor.heads.output import OutputHead
from midpo_sym.tensor.inputs.layout import Layout, Pairs
from midpo_sym.tensor.inputs.values import validating
from midpo_sym.tensor.inputs.wrapping import check_output, check_parameters
from midpo_sym.tensor.needs import Needs
from midpo_sym.tensor.parameters import check_parameter, keywords_of, parameters_of, take_tensors
from midpo_sym.tensor.statistics import ResponseStatistics

Both = Tensor | tuple[Tensor, Tensor]  # (2B, ...), or the chosen and the rejected responses


class PreferenceLoss(nn.Module):
    """A loss `link(argument)` of pairs of responses.

    Subclasses set `needs` and define `argument`; they may redefine `link`. The argument of a pair
    depends on that pair only, and the link goes element by element. A subclass that redefines
    `from_statistics`, say to mix pairs, is still right everywhere, but never in a single pass.

    The entries `from_logits`, `from_hidden`, `from_head` and `from_statistics` share keywords:

    - `reduction`: "mean", over the pairs that count and by their weights; "sum"; or "none".
    - `empty`: what a response without a token does, "raise" an error or "skip" its pair: no loss,
      no gradient, no place in the mean.
    - `sample_weights`: of the pairs; (B,). `label_smoothing`: the share of pairs that are taken to
      be the wrong way round; ε of (1 − ε)·link(argument) + ε·link(−argument).
    - `validate`: whether values are checked, such as token ids: True, here and now, for which the
      host waits; False, not at all; None, at once on the CPU, and elsewhere by the device itself,
      for which nobody waits, and whose error says less.

    All but the last take these as well, and any hyper-parameter for one call, such as `beta`, as a
    number or a tensor () or (B,):

    - `shifted`: the outputs at t predict the labels at t, as in pipelines that shift by themselves
      and where contexts are split; nothing is copied.
    - `pairs`: the order of the rows: "halves", chosen responses first; "interleaved"; or "shared",
      one row for a prompt and both responses, which `segments` tells apart by 0, 1 and 2. Two
      tensors (chosen, rejected) may stand for one in every argument with rows of responses.
    - `cu_seqlens`: (2B + 1,), where packed responses begin, in a batch (1, nnz) or (nnz,); or
      `segments`: (N, T), the number of the response of each token, -1 at padding.
    - `vocabulary`: how many columns are tokens; those beyond only pad the matrix and are left out.

    A loss is made with numbers, or tensors () in their place; an `nn.Parameter` is learned.

    Attributes:
        needs: what the loss needs to know of a response.
        keywords: what the class is made with.
        redefined: whether it has a `from_statistics` of its own.
    """

    needs: ClassVar[Needs]
    keywords: ClassVar[tuple[str, ...]] = ()
    redefined: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Note what the class says of itself."""
        super().__init_subclass__()
        cls.redefined = cls.from_statistics is not PreferenceLoss.from_statistics
        cls.keywords = keywords_of(cls)
        take_tensors(cls)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a hyper-parameter is checked as it was when the loss was made.

        Raises:
            TypeError: a hyper-parameter is no number.
            ValueError: it is outside its domain.
        """
        if name in self.__dict__ and name in parameters_of(self):
            check_parameter(self, name, value)
        super().__setattr__(name, value)

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

    def from_statistics(
        self,
        chosen: ResponseStatistics,
        rejected: ResponseStatistics,
        *,
        empty: Empty = "raise",
        reduction: Reduction = "none",
        sample_weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        validate: bool | None = None,
    ) -> Triple:
        """Return losses and implicit rewards from statistics.

        Args:
            chosen: statistics of the preferred responses; (B, T).
            rejected: statistics of the others; (B, T).
            empty: see the class, as for the others.
            reduction: of the losses.
            sample_weights: of the pairs; (B,).
            label_smoothing: from 0 to below 0.5.
            validate: whether to check values.

        Returns:
            (losses, chosen_rewards, rejected_rewards), each (B,), the losses a scalar if they are
            reduced, the rewards detached.

        Raises:
            TypeError: an argument is of another type.
            ValueError: a statistic that the loss needs is missing, a token weight is out of range,
                or an argument is ∞ - ∞.
        """
        with validating(validate):
            wanted = Outcome(empty, reduction, sample_weights, label_smoothing)
            return finished(self, chosen, rejected, wanted, redefined=False)

    def from_logits(
        self,
        logits: Both,
        labels: Both,
        *,
        ref_logits: Both | None = None,
        ref_logps: Both | None = None,
        prev_logps: Both | None = None,
        prev_logits: Both | None = None,
        mask: Both | None = None,
        overwrite_logits: bool = False,
        shifted: bool = False,
        pairs: Pairs = "halves",
        cu_seqlens: Tensor | None = None,
        segments: Tensor | None = None,
        vocabulary: int | None = None,
        empty: Empty = "raise",
        reduction: Reduction = "none",
        sample_weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        validate: bool | None = None,
        **weights: Any,
    ) -> Triple:
        """Return losses and implicit rewards from logits, not shifted, chosen responses first.

        Args:
            logits: the policy's; floating point (2B, T, V).
            labels: token ids, -100 where ignored; int64 (2B, T).
            ref_logits: the reference's, if the loss needs it; (2B, T, V).
            ref_logps: cached log π_ref(y_t) instead, where no divergence is needed; (2B, T). Where
                the loss needs no more, the *sums* over the tokens, never means; (2B,).
            prev_logps: cached log-probabilities of the previous policy, if needed; (2B, T).
            prev_logits: its logits, if a statistic of its distributions is needed; (2B, T, V).
            mask: completion mask, combined with `labels != -100`; bool or integer (2B, T).
            overwrite_logits: write the gradient over the memory of `logits`.
            shifted: see the class, as for the others.
            pairs: the order of the rows.
            cu_seqlens: where packed responses begin.
            segments: the response of each token.
            vocabulary: how many columns are tokens.
            empty: "raise" or "skip".
            reduction: of the losses.
            sample_weights: of the pairs; (B,).
            label_smoothing: from 0 to below 0.5.
            validate: whether to check values.
            **weights: per-token weights by name, each (2B, T); data, (2B,) of responses, (B,) of
                pairs, () of the batch; and hyper-parameters, numbers or tensors () or (B,).

        Returns:
            (losses, chosen_rewards, rejected_rewards), each (B,), the losses a scalar if they are
            reduced, the rewards detached.

        Raises:
            TypeError: an argument is no tensor of the right kind; a name is missing or unknown.
            ValueError: as `response_statistics` and `from_statistics` raise it, a reference is
                missing, or the layout does not fit the batch.
        """
        with validating(validate):
            check_output(self, logits)
            layout = Layout(pairs, cu_seqlens, segments, shifted)
            call = prepare(
                self,
                self.from_logits,
                layout,
                Outcome(empty, reduction, sample_weights, label_smoothing),
                weights,
                responses=responses_of(labels, layout),
                source="ref_logits or ref_logps",
                reference=ref_logits is not None,
                ref_logps=ref_logps,
                per_token=isinstance(labels, Tensor) and labels.ndim == 1,
                prev_logps=prev_logps,
            )
            given = {"logits": logits, "ref_logits": ref_logits, "prev_logits": prev_logits}
            given |= {"labels": labels, "mask": mask, "prev_logps": prev_logps}
            found = from_outputs.statistics_of(
                call, given, vocabulary=vocabulary, overwrite=overwrite_logits
            )
            return call.loss.outcome(*found, call.outcome)

    def from_hidden(
        self,
        hidden: Both,
        weight: Tensor,
        labels: Both,
        *,
        bias: Tensor | None = None,
        ref_hidden: Both | None = None,
        ref_weight: Tensor | None = None,
        ref_bias: Tensor | None = None,
        softcap: float | None = None,
        logit_scale: float | None = None,
        ref_softcap: float | None = None,
        ref_logit_scale: float | None = None,
        ref_logps: Both | None = None,
        prev_logps: Both | None = None,
        mask: Both | None = None,
        shifted: bool = False,
        pairs: Pairs = "halves",
        cu_seqlens: Tensor | None = None,
        segments: Tensor | None = None,
        vocabulary: int | None = None,
        empty: Empty = "raise",
        reduction: Reduction = "mean",
        sample_weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        validate: bool | None = None,
        **weights: Any,
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
            ref_logps: as `from_logits` takes them: of tokens, (2B, T), or their sums, (2B,).
            prev_logps: cached log-probabilities of the previous policy, if needed; (2B, T).
            mask: completion mask, combined with `labels != -100`; bool or integer (2B, T).
            shifted: see the class, as for the others.
            pairs: the order of the rows.
            cu_seqlens: where packed responses begin.
            segments: the response of each token.
            vocabulary: how many rows of `weight` are tokens.
            empty: "raise" or "skip".
            reduction: of the losses: "mean", "sum", or "none".
            sample_weights: of the pairs; (B,).
            label_smoothing: from 0 to below 0.5.
            validate: whether to check values.
            **weights: as `from_logits` takes them.

        Returns:
            (loss, chosen_rewards, rejected_rewards): the loss a scalar, or (B,) if not reduced; the
            rewards (B,), detached.

        Raises:
            TypeError: an argument is no tensor of the right kind; a name is missing or unknown.
            ValueError: as `linear_statistics` and `from_statistics` raise it, a reference is
                missing, the layout does not fit, or `needs.linear` or `needs.by_sums` is claimed
                wrongly.
        """
        with validating(validate):
            check_parameters(self, (weight, bias))
            layout = Layout(pairs, cu_seqlens, segments, shifted)
            call = prepare(
                self,
                self.from_hidden,
                layout,
                Outcome(empty, reduction, sample_weights, label_smoothing),
                weights,
                responses=responses_of(labels, layout),
                source="ref_hidden and ref_weight, or ref_logps",
                reference=ref_hidden is not None,
                ref_logps=ref_logps,
                per_token=isinstance(labels, Tensor) and labels.ndim == 1,
                prev_logps=prev_logps,
            )
            if not self.needs.needs_ref:
                ref_hidden = ref_weight = ref_bias = None
            return from_states.from_tensors(
                call,
                {"labels": labels, "mask": mask, "prev_logps": prev_logps},
                (hidden, weight, bias),
                (ref_hidden, ref_weight, ref_bias),
                vocabulary=vocabulary,
                scales=(logit_scale, ref_logit_scale),
                softcaps=(softcap, ref_softcap),
            )

    def from_head(
        self,
        hidden: Both,
        head: nn.Module | OutputHead,
        labels: Both,
        *,
        softcap: float | None = None,
        logit_scale: float | None = None,
        ref_hidden: Both | None = None,
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
        policy, given = read_models(
            hidden,
            head,
            labels,
            softcap=softcap,
            logit_scale=logit_scale,
            ref_hidden=ref_hidden,
            ref_head=ref_head,
        )
        check_parameters(self, head.parameters() if isinstance(head, nn.Module) else ())
        return self.from_hidden(policy.hidden, policy.weight, labels, **given, **others)

    def outcome(
        self, chosen: ResponseStatistics, rejected: ResponseStatistics, wanted: Outcome
    ) -> Triple:
        """Return what an entry returns, from statistics, as `from_statistics` takes them."""
        return finished(self, chosen, rejected, wanted, redefined=self.redefined)
