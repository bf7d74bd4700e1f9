"""Derivatives of expressions whose only variables are parameters, on one path.

A probability is a variable by its logarithm: what is trained moves log p, and p' = p.
"""

from __future__ import annotations

from midpo_sym.code.tracing.algebra import (
    ONE,
    PI,
    TWO,
    ZERO,
    exp,
    log,
    minus,
    negative,
    over,
    plus,
    power,
    rational,
    times,
    total,
)
from midpo_sym.code.tracing.signs import Signs
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression


def slope(node: Expression, by: tree.Parameter, *, logarithmic: bool) -> Expression:  # noqa: C901, PLR0911 - one case for each kind of node
    """Return the derivative of an expression without maxima; sg has none.

    Args:
        node: the expression.
        by: the variable.
        logarithmic: whether the derivative is by its logarithm.
    """
    if node == by:
        return by if logarithmic else ONE
    if isinstance(node, tree.StopGradient) or by not in set(node.walk()):
        return ZERO

    def move(inner: Expression) -> Expression:
        return slope(inner, by, logarithmic=logarithmic)

    match node:
        case tree.Neg(body=body):
            return negative(move(body))
        case tree.Add(terms=terms):
            return total([move(each) for each in terms])
        case tree.Mul(factors=factors):
            return total([_but(factors, k, move(each)) for k, each in enumerate(factors)])
        case tree.Div(numerator=above, denominator=below) if above.positive and below.positive:
            return times(node, _of_logarithm(node, by, logarithmic=logarithmic))
        case tree.Div(numerator=above, denominator=below):
            first = over(move(above), below)
            moved = move(below)
            if rational(moved) == 0:
                return first
            return minus(first, over(times(above, moved), times(below, below)))
        case tree.Log(body=body):
            return _of_logarithm(body, by, logarithmic=logarithmic)
        case tree.Exp(body=body):
            return times(move(body), node)
        case tree.Pow(base=base) if base.positive:
            return times(node, _of_logarithm(node, by, logarithmic=logarithmic))
        case tree.Pow(base=base, exponent=exponent):
            by_base = times(move(base), times(exponent, power(base, minus(exponent, ONE))))
            moved = move(exponent)
            if rational(moved) == 0:
                return by_base
            return plus(by_base, times(moved, times(log(base), node)))
        case tree.CauchyCdf(body=body):  # 1/(π*(1 + a²))
            return over(move(body), times(PI, plus(ONE, power(body, TWO))))
    raise AssertionError(node)


def _of_logarithm(node: Expression, by: tree.Parameter, *, logarithmic: bool) -> Expression:
    """Return the derivative of the logarithm of what is positive, without a quotient to cancel."""
    if isinstance(node, tree.StopGradient) or by not in set(node.walk()):
        return ZERO
    if node == by and logarithmic:
        return ONE

    def of(inner: Expression) -> Expression:
        return _of_logarithm(inner, by, logarithmic=logarithmic)

    match node:
        case tree.Exp(body=body):
            return slope(body, by, logarithmic=logarithmic)
        case tree.Mul(factors=factors) if all(each.positive for each in factors):
            return total([of(each) for each in factors])
        case tree.Div(numerator=above, denominator=below) if above.positive and below.positive:
            return minus(of(above), of(below))
        case tree.Pow(base=base, exponent=exponent) if base.positive:
            moved = slope(exponent, by, logarithmic=logarithmic)
            rest = ZERO if rational(moved) == 0 else times(moved, log(base))
            return plus(times(exponent, of(base)), rest)
    return over(slope(node, by, logarithmic=logarithmic), node)


def on_path(node: Expression, signs: Signs, *, value: bool) -> Expression:
    """Return an expression without maxima, as it is on a path.

    Args:
        node: the expression.
        signs: the path.
        value: whether sg is to be left out, so that the value alone remains.
    """
    if isinstance(node, tree.Max):
        left, right = (on_path(each, signs, value=value) for each in (node.left, node.right))
        above = signs.sign(minus(without_stops(left), without_stops(right))) >= 0
        return left if above else right
    children = [on_path(child, signs, value=value) for child in node.children()]
    if isinstance(node, tree.StopGradient):
        return children[0] if value else tree.StopGradient(children[0])
    return _over(node, children)


def without_stops(node: Expression) -> Expression:
    """Return the value of an expression: sg left out."""
    children = [without_stops(child) for child in node.children()]
    return children[0] if isinstance(node, tree.StopGradient) else _over(node, children)


def _over(node: Expression, children: list[Expression]) -> Expression:
    match node:
        case tree.Exp():
            return exp(children[0])
        case tree.Log():
            return log(children[0])
    return tree.over(node, children)


def _but(factors: tuple[Expression, ...], k: int, moved: Expression) -> Expression:
    """Return a product with one factor replaced."""
    if rational(moved) == 0:
        return ZERO
    result = moved
    for other, factor in enumerate(factors):
        if other != k:
            result = times(result, factor)
    return result
