"""Points at which a link rises, lies above a chord, or falls far out, in interval arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, product
from typing import Any, Protocol

from mpmath.ctx_iv import MPIntervalContext

from midpo_sym.judges.balls import atan_of_interval
from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE
from midpo_sym.language.tree import Expression

_DIGITS = 40
_PLACES = tuple(Fraction(n, 2) for n in (-12, -8, -5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12))
_VALUES = {
    "real": (Fraction(1, 2), Fraction(-1)),
    "nonnegative": (Fraction(1, 2), Fraction(2)),
    "positive": (Fraction(1, 2), Fraction(2), Fraction(1, 20)),
    "unit": (Fraction(1, 4), Fraction(3, 4)),
    "open unit": (Fraction(1, 4), Fraction(3, 4)),
}
MOST = 16  # choices of the parameters that are tried
MORE = tuple(map(Fraction, range(-20, 21)))  # places, if none of those is enough
FAR = tuple(map(Fraction, (30, 10**3, 10**5)))  # where what has no bound is seen to fall
FARTHER = tuple(map(Fraction, (10**7, 10**8)))  # where what has one has long been seen not to
_FALL = 0.5
_LARGEST = 10**9  # exponent, in size, of a number that is computed with

Interval = Any  # mpmath's, which has no type stubs
Point = Mapping[str, Fraction]


class Search(Protocol):
    """A search for points that show something of a function."""

    def __call__(
        self, body: Expression, most: int = ..., places: Sequence[Fraction] = ...
    ) -> tuple[Point, ...]:
        """Return the points; none if none are found.

        Args:
            body: the function.
            most: choices of its parameters that are tried at most.
            places: values of its variable.
        """


def rises(
    body: Expression, most: int = MOST, places: Sequence[Fraction] = _PLACES
) -> tuple[Point, ...]:
    """Return two points between which a function rises, if some are found."""
    for parameters in settings(body, most):
        values = _values(body, parameters, places)
        for (left, low), (right, high) in product(values, values):
            if left < right and low.b < high.a:
                return {**parameters, VARIABLE.name: left}, {**parameters, VARIABLE.name: right}
    return ()


def sags(
    body: Expression, most: int = MOST, places: Sequence[Fraction] = _PLACES
) -> tuple[Point, ...]:
    """Return three points, the middle one above the chord of the others, if some are found."""
    for parameters in settings(body, most):
        values = dict(_values(body, parameters, places))
        for left, right in product(values, values):
            middle = (left + right) / 2
            if left < right and middle in values:
                chord = (values[left] + values[right]) / 2
                if chord.b < values[middle].a:
                    return tuple({**parameters, VARIABLE.name: a} for a in (left, middle, right))
    return ()


def falls(
    body: Expression, parameters: Mapping[str, Fraction], places: Sequence[Fraction]
) -> tuple[Point, ...]:
    """Return two points, both far out on one side, between which a function falls by over a half.

    Args:
        body: the function.
        parameters: values of its parameters.
        places: how far out to look; between neighbours.
    """
    for sign in (1, -1):
        values = _values(body, parameters, [sign * place for place in places])
        for (near, above), (far, below) in pairwise(values):
            if (above - below).a > _FALL:
                return tuple({**parameters, VARIABLE.name: a} for a in (near, far))
    return ()


def settings(body: Expression, most: int = MOST) -> Iterator[dict[str, Fraction]]:
    """Yield choices of the parameters in a function, so many at most."""
    found = {
        node.name: node.domain
        for node in body.walk()
        if isinstance(node, tree.Parameter) and node != VARIABLE
    }
    choices = product(*(_VALUES[domain] for domain in found.values()))
    for _, values in zip(range(most), choices, strict=False):
        yield dict(zip(found, values, strict=True))


def _values(
    body: Expression, parameters: Point, places: Sequence[Fraction] = _PLACES
) -> list[tuple[Fraction, Interval]]:
    """Return enclosures of a function at the places where it is defined."""
    context = MPIntervalContext()
    context.dps = _DIGITS
    found = []
    for place in places:
        try:
            value = _enclosed(body, {**parameters, VARIABLE.name: place}, context)
        except (ZeroDivisionError, ValueError, OverflowError):
            continue
        found.append((place, value))
    return found


def _enclosed(node: Expression, at: Point, context: MPIntervalContext) -> Interval:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
    """Return an interval that has the value of a node in it."""

    def of(child: Expression) -> Interval:
        return _enclosed(child, at, context)

    match node:
        case tree.Number(value=value):
            return context.mpf(value)
        case tree.Parameter(name=name):
            return context.mpf(at[name].numerator) / at[name].denominator
        case tree.Neg(body=body):
            return -of(body)
        case tree.Add(terms=terms):
            return sum(map(of, terms), context.mpf(0))
        case tree.Mul(factors=factors):
            result = context.mpf(1)
            for each in factors:
                result *= of(each)
            return result
        case tree.Div(numerator=over, denominator=under):
            divisor = of(under)
            if divisor.a <= 0 <= divisor.b:
                raise ZeroDivisionError
            return of(over) / divisor
        case tree.Exp(body=body):
            value = of(body)
            if value.b > _LARGEST or value.a < -_LARGEST:
                raise OverflowError
            return context.exp(value)
        case tree.Log(body=body):
            value = of(body)
            if value.a <= 0:
                raise ValueError
            return context.log(value)
        case tree.CauchyCdf(body=body):
            return atan_of_interval(of(body), context) / context.pi + context.mpf(1) / 2
        case tree.Max(left=left, right=right):
            one, other = of(left), of(right)
            return context.mpf([max(one.a, other.a), max(one.b, other.b)])
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power.denominator == 1:
            return of(base) ** int(power)
        case tree.Pow(base=base, exponent=power):
            return context.exp(of(power) * of(tree.Log(base)))
    raise ValueError
