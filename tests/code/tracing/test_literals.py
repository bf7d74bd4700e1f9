"""Floats are read as they were typed."""

import math
import struct
from fractions import Fraction

import pytest

from midpo_sym.code.tracing.algebra import INFINITY, LESS, NOT_A_NUMBER, rational
from midpo_sym.code.tracing.literals import Literals


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


@pytest.mark.parametrize(
    ("value", "wanted", "computed"),
    [
        (0.1, Fraction(1, 10), False),
        (2.5e-7, Fraction(1, 4_000_000), False),
        (-0.05, Fraction(-1, 20), False),
        (3, Fraction(3), False),
        (1 / 3, Fraction(1, 3), True),
        (1 / (2 * 0.3), Fraction(5, 3), True),
        (0.1 + 0.2, Fraction(3, 10), True),
        (123456.789, Fraction(123456789, 1000), False),
    ],
)
def test_a_float_is_the_decimal_that_was_typed(value, wanted, computed):
    literals = Literals()
    assert rational(literals.read(value)) == wanted
    assert bool(literals.quotients) is computed


def test_a_number_that_is_no_short_quotient_is_kept_as_it_is():
    literals = Literals()
    assert rational(literals.read(math.pi)) == Fraction(repr(math.pi))
    assert literals.quotients == {}


@pytest.mark.parametrize(
    ("value", "wanted"), [(0.1, Fraction(1, 10)), (1 / 3, Fraction(1, 3)), (20.0, 20)]
)
def test_single_precision_has_decimals_of_its_own(value, wanted):
    assert rational(Literals().read(single(value), single=True)) == wanted


def test_infinities_are_no_numbers():
    literals = Literals()
    found = [literals.read(each) for each in (math.inf, -math.inf, math.nan)]
    assert found == [INFINITY, LESS, NOT_A_NUMBER]
    assert literals.infinite
