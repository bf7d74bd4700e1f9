"""What of MI-DPO the arguments of a loss are, found by numbers alone.

An argument is sign·(q − c): q the difference of both scores and c zero, or q the score of one
response and c anything that is free of the responses. Whether there is such a c is seen without
knowing it: sign·argument − q is then the same for all responses of the same models.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from oracles.dual import Dual, Number
from oracles.evaluate import Evaluator
from oracles.model import Point, two_responses
from oracles.reader import Tree, parse
from oracles.statement import LossTerm, Statement, framework
from oracles.truth import Truth, sides_equal

OTHERS = 2  # pairs of other responses at each point
_FARTHER = 16  # times as large, of a parameter that may be of any size


@dataclass(frozen=True)
class Candidate:
    """A reading of an argument, whatever the anchor is; of no response it is that of a pair."""

    sign: int
    score_of: str


def candidates(gives: str) -> list[Candidate]:
    """Return what an argument may be.

    >>> [each.score_of for each in candidates("argument")]
    ['', '']
    """
    of = [""] if gives == "argument" else ["", "w", "l"]
    return [Candidate(sign, response) for response in of for sign in (1, -1)]


def part(statement: Statement, number: int, sign: int, score_of: str, anchor: Tree) -> Statement:
    """Return the statement that an argument is sign·(q − anchor): sign·argument + anchor is q."""
    argument = statement.terms[number - 1].argument
    signed = argument if sign > 0 else ("neg", argument)
    return replace(
        statement,
        link="logsigmoid",
        argument=("+", signed, anchor),
        terms=(LossTerm("logsigmoid", argument),),
        plus=None,
        gives="loss",
        score_of=score_of,
    )


def elsewhere(point: Point) -> list[Point]:
    """Return the point with other responses of the same models, parameters and data."""
    rng = random.Random(f"{point.seed}/elsewhere/{point.responses}")
    of_batch = {key: x for key, x in point.given.items() if point.data[key[0]][0] == "batch"}
    point = replace(point, given=of_batch, table={})
    pairs = [two_responses(rng, point.size) for _ in range(OTHERS)]
    w, l = point.responses["w"], point.responses["l"]  # noqa: E741
    return [replace(point, responses=point.responses | pair) for pair in [*pairs, {"w": l, "l": w}]]


def beyond(statement: Statement, points: Iterable[Point]) -> list[Point]:
    """Return points with parameters far from zero, where maxima are their other side.

    >>> from oracles.statement import read
    >>> text = 'parameters.c.domain = "real"\\nparameters.u.domain = "unit"\\n'
    >>> statement = read(text + 'prior.zeta = "ref(y)"\\nloss.argument = "c*u"')[""]
    >>> point = Point("s", {"w": (0,), "l": (1,)}, {"c": -1, "u": 1}, {})
    >>> [each.parameters for each in beyond(statement, [point])]
    [{'c': -16, 'u': 1}]
    """
    free = {name for name, domain in statement.parameters.items() if "unit" not in domain}
    free -= {*statement.fixed}
    rows = (
        {name: (_FARTHER if name in free else 1) * x for name, x in each.parameters.items()}
        for each in points
    )
    return [replace(each, parameters=row) for each, row in zip(points, rows, strict=True)]


def fits(
    statement: Statement, argument: Tree, candidate: Candidate, points: Iterable[Point]
) -> Truth:
    """Return whether an argument is what a candidate says, in value and in gradient."""
    scored = replace(statement, score_of=candidate.score_of)

    def value(evaluator: Evaluator) -> Number:
        found = evaluator.value(argument)
        return found if candidate.sign > 0 else evaluator.arithmetic.neg(found)

    def quantity(evaluator: Evaluator) -> Number:
        return framework(scored, evaluator)

    if not candidate.score_of:
        return sides_equal(points, statement, quantity, value)

    found: list[Any] = []
    for point in points:
        for other in elsewhere(point):

            def change(evaluator: Evaluator, of: Any, there: Point = other) -> Number:
                a = evaluator.arithmetic
                moved = a.dual(of(Evaluator(there, statement.definitions, a)))
                return a.add(of(evaluator), a.neg(Dual(moved.value)))

            sides = (lambda e, c=change: c(e, quantity)), (lambda e, c=change: c(e, value))
            made = sides_equal([point], statement, *sides, arguments=False)
            found += made.outcomes
            if made.value is False:
                return Truth(False, False, tuple(found))
    return Truth(_all(x.value for x in found), _all(x.gradient for x in found), tuple(found))


def has_gradient_of(
    statement: Statement, number: int, candidate: Candidate, anchor: Tree, points: list[Point]
) -> bool:
    """Return whether a term has the gradient of its link and weight around a score or the pair.

    What holds under every link holds under the identity and under the log-sigmoid.

    >>> from oracles.reader import parse
    >>> from oracles.statement import read
    >>> text = 'parameters.alpha.domain = "positive"\\nprior.zeta = "ref(y)"\\n'
    >>> text += 'prior.gives = "scores"\\nloss.link = "{}"\\n'
    >>> text += 'loss.argument = "alpha*log(pi(w)/ref(w)) - length(w)"'
    >>> texts = [text.format(link) for link in ("identity", "square", "any")]
    >>> found = [(each, [*each.points("s", 4)]) for each in (read(each)[""] for each in texts)]
    >>> [has_gradient_of(a, 1, Candidate(1, "w"), parse("0"), b) for a, b in found]
    [True, False, False]
    """
    term = statement.terms[number - 1]
    bodies = [parse("-a"), parse("softplus(-a)")] if term.link == "any" else [term.body]
    scored = replace(statement, score_of=candidate.score_of)

    def of(body: Tree, argument: Callable[[Evaluator], Number]) -> Callable[[Evaluator], Number]:
        def side(evaluator: Evaluator) -> Number:
            a = evaluator.arithmetic
            bound = {"a": argument(evaluator)}
            inner = Evaluator(evaluator.point, evaluator.definitions, a, bound)
            return a.mul(evaluator.value(term.weight), inner.value(body))

        return side

    def ours(evaluator: Evaluator) -> Number:
        a = evaluator.arithmetic
        quantity = a.add(framework(scored, evaluator), a.neg(evaluator.value(anchor)))
        return quantity if candidate.sign > 0 else a.neg(quantity)

    def theirs(evaluator: Evaluator) -> Number:
        return evaluator.value(term.argument)

    made = (
        sides_equal(points, statement, of(body, ours), of(body, theirs), arguments=False)
        for body in bodies
    )
    return all(each.gradient is not False for each in made)


def _all(answers: Iterable[bool | None]) -> bool | None:
    known = [each for each in answers if each is not None]
    return all(known) if known else None


@dataclass(frozen=True)
class Shape:
    """What came out for each term: the readings that no point contradicts, with their truths."""

    terms: tuple[dict[Candidate, Truth], ...]

    @property
    def value(self) -> bool:
        """Return whether each term has a reading."""
        return all(self.terms)

    @property
    def gradient(self) -> bool:
        """Return whether each term has a reading whose gradient is that of the argument."""
        return all(
            any(truth.gradient is not False for truth in term.values()) for term in self.terms
        )

    @property
    def defined(self) -> int:
        """Return at how many points the term that is least often defined was compared."""
        counts = [truth.defined for term in self.terms for truth in term.values()]
        return min(counts, default=0)


def shape(statement: Statement, points: Iterable[Point]) -> Shape:
    """Return what the arguments of a loss are.

    >>> from oracles.statement import read
    >>> text = 'parameters.alpha.domain = "positive"\\nprior.zeta = "ref(y)"\\n'
    >>> text += 'prior.gives = "scores"\\nloss.argument = "3 - alpha*log(pi(l)/ref(l))"'
    >>> statement = read(text)[""]
    >>> [*shape(statement, statement.points("s", 6)).terms[0]]
    [Candidate(sign=-1, score_of='l')]
    """
    points = [*points]
    found = []
    for term in statement.terms:
        fitting = {
            each: fits(statement, term.argument, each, points)
            for each in candidates(statement.gives)
        }
        found.append({each: truth for each, truth in fitting.items() if truth.value})
    return Shape(tuple(found))
