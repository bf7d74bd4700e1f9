"""What the laboratory accepts: every refusal names the argument, what was read, and the cure."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.float64]
SUM_TOLERANCE = 1e-9  # how far from 1 the sum of a distribution may be; it is then normalised


class LabError(ValueError):
    """An argument of the laboratory is wrong."""


class NotConvergedError(RuntimeError):
    """A computation did not reach the accuracy asked for, or broke a law that it has to keep."""


def number(value: Any, name: str, *, above: float = 0.0) -> float:
    """Return a finite number greater than a bound.

    Raises:
        LabError: it is none.
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise LabError(f"{name} is {value!r}; it has to be a number above {above:g}") from None
    if not (math.isfinite(found) and found > above):
        raise LabError(f"{name} is {value!r}; it has to be finite and above {above:g}")
    return found


def whole(value: Any, name: str, *, least: int) -> int:
    """Return a whole number that is not too small.

    Raises:
        LabError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise LabError(f"{name} is {value!r}; it has to be a whole number, at least {least}")
    return int(value)


def table(values: ArrayLike, name: str, *, dimensions: int) -> Array:
    """Return finite numbers in an array of some dimensions, none of them empty.

    Raises:
        LabError: they are none, or not finite.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise LabError(f"{name} is no array of numbers; lists of equal length are one") from None
    if found.ndim != dimensions:
        raise LabError(
            f"{name} has shape {found.shape}; it has to have {dimensions} dimension"
            f"{'' if dimensions == 1 else 's'}"
        )
    if not found.size:
        raise LabError(f"{name} is empty; there has to be one prompt and one answer at least")
    if not np.isfinite(found).all():
        place = tuple(int(each) for each in np.argwhere(~np.isfinite(found))[0])
        raise LabError(f"{name} at {place} is {found[place]}; every entry has to be finite")
    return found


def distribution(values: ArrayLike, name: str, size: int) -> Array:
    """Return a distribution over so many things, normalised to the last digit.

    Raises:
        LabError: it has another size, a negative entry, or another sum than 1.
    """
    found = table(values, name, dimensions=1)
    if found.shape != (size,):
        raise LabError(f"{name} has {found.size} entries; it has to have {size}")
    return _normalised(found, name)


def distributions(values: ArrayLike, name: str, shape: tuple[int, int]) -> Array:
    """Return a distribution over answers for each prompt; one for all prompts is repeated.

    Raises:
        LabError: the shape is wrong, an entry is negative, or a sum is not 1.
    """
    if np.ndim(np.asarray(values, dtype=object)) == 1:
        return np.broadcast_to(distribution(values, name, shape[1]), shape)
    found = table(values, name, dimensions=2)
    if found.shape != shape:
        raise LabError(
            f"{name} has shape {found.shape}; it has to be {shape}, prompts by answers, "
            f"or ({shape[1]},) for all prompts"
        )
    return _normalised(found, name)


def _normalised(found: Array, name: str) -> Array:
    if (found < 0).any():
        place = tuple(int(each) for each in np.argwhere(found < 0)[0])
        raise LabError(f"{name} at {place} is {found[place]}; a probability is never negative")
    sums = found.sum(axis=-1, keepdims=True)
    if (np.abs(sums - 1) > SUM_TOLERANCE).any():
        worst = sums.flat[np.abs(sums - 1).argmax()]
        raise LabError(f"{name} adds up to {worst:.12g}; divide it by its sum")
    return np.asarray(found / sums)
