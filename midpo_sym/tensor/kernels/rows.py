"""The arithmetic of a block of rows of logits, while the block is in cache.

A row holds the logits z of one token's distribution p, and perhaps those of the reference's q. With
y the label,

    log p/q(y)  =  log (p_y / q_y), never a difference of two large logarithms
    KL(p‖q)     =  Σ_v p_v·D_v,    KL(q‖p) = -Σ_v q_v·D_v,    D = log p - log q = z - z_ref - shift

and, for a loss with derivatives a by the label's log-probability and log-ratio, b by KL(q‖p), and
r by KL(p‖q),

    dloss/dz  =  a·(1_y - p) + b·(p - q) + r·p·(D - KL(p‖q)).

Rows for which these lose their digits, because p_y or q_y all but underflows or a logit is -∞, are
measured once more through log_softmax, with 0·log 0 = 0 by choice. An infinite KL(p‖q) has no
gradient; what it would add to dloss/dz counts as 0.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import torch
from torch import Tensor

_WIDE = 16.0
SMALL = {torch.float32: 1e-30, torch.float64: 1e-290}  # some digits above the least normal number


# Some tokens of a batch, or some rows of a block.
Where = slice | tuple[slice, ...] | tuple[int, slice] | tuple[Tensor, Tensor]


class Rows(NamedTuple):
    """What is measured of a block of R rows, each (R,); None where it was not asked for.

    Attributes:
        logps: log p_y.
        ref_logps: log q_y.
        logratios: log p_y/q_y.
        kl_ref_pi: KL(q‖p).
        kl_pi_ref: KL(p‖q).
        redone: bool, the rows measured once more; None if none was.
    """

    logps: Tensor
    ref_logps: Tensor | None = None
    logratios: Tensor | None = None
    kl_ref_pi: Tensor | None = None
    kl_pi_ref: Tensor | None = None
    redone: Tensor | None = None


class Coefficients(NamedTuple):
    """Derivatives of a loss by statistics, of a block of rows (R,) or of a batch (N, T).

    None is zero.

    Attributes:
        label: by log p_y and by log p_y/q_y, together (a).
        kl_ref_pi: by KL(q‖p) (b).
        kl_pi_ref: by KL(p‖q) (r).
    """

    label: Tensor | None
    kl_ref_pi: Tensor | None = None
    kl_pi_ref: Tensor | None = None

    def part(self, where: Where) -> Coefficients:
        """Return the coefficients of some tokens."""
        return Coefficients(*(None if each is None else each[where] for each in self))

    def without_zeros(self) -> Coefficients:
        """Return None for those that are zero everywhere. The device is waited for."""
        return Coefficients(*(each if each is not None and each.any() else None for each in self))


class Workspace:
    """Buffers of a block, (R, V) in the accumulation dtype, made when first used.

    Attributes:
        rows: the most rows that a block may have.
        dtype: the accumulation dtype.
    """

    def __init__(
        self, rows: int, vocabulary: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.rows, self.dtype = rows, dtype
        self._shape, self._device = (rows, vocabulary), device
        self._whole: dict[str, Tensor] = {}
        self._cut: dict[tuple[str, int], Tensor] = {}

    def buffer(self, name: str, rows: int) -> Tensor:
        """Return the first rows of a buffer."""
        if (name, rows) not in self._cut:
            if name not in self._whole:
                self._whole[name] = torch.empty(self._shape, dtype=self.dtype, device=self._device)
            self._cut[name, rows] = self._whole[name][:rows]
        return self._cut[name, rows]

    def raised(self, logits: Tensor, name: str) -> Tensor:
        """Return logits in the accumulation dtype: themselves, or a copy in a buffer."""
        if logits.dtype == self.dtype:
            return logits
        return self.buffer(name, logits.shape[0]).copy_(logits)


@dataclasses.dataclass(frozen=True)
class Block:
    """What the gradient of a block of rows needs.

    Attributes:
        labels: within the vocabulary; int64 (R, 1).
        p: the policy's probabilities; (R, V).
        q: the reference's; (R, V) or None.
        difference: D, 0 in rows of infinite KL(p‖q), and where p is 0 in rows that were measured
            once more; (R, V) or None.
    """

    labels: Tensor
    p: Tensor
    q: Tensor | None = None
    difference: Tensor | None = None


def measure(
    logits: Tensor,
    reference: Tensor | None,
    labels: Tensor,
    work: Workspace,
    *,
    kl_ref_pi: bool,
    kl_pi_ref: bool,
) -> tuple[Rows, Block]:
    """Measure a block of rows.

    Args:
        logits: the policy's; (R, V).
        reference: the reference's, or None; (R, V).
        labels: within the vocabulary; int64 (R, 1).
        work: buffers, which hold the block until they are used again.
        kl_ref_pi: whether KL(q‖p) is wanted.
        kl_pi_ref: whether KL(p‖q) is wanted.
    """
    size, small = logits.shape[0], SMALL[work.dtype]
    z = work.raised(logits, "difference")
    p = torch.softmax(z, -1, out=work.buffer("p", size))
    p_label = p.gather(1, labels).squeeze(1)
    if reference is None:
        rows, block = Rows(p_label.log()), Block(labels, p)
        fine = p_label > small
    else:
        z_ref = work.raised(reference, "product")
        q = torch.softmax(z_ref, -1, out=work.buffer("q", size))
        q_label = q.gather(1, labels).squeeze(1)
        fine = torch.minimum(p_label, q_label) > small
        logratios = (p_label / q_label).log()
        difference = forward = backward = None
        if kl_ref_pi or kl_pi_ref:
            difference = work.buffer("difference", size)
            _subtract(z, z_ref, labels, logratios, difference)
            product = work.buffer("product", size)
            if kl_ref_pi:
                forward = torch.mul(q, difference, out=product).sum(-1).neg_()
                fine &= forward.isfinite()
            if kl_pi_ref:
                backward = torch.mul(p, difference, out=product).sum(-1)
                fine &= backward.isfinite()
        rows = Rows(p_label.log(), q_label.log(), logratios, forward, backward)
        block = Block(labels, p, q, difference)
    if not fine.all():
        rows = rows._replace(redone=~fine)
        _measure_again(rows, block, ~fine, logits, reference)
    return rows, block


def prepare(
    logits: Tensor,
    reference: Tensor | None,
    labels: Tensor,
    work: Workspace,
    coefficients: Coefficients,
    *,
    logratios: Tensor | None,
    redone: Tensor | None,
    into: Tensor | None,
) -> Block:
    """Return what the gradient of a block of rows needs, once the rows are measured.

    Args:
        logits: the policy's; (R, V).
        reference: the reference's, or None; (R, V).
        labels: within the vocabulary; int64 (R, 1).
        work: buffers, which hold the block until they are used again.
        coefficients: what `write_gradient` will get.
        logratios: as measured, where KL(p‖q) has a coefficient; (R,).
        redone: the rows that were measured once more, None for none; bool (R,).
        into: where to put p, if the gradient may be formed where it will stay.
    """
    size = logits.shape[0]
    z = work.raised(logits, "difference")
    p = torch.softmax(z, -1, out=work.buffer("p", size) if into is None else into)
    q = difference = None
    if reference is None or (coefficients.kl_ref_pi is None and coefficients.kl_pi_ref is None):
        return Block(labels, p)
    z_ref = work.raised(reference, "product")
    if coefficients.kl_ref_pi is not None:
        q = torch.softmax(z_ref, -1, out=work.buffer("q", size))
    if coefficients.kl_pi_ref is not None and logratios is not None:
        difference = work.buffer("difference", size)
        _subtract(z, z_ref, labels, logratios, difference)
        if redone is not None:
            difference[redone] = _finite_difference(
                torch.log_softmax(logits[redone], -1, dtype=work.dtype),
                torch.log_softmax(reference[redone], -1, dtype=work.dtype),
            )
    return Block(labels, p, q, difference)


def write_gradient(
    block: Block, coefficients: Coefficients, kl_pi_ref: Tensor | None, out: Tensor
) -> None:
    """Write dloss/dz of a block of rows; p and D are spent.

    Args:
        block: as `measure` or `prepare` returned it.
        coefficients: the loss's derivatives by the rows' statistics.
        kl_pi_ref: KL(p‖q) of the rows, where it has a coefficient; (R,).
        out: where to write, of any floating dtype; (R, V). May be the block's p.
    """
    a, b, r = coefficients.label, coefficients.kl_ref_pi, coefficients.kl_pi_ref
    target = out if out.dtype == block.p.dtype else block.p
    scale = torch.zeros_like(block.p[:, 0]) if a is None else -a
    if b is not None:
        scale = scale + b
    if r is not None and block.difference is not None and kl_pi_ref is not None:
        scale = scale - r * torch.where(kl_pi_ref.isfinite(), kl_pi_ref, 0.0)
        factor = block.difference.mul_(r.unsqueeze(1)).add_(scale.unsqueeze(1))
        torch.mul(block.p, factor, out=target)
    else:
        torch.mul(block.p, scale.unsqueeze(1), out=target)
    if b is not None and block.q is not None:
        target.addcmul_(block.q, b.unsqueeze(1), value=-1)
    if a is not None:
        target.scatter_add_(1, block.labels, a.unsqueeze(1))
    if target is not out:
        out.copy_(target)


def _subtract(z: Tensor, z_ref: Tensor, labels: Tensor, logratios: Tensor, out: Tensor) -> None:
    """Write log p - log q, given the labels' log-ratios."""
    gap = z.gather(1, labels) - z_ref.gather(1, labels)
    logratio = logratios.unsqueeze(1)
    shift = gap - logratio
    torch.sub(z, z_ref, out=out)
    out.sub_(shift)
    if (gap.abs() > _WIDE).any():
        # What rounding took from a wide shift would not average out over the vocabulary.
        out.sub_((gap - shift) - logratio)


