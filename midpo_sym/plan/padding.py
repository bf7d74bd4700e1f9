"""What the code of a node about one token gives at padding, where every statistic is 0.

Sums over tokens count on it: what is 0 there, with derivatives, is summed as it is; all else is
masked. The cases are those of `lower.Lowering`, since what is safe depends on how it is computed:
the logarithm of a weight is −∞ at padding, and a derivative through it is no number.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

LARGEST_PLAIN_POWER = 4  # x**4 is multiplications; more goes through logarithms like any power


class AtPadding(Enum):
    """What is known of a value; all but `UNSAFE` are finite, and so are their derivatives."""

    ZERO = "0"
    ONE = "1"
    POSITIVE = "above 0"
    FINITE = "finite"
    UNSAFE = "perhaps not finite"


_ZERO, _ONE, _POSITIVE = AtPadding.ZERO, AtPadding.ONE, AtPadding.POSITIVE
_FINITE, _UNSAFE = AtPadding.FINITE, AtPadding.UNSAFE
_ABOVE_ZERO = {_ONE, _POSITIVE}


def vanishes(node: Expression) -> bool:
    """Return whether a node about one token is 0 at padding, and its derivatives are finite."""
    return value_at_padding(node) is _ZERO


def value_at_padding(node: Expression) -> AtPadding:  # noqa: C901, PLR0911 - one case for each kind of node
    """Return what the value of a node is, as `Lowering.value` computes it."""
    match node:
        case tree.Number(value=value):
            return _ZERO if value == 0 else _ONE if value == 1 else _POSITIVE
        case tree.Statistic() | tree.Weight() | tree.Position():
            return _ZERO
        case tree.TokenProbability():
            return _ONE
    if not tree.token_responses(node):  # the same as at every token
        return _POSITIVE if node.positive else _FINITE
    match node:
        case tree.Add(terms=terms):
            return _sum(map(value_at_padding, terms))
        case tree.Mul(factors=factors):
            return _product(map(value_at_padding, factors))
        case tree.Div(numerator=numerator, denominator=denominator):
            return _quotient(node, value_at_padding(numerator), denominator)
        case tree.Neg(body=body):
            found = value_at_padding(body)
            return found if found in {_ZERO, _UNSAFE} else _FINITE
        case tree.Pow(base=base, exponent=exponent):
            return _power(base, exponent)
        case tree.Log(body=body):
            return logarithm_at_padding(body)
        case tree.Exp(body=body):
            return _exponential(value_at_padding(body))
        case tree.Max(left=left, right=right):
            one, other = value_at_padding(left), value_at_padding(right)
            return one if one is other else _UNSAFE if _UNSAFE in {one, other} else _FINITE
        case tree.CauchyCdf(body=body):
            return _UNSAFE if value_at_padding(body) is _UNSAFE else _POSITIVE
        case tree.StopGradient(body=body) | tree.Call(body=body):
            return value_at_padding(body)
    return _UNSAFE


def logarithm_at_padding(node: Expression) -> AtPadding:  # noqa: PLR0911 - one case for each kind of node
    """Return what the logarithm of a node is, as `Lowering.log_terms` computes it."""
    if not tree.token_responses(node):
        return _ZERO if node == tree.Number(1) else _FINITE
    match node:
        case tree.TokenProbability():
            return _ZERO
        case tree.Mul(factors=factors):
            return _sum(map(logarithm_at_padding, factors))
        case tree.Div(numerator=numerator, denominator=denominator):
            return _sum(map(logarithm_at_padding, (numerator, denominator)), signed=True)
        case tree.Exp(body=body):
            return value_at_padding(body)
        case tree.Pow(base=base, exponent=exponent) if base.positive:
            return _product((value_at_padding(exponent), logarithm_at_padding(base)))
        case tree.Add(terms=terms) if all(each.positive for each in terms):
            found = _sum(map(logarithm_at_padding, terms))
            return _UNSAFE if found is _UNSAFE else _FINITE
        case tree.Max(left=left, right=right) if left.positive and right.positive:
            one, other = logarithm_at_padding(left), logarithm_at_padding(right)
            return one if one is other else _UNSAFE if _UNSAFE in {one, other} else _FINITE
        case tree.StopGradient(body=body) | tree.Call(body=body):
            return logarithm_at_padding(body)
    found = value_at_padding(node)
    return _ZERO if found is _ONE else _FINITE if found is _POSITIVE else _UNSAFE


def _sum(terms: Iterable[AtPadding], *, signed: bool = False) -> AtPadding:
    found = [each for each in terms if each is not _ZERO]
    if not found:
        return _ZERO
    if _UNSAFE in found:
        return _UNSAFE
    if signed:
        return _FINITE
    if len(found) == 1:
        return found[0]
    return _POSITIVE if set(found) <= _ABOVE_ZERO else _FINITE


def _product(factors: Iterable[AtPadding]) -> AtPadding:
    found = set(factors)
    for each in (_UNSAFE, _ZERO, _FINITE, _POSITIVE):
        if each in found:
            return each
    return _ONE


def _quotient(node: tree.Div, over: AtPadding, denominator: Expression) -> AtPadding:
    if node.positive and over is _ZERO:  # perhaps as the exponential of its logarithm
        return _UNSAFE
    if not tree.token_responses(denominator):
        return over if over in {_ZERO, _UNSAFE} else _POSITIVE if node.positive else _FINITE
    under = value_at_padding(denominator)
    if under not in _ABOVE_ZERO:
        return _UNSAFE
    return over if under is _ONE or over is not _ONE else _POSITIVE


def _power(base: Expression, exponent: Expression) -> AtPadding:
    inner = value_at_padding(base)
    small = isinstance(exponent, tree.Number) and exponent.value <= LARGEST_PLAIN_POWER
    if small and exponent != tree.Number(0) and inner is not _UNSAFE:
        plain = not base.positive or isinstance(
            base, (tree.Weight, tree.Statistic, tree.Position)
        )  # not through a logarithm
        return inner if plain or inner is not _ZERO else _UNSAFE
    if inner not in _ABOVE_ZERO:
        return _UNSAFE
    above = value_at_padding(exponent)
    if above is _UNSAFE or not base.positive:
        return _UNSAFE
    return _ONE if inner is _ONE or above is _ZERO else _POSITIVE


def _exponential(found: AtPadding) -> AtPadding:
    return _UNSAFE if found is _UNSAFE else _ONE if found is _ZERO else _POSITIVE
