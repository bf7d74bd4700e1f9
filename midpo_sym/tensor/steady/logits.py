"""Statistics of responses from logits, without a branch on a value."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.derivatives import refuse_second_derivative
from midpo_sym.tensor.kernels.measured import Measured, joined, keep, kept, nothing_yet
from midpo_sym.tensor.kernels.rows import Coefficients
from midpo_sym.tensor.steady.arithmetic import Norm
from midpo_sym.tensor.steady.blocks import Logits, Softmaxes, measured, softmaxes, write_gradient
from midpo_sym.tensor.steady.shard import VocabularyShard


def rows_of(
    logits: Tensor,
    labels: Tensor,
    live: Tensor,
    reference: Tensor | None,
    shard: VocabularyShard | None = None,
) -> Logits:
    """Return the rows that predict a token: row t - 1 predicts token t.

    Args:
        logits: the policy's; (N, T - 1 or more, V).
        labels: token ids (N, T).
        live: bool (N, T).
        reference: the reference's logits, or None.
        shard: the columns that are here, None for all.
    """
    rows = live.shape[1] - 1
    return Logits(
        logits[:, :rows],
        None if reference is None else reference[:, :rows],
        labels[:, 1:],
        live[:, 1:],
        shard or VocabularyShard.whole(logits.shape[-1]),
    )


def measure(
    rows: Logits, live: Tensor, *, kl_ref_pi: bool, kl_pi_ref: bool
) -> tuple[Measured, Softmaxes]:
    """Return the statistics of a batch, (N, T) each, and the softmaxes of its rows.

    Args:
        rows: as `rows_of` returned them.
        live: bool (N, T).
        kl_ref_pi: whether KL(q‖p) is wanted.
        kl_pi_ref: whether KL(p‖q) is wanted.
    """
    found = nothing_yet(
        live,
        rows.dtype,
        reference=rows.reference is not None,
        kl_ref_pi=kl_ref_pi,
        kl_pi_ref=kl_pi_ref,
    )
    of = softmaxes(rows)
    each = measured(rows, of, kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref)
    found.store((slice(None), slice(1, None)), each, rows.live)
    return found, of


def differentiate(
    rows: Logits, of: Softmaxes, found: Measured, coefficients: Coefficients, out: Tensor
) -> None:
    """Write the gradient by the logits; `out` may be these.

    Args:
        rows: as `rows_of` returned them.
        of: their softmaxes.
        found: what was measured; log-ratios and KL(p‖q) are read; (N, T) each.
        coefficients: the loss's derivatives, (N, T) each.
        out: (N, T - 1 or more, V).
    """
    tokens = (slice(None), slice(1, None))
    by_kl = coefficients.kl_pi_ref is not None
    count = rows.live.shape[1]
    write_gradient(
        rows,
        of,
        found.logratios[tokens] if by_kl else None,
        found.kl_pi_ref[tokens] if by_kl else None,
        coefficients.part(tokens),
        out[:, :count],
    )
    out[:, count:].zero_()


class FromLogits(torch.autograd.Function):
    """The statistics of a batch, differentiable by the policy's logits."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        labels: Tensor,
        live: Tensor,
        reference: Tensor | None,
        shard: VocabularyShard | None,
        kl: tuple[str, ...],
        overwrite: bool,  # noqa: FBT001 - autograd knows no keywords
    ) -> tuple[Tensor, ...]:
        """Measure, and keep what the backward pass needs of each row."""
        rows = rows_of(logits, labels, live, reference, shard)
        found, of = measure(rows, live, kl_ref_pi="ref_pi" in kl, kl_pi_ref="pi_ref" in kl)
        norms = (*of.policy, *(of.reference or (None,) * 3))
        keep(ctx, logits, labels, live, reference, found.logratios, found.kl_pi_ref, *norms)
        ctx.mark_non_differentiable(found.ref_logps, found.redone)
        ctx.set_materialize_grads(False)
        ctx.shard, ctx.overwrite = shard, overwrite
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *moves: Tensor | None) -> tuple[Tensor | None, ...]:
        """Write the gradient, over the logits if they may be spent."""
        if torch.is_grad_enabled():
            refuse_second_derivative()
        coefficients = joined(moves)
        if all(each is None for each in coefficients):
            return (None,) * 7
        logits, labels, live, reference, logratios, kl_pi_ref, *norms = kept(ctx)
        rows = rows_of(logits, labels, live, reference, ctx.shard)
        of = Softmaxes(Norm(*norms[:3]), None if norms[3] is None else Norm(*norms[3:]))
        none = logratios.new_empty(0)
        found = Measured(none, none, logratios, none, kl_pi_ref, none)
        # Detached logits share the version counter: a second backward pass is told they are gone.
        out = logits.detach() if ctx.overwrite else torch.empty_like(logits)
        differentiate(rows, of, found, coefficients, out)
        return out, *(None,) * 6
