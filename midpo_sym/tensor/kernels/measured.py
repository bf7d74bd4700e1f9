"""What the kernels return, token by token: plain tensors, as operators of torch.library want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.rows import Coefficients, Rows

Where = slice | tuple[slice, ...] | tuple[int, slice]


class Measured(NamedTuple):
    """Statistics (N, T), zero at masked positions; an empty tensor (0,) for what was not measured.

    Attributes:
        logps: log π(y_t).
        ref_logps: log π_ref(y_t).
        logratios: log π(y_t)/π_ref(y_t).
        kl_ref_pi: KL(π_ref‖π).
        kl_pi_ref: KL(π‖π_ref).
        redone: bool, the tokens whose rows were measured once more (see `rows`).
    """

    logps: Tensor
    ref_logps: Tensor
    logratios: Tensor
    kl_ref_pi: Tensor
    kl_pi_ref: Tensor
    redone: Tensor

    def store(self, where: Where, rows: Rows, live: Tensor | None = None) -> None:
        """Write the statistics of a block.

        Args:
            where: the place of the block's tokens.
            rows: their statistics.
            live: the tokens that count, None for all of them; bool (R,).
        """
        for whole, part in zip(self, rows, strict=True):
            if part is not None:
                whole[where] = part if live is None else torch.where(live, part, 0)


def nothing_yet(
    live: Tensor, dtype: torch.dtype, *, reference: bool, kl_ref_pi: bool, kl_pi_ref: bool
) -> Measured:
    """Return zeros for what will be measured."""

    def zeros(*, wanted: bool = True, kind: torch.dtype = dtype) -> Tensor:
        return live.new_zeros(live.shape if wanted else (0,), dtype=kind)

    return Measured(
        logps=zeros(),
        ref_logps=zeros(wanted=reference),
        logratios=zeros(wanted=reference),
        kl_ref_pi=zeros(wanted=kl_ref_pi),
        kl_pi_ref=zeros(wanted=kl_pi_ref),
        redone=zeros(kind=torch.bool),
    )


def joined(moves: Sequence[Tensor | None]) -> Coefficients:
    """Return a loss's coefficients from its derivatives by the fields of `Measured`.

    A log-probability and its log-ratio have the same derivative by the logits, the reference being
    a constant.
    """
    there = [each if each is not None and each.numel() else None for each in moves]
    logps, _, logratios, kl_ref_pi, kl_pi_ref, _ = there
    label = logps if logratios is None else logratios if logps is None else logps + logratios
    return Coefficients(label, kl_ref_pi, kl_pi_ref)


def keep(ctx: Any, *tensors: Tensor | None) -> None:
    """Save tensors for a backward pass, those of `torch.inference_mode` as well.

    Autograd refuses the latter because it cannot tell whether they are changed in between; they are
    a reference's outputs here, which nobody changes.
    """
    inferred = [each is not None and each.is_inference() for each in tensors]
    ctx.inferred = {k: each for k, each in enumerate(tensors) if inferred[k]}
    ctx.save_for_backward(
        *(None if skip else each for each, skip in zip(tensors, inferred, strict=True))
    )


def kept(ctx: Any) -> tuple[Any, ...]:
    """Return the tensors that `keep` saved."""
    return tuple(ctx.inferred.get(k, each) for k, each in enumerate(ctx.saved_tensors))


def save_context(
    ctx: Any, inputs: tuple[Any, ...], keyword_only_inputs: Mapping[str, Any], output: Any
) -> None:
    """Keep an operator's inputs, and the few numbers per token that its backward pass reads.

    Args:
        ctx: of autograd.
        inputs: of the operator, by position.
        keyword_only_inputs: the others, which nobody needs later.
        output: the fields of `Measured`.
    """
    del keyword_only_inputs
    measured = Measured(*output)
    keep(ctx, *inputs, measured.logratios, measured.kl_pi_ref, measured.redone)
    ctx.mark_non_differentiable(measured.ref_logps, measured.redone)
    ctx.set_materialize_grads(False)
