"""What the terms of a loss are said to be, against numbers: verdicts, readings, their LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from attacks import product, verdicts
from attacks.findings import Finding
from attacks.product import Answer
from oracles.model import Point
from oracles.reader import Tree, parse, walk
from oracles.shapes import Candidate, Shape, beyond, candidates, has_gradient_of, part, shape
from oracles.statement import Statement
from oracles.truth import Truth, sides_equal, truth
from oracles.witness import point_of

ENOUGH = 4  # points at which a reading that survives them may be said to hold
MORE = 200  # points that are looked at before anything is called wrong
OF_RESPONSES = ("pi", "ref", "prev", "length", "entropy", "sum_of_squares")


def check(statement: Statement, answer: Answer, seed: str, count: int) -> Iterator[Finding]:
    """Yield what is found of a loss whose terms are read one by one."""
    points = [*statement.points(seed, count)]
    parts = (answer.found or {})["parts"]
    if [each["number"] for each in parts] != [*range(1, len(statement.terms) + 1)]:
        yield Finding("readings", "wrong", "not one for each term")
        return
    shown = [_point(statement, row, points[0]) for row in _witnesses(answer)]
    kept = [each for each in points if _keeps(answer, statement, each)]
    yield from whole(statement, answer, shape(statement, [*kept, *shown]), points)
    for row in parts:
        yield from reading(statement, answer, row, points)


def _keeps(answer: Answer, statement: Statement, point: Point) -> bool:
    return answer.value.status != "proved" or verdicts.holds(answer.value, statement, point)


def _point(statement: Statement, row: dict[str, Any], other: Point) -> Point:
    """Return a point that is shown, with what the other terms speak of from another one."""
    point = point_of(statement, row)
    return replace(point, parameters=other.parameters | point.parameters)


def _witnesses(answer: Answer) -> list[dict[str, Any]]:
    """Return the points that are shown against a term, none of them one of a gradient."""
    rows = [each["value"].get("witness") for each in (answer.found or {})["parts"]]
    return [row for row in rows if row is not None and row["derivative_in"] is None]


def whole(
    statement: Statement, answer: Answer, found: Shape, points: list[Point]
) -> Iterator[Finding]:
    """Yield whether the verdicts on the whole loss are right."""
    value, gradient = answer.value.status, answer.gradient.status
    if value == "refuted" and found.value:  # it may differ at few points, beyond a maximum
        more = [*statement.points(f"{points[0].seed}/beyond", MORE)]
        found = shape(statement, beyond(statement, more))
    yield _compared("shape", value, found.value, found.defined, len(statement.terms))
    if found.value and value == "proved":
        # The gradient is that of the readings that are shown; there may be others, of constants.
        rows = (answer.found or {})["parts"]
        shown = [Candidate(row["sign"], row["score_of"] or "") for row in rows]
        terms = zip(found.terms, shown, strict=True)
        true = all(each in term and term[each].gradient is not False for term, each in terms)
        yield _compared("slope", gradient, true, found.defined, len(statement.terms))
    elif value == "refuted":
        rows = (answer.found or {})["parts"]
        true = all(_has_a_gradient(statement, row, points) for row in rows)
        if true and gradient == "refuted":  # a gradient under a kink differs at few points
            more = [*statement.points(f"{points[0].seed}/more", MORE)]
            true = all(_has_a_gradient(statement, row, more) for row in rows)
        yield _compared("slope", gradient, true, ENOUGH, len(statement.terms))
    else:
        yield Finding("slope", "unknown", gradient)


def _has_a_gradient(statement: Statement, row: dict[str, Any], points: list[Point]) -> bool:
    """Return whether a term has the gradient of the pair, or of a score against some anchors.

    These are what is shown, none, and each parameter and number of a batch. That is not all there
    are: a gradient that is of no other is not said to be wrong.
    """
    names = [*statement.parameters]
    names += [name for name, (of, *_) in statement.data.items() if of == "batch"]
    against = [parse(row["anchor"]), parse("0"), *map(parse, names)]
    return any(
        has_gradient_of(statement, row["number"], each, anchor, points)
        for each in candidates(statement.gives)
        for anchor in (against if each.score_of else against[1:2])
    )


def _compared(column: str, said: str, true: bool, defined: int, terms: int) -> Finding:
    if said == "undecided":
        return Finding(column, "unknown", f"in truth {true}")
    if (said == "proved") == true or (true and defined < ENOUGH):
        return Finding(column, "right", said)
    return Finding(column, "wrong", f"{said}, in truth {true} at {defined} points, {terms} terms")


def reading(
    statement: Statement, answer: Answer, row: dict[str, Any], points: list[Point]
) -> Iterator[Finding]:
    """Yield whether a term is what it is read as, where and as far as that is said."""
    anchor = parse(row["anchor"])
    judged = part(statement, row["number"], row["sign"], row["score_of"] or "", anchor)
    if not is_free(anchor, statement):
        yield Finding("readings", "wrong", f"an anchor that knows a response: {row['anchor']}")
    if not row["score_of"] and row["anchor"] != "0":
        yield Finding("readings", "wrong", f"a pair against an anchor: {row['anchor']}")
    said = [product.verdict(row[each]) for each in ("value", "gradient")]
    proved = "proved" in [each.status for each in said]
    found = truth(judged, "", points=points, stop=not proved)
    for name, verdict, of_whole in zip(
        ("readings", "slopes"), said, (answer.value, answer.gradient), strict=True
    ):
        outcomes = [x.value if name == "readings" else x.gradient for x in found.outcomes]
        of = "value" if name == "readings" else "gradient"
        yield replace(verdicts.verdict(of, judged, verdict, found, outcomes), column=name)
        if of_whole.status == answer.value.status == "proved":
            # The conditions of the whole loss have to be enough for each term.
            yield replace(verdicts.verdict(of, judged, of_whole, found, outcomes), column=name)
        if verdict.status == "refuted":
            yield verdicts.witness(judged, verdict)
    value, _ = said
    if value.status == "proved":
        yield verdicts.conditions(judged, value, found)
        yield verdicts.scale(judged, value, found)
    if value.status == "refuted":
        yield from (verdicts.cure(judged, each, "cure") for each in value.cures)
        yield residual(judged, value.residual, points)


def residual(judged: Statement, text: str | None, points: list[Point]) -> Finding:
    """MI-DPO's side minus the residual is the argument as it is read."""
    if text is None:
        return Finding("residual", "unknown", "none")
    minus = replace(judged, argument=("+", judged.argument, parse(text)))
    found: Truth = truth(minus, "", points=points[:9])
    if found.value is False:
        return Finding("residual", "wrong", text)
    return Finding("residual", "right" if found.value else "unknown")


