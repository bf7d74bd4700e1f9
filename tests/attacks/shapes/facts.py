"""What is said of links and weights, against numbers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
from attacks.findings import Finding
from attacks.verdicts import DOMAINS
from oracles import links
from oracles.dual import DIGITS, UnclearError
from oracles.reader import Tree, parse
from oracles.statement import LossTerm, Statement


def check(statement: Statement, found: dict[str, Any], seed: str) -> Iterator[Finding]:
    """Yield whether what is said of each link and each weight of a loss is so."""
    rows = found["statement"]["terms"]
    if len(rows) != len(statement.terms):
        yield Finding("links", "wrong", f"{len(rows)} terms of {len(statement.terms)}")
        return
    points = [*statement.points(f"{seed}/weights", 6)]
    for row, term in zip(rows, statement.terms, strict=True):
        yield weight(row["weight_is"], links.weight_is(statement, term, points), term)
        if term.link == "any":
            wrong = row["link_is"] is not None
            yield Finding("links", "wrong" if wrong else "right", "of any link" if wrong else "")
        else:
            yield from _of_link(statement, term.body, row["link_is"], seed)


MAY_GO_BY = {
    "constant": set(),
    "data": {"responses"},
    "models": {"responses", "models"},
    "policy": {"responses", "models", "gradient"},
}


def weight(said: str, goes_by: set[str], term: LossTerm) -> Finding:
    """Return whether a weight goes by no more than is said."""
    more = goes_by - MAY_GO_BY[said]
    if more:
        return Finding("weights", "wrong", f"{said}, but goes by {sorted(more)}: {term.weight}")
    return Finding("weights", "right", said)


def _of_link(statement: Statement, body: Tree, row: dict[str, Any], seed: str) -> Iterator[Finding]:
    shows = {"decreasing": (2, _rises, links.rises_at), "convex": (3, _sags, links.sags_at)}
    for fact, (count, at_points, somewhere) in shows.items():
        said = row[fact]
        if said["answer"] == "undecided":
            where = somewhere(statement, body, seed)
            yield Finding(fact, "unknown", f"in truth {not where}")
        elif said["answer"] == "yes":
            where = somewhere(statement, body, seed)
            yield Finding(fact, "wrong" if where else "right", where or "yes")
        else:
            try:
                problem = _points(statement, said["points"], count) or at_points(
                    statement, body, said["points"]
                )
            except UnclearError:
                yield Finding(fact, "unknown", "too large a number")
                continue
            yield Finding(fact, "wrong" if problem else "right", problem or "no")
    yield _bounded(statement, body, row["bounded_below"], seed)
    yield _slope(statement, body, row["slope_at_zero"], seed)


def _points(statement: Statement, points: list[dict[str, str]], count: int) -> str:
    """Return what is wrong with the points that are shown, before the link is looked at."""
    if len(points) != count:
        return f"{len(points)} points"
    for point in points:
        for name, text in point.items():
            domain = "real" if name == "a" else statement.parameters[name]
            if not DOMAINS[domain](Fraction(text)):
                return f"{name} = {text} is outside its domain"
    others = [{name: text for name, text in each.items() if name != "a"} for each in points]
    return "" if all(each == others[0] for each in others) else "the parameters differ"


def _values(statement: Statement, body: Tree, points: list[dict[str, str]]) -> list[Any]:
    rows = [{name: Fraction(text) for name, text in each.items()} for each in points]
    return [links.value(statement, body, each, each["a"], sure=True) for each in rows]


def _rises(statement: Statement, body: Tree, points: list[dict[str, str]]) -> str:
    low, high = _values(statement, body, points)
    one, other = (Fraction(each["a"]) for each in points)
    if low is None or high is None or not (one < other and low < high):
        return f"does not rise: {points}, {low}, {high}"
    return ""


def _sags(statement: Statement, body: Tree, points: list[dict[str, str]]) -> str:
    low, middle, high = _values(statement, body, points)
    a, b, c = (Fraction(each["a"]) for each in points)
    if None in (low, middle, high) or not (a < b < c and 2 * b == a + c):
        return f"no value, or not in the middle: {points}"
    with mpmath.workdps(DIGITS):
        apart = middle - (low + high) / 2
    return "" if apart > 0 else f"not above the chord: {points}"


def _bounded(statement: Statement, body: Tree, said: dict[str, Any], seed: str) -> Finding:
    answer, points = said["answer"], said["points"]
    if answer == "no" and points:  # for these values of the parameters
        at = {name: Fraction(text) for name, text in points[0].items() if name != "a"}
        problem = _points(statement, points, 2)
        falls = links.falls_far_out(statement, body, at)
        kind = "wrong" if problem or falls is False else "right" if falls else "unknown"
        return Finding("bounded", kind, problem or "no")
    found = links.falls_without_end(statement, body, seed)
    if answer == "undecided":
        return Finding("bounded", "unknown", f"in truth {not any(found)}")
    if answer == "yes":
        return Finding("bounded", "wrong" if any(found) else "right", "yes")
    kind = "wrong" if False in found else "unknown" if None in found else "right"
    return Finding("bounded", kind, "no")


def _slope(statement: Statement, body: Tree, text: str | None, seed: str) -> Finding:
    if text is None:
        return Finding("slope at zero", "unknown", "none")
    compared = 0
    for at in links.settings(statement, f"{seed}/slope", 6):
        said = links.value(statement, parse(text), at, Fraction(0))
        true = links.value(statement, body, at, Fraction(0), slope=True)
        if said is None or true is None:
            continue
        compared += 1
        with mpmath.workdps(DIGITS):
            apart = abs(said - true)
        if apart > 1e-25 * (1 + abs(true)):
            shown = mpmath.nstr(true, 8)
            return Finding("slope at zero", "wrong", f"{text} at {at}, in truth {shown}")
    return Finding("slope at zero", "right" if compared else "unknown")
