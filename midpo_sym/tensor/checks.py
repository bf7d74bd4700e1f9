"""Checks of what users pass to a loss: each error names the argument, what it is, what is wanted.

Shapes, dtypes and devices are always checked. Values of tensors are checked in eager mode only: a
compiled graph cannot stop half way. On an accelerator the device checks them by itself (`values`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from midpo_sym.tensor.inputs import values

_DOMAINS: dict[str, tuple[Callable[[float], bool], str]] = {
    "real": (lambda _: True, "a finite number"),
    "nonnegative": (lambda value: value >= 0, "a finite number, 0 or more"),
    "positive": (lambda value: value > 0, "a finite number above 0"),
    "unit": (lambda value: 0 <= value <= 1, "a number from 0 to 1"),
    "open unit": (lambda value: 0 < value < 1, "a number between 0 and 1, and neither"),
}
_LENGTHS = "_lengths"
_DIVERGENCES = ("_kl", "_kl_ref_pi", "_kl_pi_ref")
_ROUNDING = 0.01  # how far a sum of small divergences in low precision may be below 0
_FLOATING = ("_logps", "_kl", "_kl_ref_pi", "_kl_pi_ref")  # whole numbers are a mistake here


def check_number(name: str, value: float, domain: str) -> float:
    """Return a hyper-parameter after checking it.

    Args:
        name: of the argument.
        value: of the argument.
        domain: `real`, `nonnegative`, `positive`, `unit` or `open unit`.

    Raises:
        TypeError: it is no number.
        ValueError: it is outside its domain.
    """
    allows, wanted = _DOMAINS[domain]
    if isinstance(value, (bool, str, Tensor)) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} is {_described(value)}; expected {wanted}")
    if not math.isfinite(value) or not allows(value):
        raise ValueError(f"{name} is {value}; expected {wanted}")
    return value


def check_nonzero(expression: str, value: float) -> None:
    """Check what a proof had to assume: that something it divides by is not zero.

    Raises:
        ValueError: it is zero.
    """
    if value == 0:
        raise ValueError(f"{expression} is 0; the loss is defined where it is not")


def check_pairs(**statistics: Tensor) -> dict[str, Tensor]:
    """Return statistics of whole responses in float32, or float64 if one is, after checking them.

    Args:
        **statistics: tensors of shape (batch,), on one device. Those whose names end in `_lengths`
            are numbers of tokens, of any dtype; the others are floating point.

    Raises:
        TypeError: one is no tensor, or not of a floating dtype.
        ValueError: they differ in shape or device, have another shape, a length is below 1, or a
            divergence below 0.
    """
    _check_alike(statistics, "(batch,)", 1)
    found = _upcast(statistics)
    for name, length in found.items():
        if name.endswith(_LENGTHS):
            _check_values(name, length, length >= 1, "a number of tokens, 1 or more")
        elif name.endswith(_DIVERGENCES):
            wanted = "a divergence, 0 or more; is its sign or its name another's?"
            _check_values(name, length, ~(length < -_ROUNDING), wanted)
    return found


def check_tokens(
    chosen_mask: Tensor | None, rejected_mask: Tensor | None, /, **statistics: Tensor
) -> dict[str, Tensor]:
    """Return statistics of tokens in float32, or float64 if one is, 0 at padding, after checks.

    Args:
        chosen_mask: true at the tokens of the chosen responses; shape (batch, tokens). None if
            the statistics are 0 at padding already.
        rejected_mask: the same for the rejected responses, which may be padded to another length.
        **statistics: tensors of shape (batch, tokens): one shape for the chosen responses and one
            for the rejected ones, all on one device. Those whose names end in `_lengths` are
            numbers of tokens, of shape (batch,).

    Raises:
        TypeError: one is no tensor, or not of a floating dtype.
        ValueError: they differ in shape or device, have another shape, a length is below 1, or a
            response has no token.
    """
    lengths = {name: each for name, each in statistics.items() if name.endswith(_LENGTHS)}
    found = check_pairs(**lengths)
    for label, mask in (("chosen", chosen_mask), ("rejected", rejected_mask)):
        ours = {
            name: each
            for name, each in statistics.items()
            if name not in lengths and label in name.split("_")[:2]  # ref_chosen_logps, too
        }
        masks = {} if mask is None else {f"{label}_mask": mask}
        _check_alike({**ours, **masks}, "(batch, tokens)", 2)
        for name, each in masks.items():
            counts = each.bool().sum(-1)
            _check_values(name, counts, counts >= 1, "a response with a token, true at one or more")
        ours = _upcast(ours)
        if mask is not None:
            # where, not a product: what lies at padding may be no number
            ours = {name: torch.where(mask.bool(), each, 0.0) for name, each in ours.items()}
        found |= ours
    _check_batch(found)
    return _upcast(found)  # all to one dtype: lengths have none of their own


def check_weights(
    domain: str, chosen_mask: Tensor | None, rejected_mask: Tensor | None, /, **weights: Tensor
) -> None:
    """Check the values of weights, in eager mode.

    Args:
        domain: `real`, `nonnegative`, `positive`, `unit` or `open unit`.
        chosen_mask: true where the weights of the chosen responses count; shape (batch, tokens).
            None if a 0 is padding.
        rejected_mask: the same for the rejected responses.
        **weights: a number for each token, 0 at padding; shape (batch, tokens).

    Raises:
        ValueError: a weight is outside its domain.
    """
    for name, weight in weights.items():
        mask = chosen_mask if name.startswith("chosen") else rejected_mask
        allowed = _in_domain(weight, domain)
        if domain in ("positive", "open unit"):
            padding = weight == 0 if mask is None else ~mask.bool()
            allowed |= padding & torch.isfinite(weight)
        _check_values(name, weight, allowed, _DOMAINS[domain][1])


def check_data(
    given: dict[str, Tensor], domain: str, of: str, /, **data: Tensor
) -> dict[str, Tensor]:
    """Return statistics with data beside them, as constants of shape (batch,), after checks.

    Args:
        given: the statistics, checked; one at least.
        domain: `real`, `nonnegative`, `positive` or `unit`.
        of: `y` or `pair` for tensors of shape (batch,), `batch` for one number, of shape ().
        **data: by name. No gradient flows into them.

    Raises:
        TypeError: one is no tensor.
        ValueError: one has another shape or device, or, in eager mode, is outside its domain.
    """
    first, like = next(iter(given.items()))
    rows = like.shape[0]
    found = dict(given)
    for name, each in data.items():
        shape = () if of == "batch" else (rows,)
        if not isinstance(each, Tensor):
            raise TypeError(f"{name} is {_described(each)}; expected a tensor of shape {shape}")
        if tuple(each.shape) != shape:
            raise ValueError(
                f"{name} has shape {tuple(each.shape)}; expected {shape}, for {rows} pairs"
            )
        if each.device != like.device:
            raise ValueError(
                f"{name} is on {each.device}; expected {like.device}, where {first} is"
            )
        found[name] = each.detach().to(like.dtype).expand(rows)
        _check_values(name, found[name], _in_domain(found[name], domain), _DOMAINS[domain][1])
    return found


def _in_domain(found: Tensor, domain: str) -> Tensor:
    """Return where values are finite and in a domain."""
    allowed = torch.isfinite(found)
    if domain in ("positive", "open unit"):
        allowed &= found > 0
    elif domain != "real":
        allowed &= found >= 0
    if domain == "open unit":
        return allowed & (found < 1)
    return allowed & (found <= 1) if domain == "unit" else allowed


def _check_alike(tensors: dict[str, Tensor], shape: str, dimensions: int) -> None:
    first = next(iter(tensors), "")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} is {_described(tensor)}; expected a tensor of shape {shape}")
        if tensor.dim() != dimensions:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; expected {shape}")
        if tensor.shape != tensors[first].shape:
            raise ValueError(
                f"{name} has shape {tuple(tensor.shape)}; "
                f"expected {tuple(tensors[first].shape)}, as {first} has"
            )
        if tensor.device != tensors[first].device:
            raise ValueError(
                f"{name} is on {tensor.device}; expected {tensors[first].device}, where {first} is"
            )


def _check_batch(tensors: dict[str, Tensor]) -> None:
    first = next(iter(tensors))
    one = tensors[first]
    for name, other in tensors.items():
        if other.shape[0] != one.shape[0]:
            raise ValueError(
                f"{name} has {other.shape[0]} rows; expected {one.shape[0]}, as {first} has"
            )
        if other.device != one.device:
            raise ValueError(f"{name} is on {other.device}; expected {one.device}, as {first} is")


def _upcast(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors in float32, or float64 if one is: sums and differences need the digits."""
    for name, tensor in tensors.items():
        whole = not tensor.is_floating_point() and name.endswith(_FLOATING)
        if whole or tensor.is_complex():
            raise TypeError(f"{name} has dtype {tensor.dtype}; expected a floating-point dtype")
    wide = any(tensor.dtype == torch.float64 for tensor in tensors.values())
    dtype = torch.float64 if wide else torch.float32
    return {name: tensor.to(dtype) for name, tensor in tensors.items()}


def _check_values(name: str, tensor: Tensor, allowed: Tensor, wanted: str) -> None:
    if values.holds(allowed, f"{name}: expected {wanted}"):
        return
    where = [int(each) for each in (~allowed).nonzero()[0]]
    raise ValueError(f"{name}{where} is {tensor[tuple(where)].item():g}; expected {wanted}")


def _described(value: object) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{value!r:.60} of type {type(value).__name__}"