def is_free(tree: Tree, statement: Statement) -> bool:
    """Return whether a tree speaks of no response, definitions included."""
    of_tokens = {*OF_RESPONSES, *statement.weights}
    for each in walk(tree):
        if each[0] == "call" and (each[1] in of_tokens or each[1].startswith("kl_")):
            return False
        if each[0] in ("call", "name") and statement.data.get(each[1], ("",))[0] in ("y", "pair"):
            return False
        of, inside = statement.definitions.get(each[1], ("", None)) if each[0] != "number" else _NO
        if of or (inside is not None and not is_free(inside, statement)):
            return False
    return True


_NO = ("", None)
LINE = re.compile(
    r"^Term (\d+) of the loss has the argument\n\\begin\{align\*\}\na &= (.*)\.\n\\end",
    re.MULTILINE,
)
SIGNS = {"proved": "=", "refuted": r"\neq", "undecided": r"\overset{?}{=}"}


def latex(statement: Statement, answer: Answer) -> Iterator[Finding]:
    """Yield whether each reading in LaTeX has the sign, the score and the anchor of the JSON."""
    found = answer.found or {}
    lines = dict(LINE.findall(product.latex(answer)))
    rows = found["parts"]
    if [*lines] != [str(row["number"]) for row in rows]:
        yield Finding("latex", "wrong", f"terms {[*lines]}")
        return
    names = _symbols(found)
    for row in rows:
        status = row["value"]["status"]
        whole, sign = lines[str(row["number"])], f" {SIGNS[status]} "
        argument = found["statement"]["terms"][row["number"] - 1]["latex"]["argument"]
        if not whole.startswith(argument + sign):
            yield Finding("latex", "wrong", f"{whole!r} is not {argument!r}, then {sign!r}")
            continue
        try:
            said = parse(plain(whole.removeprefix(argument + sign), names))
        except ValueError as error:
            yield Finding("latex", "unknown", f"not read: {str(error)[:40]}")
            continue
        score = "(x - y)" if not row["score_of"] else {"w": "x", "l": "y"}[row["score_of"]]
        meant = parse(f"{row['sign']}*({score} - ({row['anchor']}))")
        points = [*statement.points("latex", 4)]
        with_names = replace(
            statement,
            definitions=statement.definitions | {"x": ("", parse("2/7")), "y": ("", parse("9/5"))},
        )
        sides = (lambda e, t=tree: e.value(t) for tree in (said, meant))
        same = sides_equal(points, with_names, *sides).value
        detail = "" if same else f"{whole.removeprefix(argument)} is not {row['anchor']}"
        yield Finding("latex", "wrong" if same is False else "right", detail)


def _symbols(found: dict[str, Any]) -> dict[str, str]:
    """Return the symbols in LaTeX of declared names, the longest first."""
    rows = found["symbols"]
    return dict(sorted(rows.items(), key=lambda row: -len(row[0])))


def plain(text: str, names: dict[str, str]) -> str:
    r"""Return an expression of LaTeX in the words of the language.

    >>> names = {r"\beta": "beta", r"\tau": "t"}
    >>> plain(r"-\left(s(y_w) - \frac{\beta}{2}\,\log \tau\right)", names)
    '-(x - (( beta )/(2))*log( t ) )'
    """
    text = text.replace(r"\operatorname{sg}", " sg").replace(r"\!", "").replace("s(y_w)", "x")
    text = text.replace("s(y_l)", "y").replace(r"\bigl", "").replace(r"\bigr", "")
    whole = "|".join(re.escape(symbol) for symbol in names)
    if names:
        symbols = rf"(?<![A-Za-z\\])({whole})(?![A-Za-z])"
        text = re.sub(symbols, lambda match: f" {names[match[1]]} ", text)
    text = re.sub(r"\\log\s+([\w.]+)", r"log( \1 )", text.replace(r"\,", "*").replace(r"\left", ""))
    text = text.replace(r"\right", "").replace(r"\log", "log").replace(r"\exp", "exp")
    text = text.replace(r"\max", "max").replace(r"\min", "min")
    while (changed := re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)) != text:
        text = changed
    if "\\" in text:
        raise ValueError(text)
    return text
