"""What the kernels return, token by token: plain tensors, as operators of torch.library want them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor.rows import Coefficients, Rows
from midpo_sym.tensor.spans import Span


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

    def store(self, span: Span, rows: Rows, live: Tensor) -> None:
        """Write the statistics of a block, where its tokens are live."""
        for whole, part in (
            (self.logps, rows.logps),
            (self.ref_logps, rows.ref_logps),
            (self.logratios, rows.logratios),
            (self.kl_ref_pi, rows.kl_ref_pi),
            (self.kl_pi_ref, rows.kl_pi_ref),
            (self.redone, rows.redone),
        ):
            if part is not None:
                whole[span.tokens] = part if span.full else part.where(live[span.tokens], 0)


def nothing_yet(
    live: Tensor, dtype: torch.dtype, *, reference: bool, kl_ref_pi: bool, kl_pi_ref: bool
) -> Measured:
    """Return zeros for what will be measured."""

    def zeros(wanted: bool, kind: torch.dtype = dtype) -> Tensor:  # noqa: FBT001  # local
        return live.new_zeros(live.shape if wanted else (0,), dtype=kind)

    return Measured(
        logps=zeros(True),
        ref_logps=zeros(reference),
        logratios=zeros(reference),
        kl_ref_pi=zeros(kl_ref_pi),
        kl_pi_ref=zeros(kl_pi_ref),
        redone=zeros(True, torch.bool),
    )


def joined(
    logps: Tensor | None,
    ref_logps: Tensor | None,
    logratios: Tensor | None,
    kl_ref_pi: Tensor | None,
    kl_pi_ref: Tensor | None,
    redone: Tensor | None,
) -> Coefficients:
    """Return a loss's coefficients from its derivatives by what was measured.

    A log-probability and its log-ratio have the same derivative by the logits, the reference being
    a constant.
    """
    del ref_logps, redone
    label = logps if logratios is None else logratios if logps is None else logps + logratios
    return Coefficients(label, kl_ref_pi, kl_pi_ref)
