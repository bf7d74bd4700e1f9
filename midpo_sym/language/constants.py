"""The exact value of an expression that has only numbers in it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

MAX_BITS = 1_024

_ARITHMETIC = (tree.Add, tree.Mul, tree.Div, tree.Neg, tree.Pow)


def constant(node: Expression) -> Fraction | None:
    """Return the value of a node, or None if it is not made of numbers alone.

    A product with a factor 0 is 0, whatever else it holds.

    Raises:
        OverflowError: the value has more than `MAX_BITS` bits.
        ZeroDivisionError: it divides by zero.
    """
    if isinstance(node, tree.Number):
        return Fraction(node.value)
    if not isinstance(node, _ARITHMETIC):
        return None
    return combine(type(node), [constant(child) for child in node.children()])


def combine(kind: type[Expression], values: Sequence[Fraction | None]) -> Fraction | None:
    """Return the value of an arithmetic node whose children have these values.

    Raises:
        OverflowError: the value has more than `MAX_BITS` bits.
        ZeroDivisionError: it divides by zero.
    """
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Fraction(0) if kind is tree.Mul and 0 in known else None
    if kind is tree.Add:
        return _checked(sum(known, Fraction(0)))
    if kind is tree.Mul:
        return _checked(prod(known, start=Fraction(1)))
    if kind is tree.Div:
        return _checked(known[0] / known[1])
    if kind is tree.Neg:
        return -known[0]
    base, power = known
    if power.denominator != 1:
        return None
    if _bits(base) * abs(power) > MAX_BITS:
        raise OverflowError
    return base ** int(power)


def _checked(value: Fraction) -> Fraction:
    if _bits(value) > MAX_BITS:
        raise OverflowError
    return value


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()
