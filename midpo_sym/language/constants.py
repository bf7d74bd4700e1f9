"""The exact value of an expression that has only numbers in it."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

MAX_BITS = 1_024


def constant(node: Expression) -> Fraction | None:
    """Return the value of a node, or None if it is not made of numbers alone.

    A product with a factor 0 is 0, whatever else it holds.

    Raises:
        OverflowError: the value has more than `MAX_BITS` bits.
        ZeroDivisionError: it divides by zero.
    """
    if isinstance(node, tree.Number):
        return Fraction(node.value)
    if not isinstance(node, (tree.Add, tree.Mul, tree.Div, tree.Neg, tree.Pow)):
        return None
    values = [constant(child) for child in node.children()]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Fraction(0) if isinstance(node, tree.Mul) and 0 in known else None
    match node:
        case tree.Add():
            return sum(known, Fraction(0))
        case tree.Mul():
            return prod(known, start=Fraction(1))
        case tree.Div():
            return known[0] / known[1]
        case tree.Neg():
            return -known[0]
    base, power = known
    if power.denominator != 1:
        return None
    if (base.numerator.bit_length() + base.denominator.bit_length()) * abs(power) > MAX_BITS:
        raise OverflowError
    return base ** int(power)