def _measure_again(
    rows: Rows, block: Block, poor: Tensor, logits: Tensor, reference: Tensor | None
) -> None:
    """Write what log_softmax says of the poor rows over what was measured."""
    labels = block.labels[poor]
    log_p = torch.log_softmax(logits[poor], -1, dtype=block.p.dtype)
    rows.logps[poor] = log_p.gather(1, labels).squeeze(1)
    if reference is None or rows.ref_logps is None or rows.logratios is None:
        return
    log_q = torch.log_softmax(reference[poor], -1, dtype=block.p.dtype)
    rows.ref_logps[poor] = log_q.gather(1, labels).squeeze(1)
    rows.logratios[poor] = rows.logps[poor] - rows.ref_logps[poor]
    if rows.kl_ref_pi is not None:
        rows.kl_ref_pi[poor] = _divergence(log_q, log_p)
    if rows.kl_pi_ref is not None:
        rows.kl_pi_ref[poor] = _divergence(log_p, log_q)
    if block.difference is not None:
        block.difference[poor] = _finite_difference(log_p, log_q)


def _divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return KL(p‖q) of each row; +∞ where q has not the support of p, and 0·log 0 = 0."""
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(-1)


def _finite_difference(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return D of rows that may hold infinities, as `Block` describes it."""
    difference = torch.where(log_p.exp() > 0, log_p - log_q, 0.0)
    return torch.where(difference.isfinite().all(-1, keepdim=True), difference, 0.0)
