"""Decide whether two losses are equal, in value and in gradient, by numbers at many points.

Floating point decides where it can; seventy digits decide where it cannot. A disagreement counts
only once seventy digits have confirmed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import mpmath
from oracles.dual import DIGITS, Arithmetic, Number, Precise, UnclearError, UndefinedError
from oracles.evaluate import Evaluator
from oracles.model import Point
from oracles.statement import Statement, framework, loss

Side = Callable[[Evaluator], Number]


@dataclass(frozen=True)
class Outcome:
    """What two expressions do at one point; `None` where it can't be said."""

    point: Point
    value: bool | None
    gradient: bool | None
    undefined: bool = False
    numbers: tuple[float, float] | None = None


@dataclass(frozen=True)
class Truth:
    """Whether two losses are equal wherever both are defined; `None` if no point says."""

    value: bool | None
    gradient: bool | None
    outcomes: tuple[Outcome, ...]

    @property
    def defined(self) -> int:
        """The number of points where both have a value."""
        return sum(each.value is not None for each in self.outcomes)


def compare(
    point: Point, definitions: dict[str, Any], left: Side, right: Side, *, arguments: bool
) -> Outcome:
    """Compare two losses at a point, or two arguments of the log-sigmoid.

    The log-sigmoid is one to one, so values of arguments are compared where both losses have it,
    and their gradients are those of the losses once the values are equal.
    """
    quick = _compare(point, definitions, (left, right), Arithmetic(), arguments=arguments)
    if quick is not None:
        return quick
    with mpmath.workdps(DIGITS):
        sure = _compare(point, definitions, (left, right), Precise(), arguments=arguments)
    return sure or Outcome(point, None, None)


def _compare(
    point: Point,
    definitions: dict[str, Any],
    sides: tuple[Side, Side],
    a: Arithmetic,
    *,
    arguments: bool,
) -> Outcome | None:
    """Return the outcome, or None if more digits are needed."""
    evaluator = Evaluator(point, definitions, a)
    try:
        left, right = (a.dual(side(evaluator)) for side in sides)
        value = equal_values(left.value, right.value, a)
        if arguments and value is False:
            left, right = (a.dual(loss("logsigmoid", each, a)) for each in (left, right))
        gradient = None if a.kink or value is None else equal_slopes(left.slope, right.slope, a)
    except UndefinedError:
        return Outcome(point, None, None, undefined=True)
    except (UnclearError, OverflowError, ZeroDivisionError):
        return None
    undecided = value is None or (gradient is None and not a.kink)
    if not a.precise and (undecided or value is False or gradient is False):
        return None
    return Outcome(point, value, gradient, numbers=(float(left.value), float(right.value)))


def equal_values(x: Any, y: Any, a: Arithmetic) -> bool | None:
    """Return whether two numbers are equal, None if the digits do not say.

    >>> equal_values(1.0, 1.0 + 1e-14, Arithmetic()), equal_values(1.0, 1.1, Arithmetic())
    (True, False)
    """
    gap, size = abs(x - y), 1 + max(abs(x), abs(y))
    if not a.precise:
        return (
            True if gap <= 1e-12 * (size + min(a.largest, 1e3)) else _apart(gap, 1e-6 * a.largest)
        )
    if a.largest > 1e35:
        return None
    return True if gap <= 1e-28 * size else _apart(gap, 1e-20 * a.largest)


def _apart(gap: Any, least: float) -> bool | None:
    return False if gap > least else None


def equal_slopes(x: Any, y: Any, a: Arithmetic) -> bool | None:
    """Return whether two gradients are equal, None if the digits do not say.

    >>> import numpy as np
    >>> equal_slopes(np.array([1e-9, 0.0]), np.array([2e-9, 0.0]), Arithmetic())
    False
    >>> equal_slopes(None, np.array([0.0]), Arithmetic())
    True
    """
    if x is None and y is None:
        return True
    x, y = (0 * (y if x is None else x) if each is None else each for each in (x, y))
    gap, size = max(abs(x - y)), max(*abs(x), *abs(y))
    exact = (1e-24, 1e-40) if a.precise else (1e-10, 1e-15)
    if gap <= exact[0] * size or gap <= exact[1]:
        return True
    return False if gap > (1e-12 if a.precise else 1e-5) * size else None


def losses(statement: Statement) -> tuple[Side, Side]:
    """Return MI-DPO's loss and the statement's, or their arguments if both have the log-sigmoid."""
    same_link = statement.link == "logsigmoid"

    def left(evaluator: Evaluator) -> Number:
        argument = framework(statement, evaluator)
        return argument if same_link else loss("logsigmoid", argument, evaluator.arithmetic)

    def right(evaluator: Evaluator) -> Number:
        argument = evaluator.value(statement.argument)
        return argument if same_link else loss(statement.link, argument, evaluator.arithmetic)

    return left, right


def truth(
    statement: Statement,
    seed: str,
    count: int = 24,
    *,
    stop: bool = True,
    points: Iterable[Point] | None = None,
) -> Truth:
    """Return whether MI-DPO with the statement's prior has the statement's loss.

    Args:
        statement: which says so.
        seed: of the points.
        count: how many points to look at.
        stop: whether to stop once both values and gradients have differed.
        points: look at these instead.
    """
    points = statement.points(seed, count) if points is None else points
    arguments = statement.link == "logsigmoid"
    return sides_equal(points, statement, *losses(statement), arguments=arguments, stop=stop)


def sides_equal(
    points: Iterable[Point],
    statement: Statement,
    left: Side,
    right: Side,
    *,
    arguments: bool = True,
    stop: bool = True,
) -> Truth:
    """Return whether two sides are equal at all of the points where they are defined.

    With `stop`, no more points are looked at once both values and gradients have differed.
    """
    found: list[Outcome] = []
    for point in points:
        found.append(compare(point, statement.definitions, left, right, arguments=arguments))
        value, gradient = _all(x.value for x in found), _all(x.gradient for x in found)
        if stop and value is False and gradient is False:
            break
    return Truth(value, gradient, tuple(found))


def _all(answers: Iterable[bool | None]) -> bool | None:
    known = [each for each in answers if each is not None]
    return all(known) if known else None
