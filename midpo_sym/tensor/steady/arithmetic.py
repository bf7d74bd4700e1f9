"""The arithmetic of rows of logits without a branch: pure functions, which a compiler may fuse.

The formulas are those of `kernels.rows`. A row's softmax is known by the largest logit M and the
sum S of exp(z - M), over the whole vocabulary, of which the columns here may be a part. What
`kernels.rows` measures once more is chosen element by element here: where p or q is 0 a product is
0, and logarithms of what underflows are differences.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.rows import SMALL, Coefficients
from midpo_sym.tensor.steady.shard import VocabularyShard


class Norm(NamedTuple):
    """What a softmax and a label's probability need of the whole vocabulary, for each row.

    Attributes:
        top: M, the largest logit.
        total: S, the sum of exp(z - M).
        label: the logit of the label.
    """

    top: Tensor
    total: Tensor
    label: Tensor

    def part(self, where: tuple[slice, ...]) -> Norm:
        """Return those of some rows."""
        return Norm(*(each[where] for each in self))

    def over(self, shard: VocabularyShard) -> Norm:
        """Return those over all columns, from those over the columns of each process."""
        if shard.group is None:
            return self
        top = shard.maximum(self.top.clone())
        total, label = shard.sums(self.total * (self.top - top).exp(), self.label)
        return Norm(top, total, label)


class Labels(NamedTuple):
    """What is known of the labels of rows.

    Attributes:
        logps: log p_y.
        ref_logps: log q_y, or None.
        logratios: log p_y/q_y, or None.
    """

    logps: Tensor
    ref_logps: Tensor | None = None
    logratios: Tensor | None = None


class Shift(NamedTuple):
    """log p - log q = z - z_ref - shift - rest, in two parts as one is rounded.

    Attributes:
        shift: of each row.
        rest: what rounding took from it.
    """

    shift: Tensor
    rest: Tensor

    def part(self, where: tuple[slice, ...]) -> Shift:
        """Return those of some rows."""
        return Shift(*(each[where] for each in self))


def raised(logits: Tensor, dtype: torch.dtype, softcap: float | None) -> Tensor:
    """Return logits as the model has them, in the accumulation dtype."""
    logits = logits.to(dtype)
    return logits if softcap is None else softcap * torch.tanh(logits / softcap)


def extent(
    logits: Tensor, places: Tensor, here: Tensor, dtype: torch.dtype, softcap: float | None
) -> Norm:
    """Return what is known of rows by the columns held; (R,) each.

    Args:
        logits: (R, V).
        places: the column of each label; int64 (R,).
        here: whether the label is held; bool (R,).
        dtype: the accumulation dtype.
        softcap: c where logits z become c·tanh(z/c), or None.
    """
    lowest = torch.finfo(dtype).min  # a logit of -∞ has -∞ - top as its exponent, never NaN
    if not logits.shape[-1]:
        nothing = torch.zeros(places.shape, dtype=dtype, device=logits.device)
        return Norm(nothing + lowest, nothing, nothing)
    z = raised(logits, dtype, softcap)
    top = z.amax(-1).clamp_min(lowest)
    total = (z - top.unsqueeze(-1)).exp().sum(-1)
    label = z.gather(-1, places.unsqueeze(-1)).squeeze(-1)
    return Norm(top, total, torch.where(here, label, 0.0))


def of_labels(policy: Norm, reference: Norm | None) -> Labels:
    """Return the log-probabilities and log-ratios of the labels."""
    small = SMALL[policy.top.dtype]
    p, logps = _of_label(policy, small)
    if reference is None:
        return Labels(logps)
    q, ref_logps = _of_label(reference, small)
    ratio = torch.minimum(p, q) > small
    return Labels(logps, ref_logps, torch.where(ratio, (p / q).log(), logps - ref_logps))


def _of_label(norm: Norm, small: float) -> tuple[Tensor, Tensor]:
    p = (norm.label - norm.top).exp() / norm.total
    return p, torch.where(p > small, p.log(), (norm.label - norm.top) - norm.total.log())


def shift_of(policy: Norm, reference: Norm, logratios: Tensor) -> Shift:
    """Return the shift between the logits of the two models, by the labels where they tell it."""
    gap = policy.label - reference.label
    told = gap.isfinite() & logratios.isfinite()
    tops = (policy.top - reference.top) + (policy.total.log() - reference.total.log())
    shift = torch.where(told, gap - logratios, tops)
    return Shift(shift, torch.where(told, (gap - shift) - logratios, 0.0))


def probabilities(z: Tensor, norm: Norm) -> Tensor:
    """Return the probabilities of the columns held."""
    return (z - norm.top.unsqueeze(-1)).exp() / norm.total.unsqueeze(-1)


def differences(z: Tensor, z_ref: Tensor, shift: Shift) -> Tensor:
    """Return log p - log q of the columns held; NaN where both are -∞."""
    return (z - z_ref) - shift.shift.unsqueeze(-1) - shift.rest.unsqueeze(-1)


def divergences(
    logits: Tensor,
    reference: Tensor,
    policy: Norm,
    other: Norm,
    shift: Shift,
    softcaps: tuple[float | None, float | None],
) -> tuple[Tensor, Tensor]:
    """Return the parts of KL(q‖p) and KL(p‖q) that are of the columns held; (R,) each.

    Args:
        logits: the policy's; (R, V).
        reference: the reference's; (R, V).
        policy: of the policy's rows.
        other: of the reference's.
        shift: of the rows.
        softcaps: of the two models.
    """
    z = raised(logits, policy.top.dtype, softcaps[0])
    z_ref = raised(reference, policy.top.dtype, softcaps[1])
    p, q, gap = probabilities(z, policy), probabilities(z_ref, other), differences(z, z_ref, shift)
    forward = torch.where(q > 0, q * gap, 0.0).sum(-1)
    return -forward, torch.where(p > 0, p * gap, 0.0).sum(-1)


def gradient(
    logits: Tensor,
    reference: Tensor | None,
    places: Tensor,
    here: Tensor,
    moved: Tensor,
    policy: Norm,
    other: Norm | None,
    shift: Shift | None,
    kl_pi_ref: Tensor | None,
    coefficients: Coefficients,
    softcaps: tuple[float | None, float | None],
) -> Tensor:
    """Return the derivatives of a loss by the logits held, in the accumulation dtype; (R, V).

    Args:
        logits: the policy's; (R, V).
        reference: the reference's, where a divergence has a coefficient; (R, V).
        places: the column of each label; int64 (R,).
        here: whether the label is held; bool (R,).
        moved: the rows that count; the others get exact zeros, whatever they hold; bool (R,).
        policy: of the policy's rows.
        other: of the reference's, or None.
        shift: of the rows, or None.
        kl_pi_ref: KL(p‖q), where it has a coefficient; (R,).
        coefficients: the derivatives of the loss by the rows' statistics; (R,) each.
        softcaps: of the two models.
    """
    dtype = policy.top.dtype
    z = raised(logits, dtype, softcaps[0])
    p = probabilities(z, policy)
    a, b, r = coefficients
    scale = torch.zeros_like(policy.top) if a is None else -a
    if b is not None:
        scale = scale + b
    z_ref = None if reference is None else raised(reference, dtype, softcaps[1])
    if r is not None and z_ref is not None and shift is not None and kl_pi_ref is not None:
        finite = kl_pi_ref.isfinite()  # an infinite KL(p‖q) has no derivative
        scale = scale - r * torch.where(finite, kl_pi_ref, 0.0)
        gap = torch.where((p > 0) & finite.unsqueeze(-1), differences(z, z_ref, shift), 0.0)
        found = p * (gap * r.unsqueeze(-1) + scale.unsqueeze(-1))
    else:
        found = p * scale.unsqueeze(-1)
    if b is not None and z_ref is not None and other is not None:
        found = found - probabilities(z_ref, other) * b.unsqueeze(-1)
    if a is not None:
        columns = torch.arange(z.shape[-1], device=z.device)
        label = (columns == places.unsqueeze(-1)) & here.unsqueeze(-1)
        found = torch.where(label, found + a.unsqueeze(-1), found)
    cap = softcaps[0]
    if cap is not None:
        found = found * (1 - (z / cap).square())  # d c·tanh(x/c) / dx
    return torch.where(moved.unsqueeze(-1), found, 0.0)
