"""Verdicts, and what comes with them (witness, residual, cures, rewards), against numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
from attacks.findings import Finding
from attacks.product import Answer, Verdict
from oracles.dual import DIGITS, Dual, Precise, UnclearError, UndefinedError
from oracles.evaluate import Binding, Evaluator
from oracles.model import Point
from oracles.reader import Tree, parse, walk
from oracles.statement import Statement, framework, loss, reward
from oracles.truth import Outcome, Truth, equal_values, sides_equal, truth
from oracles.witness import exact, point_of

DOMAINS = {
    "real": lambda _: True,
    "nonnegative": lambda value: value >= 0,
    "positive": lambda value: value > 0,
    "unit": lambda value: 0 <= value <= 1,
    "open unit": lambda value: 0 < value < 1,
}


def check(statement: Statement, answer: Answer, seed: str, count: int) -> Iterator[Finding]:
    """Yield what is found of one statement's verdicts.

    Proved statements are evaluated at all points, also where refuted ones have differed already.
    """
    proved = "proved" in (answer.value.status, answer.gradient.status)
    found = truth(statement, seed, count, stop=not proved)
    yield verdict("value", statement, answer.value, found, [x.value for x in found.outcomes])
    yield verdict(
        "gradient", statement, answer.gradient, found, [x.gradient for x in found.outcomes]
    )
    if answer.value.status == "proved":
        yield conditions(statement, answer.value, found)
        yield scale(statement, answer.value, found)
    if answer.value.status == "refuted":
        yield witness(statement, answer.value)
        yield residual(statement, answer.value, seed)
        yield from (cure(statement, each, seed) for each in answer.value.cures)
    if answer.gradient.status == "refuted":
        yield witness(statement, answer.gradient)
    yield rewards(statement, answer, seed)


def holds(verdict: Verdict, statement: Statement, point: Point) -> bool:
    """Return whether all recorded conditions hold at a point."""
    return all(_nonzero(parse(each), statement, point) for each in verdict.conditions) and all(
        _positive(parse(each), statement, point) for each in verdict.positive
    )


def everywhere(tree: Tree, statement: Statement, point: Point) -> list[Any]:
    """Return the values of a tree at all tokens, and for w and l where it speaks of y."""
    calls = [each for each in walk(tree) if each[0] == "call"]
    speaks = {a[1] for each in calls for a in each[2] if a[0] == "name" and a[1] in "ywl"}
    places: list[int | None] = [None]
    if any(("name", "t") in each[2] for each in calls):
        places = [*range(min(len(r) for r in point.responses.values()))]
    labels = "wl" if "y" in speaks else "w"
    found = []
    with mpmath.workdps(DIGITS):
        for label in labels:
            for place in places:
                evaluator = Evaluator(point, statement.definitions, Precise())
                try:
                    value = evaluator.value(tree, Binding(label, place))
                except (UndefinedError, UnclearError):
                    continue
                found.append(value.value if isinstance(value, Dual) else value)
    return found


def _nonzero(tree: Tree, statement: Statement, point: Point) -> bool:
    return all(abs(each) > 1e-40 for each in everywhere(tree, statement, point))


def _positive(tree: Tree, statement: Statement, point: Point) -> bool:
    return all(each > 0 for each in everywhere(tree, statement, point))


def verdict(
    column: str, statement: Statement, said: Verdict, found: Truth, equal: list[bool | None]
) -> Finding:
    """Compare a verdict with what was found at every point."""
    if said.status == "undecided":
        return Finding(column, "unknown", f"in truth {all(x is not False for x in equal)}")
    if said.status == "proved":
        for outcome, each in zip(found.outcomes, equal, strict=True):
            if each is False and holds(said, statement, outcome.point):
                return Finding(column, "wrong", f"proved, but {_said(outcome)}")
        return Finding(column, "right", "proved")
    if found.defined and False not in equal and any(equal) and not shows(column, statement, said):
        return Finding(column, "wrong", f"refuted, but equal at {found.defined} points")
    return Finding(column, "right", "refuted")


def shows(column: str, statement: Statement, said: Verdict) -> bool:
    """Return whether a witness shows what random points do not: that values, or slopes, differ."""
    row = said.witness
    if row is None or (row["derivative_in"] is None) != (column == "value"):
        return False
    return witness(statement, said).kind == "right"


def _said(outcome: Outcome) -> str:
    point = outcome.point
    parameters = {name: str(value) for name, value in point.parameters.items()}
    return f"{outcome.numbers} at {parameters}, {point.responses}"


def conditions(statement: Statement, said: Verdict, found: Truth) -> Finding:
    """Look for a point that keeps the conditions, and where a side has no value all the same."""
    for outcome in found.outcomes:
        if outcome.undefined and holds(said, statement, outcome.point):
            return Finding(
                "conditions", "wrong", f"{said.conditions}, but no value: {_said(outcome)}"
            )
        for each in said.given:
            if not _nonzero(parse(each), statement, outcome.point):
                return Finding("conditions", "wrong", f"{each} = 0 at {_said(outcome)}")
    return Finding("conditions", "right")


def scale(statement: Statement, said: Verdict, found: Truth) -> Finding:
    """Look for a point that keeps the conditions, and where the scale is not positive."""
    for outcome in found.outcomes:
        if not outcome.undefined and holds(said, statement, outcome.point):
            for value in everywhere(statement.scale, statement, outcome.point):
                if value <= 0:
                    return Finding("scale", "wrong", f"scale {value} at {_said(outcome)}")
    return Finding("scale", "right")


def scale_is_never_positive(statement: Statement, seed: str) -> bool:
    """Return whether a scale is zero or negative at all points."""
    values = [
        value
        for point in statement.points(seed, 24)
        for value in everywhere(statement.scale, statement, point)
    ]
    return all(value <= 0 for value in values)


def witness(statement: Statement, said: Verdict) -> Finding:
    """Evaluate a witness anew: the losses differ there, and the numbers are as printed."""
    row = said.witness
    if row is None:
        return Finding("witness", "wrong", "refuted without a witness")
    point = point_of(statement, row)
    for name, value in point.parameters.items():
        if not DOMAINS[statement.parameters[name]](value):
            return Finding("witness", "wrong", f"{name} = {value} is outside its domain")
    with mpmath.workdps(DIGITS):
        a = Precise()
        evaluator = Evaluator(point, statement.definitions, a)
        try:
            left = a.dual(framework(statement, evaluator))
            right = a.dual(evaluator.value(statement.argument))
            losses = [a.dual(loss("logsigmoid", left, a)), a.dual(loss(statement.link, right, a))]
        except (UndefinedError, UnclearError) as error:
            return Finding("witness", "wrong", f"no value at the witness: {error!r}")
        printed = [exact(row[key]) for key in ("framework", "target")]
        place = row["derivative_in"]
        if place is None:
            numbers = [[each.value for each in pair] for pair in ((left, right), losses)]
        else:
            words = list(row["distributions"][0]["probabilities"])
            prefix = tuple(words.index(each) for each in place["after"])
            at = evaluator.index[prefix] + words.index(place["token"])
            numbers = [
                [0 if each.slope is None else each.slope[at] for each in pair]
                for pair in ((left, right), losses)
            ]
        # Of two arguments of a link that is one to one: the losses of large ones are too small.
        one, other = map(mpmath.mpf, numbers[row["of"] == "loss"])
        # None: the digits do not say, and the numbers below still have to be those printed.
        # Two slopes far out may both be 1e-30 and differ: seventy digits tell them apart.
        told_apart = abs(one - other) > a.small * a.largest
        if equal_values(one, other, a) is True and not told_apart:
            return Finding("witness", "wrong", f"the sides are equal there: {one}")
        if not any(
            all(abs(x - y) < 1e-9 * (1 + abs(x)) for x, y in zip(pair, printed, strict=True))
            for pair in numbers
        ):
            shown = [[mpmath.nstr(mpmath.mpf(x), 8) for x in pair] for pair in numbers]
            text = (row["framework"], row["target"])
            return Finding("witness", "wrong", f"printed {text}, found {shown}")
        if row["kind"] == "enclosure" and not enclosed(row["enclosures"], one, other):
            return Finding("witness", "wrong", f"not in {row['enclosures']}: {one}, {other}")
    return Finding("witness", "right")


def enclosed(row: dict[str, list[str]], one: Any, other: Any) -> bool:
    """Return whether printed enclosures hold two numbers and their difference, and are apart."""
    ends = {name: [mpmath.mpf(end) for end in pair] for name, pair in row.items()}
    numbers = {"framework": one, "target": other, "difference": one - other}
    (low, high), (bottom, top) = (ends[name] for name in ("framework", "target"))
    slack = mpmath.mpf(10) ** -40  # a zero among seventy digits is not exactly zero
    holds = all(ends[name][0] - slack <= x <= ends[name][1] + slack for name, x in numbers.items())
    zero = ends["difference"][0] <= 0 <= ends["difference"][1]
    return holds and not zero and (high < bottom or top < low)


def residual(statement: Statement, said: Verdict, seed: str) -> Finding:
    """MI-DPO minus the residual is the argument; under another link, or so for the losses."""
    if said.residual is None:
        return Finding("residual", "unknown", "none")
    tree = parse(said.residual)

    def left(evaluator: Evaluator) -> Any:
        a = evaluator.arithmetic
        return a.add(framework(statement, evaluator), a.neg(evaluator.value(tree)))

    def left_loss(evaluator: Evaluator) -> Any:
        a = evaluator.arithmetic
        whole = loss("logsigmoid", framework(statement, evaluator), a)
        return a.add(whole, a.neg(evaluator.value(tree)))

    def right(evaluator: Evaluator) -> Any:
        return evaluator.value(statement.argument)

    def right_loss(evaluator: Evaluator) -> Any:
        return loss(statement.link, right(evaluator), evaluator.arithmetic)

    pairs = [(left, right)]
    if statement.link != "logsigmoid":
        pairs.append((left_loss, right_loss))
    for pair in pairs:
        found = sides_equal(statement.points(seed, 9), statement, *pair)
        if found.value is not False:
            return Finding("residual", "right" if found.value else "unknown")
    return Finding("residual", "wrong", said.residual)


def cure(statement: Statement, said: tuple[str, str], seed: str) -> Finding:
    """Put a cure in: the statement holds, inside the domain, and has a value where it had one."""
    name, text = said
    tree = parse(text)
    domain = DOMAINS[statement.parameters[name]]
    inside = defined = 0
    for before in statement.points(seed, 24):
        value = exact_value(tree, statement, before)
        if value is None or not domain(value):
            continue
        inside += 1
        point = replace(before, parameters=before.parameters | {name: value})
        one, other = (truth(statement, seed, points=[each]).outcomes[0] for each in (point, before))
        if one.undefined and not other.undefined:
            return Finding("cures", "wrong", f"{name} = {text}: no value there")
        if one.value is False:
            return Finding("cures", "wrong", f"{name} = {text}: {_said(one)}")
        defined += one.value is not None
    if not inside or not defined:
        return Finding("cures", "wrong", f"{name} = {text} is never inside the domain, or no value")
    return Finding("cures", "right")


def exact_value(tree: Tree, statement: Statement, point: Point) -> Fraction | None:
    """Return the value of a quotient of parameters, None if there is none."""
    try:
        found = Evaluator(point, statement.definitions, Precise()).value(tree)
    except (UndefinedError, UnclearError):
        return None
    return found if isinstance(found, Fraction) else None


def rewards(statement: Statement, answer: Answer, seed: str) -> Finding:
    """The implicit rewards differ by the argument of MI-DPO."""
    chosen, rejected = answer.rewards
    if chosen is None or rejected is None:
        return Finding("reward", "unknown", "none")
    one, other = parse(chosen), parse(rejected)

    def left(evaluator: Evaluator) -> Any:
        a = evaluator.arithmetic
        first = evaluator.value(one, Binding("w"))
        return a.add(first, a.neg(evaluator.value(other, Binding("l"))))

    def right(evaluator: Evaluator) -> Any:
        a = evaluator.arithmetic
        first = reward(statement, evaluator, "w")
        return a.add(first, a.neg(reward(statement, evaluator, "l")))

    found = sides_equal(statement.points(seed, 9), statement, left, right)
    if found.value is False:
        return Finding("reward", "wrong", f"{chosen} and {rejected}")
    return Finding("reward", "right" if found.value else "unknown")
