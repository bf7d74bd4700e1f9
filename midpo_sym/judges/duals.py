"""Dual numbers a + b·ε with ε² = 0: derivatives in numbers, by no rule that the kernel knows.

A function of a + ε has its derivative at a before ε. Every derivative has an ε of its own, told
apart by a number, so that derivatives may stand inside one another. The parts are real numbers, or
intervals that hold them.
"""

from __future__ import annotations

from typing import Any


class Dual:
    """value + slope·ε.

    Attributes:
        value: what stands without ε; perhaps with an ε of a smaller number.
        slope: what stands before ε.
        tag: the number of ε.
    """

    __slots__ = ("slope", "tag", "value")

    def __init__(self, value: Any, slope: Any, tag: int) -> None:
        self.value, self.slope, self.tag = value, slope, tag

    def __add__(self, other: Any) -> Dual:
        tag, (a, b), (c, d) = _parts(self, other)
        return Dual(a + c, b + d, tag)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope, self.tag)

    def __sub__(self, other: Any) -> Dual:
        tag, (a, b), (c, d) = _parts(self, other)
        return Dual(a - c, b - d, tag)

    def __rsub__(self, other: Any) -> Dual:
        tag, (a, b), (c, d) = _parts(other, self)
        return Dual(a - c, b - d, tag)

    def __mul__(self, other: Any) -> Dual:
        tag, (a, b), (c, d) = _parts(self, other)
        return Dual(a * c, a * d + b * c, tag)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Dual:
        tag, (a, b), (c, d) = _parts(self, other)
        return Dual(a / c, (b - a / c * d) / c, tag)

    def __rtruediv__(self, other: Any) -> Dual:
        tag, (a, b), (c, d) = _parts(other, self)
        return Dual(a / c, (b - a / c * d) / c, tag)

    def __pow__(self, power: int) -> Any:
        if power == 0:
            return self.value**0
        return Dual(self.value**power, power * self.value ** (power - 1) * self.slope, self.tag)


def _parts(one: Any, other: Any) -> tuple[int, tuple[Any, Any], tuple[Any, Any]]:
    """Return the larger number of an ε in two numbers, and both by that ε."""
    tag = max(each.tag for each in (one, other) if isinstance(each, Dual))
    first, second = (
        (each.value, each.slope) if isinstance(each, Dual) and each.tag == tag else (each, 0)
        for each in (one, other)
    )
    return tag, first, second


def primal(number: Any) -> Any:
    """Return a number without any ε."""
    return primal(number.value) if isinstance(number, Dual) else number


def slope(number: Dual) -> Any:
    """Return what stands before ε, as a number of the same kind as what stands without it."""
    return number.value * 0 + number.slope


def exp(number: Any, context: Any) -> Any:
    """Return the exponential; `context` is `mpmath.mp` or `mpmath.iv`."""
    if isinstance(number, Dual):
        value = exp(number.value, context)
        return Dual(value, value * number.slope, number.tag)
    return context.exp(number)


def log(number: Any, context: Any) -> Any:
    """Return the logarithm; `context` is `mpmath.mp` or `mpmath.iv`."""
    if isinstance(number, Dual):
        return Dual(log(number.value, context), number.slope / number.value, number.tag)
    return context.log(number)
