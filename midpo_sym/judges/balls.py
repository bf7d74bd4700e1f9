"""Balls: real numbers of which it is proved that they lie between two ends.

Two arithmetics of them: Arb's, where python-flint is installed, and else mpmath's intervals. Both
round outwards; any expression evaluated in one is a proof of where its value lies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from mpmath.ctx_iv import MPIntervalContext
from mpmath.libmp import mpf_atan, round_ceiling, round_floor

from midpo_sym.session import remembered

try:
    import flint
except ImportError:  # the extra `intervals` is not installed
    flint = None

Ball = Any  # a number of one of the two libraries, neither of which has type stubs

# Larger exponents, and numbers with more digits before or after the point, prove nothing to a
# reader, and take ever longer to compute with.
_MAX_EXPONENT = 2_048
_MAX_BITS = 4_096
# mpmath rounds exp, log and atan outwards from numbers that are good to the last bits, not proved
# to be: so many bits are given up, which no error of its is close to.
_SPARE_BITS = 10
_DIGITS = range(12, 61, 8)  # that are shown: as few as keep enclosures apart
_PLAIN = range(-4, 15)  # powers of ten that are written without an exponent


class UnclearError(Exception):
    """A ball is too wide to compute on: it touches a place where an operation has no value."""


class Arithmetic(Protocol):
    """Balls with the operators of numbers, and what operators are not enough for.

    Comparisons of balls are true only if they are true of all numbers in them. Whoever divides has
    to know that a divisor is not zero.
    """

    def of(self, number: Fraction | int) -> Ball:
        """Return a ball around a rational number."""

    def exp(self, ball: Ball) -> Ball:
        """Return the exponential.

        Raises:
            UnclearError: it is too large, or too small.
        """

    def log(self, ball: Ball) -> Ball:
        """Return the logarithm.

        Raises:
            UnclearError: the ball is not known to be positive.
        """

    def atan(self, ball: Ball) -> Ball:
        """Return the arctangent."""

    def pi(self) -> Ball:
        """Return 3.14..."""

    def ends(self, ball: Ball) -> tuple[Fraction, Fraction]:
        """Return two numbers between which the ball lies.

        Raises:
            UnclearError: there are none, or far too large ones.
        """


class ArbArithmetic:
    """Arb's balls, at the precision that is set in `flint.ctx`."""

    def of(self, number: Fraction | int) -> Ball:
        return flint.arb(flint.fmpq(number.numerator, number.denominator))

    def exp(self, ball: Ball) -> Ball:
        _check_exponent(ball)
        return ball.exp()

    def log(self, ball: Ball) -> Ball:
        _check_positive(ball)
        return ball.log()

    def atan(self, ball: Ball) -> Ball:
        return ball.atan()

    def pi(self) -> Ball:
        return flint.arb.pi()

    def ends(self, ball: Ball) -> tuple[Fraction, Fraction]:
        if not ball.is_finite():
            raise UnclearError
        middle, radius = (_dyadic(*map(int, each.man_exp())) for each in (ball.mid(), ball.rad()))
        return middle - radius, middle + radius


class IntervalArithmetic:
    """mpmath's intervals.

    Args:
        bits: the precision.
    """

    def __init__(self, bits: int) -> None:
        self._context = MPIntervalContext()
        self._context.prec = bits
        slack = self._context.mpf(2) ** (_SPARE_BITS - bits)
        self._around_zero = self._context.mpf([-slack.b, slack.b])
        self._around_one = 1 + self._around_zero

    def of(self, number: Fraction | int) -> Ball:
        whole = self._context.mpf(number.numerator)
        return whole if number.denominator == 1 else whole / number.denominator

    def exp(self, ball: Ball) -> Ball:
        _check_exponent(ball)
        if ball == 0:
            return self.of(1)
        return self._context.exp(ball) * self._around_one

    def log(self, ball: Ball) -> Ball:
        _check_positive(ball)
        if ball == 1:
            return self.of(0)
        logarithm = self._context.log(ball)
        return logarithm * self._around_one + self._around_zero

    def atan(self, ball: Ball) -> Ball:
        return atan_of_interval(ball, self._context) * self._around_one + self._around_zero

    def pi(self) -> Ball:
        return +self._context.pi * self._around_one

    def ends(self, ball: Ball) -> tuple[Fraction, Fraction]:
        low, high = (_of_raw(each) for each in ball._mpi_)
        return low, high


def atan_of_interval(interval: Ball, context: MPIntervalContext) -> Ball:
    """Return the arctangent of one of mpmath's intervals: it rises, so that ends go to ends."""
    ends = zip(interval._mpi_, (round_floor, round_ceiling), strict=True)
    return context.make_mpf(tuple(mpf_atan(end, context.prec, rounding) for end, rounding in ends))


ARITHMETICS = ("arb", "mpmath")


@contextmanager
def arithmetic(bits: int, kind: str | None = None) -> Iterator[Arithmetic]:
    """Make balls of a precision, for as long as the context lasts.

    Args:
        bits: the precision.
        kind: `arb` or `mpmath`; None for Arb where it is installed.

    Raises:
        ImportError: Arb is asked for, and python-flint is not installed.
        ValueError: there is no such arithmetic.
    """
    if kind not in (None, *ARITHMETICS):
        message = f"no arithmetic {kind!r}; there are {' and '.join(ARITHMETICS)}"
        raise ValueError(message)
    if kind == "mpmath" or (kind is None and flint is None):
        yield _intervals(bits)
        return
    if flint is None:
        message = "Arb comes with python-flint: pip install '.[intervals]'"
        raise ImportError(message)
    with flint.ctx.workprec(bits):
        yield ArbArithmetic()


