"""Numbers with a slope for each logit of the policy, in floating point or in many digits.

An exact constant is a `Fraction` and has no slope. Anything else is a `Dual`, made by an
`Arithmetic`, which also notes what spoils a comparison: a tie of `max` and the largest number met.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np

DIGITS = 70
HUGE = 10**5  # a larger exponent is no number that anybody compares


class UndefinedError(ArithmeticError):
    """The expression has no value at this point, such as a quotient by zero."""


class UnclearError(ArithmeticError):
    """Too few digits, or too large a number, to say what the value is."""


class Dual(NamedTuple):
    """A value and its slopes; `None` stands for no slope at all."""

    value: Any
    slope: Any = None


Number = Fraction | Dual


class Arithmetic:
    """Floating point of 53 bits; `Precise` has 70 digits.

    >>> a = Arithmetic()
    >>> x = Dual(2.0, np.array([1.0, 0.0]))
    >>> a.mul(x, x).value, a.mul(x, x).slope.tolist()
    (4.0, [4.0, 0.0])
    >>> a.power(x, Fraction(3)).slope.tolist(), a.div(Fraction(1), x).slope.tolist()
    ([12.0, 0.0], [-0.25, -0.0])
    >>> a.add(Fraction(1, 3), Fraction(2, 3))
    Fraction(1, 1)
    """

    small = 1e-11  # a difference below it may be a rounded zero
    precise = False

    def __init__(self) -> None:
        self.largest = 1.0
        self.kink = False

    def number(self, value: Fraction) -> Any:
        return value.numerator / value.denominator

    def dual(self, x: Number) -> Dual:
        return Dual(self.number(x)) if isinstance(x, Fraction) else x

    def _exp(self, value: Any) -> Any:
        if value > 600:
            raise UnclearError
        return math.exp(value)

    def _log(self, value: Any) -> Any:
        return math.log(value)

    def made(self, value: Any, slope: Any) -> Dual:
        size = abs(value)
        if not size < math.inf:
            raise UnclearError
        self.largest = max(self.largest, float(size)) if size < 1e300 else 1e300
        return Dual(value, slope)

    def add(self, a: Number, b: Number) -> Number:
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return a + b
        a, b = self.dual(a), self.dual(b)
        slope = b.slope if a.slope is None else a.slope if b.slope is None else a.slope + b.slope
        total = a.value + b.value
        if self.precise and abs(total) < self.small * max(abs(a.value), abs(b.value)):
            total = 0 * total  # what is left of seventy digits that cancel is zero
        return self.made(total, slope)

    def neg(self, a: Number) -> Number:
        if isinstance(a, Fraction):
            return -a
        return Dual(-a.value, None if a.slope is None else -a.slope)

    def mul(self, a: Number, b: Number) -> Number:
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return a * b
        if a == 0 or b == 0:  # an exact zero: no slope is left
            return Fraction(0)
        a, b = self.dual(a), self.dual(b)
        parts = [x.slope * y.value for x, y in ((a, b), (b, a)) if x.slope is not None]
        return self.made(a.value * b.value, sum(parts[1:], parts[0]) if parts else None)

    def div(self, a: Number, b: Number) -> Number:
        return self.mul(a, self.power(b, Fraction(-1)))

    def power(self, a: Number, b: Number) -> Number:
        if isinstance(b, Fraction) and b.denominator == 1:
            return self._whole(a, b.numerator)
        return self.exp(self.mul(b, self.log(a)))

    def _whole(self, a: Number, n: int) -> Number:
        if n == 0:
            return Fraction(1)
        if isinstance(a, Fraction):
            if n < 0 and a == 0:
                raise UndefinedError
            return a**n
        if n < 0 and self.precise and a.value == 0:
            raise UndefinedError
        if n < 0 and not self.precise and abs(a.value) < self.small:
            raise UnclearError  # it might be a rounded zero
        if not self.precise and a.value and abs(n * math.log10(abs(a.value))) > 280:
            raise UnclearError
        slope = None if a.slope is None else a.slope * (n * a.value ** (n - 1))
        return self.made(a.value**n, slope)

    def exp(self, a: Number) -> Number:
        if a == 0:
            return Fraction(1)
        a = self.dual(a)
        if abs(a.value) > HUGE:
            raise UnclearError
        value = self._exp(a.value)
        return self.made(value, None if a.slope is None else a.slope * value)

    def log(self, a: Number) -> Number:
        if a == 1:
            return Fraction(0)
        a = self.dual(a)
        if a.value <= 0:
            raise UndefinedError if self.precise else UnclearError
        return self.made(self._log(a.value), None if a.slope is None else a.slope / a.value)

    def maximum(self, a: Number, b: Number) -> Number:
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return max(a, b)
        first, second = self.dual(a), self.dual(b)
        gap = first.value - second.value
        if abs(gap) <= self.small * (1 + abs(first.value)):
            slopes = [x.slope for x in (first, second) if x.slope is not None]
            apart = slopes[0] - slopes[1] if len(slopes) == 2 else slopes[0] if slopes else None
            if apart is not None and max(abs(apart)) > math.sqrt(self.small):
                self.kink = True
        return a if gap >= 0 else b

    def softplus(self, a: Number) -> Number:
        """Return log(1 + exp(a)).

        >>> round(Arithmetic().softplus(Fraction(0)).value, 6)
        0.693147
        """
        if self.dual(a).value > 0:
            return self.add(a, self.softplus(self.neg(a)))
        return self.log(self.add(Fraction(1), self.exp(a)))

    def cauchy_cdf(self, a: Number) -> Number:
        """Return the arctangent over π, plus 1/2; its slope is 1/(π (1 + a²)).

        >>> a = Arithmetic()
        >>> [round(a.cauchy_cdf(Fraction(n)).value, 9) for n in (-1, 0, 1)]
        [0.25, 0.5, 0.75]
        >>> a.cauchy_cdf(Dual(1.0, np.array([2.0]))).slope * math.pi
        array([1.])
        """
        a = self.dual(a)
        turn, angle = self._angle(a.value)
        slope = None if a.slope is None else a.slope / (turn * (1 + a.value**2))
        return self.made(angle / turn, slope)

    def _angle(self, value: Any) -> tuple[Any, Any]:
        """Return π, and the angle of (−a, 1), between 0 and π."""
        return math.pi, math.atan2(1, -value)

    def sigmoid(self, a: Number) -> Number:
        return self.exp(self.neg(self.softplus(self.neg(a))))


class Precise(Arithmetic):
    """Seventy digits.

    >>> a = Precise()
    >>> with mpmath.workdps(DIGITS):
    ...     bool(abs(a.exp(a.log(Fraction(7, 3))).value - mpmath.mpf(7) / 3) < 1e-60)
    True
    """

    small = 1e-45
    precise = True

    def number(self, value: Fraction) -> Any:
        with mpmath.workdps(DIGITS):
            return mpmath.mpf(value.numerator) / value.denominator

    def _exp(self, value: Any) -> Any:
        return mpmath.exp(value)

    def _log(self, value: Any) -> Any:
        return mpmath.log(value)

    def _angle(self, value: Any) -> tuple[Any, Any]:
        return +mpmath.pi, mpmath.atan2(1, -value)


def slopes(arithmetic: Arithmetic, count: int) -> Any:
    """Return `count` slopes of zero."""
    if arithmetic.precise:
        return np.array([mpmath.mpf(0)] * count, dtype=object)
    return np.zeros(count)
