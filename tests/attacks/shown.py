"""What is shown beside verdicts: priors, derivations, LaTeX, certificates, JSON, the terminal."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
from attacks import product
from attacks.findings import Finding
from attacks.product import Answer, Prior
from attacks.verdicts import DOMAINS
from oracles.dual import DIGITS, Precise
from oracles.evaluate import Binding, Evaluator
from oracles.model import Point
from oracles.reader import Tree, parse, walk
from oracles.statement import Statement, loss
from oracles.truth import Side, sides_equal, truth
from oracles.witness import exact, point_of

# Words for the generator's own symbols, and for what no shipped specification has.
MORE = """
lambda nu phi omega alpha beta gamma delta eta kappa rho tau Delta theta pi sigma max log exp sum
prod
mathrm operatorname frac left right bigl bigr Bigl Bigr prev old neq leq geq text textbf quad qquad
xi min overset cdot mid Vert lvert rvert
"""


def prior(statement: Statement, said: Prior, seed: str) -> Finding:
    """Put a prior in: under the link that is said it gives the loss, and its gradient.

    Where none is said to exist, the margin does not separate; where one has to know the label,
    the margin of three responses does not close.
    """
    if said.reach == "unknown":
        return Finding("prior", "unknown")
    if said.reach in ("pair", "label"):
        if said.failure is not None and not fails(statement, said.failure, _MUST[said.reach], seed):
            return Finding("prior", "wrong", f"not so at the point shown: {said.failure}")
        separates, closes = margins(statement, seed)
        shown = said.failure is not None
        if said.reach == "pair":
            kind = "wrong" if separates and not shown else "right"
            return Finding("prior", kind, "the margin separates" if separates else "")
        if closes and said.needed and not shown:
            return Finding("prior", "wrong", "the label is not needed")
    if said.zeta is None:
        return Finding("prior", "unknown", f"{said.reach}, no text")
    link = said.link or statement.link
    found = truth(replace(statement, zeta=parse(said.zeta), link=link), seed, 12)
    if found.value is False:
        return Finding("prior", "wrong", f"{said.zeta} does not give the loss ({link})")
    if found.gradient is False:
        return Finding("prior", "wrong", f"{said.zeta} does not give the gradient ({link})")
    return Finding("prior", "right" if found.value else "unknown", "")


_LABELS = {"w": "chosen", "l": "rejected"}
# The equation of the margin that has to fail where a prior must know so much.
_MUST = {
    "label": {(1, "a", "b"), (1, "b", "c"), (-1, "a", "c")},
    "pair": {(1, "a", "b"), (-1, "a", "d"), (-1, "c", "b"), (1, "c", "d")},
}


def fails(
    statement: Statement, row: dict[str, Any], equation: set[tuple[int, str, str]], seed: str
) -> bool:
    """Evaluate anew a point at which an equation of the margin is said to fail.

    It has to fail there, by the numbers that are printed.
    """
    if {(each["sign"], each["chosen"], each["rejected"]) for each in row["margins"]} != equation:
        return False
    if not _is_margin(statement, row["margin"], seed):
        return False
    statement = statement.changed(argument=row["margin"])
    point = point_of(statement, row)
    if not all(DOMAINS[statement.parameters[name]](x) for name, x in point.parameters.items()):
        return False
    total = mpmath.mpf(0)
    with mpmath.workdps(DIGITS):
        for margin in row["margins"]:
            pair = {"w": margin["chosen"], "l": margin["rejected"]}
            there = replace(
                point,
                responses=point.responses
                | {label: point.responses[name] for label, name in pair.items()},
                table={
                    (each["weight"], label, each["t"] - 1): Fraction(each["value"])
                    for each in row["weights"]
                    for label, name in pair.items()
                    if name == each["response"] and each["label"] in (None, _LABELS[label])
                },
                given=point.given
                | {
                    (each["datum"], label): Fraction(each["value"])
                    for each in row.get("data", ())
                    for label, name in pair.items()
                    if [name] == each["of"] and each["label"] in (None, _LABELS[label])
                }
                | {
                    (each["datum"], ""): Fraction(each["value"])
                    for each in row.get("data", ())
                    if each["of"] in ([], [*pair.values()])
                },
            )
            found = _margin(statement, there, row)
            if abs(found - exact(margin["value"])) > 1e-9 * (1 + abs(found)):
                return False
            total += margin["sign"] * found
        return abs(total - exact(row["total"])) < 1e-9 * (1 + abs(total)) and abs(total) > 1e-30


def _is_margin(statement: Statement, text: str, seed: str) -> bool:
    """Return whether a loss has an argument, or is the negative log-sigmoid of it."""
    tree = parse(text)
    points = [*statement.points(seed, 9)]

    def said(evaluator: Evaluator) -> Any:
        return evaluator.value(tree)

    def argument(evaluator: Evaluator) -> Any:
        return evaluator.value(statement.argument)

    def of_it(evaluator: Evaluator) -> Any:
        return loss("logsigmoid", said(evaluator), evaluator.arithmetic)

    def whole(evaluator: Evaluator) -> Any:
        return loss(statement.link, argument(evaluator), evaluator.arithmetic)

    pairs = ((said, argument), (of_it, whole))
    return any(sides_equal(points, statement, *pair).value for pair in pairs)


def _margin(statement: Statement, point: Point, row: dict[str, Any]) -> Any:
    """Return the argument of a loss at a point, or its derivative in one logit of the policy."""
    evaluator = Evaluator(point, statement.definitions, Precise())
    argument = evaluator.arithmetic.dual(evaluator.value(statement.argument))
    place = row["derivative_in"]
    if place is None:
        return argument.value
    words = list(row["distributions"][0]["probabilities"])
    prefix = tuple(words.index(each) for each in place["after"])
    if argument.slope is None or prefix not in evaluator.index:
        return mpmath.mpf(0)
    return argument.slope[evaluator.index[prefix] + words.index(place["token"])]


Responses = tuple[int, ...]
Row = tuple[Responses, Responses, int]  # chosen, rejected, and the sign of their margin


def margins(statement: Statement, seed: str) -> tuple[bool, bool]:
    """Return whether m(a,b) − m(a,d) − m(c,b) + m(c,d) is 0, and m(a,b) + m(b,c) − m(a,c).

    Between responses of the same models, in value and in gradient; the weights of a response are
    those of its label.
    """
    separates, closes = [], []
    for one, other in pairwise(statement.points(seed, 12)):
        a, b = one.responses["w"], one.responses["l"]
        c, d = (tuple(token % one.size for token in other.responses[r]) for r in "wl")
        if len({a, b, c, d}) == 4:
            separates.append(
                _sums_to_zero(statement, one, (a, b, 1), (a, d, -1), (c, b, -1), (c, d, 1))
            )
            closes.append(_sums_to_zero(statement, one, (a, b, 1), (b, c, 1), (a, c, -1)))
    known = [[each for each in answers if each is not None] for answers in (separates, closes)]
    first, second = (bool(answers) and all(answers) for answers in known)
    return first, second


def _sums_to_zero(statement: Statement, point: Point, *rows: Row) -> bool | None:
    """Return whether a sum of margins and its slopes are zero at the models of a point."""
    terms: dict[Any, list[float]] = defaultdict(list)
    for w, l, sign in rows:  # noqa: E741
        there = replace(point, responses=point.responses | {"w": w, "l": l})
        evaluator = Evaluator(there, statement.definitions)
        a = evaluator.arithmetic
        try:
            margin = a.dual(evaluator.value(statement.argument))
        except (ArithmeticError, ValueError):
            return None
        if a.kink:
            return None
        terms["value"].append(sign * margin.value)
        if margin.slope is not None:
            for prefix, start in evaluator.index.items():
                for token in range(there.size):
                    terms[prefix, token].append(sign * margin.slope[start + token])
    return all(abs(sum(each)) <= 1e-9 * (1 + sum(map(abs, each))) for each in terms.values())


def derivation(statement: Statement, answer: Answer, seed: str) -> Finding:
    """Evaluate each line of a derivation, and look whether it goes on where the last one ended."""
    chains = product.steps(answer)
    if chains is None:
        return Finding("steps", "wrong" if answer.proved else "unknown", "none")
    if answer.proved and not any(chains.values()):
        return Finding("steps", "wrong", "a proved statement without steps")
    with_names = replace(
        statement,
        definitions=statement.definitions
        | {"zeta": ("y", statement.zeta), "Z": ("y", ("number", Fraction(7, 3)))},
    )
    points = [*statement.points(seed, 5)]
    for name, chain in chains.items():
        for (_, after), (before, _) in pairwise(chain):
            # A prior that knows the label has two derivations of the reward, one after the other.
            if after != before and "zeta(" not in before:
                return Finding("steps", "wrong", f"{name}: {after} is followed by {before}")
        for before, after in chain:
            one, other = parse(before), parse(after)
            for label in _labels(one, other):
                sides = [_at(tree, label) for tree in (one, other)]
                if sides_equal(points, with_names, *sides).value is False:
                    return Finding("steps", "wrong", f"{name}: {before} = {after}")
    return Finding("steps", "right")


def _labels(*trees: Tree) -> str:
    """Return the labels that trees of y may be taken at; what speaks of w is taken at w.

    Nothing can be said of `by_label` in a tree of both responses.
    """
    calls = [each for tree in trees for each in walk(tree) if each[0] == "call"]
    speaks = {each[2][0][1] for each in calls if each[2][0][0] == "name"} & {*"ywl"}
    if "y" in speaks:
        return "wl"
    if {"w", "l"} <= speaks and any(each[1] == "by_label" for each in calls):
        return ""
    return "l" if speaks == {"l"} else "w"


def _at(tree: Tree, label: str) -> Side:
    return lambda evaluator: evaluator.value(tree, Binding(label))


def latex(answer: Answer) -> Finding:
    """Look for brackets that do not close, and for control words that nothing shipped has."""
    text = product.latex(answer)
    bare = re.sub(r"\\[\\{}]", "", text)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return Finding("latex", "wrong", "a brace closes that was not opened")
    strange = {*product.CONTROL.findall(text)} - product.control_words() - {*MORE.split()}
    if depth or strange or text.count(r"\left") != text.count(r"\right"):
        return Finding("latex", "wrong", f"{depth} open braces, control words {strange}")
    return Finding("latex", "right")


def report(answer: Answer) -> Finding:
    """Compare the report with its own schema."""
    problem = product.problems_of_json(answer)
    return Finding("json", "wrong" if problem else "right", problem or "")


def certificate(answer: Answer) -> Finding:
    """Have a certificate written."""
    if answer.value.status == "undecided":
        return Finding("certificate", "unknown", "undecided")
    text = product.certificate(answer)
    if text is None:
        return Finding("certificate", "unknown", "said to have none")
    return Finding("certificate", "right" if "certificate" in text else "wrong")