@remembered(4)
def _intervals(bits: int) -> IntervalArithmetic:
    return IntervalArithmetic(bits)


def has_sign(ball: Ball) -> bool:
    """Return whether a ball is known not to hold zero."""
    return bool(ball > 0) or bool(ball < 0)


def larger(one: Ball, other: Ball) -> Ball:
    """Return a ball around the larger of two numbers."""
    return (one + other + abs(one - other)) / 2


def power(base: Ball, exponent: int, balls: Arithmetic) -> Ball:
    """Return a whole power, by repeated squaring.

    Raises:
        UnclearError: it is a negative power of what may be zero.
    """
    result, square, rest = balls.of(1), base, abs(exponent)
    while rest:
        if rest % 2:
            result = result * square
        rest //= 2
        if rest:
            square = square * square
    if exponent >= 0:
        return result
    if not has_sign(result):
        raise UnclearError
    return 1 / result


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Two decimal numbers, as they are printed, between which a real number is proved to lie.

    Attributes:
        low: the lower end.
        high: the upper end.
    """

    low: str
    high: str

    @property
    def ends(self) -> tuple[Fraction, Fraction]:
        """Return the ends as what is printed says, and nothing else."""
        return Fraction(self.low), Fraction(self.high)

    @property
    def middle(self) -> str:
        """Return the number in between, rounded to as many digits as all enclosures have."""
        number = sum(self.ends, Fraction(0)) / 2
        last = _power_of_ten(abs(number)) - _DIGITS[0] + 1 if number else 0
        return _decimal(round(number / Fraction(10) ** last), last).replace("-", "−")

    @property
    def has_zero(self) -> bool:
        """Return whether zero lies within."""
        low, high = self.ends
        return low <= 0 <= high

    def __str__(self) -> str:
        """Return the enclosure as people write it."""
        return f"[{self.low}, {self.high}]".replace("-", "−")


def enclosures(*pairs: tuple[Fraction, Fraction]) -> Iterator[tuple[Enclosure, ...]]:
    """Yield printed enclosures of numbers, to one place for all, with more digits each time.

    Args:
        pairs: two ends of each number.
    """
    largest = max(abs(end) for pair in pairs for end in pair)
    first = _power_of_ten(largest) if largest else 0
    for digits in _DIGITS:
        yield tuple(_printed(low, high, first - digits + 1) for low, high in pairs)


def disjoint(
    left: tuple[Fraction, Fraction], right: tuple[Fraction, Fraction]
) -> tuple[Enclosure, Enclosure] | None:
    """Return printed enclosures of two numbers that do not meet as they are printed; or None."""
    if left[0] <= right[1] and right[0] <= left[1]:
        return None
    for one, other in enclosures(left, right):
        if not combined((1, one), (-1, other)).has_zero:
            return one, other
    return None


def combined(*terms: tuple[int, Enclosure]) -> Enclosure:
    """Return the enclosure of a sum of signed numbers that follows from what is printed of them."""
    low = high = Fraction(0)
    for sign, term in terms:
        ends = sorted(sign * end for end in term.ends)
        low, high = low + ends[0], high + ends[1]
    last = min(
        (Decimal(end).as_tuple().exponent for _, term in terms for end in (term.low, term.high))
    )
    return _printed(low, high, int(last))


def _printed(low: Fraction, high: Fraction, last: int) -> Enclosure:
    """Return decimals to the place 10^last, rounded outwards.

    Raises:
        AssertionError: what is printed does not enclose; never, but a refutation rests on it.
    """
    unit = Fraction(10) ** last
    found = Enclosure(
        _decimal(math.floor(low / unit), last), _decimal(math.ceil(high / unit), last)
    )
    if found.low == found.high and "." in found.low and "e" not in found.low:  # exact
        found = Enclosure(*(each.rstrip("0").rstrip(".") for each in (found.low, found.high)))
    ends = found.ends
    if not ends[0] <= low <= high <= ends[1]:
        raise AssertionError(found)
    return found


def _decimal(whole: int, exponent: int) -> str:
    """Return the text of whole × 10^exponent, without loss."""
    number = Decimal((int(whole < 0), tuple(map(int, str(abs(whole)))), exponent))
    if not whole:
        return "0"
    return format(number, "f" if number.adjusted() in _PLAIN else "e").replace("e+", "e")


def _power_of_ten(number: Fraction) -> int:
    """Return the exponent of the first digit of a positive number."""
    guess = len(str(number.numerator)) - len(str(number.denominator))
    return guess if Fraction(10) ** guess <= number else guess - 1


def _check_exponent(ball: Ball) -> None:
    if not abs(ball) < _MAX_EXPONENT:
        raise UnclearError


def _check_positive(ball: Ball) -> None:
    if not ball > 0:
        raise UnclearError


def _of_raw(number: tuple[int, int, int, int]) -> Fraction:
    """Return what one of mpmath's raw numbers stands for."""
    sign, mantissa, exponent, _ = number
    if not mantissa and exponent:
        raise UnclearError  # infinite
    return _dyadic(-int(mantissa) if sign else int(mantissa), exponent)


def _dyadic(mantissa: int, exponent: int) -> Fraction:
    """Return mantissa × 2^exponent, if that is of a size that can be printed."""
    if abs(exponent) > _MAX_BITS:
        if mantissa:
            raise UnclearError
        return Fraction(0)
    return mantissa * Fraction(2) ** exponent
