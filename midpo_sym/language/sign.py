"""Whether an expression can be positive at all, by its form: a scale has to be."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product

from midpo_sym.language import tree
from midpo_sym.language.constants import MAX_BITS
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression

_MAX_TERMS = 64  # of a sum once it is multiplied out; a scale is short
# A product of powers of what is no number, and its coefficient; a sum of such.
_Monomial = tuple[tuple[str, int], ...]
_Sum = dict[_Monomial, Fraction]


class _TooLongError(Exception):
    """The expression is not worth multiplying out."""


def can_be_positive(node: Expression) -> bool:
    """Return whether a node, in some of the domains of its parameters, may be above zero.

    False is certain: like terms are collected, and what is left is a sum of terms none of which is
    ever positive. True is not: `exp(a) - exp(a)/2 - exp(a)` is not seen through.
    """
    if node.positive:
        return True
    signs: dict[str, tuple[bool, bool]] = {}
    try:
        terms = _terms(node, signs)
    except _TooLongError:
        return True
    if not any(_may_be_positive(each, k, signs) for each, k in terms.items()):
        return False
    # a - 1 for a from 0 to 1: the largest value of each term, taken together
    largest = [_largest(each, k, signs) for each, k in terms.items()]
    return any(each is None for each in largest) or sum(filter(None, largest), Fraction(0)) > 0


def _terms(node: Expression, signs: dict[str, tuple[bool, bool]]) -> _Sum:
    """Return a node as a sum of products.

    Args:
        node: the node.
        signs: filled with the factors: whether each is never negative, and never above one.
    """
    match node:
        case tree.Number(value=value):
            return {(): Fraction(value)} if value else {}
        case tree.Defined(body=body) | tree.Call(body=body) | tree.StopGradient(body=body):
            return _terms(body, signs)
        case tree.Neg(body=body):
            return {each: -k for each, k in _terms(body, signs).items()}
        case tree.Add(terms=terms):
            return _collected(
                (each, k) for term in terms for each, k in _terms(term, signs).items()
            )
        case tree.Mul(factors=factors):
            return _product(_terms(factor, signs) for factor in factors)
        case tree.Div(numerator=above, denominator=below):
            divisor = _terms(below, signs)
            if len(divisor) == 1:
                ((each, k),) = divisor.items()
                inverse = {tuple((name, -power) for name, power in each): 1 / k}
                return _product((_terms(above, signs), inverse))
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power <= _MAX_TERMS:
            return _product([_terms(base, signs)] * power)
    name = to_text(node)
    domain = node.domain if isinstance(node, (tree.Parameter, tree.Datum)) else ""
    signs[name] = (node.nonnegative, domain.endswith("unit"))
    return {((name, 1),): Fraction(1)}


def _product(sums: Iterable[_Sum]) -> _Sum:
    result: _Sum = {(): Fraction(1)}
    for other in sums:
        pairs = product(result.items(), other.items())
        result = _collected((_times(a, b), k * m) for (a, k), (b, m) in pairs)
    return result


def _times(left: _Monomial, right: _Monomial) -> _Monomial:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _collected(terms: Iterable[tuple[_Monomial, Fraction]]) -> _Sum:
    result: _Sum = {}
    for each, k in terms:
        result[each] = result.get(each, Fraction(0)) + k
        if len(result) > _MAX_TERMS or result[each].numerator.bit_length() > MAX_BITS:
            raise _TooLongError
    return {each: k for each, k in result.items() if k}


def _may_be_positive(term: _Monomial, k: Fraction, signs: dict[str, tuple[bool, bool]]) -> bool:
    return k > 0 or any(power % 2 and not signs[name][0] for name, power in term)


def _largest(term: _Monomial, k: Fraction, signs: dict[str, tuple[bool, bool]]) -> Fraction | None:
    """Return the least number that a term is never above; None if there is none to be seen."""
    if not all(power % 2 == 0 or signs[name][0] for name, power in term):
        return None
    if k < 0:
        return k if not term else Fraction(0)
    bounded = all(power > 0 and signs[name][1] for name, power in term)
    return k if bounded else None
