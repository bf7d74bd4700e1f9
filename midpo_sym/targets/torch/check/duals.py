"""Numbers that carry their derivatives, in forty digits; what they are used for is no matter here.

A dual number is a value and its derivative by each of the variables that it depends on. Derivatives
follow from the operations one by one, by the rules of school; nothing is rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mpmath import MPContext

DIGITS = 40
MAX_LOGARITHM = 100_000  # of any number on the way
Real = Any  # mpmath's mpf, which has no type stubs

CONTEXT = MPContext()  # of its own: the precision of the caller's mpmath is left alone
CONTEXT.dps = DIGITS
_NEAR = CONTEXT.mpf(10) ** -9  # relative; numbers this near have no larger one


@dataclass(frozen=True, slots=True)
class Dual:
    """A value and its slopes.

    Attributes:
        value: the value.
        slopes: the derivative by each variable; 0 by those that are not in it.
        kinked: whether the slopes are those of one side of a kink.
    """

    value: Real
    slopes: Mapping[Any, Real] = field(default_factory=dict)
    kinked: bool = False

    def detach(self) -> Dual:
        """Return the value as a constant."""
        return Dual(self.value)

    def __add__(self, other: Dual) -> Dual:
        return combined(self.value + other.value, (self, CONTEXT.one), (other, CONTEXT.one))

    def __sub__(self, other: Dual) -> Dual:
        return combined(self.value - other.value, (self, CONTEXT.one), (other, -CONTEXT.one))

    def __mul__(self, other: Dual) -> Dual:
        return combined(self.value * other.value, (self, other.value), (other, self.value))

    def __truediv__(self, other: Dual) -> Dual:
        value = self.value / other.value
        return combined(value, (self, 1 / other.value), (other, -value / other.value))

    def __neg__(self) -> Dual:
        return combined(-self.value, (self, -CONTEXT.one))

    def __pow__(self, other: Dual) -> Dual:
        """Return a power: of a positive base, or with a whole exponent.

        Raises:
            ValueError: neither.
            OverflowError: it is too large to compute with.
            ZeroDivisionError: zero to a power of no positive exponent.
        """
        base, exponent = self.value, other.value
        whole = CONTEXT.isint(exponent) and not other.slopes
        if base <= 0 and not whole:
            message = "a power of what is not positive"
            raise ValueError(message)
        if base:
            bounded(exponent * CONTEXT.log(abs(base)))
        elif exponent <= 0:
            raise ZeroDivisionError
        value = base**exponent
        if whole:
            slope = exponent * base ** (exponent - 1) if exponent else CONTEXT.zero
            return combined(value, (self, slope))
        by_base, by_exponent = value * exponent / base, value * CONTEXT.log(base)
        return combined(value, (self, by_base), (other, by_exponent))


def constant(value: float) -> Dual:
    """Return a number as a dual."""
    return Dual(CONTEXT.mpf(value))


def variable(value: float, name: Any) -> Dual:
    """Return a variable at a value."""
    return Dual(CONTEXT.mpf(value), {name: CONTEXT.one})


def combined(value: Real, *parts: tuple[Dual, Real]) -> Dual:
    """Return a value whose slope is the sum of the slopes of its parts, each times a factor."""
    slopes: dict[Any, Real] = {}
    for part, factor in parts:
        for name, slope in part.slopes.items():
            slopes[name] = slopes.get(name, CONTEXT.zero) + factor * slope
    return Dual(value, slopes, any(part.kinked for part, _ in parts))


def total(terms: Iterable[Dual]) -> Dual:
    """Return the sum of any number of terms."""
    found = list(terms)
    value = CONTEXT.fsum(each.value for each in found)
    return combined(value, *((each, CONTEXT.one) for each in found))


def product(factors: Iterable[Dual]) -> Dual:
    """Return the product of any number of factors."""
    result = constant(1)
    for each in factors:
        result = result * each
    return result


def exp(body: Dual) -> Dual:
    """Return the exponential.

    Raises:
        OverflowError: it is too large to compute with.
    """
    value = CONTEXT.exp(bounded(body.value))
    return combined(value, (body, value))


def log(body: Dual) -> Dual:
    """Return the logarithm.

    Raises:
        ValueError: of what is not positive.
    """
    if not body.value > 0:
        message = "the logarithm of what is not positive"
        raise ValueError(message)
    return combined(CONTEXT.log(body.value), (body, 1 / body.value))


def cauchy_cdf(body: Dual) -> Dual:
    """Return atan(a)/π + 1/2."""
    value = CONTEXT.atan2(1, -body.value) / CONTEXT.pi
    return combined(value, (body, 1 / (CONTEXT.pi * (1 + body.value**2))))


def maximum(one: Dual, other: Dual) -> Dual:
    """Return the larger of two, with its slopes; kinked if they are equal and their slopes not."""
    larger = one if one.value >= other.value else other
    near = abs(one.value - other.value) <= _NEAR * (1 + abs(one.value))
    names = {*one.slopes, *other.slopes}
    zero = CONTEXT.zero
    differ = any(one.slopes.get(each, zero) != other.slopes.get(each, zero) for each in names)
    return Dual(larger.value, larger.slopes, larger.kinked or (near and differ))


def bounded(logarithm: Real) -> Real:
    """Return the logarithm of a number that is not too large to be computed with.

    Raises:
        OverflowError: it is.
    """
    if abs(logarithm) > MAX_LOGARITHM:
        raise OverflowError
    return logarithm
