"""Balls and printed enclosures: in both arithmetics, the true value is never outside."""

from __future__ import annotations

import operator
import random
from fractions import Fraction
from importlib.util import find_spec

import mpmath
import pytest
from oracles.needs import missing

from midpo_sym.judges.balls import (
    Enclosure,
    UnclearError,
    arithmetic,
    combined,
    disjoint,
    enclosures,
    has_sign,
    larger,
    power,
)

Q = Fraction
OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "max": max,
}


@pytest.fixture(params=["arb", "mpmath"])
def kind(request):
    """Both arithmetics, Arb only where it is installed."""
    if request.param == "arb" and find_spec("flint") is None:
        missing("python-flint")
    return request.param


def holds(ends, number):
    return ends[0] <= number <= ends[1]


def numbers(chance, count):
    """Return rational numbers of all sizes and signs."""
    for _ in range(count):
        size = Q(2) ** chance.randint(-40, 40)
        yield Q(chance.randint(-999, 999), chance.randint(1, 999)) * size


def test_a_rational_number_is_enclosed(kind):
    """Of 8 bits or 64: a third, what has more bits than that, and what is exact."""
    wanted = [Q(1, 3), Q(-1, 3), Q(2**200 + 1), Q(1, 10**30), Q(3**90, 7**80), Q(0), Q(5, 4)]
    for bits in (8, 64):
        with arithmetic(bits, kind) as balls:
            for number in wanted:
                low, high = balls.ends(balls.of(number))
                assert low <= number <= high
                assert high - low <= abs(number) * Q(4, 2**bits)


@pytest.mark.parametrize("sign", OPERATIONS)
def test_operations_enclose(kind, sign):
    """Of rational numbers, where Python's fractions are exact; with 8 bits, and more."""
    chance = random.Random(sign)
    pairs = list(zip(numbers(chance, 300), numbers(chance, 300), strict=True))
    for bits in (8, 53):
        with arithmetic(bits, kind) as balls:
            apply = OPERATIONS[sign] if sign != "max" else larger
            for a, b in pairs:
                one, other = balls.of(a), balls.of(b)
                if sign == "/" and not has_sign(other):
                    assert b == 0
                    continue
                assert holds(balls.ends(apply(one, other)), OPERATIONS[sign](a, b))


def test_wide_balls_enclose_every_number_in_them(kind):
    """A ball of 8 bits around 1/3 is wide: less 1/3, it holds zero and numbers of both signs."""
    with arithmetic(8, kind) as balls:
        wide = balls.of(Q(1, 3)) - balls.of(Q(1, 3))
        straddling = wide * 1000
        low, high = balls.ends(straddling)
        assert low < 0 < high
        for name, apply in OPERATIONS.items():
            if name == "/":
                continue
            ours = larger if name == "max" else apply
            for other in (straddling, balls.of(-2), balls.of(Q(1, 3)), wide):
                ends = balls.ends(ours(straddling, other))
                for a in (low, high, Q(0), (low + 2 * high) / 3):
                    assert all(holds(ends, apply(a, b)) for b in balls.ends(other))
        for exponent in (0, 1, 2, 3, 4):
            ends = balls.ends(power(straddling, exponent, balls))
            assert all(holds(ends, a**exponent) for a in (low, high, Q(0)))


def test_what_straddles_zero_has_no_inverse_and_no_logarithm(kind):
    with arithmetic(64, kind) as balls:
        wide = balls.of(Q(1, 3)) - balls.of(Q(1, 3))
        assert not has_sign(wide)
        assert has_sign(balls.of(Q(-1, 3)))
        with pytest.raises(UnclearError):
            balls.log(wide)
        with pytest.raises(UnclearError):
            balls.log(balls.of(-1))
        with pytest.raises(UnclearError):
            power(wide, -1, balls)
        with pytest.raises(UnclearError):
            balls.exp(balls.of(10**6))


