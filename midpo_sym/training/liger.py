"""Any of the losses in Liger's fused linear layer, as `LigerFusedLinearDPOLoss` is used.

    >>> from midpo_sym.losses import DPOLoss
    >>> from midpo_sym.training.liger import LigerPreferenceLoss
    >>> fused = LigerPreferenceLoss(DPOLoss(beta=0.1))
    >>> loss, (*of_liger, chosen_rewards, rejected_rewards) = fused(
    ...     lm_head.weight, hidden, target, None, ref_hidden, ref_lm_head.weight
    ... )  # doctest: +SKIP

It is for pipelines that have Liger already. `loss.from_hidden` is faster where we measured it, and
takes every loss; see the table in the README.
"""

from __future__ import annotations

from typing import Any

try:
    from liger_kernel.chunked_loss.fused_linear_preference import LigerFusedLinearPreferenceBase
except ModuleNotFoundError as absent:
    from midpo_sym.training.common.extras import missing

    raise missing(
        "midpo_sym.training.liger", "Liger", "liger-kernel>=0.8.5,<0.9", "liger"
    ) from absent

from torch import Tensor, nn

from midpo_sym.tensor import PreferenceLoss
from midpo_sym.training.common.given import check_given, of_responses, reads_of

_BEFORE = 4  # inputs of `_Function` that have gradients, as the base class returns them
_AFTER = 5  # those that follow and have none


class LigerPreferenceLoss(nn.Module):
    """Liger's fused linear layer with another loss.

    Targets and hidden states are shifted already, as Liger takes them: those at t belong together.
    """

    def __init__(
        self,
        loss: PreferenceLoss,
        *,
        ignore_index: int = -100,
        compiled: bool = True,
        chunk_size: int = 1,
    ) -> None:
        """Make a layer.

        Args:
            loss: of `midpo_sym.losses`, or of a module that `midpo generate` wrote.
            ignore_index: of targets.
            compiled: whether Liger compiles the loss of a chunk.
            chunk_size: pairs in memory at a time.

        Raises:
            TypeError: the loss is none.
            ValueError: it reads more than Liger measures: one number for each response, the sum or
                the mean of its log-probabilities.
        """
        super().__init__()
        check_given(loss, "Liger")
        reads = reads_of(loss)
        if reads == "tokens":
            raise ValueError(
                f"loss={loss} reads tokens or lengths; Liger gives the sum or the mean of the "
                "log-probabilities of each response: use loss.from_hidden"
            )
        self.loss, self.average = loss, reads == "means"
        self.ignore_index, self.compiled, self.chunk_size = ignore_index, compiled, chunk_size

    def forward(
        self,
        lin_weight: Tensor,
        _input: Tensor,
        target: Tensor,
        bias: Tensor | None = None,
        ref_input: Tensor | None = None,
        ref_weight: Tensor | None = None,
        ref_bias: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the mean loss, and what Liger's losses return beside it, the rewards last.

        Args:
            lin_weight: of the lm_head; (V, H).
            _input: hidden states, chosen responses first; (2B, T, H).
            target: token ids; (2B, T).
            bias: of the lm_head; (V,).
            ref_input: hidden states of the reference, if the loss needs it; (2B, T, H_ref).
            ref_weight: of its lm_head; (V, H_ref).
            ref_bias: the same; (V,).

        Raises:
            ValueError: the reference is missing.
        """
        if self.loss.needs.needs_ref and (ref_input is None or ref_weight is None):
            raise ValueError(f"ref_input and ref_weight: missing, loss={self.loss} needs them")
        reference = (ref_input, ref_weight, ref_bias)
        found: tuple[Tensor, tuple[Tensor, ...]] = _Function.apply(
            *(_input, lin_weight, target, bias), *reference, self, self.average
        )
        return found

    def preference_loss_fn(
        self,
        chosen_logps: Tensor,
        rejected_logps: Tensor,
        full_target: Tensor,
        ref_chosen_logps: Tensor | None = None,
        ref_rejected_logps: Tensor | None = None,
        **_: Any,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return a chunk's share of the mean loss, and its rewards, as Liger calls for them."""
        losses, *rewards = of_responses(
            *(self.loss, chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        )
        return losses.sum() / (full_target.shape[0] // 2), rewards[0], rewards[1]


class _Function(LigerFusedLinearPreferenceBase):  # type: ignore[misc]  # Liger has no types
    """Liger's base class with the loss of a module, which it calls for each chunk."""

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917 - autograd functions take tensors by position
        ctx: Any,
        _input: Tensor,
        weight: Tensor,
        target: Tensor,
        bias: Tensor | None,
        ref_input: Tensor | None,
        ref_weight: Tensor | None,
        ref_bias: Tensor | None,
        module: LigerPreferenceLoss,
        average: bool,  # noqa: FBT001 - autograd functions take no keywords
    ) -> Any:
        return LigerFusedLinearPreferenceBase.forward(
            module,  # what has `preference_loss_fn`
            ctx,
            _input,
            weight,
            target,
            bias,
            chunk_size=module.chunk_size,
            ignore_index=module.ignore_index,
            compute_nll_loss=False,
            compiled=module.compiled,
            use_ref_model=module.loss.needs.needs_ref,
            ref_input=ref_input,
            ref_weight=ref_weight,
            ref_bias=ref_bias,
            average_log_prob=average,
        )

    @staticmethod
    def backward(ctx: Any, *grad_output: Any) -> Any:
        found = LigerFusedLinearPreferenceBase.backward(ctx, grad_output)[:_BEFORE]
        return (*found, *(None,) * _AFTER)
