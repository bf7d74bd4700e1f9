"""Derivatives of a loss by the statistics, as a single pass needs and checks them."""

from __future__ import annotations

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.measured import Measured, joined
from midpo_sym.tensor.kernels.rows import Coefficients

_TOLERANCE = 1e-3  # far above rounding, far below what a curved argument shows


def as_leaves(measured: Measured) -> Measured:
    """Return statistics of the policy to differentiate by."""
    return Measured(
        *(
            each.detach().requires_grad_(name not in {"ref_logps", "redone"})
            for name, each in zip(measured._fields, measured, strict=True)
        )
    )


def derivatives(value: Tensor, leaves: Measured) -> Coefficients:
    """Return the derivatives of a scalar by statistics, and keep its graph."""
    wanted = [each for each in leaves if each.requires_grad]
    found: tuple[Tensor | None, ...] = (None,) * len(wanted)
    if value.requires_grad:
        found = torch.autograd.grad(value, wanted, retain_graph=True, allow_unused=True)
    moves = iter(found)
    return joined([next(moves) if each.requires_grad else None for each in leaves])


def agree(moves: Coefficients, coefficients: Coefficients, slopes: Tensor, live: Tensor) -> bool:
    """Return whether derivatives are slopes times coefficients, as far as they are finite."""
    rows = torch.cat([slopes, slopes]).unsqueeze(1)
    same = torch.ones((), dtype=torch.bool, device=live.device)
    for move, coefficient in zip(moves, coefficients, strict=True):
        zero = torch.zeros_like(rows)
        got = zero if move is None else move
        used = zero if coefficient is None else coefficient * rows
        apart = (got - used).abs()
        known = live & apart.isfinite()
        size = torch.where(known, used.abs(), 0.0)
        same = same & ((apart <= _TOLERANCE * (size + size.max())) | ~known).all()
    return bool(same)
