"""Statistics of responses from hidden states and the lm_head, without a branch on a value.

The logits of a tile of rows are projected, measured and forgotten; the backward pass projects them
once more. Where values may be read without a wait, rows that count for nothing are left out before;
elsewhere how many there are is not known, and all are projected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor.inputs import values
from midpo_sym.tensor.kernels.derivatives import refuse_second_derivative
from midpo_sym.tensor.kernels.measured import Measured, joined, keep, kept, nothing_yet
from midpo_sym.tensor.kernels.projection import Head, HeadGradient
from midpo_sym.tensor.kernels.rows import Coefficients, Rows
from midpo_sym.tensor.kernels.sizes import accumulation_dtype, tile_rows
from midpo_sym.tensor.kernels.tiles import cuts
from midpo_sym.tensor.steady.arithmetic import Norm
from midpo_sym.tensor.steady.blocks import Logits, Softmaxes, measured, softmaxes, write_gradient
from midpo_sym.tensor.steady.shard import VocabularyShard

_NORMS = len(Norm._fields)


class Batch(NamedTuple):
    """Rows of hidden states, and what they predict.

    Attributes:
        policy: with the hidden states of the rows; (n, H).
        reference: the same, or None.
        labels: int64 (n,).
        live: bool (n,).
        where: which of the rows (N·(T - 1)) they are, None for all.
        width: T - 1.
        shard: the columns of the lm_heads that are here.
    """

    policy: Head
    reference: Head | None
    labels: Tensor
    live: Tensor
    where: Tensor | None
    width: int
    shard: VocabularyShard

    @property
    def dtype(self) -> torch.dtype:
        """The accumulation dtype."""
        return accumulation_dtype(self.policy.hidden.dtype)

    def tiles(self) -> list[tuple[int, int]]:
        """Return the runs of rows whose logits are in memory at once."""
        hidden = self.policy.hidden
        size = tile_rows(max(1, self.policy.vocabulary), hidden.dtype, hidden.device)
        return list(cuts(0, len(self.labels), size))

    def room(self, head: Head | None, tiles: Sequence[tuple[int, int]]) -> Tensor | None:
        """Return memory for a tile of a model's logits."""
        if head is None or not tiles:
            return None
        return head.hidden.new_empty((tiles[0][1] - tiles[0][0], head.vocabulary))

    def project(self, start: int, stop: int, *rooms: Tensor | None) -> Logits:
        """Return the logits of some rows, written over rooms; of the models that have one."""
        found = [
            None if head is None or room is None else head.project(start, stop, room)
            for head, room in zip((self.policy, self.reference), rooms, strict=True)
        ]
        assert found[0] is not None
        caps = (self.policy.softcap, self.reference and self.reference.softcap)
        labels, live = self.labels[start:stop], self.live[start:stop]
        return Logits(found[0], found[1], labels, live, self.shard, caps)

    def pick(self, whole: Tensor) -> Tensor:
        """Return the entries of the rows: (N, T) to (n,); what is empty stays empty."""
        return _picked(whole[:, 1:], self.where) if whole.numel() else whole

    def put(self, rows: Tensor, whole: Tensor) -> None:
        """Write entries of the rows to their places: (n, ...) to (N, T - 1, ...)."""
        if self.where is None:
            whole.copy_(rows.view(whole.shape))
        else:
            whole[self.where // self.width, self.where % self.width] = rows


def _picked(whole: Tensor, where: Tensor | None) -> Tensor:
    flat = whole.flatten(0, 1)
    return flat if where is None else flat[where]


def batch_of(
    policy: Head,
    reference: Head | None,
    labels: Tensor,
    live: Tensor,
    shard: VocabularyShard | None = None,
) -> Batch:
    """Return the rows that predict a token: row t - 1 predicts token t.

    Args:
        policy: with hidden states (N, T - 1 or more, H).
        reference: the same, or None.
        labels: token ids (N, T).
        live: bool (N, T).
        shard: the columns that are here, None for all.
    """
    counted = live[:, 1:]
    where = counted.flatten().nonzero().flatten() if values.free_to_read(live.device) else None
    rows = counted.shape[1]

    def states(head: Head) -> Head:
        hidden = _picked(head.hidden[:, :rows], where)
        if where is None:  # a product with 0 is no 0 where hidden states are NaN
            hidden = torch.where(counted.flatten().unsqueeze(-1), hidden, 0.0)
        return head._replace(hidden=hidden)

    return Batch(
        states(policy),
        None if reference is None else states(reference),
        _picked(labels[:, 1:], where),
        _picked(counted, where),
        where,
        rows,
        shard or VocabularyShard.whole(policy.vocabulary),
    )


def measure(
    batch: Batch, live: Tensor, *, kl_ref_pi: bool, kl_pi_ref: bool
) -> tuple[Measured, Softmaxes]:
    """Return the statistics of a batch, (N, T) each, and the softmaxes of its rows, (n,) each.

    Args:
        batch: as `batch_of` returned it.
        live: bool (N, T).
        kl_ref_pi: whether KL(q‖p) is wanted.
        kl_pi_ref: whether KL(p‖q) is wanted.
    """
    found = nothing_yet(
        live,
        batch.dtype,
        reference=batch.reference is not None,
        kl_ref_pi=kl_ref_pi,
        kl_pi_ref=kl_pi_ref,
    )
    has = batch.reference is not None
    kinds = (has, has, kl_ref_pi, kl_pi_ref)
    rows = Rows(_numbers(batch, 1)[0], *(_numbers(batch, 1)[0] if each else None for each in kinds))
    models = (batch.policy, batch.reference)
    norms = [None if each is None else Norm(*_numbers(batch, _NORMS)) for each in models]
    tiles = batch.tiles()
    rooms = [batch.room(each, tiles) for each in models]
    for start, stop in tiles:
        logits = batch.project(start, stop, *rooms)
        of = softmaxes(logits)
        part = measured(logits, of, kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref)
        for whole, each in (*zip(rows, part, strict=True), *_pairs(norms, of)):
            if whole is not None and each is not None:
                whole[start:stop] = each
    for whole, each in zip(found, rows, strict=True):
        if each is not None and whole.numel():
            batch.put(torch.where(batch.live, each, 0.0), whole[:, 1:])
    assert norms[0] is not None
    return found, Softmaxes(norms[0], norms[1])


def _numbers(batch: Batch, count: int) -> tuple[Tensor, ...]:
    made = batch.live.new_empty((count, len(batch.labels)), dtype=batch.dtype)
    return tuple(made)


def _pairs(norms: Sequence[Norm | None], of: Softmaxes) -> list[tuple[Tensor, Tensor]]:
    """Return the fields of norms of all rows, each with that of a tile."""
    return [
        pair
        for whole, part in zip(norms, of, strict=True)
        if whole is not None and part is not None
        for pair in zip(whole, part, strict=True)
    ]


def gradients(
    batch: Batch,
    of: Softmaxes | None,
    found: Measured,
    coefficients: Coefficients,
    wanted: Sequence[bool],
    shape: torch.Size,
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return the gradients by hidden states, weight and bias, projecting every tile once more.

    Args:
        batch: as `batch_of` returned it.
        of: the softmaxes of its rows, or None to form them again.
        found: what was measured; log-ratios and KL(p‖q) are read; (N, T) each.
        coefficients: the loss's derivatives, (N, T) each.
        wanted: which of the three gradients are; None for the others.
        shape: of the hidden states; (N, T - 1 or more, H).
    """
    moves = Coefficients(*(None if each is None else batch.pick(each) for each in coefficients))
    by_kl = moves.kl_pi_ref is not None
    logratios = batch.pick(found.logratios) if by_kl else None
    kl_pi_ref = batch.pick(found.kl_pi_ref) if by_kl else None
    states, tiles = batch.policy.hidden, batch.tiles()
    divergence = by_kl or moves.kl_ref_pi is not None
    rooms = [
        batch.room(each, tiles) for each in (batch.policy, batch.reference if divergence else None)
    ]
    once = len(tiles) <= 1
    sums = HeadGradient(batch.policy, weight=wanted[1], bias=wanted[2], once=once)
    by_states = torch.empty_like(states) if wanted[0] else None
    for start, stop in tiles:
        where = (slice(start, stop),)
        logits = batch.project(start, stop, *rooms)
        norms = softmaxes(logits) if of is None else _part(of, where)
        by_logits = logits.policy
        write_gradient(
            logits,
            norms,
            None if logratios is None else logratios[where],
            None if kl_pi_ref is None else kl_pi_ref[where],
            moves.part(where[0]),
            by_logits,
        )
        if by_states is not None:
            torch.mm(by_logits, batch.policy.weight, out=by_states[where])
        sums.add(by_logits, states[where])
    by_weight, by_bias = sums.release(states.dtype)
    if by_states is None:
        return None, by_weight, by_bias
    (total,) = batch.shard.sums(by_states)
    by_hidden = total.new_zeros(shape)
    batch.put(total, by_hidden[:, : batch.width])
    return by_hidden, by_weight, by_bias


def _part(of: Softmaxes, where: tuple[slice, ...]) -> Softmaxes:
    return Softmaxes(*(None if each is None else each.part(where) for each in of))  # type: ignore[arg-type]


class Settings(NamedTuple):
    """What is no tensor.

    Attributes:
        shard: the columns that are here, None for all.
        softcaps: of the two models.
        kl: the divergences wanted.
    """

    shard: VocabularyShard | None
    softcaps: tuple[float | None, float | None]
    kl: tuple[str, ...]


def _models(tensors: Sequence[Tensor | None], settings: Settings) -> tuple[Head, Head | None]:
    """Return the heads of six tensors: hidden states, weight and bias of two models."""
    hidden, weight, bias, ref_hidden, ref_weight, ref_bias = tensors
    assert hidden is not None
    assert weight is not None
    policy = Head(hidden, weight, bias, settings.softcaps[0])
    if ref_hidden is None or ref_weight is None:
        return policy, None
    return policy, Head(ref_hidden, ref_weight, ref_bias, settings.softcaps[1])


class FromHidden(torch.autograd.Function):
    """The statistics of a batch, differentiable by the policy's hidden states, weight and bias."""

    @staticmethod
    def forward(
        ctx: Any, labels: Tensor, live: Tensor, settings: Settings, *tensors: Tensor | None
    ) -> tuple[Tensor, ...]:
        """Measure, and keep what the backward pass needs of each row."""
        batch = batch_of(*_models(tensors, settings), labels, live, settings.shard)
        kl = settings.kl
        found, of = measure(batch, live, kl_ref_pi="ref_pi" in kl, kl_pi_ref="pi_ref" in kl)
        norms = (*of.policy, *(of.reference or (None,) * _NORMS))
        keep(ctx, labels, live, found.logratios, found.kl_pi_ref, *norms, *tensors)
        ctx.mark_non_differentiable(found.ref_logps, found.redone)
        ctx.set_materialize_grads(False)
        ctx.settings = settings
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *moves: Tensor | None) -> tuple[Tensor | None, ...]:
        """Project once more."""
        if torch.is_grad_enabled():
            refuse_second_derivative()
        coefficients = joined(moves)
        if all(each is None for each in coefficients):
            return (None,) * 9
        labels, live, logratios, kl_pi_ref, *rest = kept(ctx)
        norms, tensors = rest[: 2 * _NORMS], rest[2 * _NORMS :]
        policy, reference = _models(tensors, ctx.settings)
        batch = batch_of(policy, reference, labels, live, ctx.settings.shard)
        first, second = norms[:_NORMS], norms[_NORMS:]
        of = Softmaxes(Norm(*first), None if second[0] is None else Norm(*second))
        none = logratios.new_empty(0)
        found = Measured(none, none, logratios, none, kl_pi_ref, none)
        wanted = ctx.needs_input_grad[3:6]
        by = gradients(batch, of, found, coefficients, wanted, policy.hidden.shape)
        return None, None, None, *by, None, None, None
