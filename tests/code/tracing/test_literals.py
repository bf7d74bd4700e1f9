"""Floats are read as they were typed."""

import math
import struct
from fractions import Fraction

import pytest

from midpo_sym.code.tracing.algebra import INFINITY, LESS, NOT_A_NUMBER, PI, rational
from midpo_sym.code.tracing.literals import Literals
from midpo_sym.language import tree


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
    assert rational(literals.read(math.e)) == Fraction(repr(math.e))
    assert literals.quotients == {}


def test_what_was_computed_of_numbers_is_read_as_that():
    literals = Literals()
    assert literals.read(math.pi) == PI
    assert literals.read(-math.pi) == tree.Neg(PI)
    assert rational(literals.read(math.log(2))) == Fraction(repr(math.log(2)))
    literals.note(math.log(2), tree.Log(tree.Number(2)))
    assert literals.read(-math.log(2)) == tree.Neg(tree.Log(tree.Number(2)))
    assert rational(literals.read(0.5)) == Fraction(1, 2)
    assert [*literals.constants] == [math.pi, math.log(2)]


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
