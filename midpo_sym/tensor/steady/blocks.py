"""What is measured and differentiated of rows of logits that are in memory, block by block.

Rows may be (R,) or (N, T). Whatever is exchanged between the processes that share a vocabulary is
exchanged here, once for all rows: their maxima, their sums, and the parts of the divergences.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.rows import Coefficients, Rows
from midpo_sym.tensor.kernels.sizes import accumulation_dtype, block_rows
from midpo_sym.tensor.steady.arithmetic import (
    Norm,
    Shift,
    divergences,
    extent,
    gradient,
    of_labels,
    shift_of,
)
from midpo_sym.tensor.steady.fusing import fused
from midpo_sym.tensor.steady.shard import VocabularyShard

Where = tuple[slice, ...]


class Logits(NamedTuple):
    """Rows of logits of the policy, and of its reference.

    Attributes:
        policy: (rows, V).
        reference: (rows, V) or None.
        labels: the token that each row predicts; (rows).
        live: whether that counts; bool (rows).
        shard: the columns that are here.
        softcaps: c of each model whose logits z become c·tanh(z/c).
    """

    policy: Tensor
    reference: Tensor | None
    labels: Tensor
    live: Tensor
    shard: VocabularyShard
    softcaps: tuple[float | None, float | None] = (None, None)

    @property
    def dtype(self) -> torch.dtype:
        """The accumulation dtype."""
        return accumulation_dtype(self.policy.dtype)

    def blocks(self) -> Iterator[Where]:
        """Return the places of blocks: neighbouring rows, or whole sequences of them."""
        *sequences, rows = self.live.shape
        size = block_rows(max(1, self.policy.shape[-1]), self.policy.dtype, self.policy.device)
        width = max(1, min(size, rows))
        parts = [slice(low, min(rows, low + width)) for low in range(0, rows, width)]
        if not sequences:
            yield from ((part,) for part in parts)
            return
        step = max(1, size // max(1, rows))
        for first in range(0, sequences[0], step):
            yield from ((slice(first, first + step), part) for part in parts)

    def places(self) -> tuple[Tensor, Tensor]:
        """Return the columns of the labels, and whether these are here."""
        return self.shard.places(self.labels, self.live)

    def empty(self, count: int) -> tuple[Tensor, ...]:
        """Return room for numbers of the rows."""
        made = self.live.new_empty((count, *self.live.shape), dtype=self.dtype)
        return tuple(made)


class Softmaxes(NamedTuple):
    """What turns logits into probabilities.

    Attributes:
        policy: of its rows.
        reference: of its rows, or None.
    """

    policy: Norm
    reference: Norm | None


def softmaxes(logits: Logits) -> Softmaxes:
    """Return what the softmax over the whole vocabulary needs, of both models in one exchange."""
    places, here = logits.places()
    function = fused(extent, logits.policy.device)
    found = []
    for model, softcap in zip((logits.policy, logits.reference), logits.softcaps, strict=True):
        if model is None:
            continue
        norm = Norm(*logits.empty(3))
        for where in logits.blocks():
            part = function(model[where], places[where], here[where], logits.dtype, softcap)
            for whole, each in zip(norm, part, strict=True):
                whole[where] = each
        found.append(norm)
    both = Norm(*(torch.stack(parts) for parts in zip(*found, strict=True))).over(logits.shard)
    policy, *others = (Norm(*each) for each in zip(*(each.unbind() for each in both), strict=True))
    return Softmaxes(policy, others[0] if others else None)


def measured(logits: Logits, of: Softmaxes, *, kl_ref_pi: bool, kl_pi_ref: bool) -> Rows:
    """Return the statistics of rows.

    Args:
        logits: the rows.
        of: their softmaxes.
        kl_ref_pi: whether KL(q‖p) is wanted.
        kl_pi_ref: whether KL(p‖q) is wanted.
    """
    logps, ref_logps, logratios = of_labels(*of)
    if not (kl_ref_pi or kl_pi_ref) or logits.reference is None or of.reference is None:
        return Rows(logps, ref_logps, logratios)
    assert logratios is not None
    shift = shift_of(of.policy, of.reference, logratios)
    parts = logits.empty(2)
    function = fused(divergences, logits.policy.device)
    for where in logits.blocks():
        found = function(
            logits.policy[where],
            logits.reference[where],
            of.policy.part(where),
            of.reference.part(where),
            shift.part(where),
            logits.softcaps,
        )
        for whole, each in zip(parts, found, strict=True):
            whole[where] = each
    forward, backward = logits.shard.sums(*parts)
    return Rows(
        logps,
        ref_logps,
        logratios,
        forward if kl_ref_pi else None,
        backward if kl_pi_ref else None,
    )


def write_gradient(
    logits: Logits,
    of: Softmaxes,
    logratios: Tensor | None,
    kl_pi_ref: Tensor | None,
    coefficients: Coefficients,
    out: Tensor,
) -> None:
    """Write the derivatives of a loss by the policy's logits that are here.

    Args:
        logits: the rows.
        of: their softmaxes.
        logratios: as measured, where KL(p‖q) has a coefficient.
        kl_pi_ref: as measured, where it has a coefficient.
        coefficients: the derivatives of the loss by the statistics of the rows.
        out: where to write, (rows, V); may be the logits.
    """
    moved = torch.zeros_like(logits.live)
    for each in coefficients:
        if each is not None:
            moved = moved | (each != 0)
    moved = moved & logits.live
    places, here = logits.places()
    both = coefficients.kl_ref_pi is not None or coefficients.kl_pi_ref is not None
    shift: Shift | None = None
    if coefficients.kl_pi_ref is not None and of.reference is not None and logratios is not None:
        shift = shift_of(of.policy, of.reference, logratios)
    function = fused(gradient, logits.policy.device)
    for where in logits.blocks():
        out[where] = function(
            logits.policy[where],
            logits.reference[where] if both and logits.reference is not None else None,
            places[where],
            here[where],
            moved[where],
            of.policy.part(where),
            of.reference.part(where) if both and of.reference is not None else None,
            None if shift is None else shift.part(where),
            kl_pi_ref[where] if shift is not None and kl_pi_ref is not None else None,
            coefficients.part(where),
            logits.softcaps,
        )
