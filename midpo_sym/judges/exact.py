"""Exact numbers for counterexamples: polynomials in log 2, each with a derivative.

log 2 is transcendental, so two polynomials in it with rational coefficients are equal numbers
only if their coefficients are equal: `==` below decides equality of real numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest

_ZERO = Fraction(0)
# Larger numbers and powers of log 2 show a reader nothing, and take ever longer to compute with.
MAX_BITS = 1_024
MAX_DEGREE = 16
_MOST_TERMS = 2_048  # of the series that encloses log 2
Polynomial = tuple[Fraction, ...]  # coefficients of 1, log 2, (log 2)^2, ...; no zero at the end


class InexactError(Exception):
    """The value is no polynomial in log 2 with rational coefficients, or too large a one."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A value and its derivative along one coordinate of the policy."""

    value: Polynomial
    slope: Polynomial = ()

    @staticmethod
    def of(number: Fraction | int) -> Exact:
        """Return a constant."""
        return Exact(_trimmed([Fraction(number)]))

    @staticmethod
    def log_of_power(power: int) -> Exact:
        """Return power × log 2."""
        return Exact(_trimmed([_ZERO, Fraction(power)]))

    def __add__(self, other: Exact) -> Exact:
        return Exact(_plus(self.value, other.value), _plus(self.slope, other.slope))

    def __neg__(self) -> Exact:
        return Exact(tuple(-c for c in self.value), tuple(-c for c in self.slope))

    def __sub__(self, other: Exact) -> Exact:
        return self + -other

    def __mul__(self, other: Exact) -> Exact:
        """Multiply.

        Raises:
            InexactError: the product is too large to compute with.
        """
        slope = _plus(_times(self.slope, other.value), _times(self.value, other.slope))
        return Exact(_times(self.value, other.value), slope)

    def __truediv__(self, other: Exact) -> Exact:
        """Divide by a value that is rational.

        Raises:
            ZeroDivisionError: the divisor is zero.
            InexactError: the divisor is not rational.
        """
        divisor = other.rational()
        inverse = Exact((1 / divisor,), tuple(-c / divisor**2 for c in other.slope))
        return self * inverse

    def power(self, exponent: int) -> Exact:
        """Return a whole power, by repeated squaring.

        Raises:
            InexactError: it is too large to compute with.
            ZeroDivisionError: it is a negative power of zero.
        """
        result, square, rest = Exact.of(1), self, abs(exponent)
        while rest:
            if rest % 2:
                result *= square
            rest //= 2
            if rest:
                square *= square
        return result if exponent >= 0 else Exact.of(1) / result

    def constant(self) -> Exact:
        """Return the same value with derivative zero."""
        return Exact(self.value)

    def rational(self) -> Fraction:
        """Return the value as a fraction.

        Raises:
            InexactError: it is not rational.
        """
        if len(self.value) > 1:
            raise InexactError
        return self.value[0] if self.value else _ZERO

    def exp(self) -> Exact:
        """Return exp of a whole multiple of log 2.

        Raises:
            InexactError: it is none, or far too large.
        """
        q0, q1 = (*self.value, _ZERO, _ZERO)[:2]
        if len(self.value) > 2 or q0 or q1.denominator != 1 or abs(q1) > 512:  # noqa: PLR2004
            raise InexactError
        size = Fraction(2) ** int(q1)
        return Exact((size,), tuple(size * c for c in self.slope))

    def cauchy_cdf(self) -> Exact:
        """Return atan(a)/π + 1/2 where a is 0, and does not move.

        Raises:
            InexactError: it does, or is another number: its slope has π in it.
        """
        if self.value or self.slope:
            raise InexactError
        return Exact.of(Fraction(1, 2))

    def log(self) -> Exact:
        """Return log of a power of two.

        Raises:
            InexactError: it is none.
        """
        number = self.rational()
        if number <= 0:
            raise InexactError
        power = number.numerator.bit_length() - number.denominator.bit_length()
        if Fraction(2) ** power != number:
            raise InexactError
        value = _trimmed([_ZERO, Fraction(power)])
        return Exact(value, tuple(c / number for c in self.slope))

    def sign(self) -> int:
        """Return the sign of the value, by enclosing log 2 ever closer.

        Raises:
            InexactError: it is too close to zero to tell.
        """
        if not self.value:
            return 0
        terms = 32
        while terms <= _MOST_TERMS:
            low, high = _enclosed(self.value, terms)
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            terms *= 2
        raise InexactError


def format_polynomial(value: Polynomial) -> str:
    """Return a polynomial in log 2 as people write it, such as `1/2 − 3 log 2`."""
    pieces = []
    for power, coefficient in enumerate(value):
        if coefficient:
            name = ("", "log 2")[power] if power <= 1 else f"(log 2)^{power}"
            size = "" if abs(coefficient) == 1 and name else str(abs(coefficient))
            sign = "−" if coefficient < 0 else "+"
            pieces.append((sign, f"{size} {name}".strip()))
    if not pieces:
        return "0"
    first = ("−" if pieces[0][0] == "−" else "") + pieces[0][1]
    return " ".join([first, *(f"{sign} {text}" for sign, text in pieces[1:])])


def _trimmed(coefficients: list[Fraction]) -> Polynomial:
    while coefficients and not coefficients[-1]:
        coefficients.pop()
    return tuple(coefficients)


def _plus(left: Polynomial, right: Polynomial) -> Polynomial:
    if not left or not right:
        return left or right
    return _trimmed([a + b for a, b in zip_longest(left, right, fillvalue=_ZERO)])


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    if not left or not right:
        return ()
    if len(left) + len(right) > MAX_DEGREE + 2 or _bits(left) + _bits(right) > MAX_BITS:
        raise InexactError
    result = [_ZERO] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            result[i + j] += a * b
    return _trimmed(result)


def _bits(value: Polynomial) -> int:
    return max(each.numerator.bit_length() + each.denominator.bit_length() for each in value)


def _enclosed(value: Polynomial, terms: int) -> tuple[Fraction, Fraction]:
    """Return bounds of a polynomial at log 2 = Σ_k 1/(k 2^k), cut off after some terms."""
    low = sum((Fraction(1, k * 2**k) for k in range(1, terms + 1)), _ZERO)
    high = low + Fraction(1, 2**terms)
    bottom = top = _ZERO
    for power, coefficient in enumerate(value):
        ends = sorted((coefficient * low**power, coefficient * high**power))
        bottom, top = bottom + ends[0], top + ends[1]
    return bottom, top
