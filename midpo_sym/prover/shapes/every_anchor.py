"""Whether a loss has the gradient of a score against any anchor, under the same link and weight.

For a loss W·f(A) and a score q, some number c and a sign have to give ∇[W f(±(q − c))] = ∇[W f(A)]
wherever both exist. Two things show that there is no such c.

- *Directions.* If the weight does not move, the left is a number times ∇q, whatever c is; and if it
  does, a number times ∇q plus another times ∇W. A determinant in two coordinates of the policy, or
  in three, is then zero, and at some point it is not. The same goes for a coordinate in which
  neither q nor W moves, and the loss does.
- *Rest.* Where nothing moves the loss, f′ has to be zero. A link whose slope is never zero is so
  nowhere; one that is analytic is so at single arguments only, if it is not constant, and q − c
  takes all arguments between two.
- *Sizes.* In each coordinate ±W f′(±(q − c)) ∂q + f(±(q − c)) ∂W has to be the derivative of the
  loss, for all models and responses. The whole line of the variable of f is cut into intervals,
  until in each of them f and its slopes, in bounds, miss one of the derivatives. Where f has a
  kink, its slope counts as anything between those of both sides: models close by are on either
  side of it.
- *Numbers that are given.* What is given with a pair or a response, and is neither in q nor in W,
  changes nothing on the left. Where it changes the derivative of the loss, and q moves, there is no
  c: if the left does not exist there, it does at models close by.

An anchor goes by the parameters and by what is given with a batch, and so it is one number for all
models and responses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise

from midpo_sym.judges.jets import Ends, enclosed
from midpo_sym.judges.tiny import VOCABULARY, TinyModels, points
from midpo_sym.judges.witness import Meter, TooMuchWorkError
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.theorem import Answer, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.objective import Term
from midpo_sym.language.substitute import resolve_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import flows
from midpo_sym.prover.shapes.bounds import Interval, Slopes
from midpo_sym.prover.shapes.rules import is_steep
from midpo_sym.session import remembered

_POINTS = 8  # at which sizes are compared
_MANY = 24  # among which one is looked for where something moves, or in another direction
_COORDINATES = 6  # that are compared at each
_WORK = 40_000  # nodes that are evaluated at most, for directions and for sizes
_BITS = 128
_NOWHERE: Ends = (Fraction(0), Fraction(0))
_RESPONSES = ("w", "l", "v", "u")
_CHANGES: tuple[dict[str, str], ...] = ({}, {"w": "l", "l": "w"}, {"w": "v", "l": "u"})
_PLACES = (0, 1, -1, 3, -3)  # of an argument, at which a link is looked at
_FAR = 32  # from where on the line is not cut any further
_NARROW = 1 / 64  # an interval that is cut no further
_CUTS = 400
_GROUPS = 4  # choices of the parameters
_APART = Fraction(1, 10**12)  # what bounds have to be apart, far above the rounding of intervals


@remembered(64)
def no_anchor_fits(score: Expression, term: Term) -> bool:
    """Return whether points show that no score minus an anchor has the gradient of a term."""
    still = not flows(term.weight)
    if still and _is_still(term.argument):
        body = unfold(term.link.body)
        if is_steep(body):
            return _moves(score, term.weight)
        if _is_analytic(body) and not _holds_back(score):
            return _moves(score, term.weight, body)
    if still and _is_still(score):
        return _moves(term.loss, tree.Number(1))
    for shows in (_goes_by_another_number, _has_another_direction, _has_another_size):
        with suppress(TooMuchWorkError):
            if shows(score, term, Meter(_WORK)):
                return True
    return False


def _is_still(node: Expression) -> bool:
    try:
        return decide_gradient(node, tree.Number(0)).answer is Answer.EQUAL
    except OutsideClassError:
        return False


def _is_analytic(body: Expression) -> bool:
    """Return whether the form of a link shows that it is one analytic function on the whole line.

    Its logarithms and powers are of what is positive, and so has to be what it divides by.
    """
    return not any(
        isinstance(each, tree.Max)
        or (isinstance(each, tree.Div) and not each.denominator.positive)
        or (isinstance(each, tree.Pow) and not (each.base.positive or _is_whole(each.exponent)))
        for each in body.walk()
    )


def _is_whole(power: Expression) -> bool:
    return isinstance(power, tree.Number) and power.value.denominator == 1 and power.value >= 0


def _holds_back(node: Expression) -> bool:
    """Return whether something in a node is held constant for the gradient, and not for its value.

    >>> from midpo_sym.language import build
    >>> _holds_back(build.sg(build.pi("w")))
    True
    """
    return any(isinstance(each, tree.StopGradient) for each in node.walk())


def _moves(node: Expression, weight: Expression, body: Expression | None = None) -> bool:
    """Return whether at some point an expression has a gradient, and its weight is not zero.

    With a link's body, it also has a slope that is not zero somewhere, with the parameters there.
    """
    meter = Meter(_WORK)
    with suppress(TooMuchWorkError):
        for models in points(node, weight, *([body] if body else []), tries=_MANY):
            slope = enclosed((node,), models, of="gradient", bits=_BITS, meter=meter)
            size = enclosed((weight,), models, of="value", bits=_BITS, meter=meter)
            counts = slope and size and _has_sign(slope[0]) and _has_sign(size[0])
            if counts and (body is None or _bends_somewhere(body, models)):
                return True
    return False


def _bends_somewhere(body: Expression, models: TinyModels) -> bool:
    slopes = Slopes(body, models.parameters)
    found = [slopes.over(slopes.of(place, place)) for place in _PLACES]
    return any(each is not None and (each.a > 0 or each.b < 0) for each in found)


def _goes_by_another_number(score: Expression, term: Term, meter: Meter) -> bool:
    """Return whether the gradient goes by a number that is neither in the score nor the weight."""
    known = {
        each.name
        for side in (score, term.weight)
        for each in unfold(side).walk()
        if isinstance(each, tree.Datum)
    }
    where = [*points(score, term.loss, tries=_MANY)]
    for models, other in pairwise(where):
        others = {key: value for key, value in other.data.items() if key[1] and key[0] not in known}
        if not others:
            return False
        changed = replace(models, data={**models.data, **others})
        for here, there in zip(_coordinates(models), _coordinates(changed), strict=True):
            row = enclosed((score, term.loss), here, of="gradient", bits=_BITS, meter=meter)
            loss = enclosed((term.loss,), there, of="gradient", bits=_BITS, meter=meter)
            if row is None or loss is None:
                break
            if _has_sign(row[0]) and (row[1][1] < loss[0][0] or loss[0][1] < row[1][0]):
                return True
    return False


def _has_another_direction(score: Expression, term: Term, meter: Meter) -> bool:
    still = not flows(term.weight)
    steep = still and is_steep(unfold(term.link.body))
    sides = (score, term.loss) if still else (score, term.weight, term.loss)
    for models in points(*sides, tries=_MANY):
        rows: list[list[Ends]] = []
        for there in _coordinates(models):
            row = enclosed(sides, there, of="gradient", bits=_BITS, meter=meter)
            if row is None:  # a kink, or no value
                rows = []
                break
            rows.append(row)
        if not any(_has_sign(row[-1]) for row in rows):
            if steep and _is_at_rest(rows, term.weight, models, meter):
                return True
            continue
        if any(all(each == _NOWHERE for each in row[:-1]) and _has_sign(row[-1]) for row in rows):
            return True
        if any(_has_sign(_determinant(some)) for some in combinations(rows, len(sides))):
            return True
    return False


def _is_at_rest(
    rows: list[list[Ends]], weight: Expression, models: TinyModels, meter: Meter
) -> bool:
    """Return whether at a point the score moves, nothing moves the loss, and its weight counts."""
    if not any(_has_sign(row[0]) and row[-1] == _NOWHERE for row in rows):
        return False
    size = enclosed((weight,), models, of="value", bits=_BITS, meter=meter)
    return size is not None and _has_sign(size[0])


def _coordinates(models: TinyModels) -> Iterator[TinyModels]:
    """Yield a point with one coordinate after the other, those of the first token first."""
    prefixes = sorted({prefix for _, prefix in models.powers}, key=len)
    count = -(-_COORDINATES // len(prefixes))
    for prefix in prefixes:
        for token in range(min(count, len(VOCABULARY) - 1)):
            yield replace(models, coordinate=(prefix, token))


def _determinant(rows: Sequence[list[Ends]]) -> Ends:
    """Return bounds of a determinant, by its first row."""
    if len(rows) == 1:
        return rows[0][0]
    total = _NOWHERE
    for place, head in enumerate(rows[0]):
        minor = [[*row[:place], *row[place + 1 :]] for row in rows[1:]]
        low, high = _product(head, _determinant(minor))
        signed = (low, high) if place % 2 == 0 else (-high, -low)
        total = total[0] + signed[0], total[1] + signed[1]
    return total


def _product(one: Ends, other: Ends) -> Ends:
    corners = [x * y for x in one for y in other]
    return min(corners), max(corners)


def _has_sign(ends: Ends) -> bool:
    return ends[0] > 0 or ends[1] < 0


@dataclass(frozen=True, slots=True)
class _Size:
    """of_slope × sign × f′ + of_value × f = found, f being taken at sign × (score − c)."""

    of_slope: Ends
    of_value: Ends
    found: Ends


@dataclass(frozen=True, slots=True)
class _Equation:
    """What has to hold at some models and responses."""

    score: Ends
    sizes: tuple[_Size, ...]


def _has_another_size(score: Expression, term: Term, meter: Meter) -> bool:
    moves = flows(term.weight)
    plain = [resolve_labels(unfold(each)) for each in (score, term.weight, term.loss)]
    moved = [[tree.at_responses(each, change) for each in plain] for change in _CHANGES]
    body = unfold(term.link.body)
    everywhere = [each for sides in moved for each in (*sides, body)]
    where = [*points(*everywhere, tries=_POINTS, responses=_RESPONSES)]
    for first in where[:_GROUPS]:
        alike = [_with_anchors_of(first, each) for each in where]
        found = [
            each
            for models in alike
            for sides in moved
            if (each := _equation(sides, models, meter, moves=moves))
        ]
        slopes = Slopes(body, first.parameters)
        if len(found) > 1 and all(_is_unsolvable(found, slopes, sign) for sign in (1, -1)):
            return True
    return False


def _with_anchors_of(one: TinyModels, other: TinyModels) -> TinyModels:
    """Return another point, with the parameters and what is given with a batch of the one."""
    of_batch = {key: value for key, value in one.data.items() if not key[1]}
    return replace(other, parameters=one.parameters, data={**other.data, **of_batch})


def _equation(
    sides: list[Expression], models: TinyModels, meter: Meter, *, moves: bool
) -> _Equation | None:
    """Return the equation at a point, if there are coordinates in which it says something."""
    score, weight, loss = sides
    values = enclosed((score, weight), models, of="value", bits=_BITS, meter=meter)
    if values is None:
        return None
    found, size = values
    sizes: list[_Size] = []
    gradients: list[list[Ends]] = []
    for there in _coordinates(models):
        asked = (score, weight, loss) if moves else (score, loss)
        row = enclosed(asked, there, of="gradient", bits=_BITS, meter=meter)
        if row is None:
            return None
        if moves:
            gradients.append(row)
        elif _has_sign(row[0]):
            sizes.append(_Size(size, _NOWHERE, _quotient(row[1], row[0])))
            break
    sizes += [
        _Size(_product(size, row[0]), row[1], row[2])
        for row in gradients
        if _has_sign(row[0]) or _has_sign(row[1])
    ]
    sizes += _solved(gradients, size)
    return _Equation(found, tuple(sizes)) if sizes else None


def _solved(gradients: list[list[Ends]], weight: Ends) -> list[_Size]:
    """Return what f and its slope are by themselves, from two coordinates that tell them apart."""
    for one, other in combinations(gradients, 2):
        both = _determinant([one[:2], other[:2]])
        if _has_sign(both):
            of_score = _determinant([[one[2], one[1]], [other[2], other[1]]])
            of_weight = _determinant([[one[0], one[2]], [other[0], other[2]]])
            slope = _Size(weight, _NOWHERE, _quotient(of_score, both))
            return [slope, _Size(_NOWHERE, (Fraction(1), Fraction(1)), _quotient(of_weight, both))]
    return []


def _quotient(one: Ends, other: Ends) -> Ends:
    low, high = other
    return _product(one, (1 / high, 1 / low))


def _is_unsolvable(equations: list[_Equation], slopes: Slopes, sign: int) -> bool:
    """Return whether no c solves all equations: no argument of the first is one of a solution."""
    first = slopes.of(*equations[0].score)
    rows = [
        (
            sign * (slopes.of(*each.score) - first),
            [
                (
                    None if size.of_slope == _NOWHERE else sign * slopes.of(*size.of_slope),
                    None if size.of_value == _NOWHERE else slopes.of(*size.of_value),
                    slopes.of(size.found[0] - _APART, size.found[1] + _APART),
                )
                for size in each.sizes
            ],
        )
        for each in equations
    ]
    end = float("inf")
    rest: list[tuple[float, float]] = [(-end, -_FAR), (_FAR, end), (-_FAR, _FAR)]
    for _ in range(_CUTS):
        if not rest:
            return True
        low, high = rest.pop()
        if any(_is_missed(slopes, slopes.of(low, high) + shift, sizes) for shift, sizes in rows):
            continue
        if high - low <= _NARROW or abs(low) == end or high == end:
            return False
        middle = (low + high) / 2
        rest += [(low, middle), (middle, high)]
    return False


def _is_missed(
    slopes: Slopes,
    where: Interval,
    sizes: list[tuple[Interval | None, Interval | None, Interval]],
) -> bool:
    """Return whether one of the equations at a point holds nowhere in an interval."""
    jet = slopes.with_value(where)
    if jet is None:
        return False
    value, slope = jet
    for of_slope, of_value, found in sizes:
        parts = [k * x for k, x in ((of_slope, slope), (of_value, value)) if k is not None]
        if parts and bool((total := sum(parts[1:], parts[0])).b < found.a or total.a > found.b):
            return True
    return False
