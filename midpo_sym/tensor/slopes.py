"""Derivatives of a loss by the statistics, as a single pass needs and checks them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.measured import Measured, joined
from midpo_sym.tensor.kernels.rows import Coefficients

Argument = Callable[[Measured], Tensor]
Loss = Callable[[Tensor], Tensor]
Slopes = Callable[[Measured], Tensor]

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


def through_arguments(
    argument: Argument, loss_of: Loss, blank: Measured, live: Tensor
) -> tuple[Coefficients, Slopes]:
    """Return how a loss moves with the statistics through arguments that are linear in them.

    Args:
        argument: from the statistics (2B, T) to the arguments of the pairs (B,).
        loss_of: from these to the loss, a scalar.
        blank: statistics to differentiate at; any will do.
        live: bool (2B, T).

    Returns:
        The derivatives of each response's number, here the argument of its pair, by the statistics,
        (2B, T); and the function from statistics to the derivatives of the loss by the numbers of
        the responses, (2B,).
    """
    del live
    leaves = as_leaves(blank)
    coefficients = derivatives(argument(leaves).sum(), leaves)

    def slopes(measured: Measured) -> Tensor:
        with torch.enable_grad():
            found = argument(measured).detach().requires_grad_()
            return torch.autograd.grad(loss_of(found), found)[0].repeat(2)

    return coefficients, slopes


def through_sums(
    argument: Argument, loss_of: Loss, blank: Measured, live: Tensor
) -> tuple[Coefficients, Slopes]:
    """Return how a loss moves with the statistics through the responses' log-probabilities.

    Arguments and returned values are those of `through_arguments`; a response's number is its
    log-probability, summed over its tokens.
    """

    def slopes(measured: Measured) -> Tensor:
        with torch.enable_grad():
            leaves = as_leaves(measured)
            moves = derivatives(loss_of(argument(leaves)), leaves).label
        if moves is None:
            return measured.logps.new_zeros(len(live))
        return torch.where(live, moves, 0).sum(-1) / live.sum(-1).clamp_min(1)

    return Coefficients(live.to(blank.logps.dtype)), slopes


def check_agreement(
    name: str,
    moves: Coefficients,
    coefficients: Coefficients,
    slopes: Tensor,
    live: Tensor,
    *,
    linear: bool,
) -> None:
    """Check that derivatives are slopes times coefficients, where they are finite.

    Args:
        name: of the class of the loss.
        moves: derivatives of the loss by the statistics; (2B, T).
        coefficients: derivatives of each response's number by its statistics; (2B, T).
        slopes: derivatives of the loss by these numbers; (2B,).
        live: bool (2B, T).
        linear: whether the numbers are arguments, and not log-probabilities.

    Raises:
        ValueError: they are not, so that what the loss says of itself is wrong.
    """
    rows = slopes.unsqueeze(1)
    same = torch.ones((), dtype=torch.bool, device=live.device)
    for move, coefficient in zip(moves, coefficients, strict=True):
        zero = torch.zeros_like(rows)
        got = zero if move is None else move
        used = zero if coefficient is None else coefficient * rows
        apart = (got - used).abs()
        known = live & got.isfinite()  # a slope that is none then is wrong as well
        size = torch.where(known, used.abs(), 0.0)
        same = same & ((apart <= _TOLERANCE * (size + size.max())) | ~known).all()
    if not same:
        claim, cause = (
            ("linear", "the argument is not linear in the statistics")
            if linear
            else ("by_sums", "the loss is not one of the responses' log-probabilities")
        )
        raise ValueError(
            f"{name}.needs: {claim}=True, but {cause}, or a pair's loss depends on other pairs: "
            f"set {claim}=False"
        )
