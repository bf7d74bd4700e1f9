"""The exact value of what is made of numbers alone."""

from fractions import Fraction

import pytest
from generators.trees.strategies import SCOPE_OF_LOSS

from midpo_sym.language import tree
from midpo_sym.language.constants import MAX_BITS, constant
from midpo_sym.language.grammar.losses import parse
from midpo_sym.language.tree import Number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", Fraction(3)),
        ("-3", Fraction(-3)),
        ("1/3 + 1/6", Fraction(1, 2)),
        ("1 - 2 - 3", Fraction(-4)),
        ("2*3/4*5", Fraction(15, 2)),
        ("(2/3)**-2", Fraction(9, 4)),
        ("-2**2", Fraction(-4)),
        ("0**0", Fraction(1)),
        ("0*c", Fraction(0)),
        ("c*0*log(pi(w))", Fraction(0)),
        ("2**(4/2)", Fraction(4)),
        ("2**(1/2)", None),
        ("c", None),
        ("c - c", None),
        ("2*c", None),
        ("log(1)", None),
        ("exp(0)", None),
        ("max(0, 1)", None),
    ],
)
def test_the_value_of_a_text(text, value):
    """Values by hand; None where something is no number, or has no exact value."""
    assert constant(parse(text, SCOPE_OF_LOSS)) == value


@pytest.mark.parametrize(
    "node",
    [
        tree.Div(Number(1), Number(0)),
        tree.Div(Number(1), tree.add(Number(1), tree.Neg(Number(1)))),
        tree.Pow(Number(0), tree.Neg(Number(1))),
        tree.mul(Number(0), tree.Div(Number(1), Number(0))),
    ],
)
def test_a_division_by_zero_has_no_value(node):
    """The parser refuses such a text; a tree may still be built."""
    with pytest.raises(ZeroDivisionError):
        constant(node)


@pytest.mark.parametrize(
    "node",
    [
        tree.Pow(Number(2), Number(MAX_BITS)),
        tree.Pow(Number(9), Number(10**17)),
        tree.product([tree.Pow(Number(2), Number(300))] * 4),
        tree.Div(Number(1), tree.product([tree.Pow(Number(2), Number(300))] * 4)),
        tree.total([tree.Pow(Number(3), tree.Neg(Number(300))), Number(2**600)]),
    ],
)
def test_a_number_that_is_too_long_is_not_worked_out(node):
    """The bound holds for powers, products, quotients and sums.

    A sum 3^-300 + 2^600 has a denominator of 476 bits and a numerator of 1,076.
    """
    with pytest.raises(OverflowError):
        constant(node)
