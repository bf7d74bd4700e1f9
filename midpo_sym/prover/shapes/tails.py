"""How a link goes far out: expansions in the size of its variable, and whether a bound follows.

A link is followed to both ends of the line, a = x and a = -x. There it is a sum of powers of x and
of its logarithm, with coefficients that are free of a, up to an error of a known order; or it is
larger than every power, with a sign. Sums, products, quotients, exponentials, logarithms and maxima
of such are such again, wherever the sign of what leads is known for every value of the parameters.

A function that is continuous is bounded below just where it is so at both ends. What is no
expansion may be bounded by its form: a maximum by one of its sides, a sum by all its terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide, normal_form
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import NotReadableError, rebuild
from midpo_sym.prover.shapes.rules import (
    is_away_from_zero,
    is_free,
    number_of,
    rational_number,
    sign_of,
    strict_sign_of,
)

Order = tuple[Fraction | float, Fraction | int]  # of x, and of its logarithm
_CONSTANT: Order = (0, 0)
_LOGARITHM: Order = (0, 1)
_NOTHING: Order = (-inf, 0)  # of what falls faster than every power
_ONE, _ZERO = tree.Number(1), tree.Number(0)
_MINUS = tree.Neg(_ONE)
_PI = tree.Parameter("π", "positive")
_MOST = 8  # powers that are multiplied out


class _UnknownError(Exception):
    """The sign of what leads is not known, or there is no expansion."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """A sum of terms, those of the highest order first, and an error of at most some order."""

    terms: tuple[tuple[Order, Expression], ...]
    error: Order

    @property
    def order(self) -> Order:
        """Return the order of the whole at most."""
        return max([self.error, *(order for order, _ in self.terms)])


@dataclass(frozen=True, slots=True)
class Huge:
    """What is more than every power of x in size, with the expansion of its logarithm if known."""

    sign: int
    logarithm: Expansion | None = None


Tail = Expansion | Huge


def is_above(found: Tail | None) -> bool | None:
    """Return whether a function is bounded below at an end; None if that is not known."""
    match found:
        case Huge(sign=sign):
            return sign > 0
        case Expansion(terms=terms, error=error):
            may_vanish = False
            for order, coefficient in terms:
                if order <= _CONSTANT:
                    break
                sign = strict_sign_of(coefficient)
                if order <= error or (not sign and sign_of(coefficient) <= 0):
                    return None
                if sign:
                    return True if sign > 0 else None if may_vanish else False
                may_vanish = True
            return True if error <= _CONSTANT else None
    return None


def tail(body: Expression, end: int) -> Tail | None:
    """Return how a link goes for a = end·x, x ever larger; None if that is not known."""
    try:
        return _of(body, end)
    except (_UnknownError, OverflowError):
        return None


def _of(node: Expression, end: int) -> Tail:  # noqa: C901, PLR0911 - a case for each kind of node
    """Return how a node goes for a = end·x.

    Raises:
        _UnknownError: that is not known.
    """
    if is_free(node):
        return _constant(node)
    match node:
        case tree.Parameter():
            return Expansion((((1, 0), rational_number(end)),), _NOTHING)
        case tree.Neg(body=body):
            return _times(_of(body, end), _constant(_MINUS))
        case tree.Add(terms=terms):
            return _sum([_of(each, end) for each in terms])
        case tree.Mul(factors=factors):
            return _product([_of(each, end) for each in factors])
        case tree.Div(numerator=over, denominator=tree.Div(numerator=one, denominator=other)):
            return _times(_of(over, end), _times(_inverse(_of(one, end)), _of(other, end)))
        case tree.Div(numerator=over, denominator=tree.Exp(body=body)):
            return _times(_of(over, end), _exp(_of(tree.Neg(body), end)))
        case tree.Div(numerator=over, denominator=under):
            return _times(_of(over, end), _inverse(_of(under, end)))
        case tree.Exp(body=body):
            return _exp(_of(body, end))
        case tree.Log(body=body):
            return _log_of(body, end)
        case tree.CauchyCdf(body=body):
            return _cauchy_cdf(_of(body, end))
        case tree.Max(left=left, right=right):
            return _larger(_of(left, end), _of(right, end))
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power in range(1, _MOST):
            return _product([_of(base, end)] * int(power))
        case tree.Pow(base=base, exponent=power) if is_free(power) and base.positive:
            return _exp(_times(_constant(power), _log_of(base, end)))
    raise _UnknownError


def _constant(node: Expression) -> Expansion:
    return Expansion(((_CONSTANT, node),) if number_of(node) != 0 else (), _NOTHING)


def _leading(tail: Expansion) -> tuple[Order, Expression, int]:
    """Return the term that leads, with its sign.

    Raises:
        _UnknownError: none leads for all values of the parameters.
    """
    if tail.terms:
        order, coefficient = tail.terms[0]
        sign = strict_sign_of(coefficient)
        if sign and order > tail.error:
            return order, coefficient, sign
    raise _UnknownError


def _rest(tail: Expansion) -> Order:
    """Return the order of all but the leading term, relative to it."""
    (order, _), *more = tail.terms
    return _over(max([tail.error, *(each for each, _ in more)]), order)


def _by(one: Order, other: Order) -> Order:
    return _NOTHING if -inf in (one[0], other[0]) else (one[0] + other[0], one[1] + other[1])


def _over(one: Order, other: Order) -> Order:
    return _by(one, (-other[0], -other[1]))


def _sum(tails: list[Tail]) -> Tail:
    huge = [each for each in tails if isinstance(each, Huge)]
    if huge:
        signs = {each.sign for each in huge}
        if len(signs) > 1:
            raise _UnknownError
        known = huge[0].logarithm if len(huge) == 1 else None
        return Huge(signs.pop(), known)  # what is added is nothing to it
    return _added([each for each in tails if isinstance(each, Expansion)])


def _added(expansions: list[Expansion]) -> Expansion:
    error = max(each.error for each in expansions)
    return _collected([term for each in expansions for term in each.terms], error)


def _collected(terms: list[tuple[Order, Expression]], error: Order) -> Expansion:
    rows: dict[Order, list[Expression]] = {}
    for order, coefficient in terms:
        if order > error:
            rows.setdefault(order, []).append(coefficient)
    found = [(order, _total(rows[order])) for order in sorted(rows, reverse=True)]
    return Expansion(tuple(each for each in found if each[1] != _ZERO), error)


def _total(coefficients: list[Expression]) -> Expression:
    """Return a sum of coefficients, which is zero if the kernel finds that it is."""
    if len(coefficients) == 1:
        return coefficients[0]
    whole = tree.total(coefficients)
    try:
        if decide(whole, _ZERO).answer is Answer.EQUAL:
            return _ZERO
        return rebuild(normal_form(whole), by_response=False)
    except (OutsideClassError, ZeroDenominatorError, NotReadableError, ValueError):
        return whole


def _product(tails: list[Tail]) -> Tail:
    result = tails[0]
    for each in tails[1:]:
        result = _times(result, each)
    return result


def _times(one: Tail, other: Tail) -> Tail:
    if isinstance(other, Huge):
        one, other = other, one
    if isinstance(one, Huge):
        if isinstance(other, Huge):
            logs = [each.logarithm for each in (one, other) if each.logarithm is not None]
            return Huge(one.sign * other.sign, _added(logs) if len(logs) > 1 else None)
        order, coefficient, sign = _leading(other)
        plain = order == _CONSTANT and number_of(coefficient) in (1, -1)
        alone = plain and _rest(other) == _NOTHING
        return Huge(one.sign * sign, one.logarithm if alone else None)
    assert isinstance(other, Expansion)
    error = max(_by(one.error, other.order), _by(other.error, one.order))
    terms = [(_by(p, q), _scaled(c, d)) for p, c in one.terms for q, d in other.terms]
    return _collected(terms, error)


def _scaled(one: Expression, other: Expression) -> Expression:
    value, another = number_of(one), number_of(other)
    if value is not None and another is not None:
        return rational_number(value * another)
    if another is not None:
        one, other, value = other, one, another
    match value, other:
        case 1, _:
            return other
        case -1, tree.Neg(body=body):
            return body
        case -1, _:
            return tree.Neg(other)
    return tree.product([one, other])


def _inverse(tail: Tail) -> Expansion:
    if isinstance(tail, Huge):
        return Expansion((), _NOTHING)
    order, coefficient, _ = _leading(tail)
    down = _over(_CONSTANT, order)
    return Expansion(((down, _one_over(coefficient)),), _by(down, _rest(tail)))


def _one_over(node: Expression) -> Expression:
    value = number_of(node)
    return rational_number(1 / value) if value else tree.Div(_ONE, node)


def _exp(tail: Tail) -> Tail:
    if isinstance(tail, Huge):
        return Huge(1) if tail.sign > 0 else Expansion((), _NOTHING)
    if tail.order < _LOGARITHM:  # a constant and what goes to zero, or what is bounded
        if tail.error >= _CONSTANT:
            return Expansion((), _CONSTANT)
        constant = [each for order, each in tail.terms if order == _CONSTANT]
        small = [order for order, _ in tail.terms if order < _CONSTANT]
        value = tree.Exp(constant[0]) if constant else _ONE
        return Expansion(((_CONSTANT, value),), max([tail.error, *small]))
    order, coefficient, sign = _leading(tail)
    if order[0] > 0:
        return Huge(1, tail) if sign > 0 else Expansion((), _NOTHING)
    power = number_of(coefficient)
    if order != _LOGARITHM or power is None:
        raise _UnknownError
    rest = _exp(Expansion(tail.terms[1:], tail.error))
    return _times(Expansion((((power, 0), _ONE),), _NOTHING), rest)


def _log_of(node: Expression, end: int) -> Tail:
    """Return how the logarithm of a node goes.

    Raises:
        _UnknownError: that is not known.
    """
    match node:
        case tree.Exp(body=body):
            return _of(body, end)
        case tree.Div(numerator=over, denominator=under) if over.positive and under.positive:
            minus = _times(_log_of(under, end), _constant(_MINUS))
            return _sum([_log_of(over, end), minus])
        case tree.Mul(factors=factors) if all(each.positive for each in factors):
            return _sum([_log_of(each, end) for each in factors])
        case tree.Pow(base=base, exponent=power) if is_free(power) and base.positive:
            return _times(_constant(power), _log_of(base, end))
    tail = _of(node, end)
    if isinstance(tail, Huge):
        if tail.logarithm is None or tail.sign < 0:
            raise _UnknownError
        return tail.logarithm
    if not tail.terms and tail.error <= _CONSTANT and is_away_from_zero(node):
        return Expansion((), _CONSTANT)
    order, coefficient, _ = _leading(tail)
    if order[1] or not coefficient.positive:
        raise _UnknownError
    terms = []
    if order[0]:
        terms.append((_LOGARITHM, rational_number(order[0])))
    if coefficient != _ONE:
        terms.append((_CONSTANT, tree.Log(coefficient)))
    return _collected(terms, _rest(tail))


def _cauchy_cdf(tail: Tail) -> Expansion:
    """Return Cauchy's distribution function, 1/(πz) + O(1/z³) at −z, and one minus that at z."""
    if isinstance(tail, Huge):
        return _constant(_ONE) if tail.sign > 0 else Expansion((), _NOTHING)
    if tail.order <= _CONSTANT:
        return Expansion((), _CONSTANT)
    order, coefficient, sign = _leading(tail)
    down = _over(_CONSTANT, order)
    if sign > 0:
        return Expansion(((_CONSTANT, _ONE),), down)
    size = _one_over(tree.product([_PI, _scaled(coefficient, _MINUS)]))
    return Expansion(((down, size),), _by(down, max(_rest(tail), _by(down, down))))


def _larger(one: Tail, other: Tail) -> Tail:
    if isinstance(other, Huge):
        one, other = other, one
    if isinstance(one, Huge):
        if isinstance(other, Huge):
            return Huge(max(one.sign, other.sign))
        return one if one.sign > 0 else other
    assert isinstance(other, Expansion)
    less = Expansion(tuple((order, _scaled(c, _MINUS)) for order, c in other.terms), other.error)
    apart = _added([one, less])
    try:
        return one if _leading(apart)[2] > 0 else other
    except _UnknownError:  # it is one of them, and they are so far apart
        return _collected([*one.terms], max(one.error, apart.order))