def test_exponential_and_logarithm_enclose(kind):
    """Against mpmath in 60 digits, near 0 and 1, far from them, and to 1, 8 or 53 bits."""
    chance = random.Random("transcendental")
    found = [Q(0), Q(1), 1 + Q(1, 2**70), 1 - Q(1, 2**70), Q(500), Q(-500), Q(1, 10**20)]
    found += [Q(chance.randint(-(10**6), 10**6), 10**5) for _ in range(150)]
    for bits in (12, 53, 128):
        with arithmetic(bits, kind) as balls, mpmath.workdps(60):
            for number in found:
                cases = [(balls.exp, mpmath.exp)] + [(balls.log, mpmath.log)] * (number > 0)
                for ours, theirs in cases:
                    value = theirs(mpmath.mpf(number.numerator) / number.denominator)
                    low, high = (
                        mpmath.mpf(e.numerator) / e.denominator
                        for e in balls.ends(ours(balls.of(number)))
                    )
                    slack = abs(value) * mpmath.mpf(10) ** -50
                    assert low - slack <= value <= high + slack
                    assert high - low <= (abs(value) + 1) * mpmath.mpf(2) ** (13 - bits)


def test_whole_powers(kind):
    """(−1/3)³ = −1/27, (−1/3)^−2 = 9, and anything to the 0 is 1, zero too."""
    with arithmetic(64, kind) as balls:
        third = balls.of(Q(-1, 3))
        assert holds(balls.ends(power(third, 3, balls)), Q(-1, 27))
        assert holds(balls.ends(power(third, -2, balls)), Q(9))
        assert balls.ends(power(balls.of(0), 0, balls)) == (1, 1)


def test_the_two_arithmetics_agree():
    """Both enclose (e^(1/3) − log 7)/11: their balls meet."""
    if find_spec("flint") is None:
        missing("python-flint")
    ends = []
    for kind in ("arb", "mpmath"):
        with arithmetic(100, kind) as balls:
            value = (balls.exp(balls.of(Q(1, 3))) - balls.log(balls.of(7))) / 11
            ends.append(balls.ends(value))
    (a, b), (c, d) = ends
    assert max(a, c) <= min(b, d)


def test_an_arithmetic_that_is_none():
    with pytest.raises(ValueError, match="there are arb and mpmath"), arithmetic(64, "floats"):
        pass


@pytest.mark.parametrize(
    ("number", "low", "high"),
    [
        (Q(1, 3), "0.333333333333", "0.333333333334"),
        (Q(-1, 3), "-0.333333333334", "-0.333333333333"),
        (Q(3, 2), "1.5", "1.5"),
        (Q(0), "0", "0"),
        (Q(-20), "-20", "-20"),
        (Q(2, 3) * 10**20, "6.66666666666e19", "6.66666666667e19"),
        (Q(-1, 3 * 10**30), "-3.33333333334e-31", "-3.33333333333e-31"),
    ],
)
def test_decimals_are_rounded_outwards(number, low, high):
    """By hand: a third is between 0.3…3 and 0.3…4; what 12 digits hold is exact."""
    (found,) = next(enclosures((number, number)))
    assert (found.low, found.high) == (low, high)
    assert found.ends[0] <= number <= found.ends[1]


@pytest.mark.slow
def test_random_decimals_enclose():
    chance = random.Random("decimals")
    for low in numbers(chance, 300):
        high = low + abs(next(numbers(chance, 1)))
        for (found,) in enclosures((low, high)):
            assert found.ends[0] <= low <= high <= found.ends[1]
            (again,) = next(enclosures((low, low)))
            text = again.middle.replace("−", "-")
            assert abs(Fraction(text) - low) <= abs(low) * Q(1, 10**11)


def test_as_many_digits_as_keep_two_numbers_apart():
    """1 and 1 + 10^-30 need 31 digits; 10^-80 is too little to be shown; what meets is not told."""
    one, other = disjoint((Q(1), Q(1)), (1 + Q(1, 10**30),) * 2)
    assert one.ends[1] < other.ends[0]
    assert disjoint((Q(1), Q(1)), (1 + Q(1, 10**80),) * 2) is None
    assert disjoint((Q(0), Q(2)), (Q(1), Q(3))) is None
    assert disjoint((Q(0), Q(1)), (Q(1), Q(3))) is None


def test_a_sum_of_what_is_printed():
    """[1, 2] − [0.5, 0.75] = [0.25, 1.5], and [1, 2] − [1.5, 3] holds 0."""
    one, other = Enclosure("1", "2"), Enclosure("0.5", "0.75")
    assert combined((1, one), (-1, other)) == Enclosure("0.25", "1.50")
    assert not combined((1, one), (-1, other)).has_zero
    assert combined((1, one), (-1, Enclosure("1.5", "3"))).has_zero
    assert str(Enclosure("-1", "2")) == "[−1, 2]"
