"""Facts about links and weights, by numbers: whether a function rises, bends, and is bounded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
from oracles.dual import DIGITS, Dual, Precise, UnclearError, UndefinedError
from oracles.evaluate import Evaluator
from oracles.model import Point, draw
from oracles.reader import Tree
from oracles.shapes import elsewhere
from oracles.statement import LossTerm, Statement

FAR = (Fraction(10), Fraction(10**2), Fraction(10**3), Fraction(10**5))  # what is too far is None
SURE = mpmath.mpf(10) ** -30


def value(
    statement: Statement,
    body: Tree,
    parameters: dict[str, Fraction],
    a: Fraction,
    slope: bool = False,
    sure: bool = False,
) -> Any:
    """Return f(a), or f′(a); None where there is none, or where it is not clear.

    Raises:
        UnclearError: it has to be `sure`, and a number is too large to say.
    """
    with mpmath.workdps(DIGITS):
        arithmetic = Precise()
        one = Dual(arithmetic.number(a), np.array([mpmath.mpf(1)], dtype=object))
        point = Point("", {}, parameters | statement.fixed, {})
        evaluator = Evaluator(point, statement.definitions, arithmetic, {"a": one if slope else a})
        try:
            found = arithmetic.dual(evaluator.value(body))
        except UnclearError:
            if sure:
                raise
            return None
        except (UndefinedError, OverflowError, ZeroDivisionError):
            return None
        if not slope:
            return found.value
        if arithmetic.kink:
            return None
        return mpmath.mpf(0) if found.slope is None else found.slope[0]


def settings(statement: Statement, seed: str, count: int) -> Iterator[dict[str, Fraction]]:
    """Yield values of the parameters, every third time at the edges of their domains."""
    for number in range(count):
        rng = random.Random(f"{seed}/link/{number}")
        yield {
            name: draw(domain, rng, edge=number % 3 == 2)
            for name, domain in statement.parameters.items()
        }


def places(seed: str, count: int) -> list[Fraction]:
    rng = random.Random(f"{seed}/places")
    return sorted({Fraction(rng.randint(-400, 400), 40) for _ in range(count)} | {Fraction(0)})


def rises_at(statement: Statement, body: Tree, seed: str) -> str:
    """Return where a link rises; "" if nowhere that was looked at."""
    for at in settings(statement, seed, 9):
        found = [(a, value(statement, body, at, a)) for a in places(seed, 14)]
        known = [(a, f) for a, f in found if f is not None]
        for (a, low), (b, high) in pairwise(known):
            with mpmath.workdps(DIGITS):
                apart = high - low
            if apart > SURE * (1 + abs(low)):
                return f"f({a}) = {low} < f({b}) = {high} at {at}"
    return ""


def sags_at(statement: Statement, body: Tree, seed: str) -> str:
    """Return where a link lies above a chord; "" if nowhere that was looked at."""
    for at in settings(statement, seed, 9):
        row = places(seed, 10)
        for left, right in zip(row, row[2:], strict=False):
            points = left, (left + right) / 2, right
            low, middle, high = (value(statement, body, at, each) for each in points)
            if None in (low, middle, high):
                continue
            with mpmath.workdps(DIGITS):
                apart = middle - (low + high) / 2
            if apart > SURE * (1 + abs(low) + abs(high)):
                return f"f at {points}: {(low, middle, high)}, {at}"
    return ""


def falls_without_end(statement: Statement, body: Tree, seed: str) -> list[bool | None]:
    """Return at each setting whether a link still falls far out, by more than a half."""
    return [falls_far_out(statement, body, at) for at in settings(statement, seed, 6)]


def falls_far_out(statement: Statement, body: Tree, at: dict[str, Fraction]) -> bool | None:
    """Return whether a link still falls far out, by more than a half; None if that is not seen."""
    answer: bool | None = False
    for sign in (1, -1):
        found = (value(statement, body, at, sign * far) for far in FAR)
        known = [each for each in found if each is not None][-2:]
        if len(known) < 2:
            answer = None
        elif known[1] < known[0] - 0.5:
            return True
    return answer


def weight_is(statement: Statement, term: LossTerm, points: list[Point]) -> set[str]:
    """Return what a weight goes by: `responses`, `models` and `gradient`, where it does."""
    found = set()
    for point in points:
        try:
            evaluator = Evaluator(point, statement.definitions)
            here = evaluator.arithmetic.dual(evaluator.value(term.weight))
            if here.slope is not None and max(abs(here.slope)) > 1e-9:
                found.add("gradient")
            others = [("responses", each) for each in elsewhere(point)]
            others.append(("models", replace(point, models=_other_models(point))))
            for word, each in others:
                there = Evaluator(each, statement.definitions)
                moved = there.arithmetic.dual(there.value(term.weight))
                if abs(here.value - moved.value) > 1e-9 * (1 + abs(here.value)):
                    found.add(word)
        except (UndefinedError, UnclearError, OverflowError, ZeroDivisionError):
            continue
    return found


def _other_models(point: Point) -> dict[tuple[str, tuple[int, ...]], tuple[Fraction, ...]]:
    """Return distributions of all models, other ones than those of a point."""
    prefixes = point.prefixes()
    return {
        (model, prefix): (*point.row(model, prefix)[:0:-1], Fraction(7, 3))
        for model in ("pi", "ref", "prev")
        for prefix in prefixes
    }
