"""Gradients by finite differences in the logits of tabular policies, in 40 digits.

A tabular policy has logits of its own for each prefix. The responses of a pair share the prompt,
and the prefixes up to the first token in which they differ. Every logit of every prefix is moved,
the loss evaluated literally, and the difference compared with what coefficients say:

    ∂L/∂z_u = Σ c(t) (1[u = y_t] − π(u)) + Σ k(t) ∂D/∂z_u,

over the positions t at that prefix, of both responses. Then the policy takes a small step against
the gradient, and the log-probabilities of both responses before and after are compared.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from midpo_sym.judges.random_models import TOKENS, Laboratory, Point, Statistics
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.session import remembered

POINTS = 2
_SPARE = 8  # points to go on to where something divides by zero
DIGITS = 40
MORE_DIGITS = 160  # where these contradict the kernel: they may be too few for steep losses

Real = Any  # mpmath's mpf, which has no type stubs
Prefix = tuple[str, int]  # the response that it is of, "" for both, and its length
Table = Mapping[Prefix, Sequence[Real]]
Claim = tuple[str, Expression, Expression]  # response, coordinate, coefficient


@dataclass(frozen=True, slots=True)
class Numbers:
    """What finite differences say of a gradient.

    Attributes:
        agree: whether they are what the coefficients say.
        said: how many there were, or the first that is different.
    """

    agree: bool
    said: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step of gradient descent on the logits.

    Attributes:
        point: the policy, the responses and all else.
        number: of the point, which random numbers go by.
        rates: how fast log π(y) of each response grows as the step does.
        products: the products of ∇log π(y_w) and ∇log π(y_l), by pairs of responses.
        coefficients: values of expressions at the point are taken by `value`.
    """

    number: int
    rates: Mapping[str, Real]
    products: Mapping[tuple[str, str], Real]
    laboratory: Laboratory
    point: Point

    def value(self, node: Expression) -> Real:
        """Return the value of an expression of whole responses at the point."""
        return self.laboratory.evaluate(node, self.point, self.point, self.number)


def check(loss: Expression, claims: Sequence[Claim]) -> Numbers:
    """Compare coefficients with finite differences of a loss in all logits.

    Args:
        loss: the loss of a pair.
        claims: the coefficient of each coordinate of each response that has one.

    Raises:
        OverflowError: a number on the way is too large to compute with.
    """
    found = _check(loss, claims, DIGITS)
    return found if found.agree else _check(loss, claims, MORE_DIGITS)


def _check(loss: Expression, claims: Sequence[Claim], digits: int) -> Numbers:
    seen = compared = 0
    for number in range(POINTS + _SPARE):
        world = _world(number, digits)
        try:
            slopes = world.differences(loss)
            said = world.predicted(claims)
        except ZeroDivisionError:
            continue
        for where, slope in slopes.items():
            compared += 1
            if not world.laboratory.close(slope, said[where], world.laboratory.slope_tolerance):
                shown = [world.laboratory.context.nstr(each, 12) for each in (slope, said[where])]
                return Numbers(agree=False, said=f"{shown[0]}, and not {shown[1]}")
        seen += 1
        if seen == POINTS:
            break
    if not seen:
        return Numbers(agree=True, said="no point at which it can be compared")
    return Numbers(
        agree=True, said=f"{compared} logits of {seen} tabular policies, {digits} digits"
    )


def steps(loss: Expression, digits: int = DIGITS) -> list[Step]:
    """Return small steps against the gradient of a loss, taken from random tabular policies.

    Raises:
        OverflowError: a number on the way is too large to compute with.
    """
    found = []
    for number in range(POINTS):
        try:
            found.append(_world(number, digits).step(loss))
        except ZeroDivisionError:
            continue
    return found


@remembered(16)
def _world(number: int, digits: int) -> World:
    return World(number, digits)


class World:
    """One tabular policy, two frozen models, and a pair of responses."""

    def __init__(self, number: int, digits: int = DIGITS) -> None:
        self.number = number
        self.laboratory = Laboratory(digits)
        context = self.laboratory.context
        chance = random.Random(f"tabular {number}")  # noqa: S311 - no secret
        self.lengths = {"w": 3 + number % 2, "l": 2 + number % 3}
        self.shared = number % 2  # tokens that both responses begin with
        prefixes = [self.prefix(s, t) for s in self.lengths for t in range(self.lengths[s])]
        self.logits: dict[str, dict[Prefix, list[Real]]] = {
            model: {
                where: [context.mpf(chance.uniform(-2, 2)) for _ in range(TOKENS)]
                for where in dict.fromkeys(prefixes)
            }
            for model in MODELS
        }
        self.tokens: dict[tuple[str, int], int] = {}
        for t in range(max(self.lengths.values())):
            one, other = chance.sample(range(TOKENS), 2)
            self.tokens["w", t], self.tokens["l", t] = one, one if t < self.shared else other
        self.factor = context.mpf(chance.uniform(0.5, 2))
        self.known: dict[tuple[str, Prefix], list[Real]] = {}
        self.here = self.point(self.logits["pi"])

    def prefix(self, response: str, t: int) -> Prefix:
        """Return the prefix before a token: of both responses as long as they are the same."""
        return ("" if t <= self.shared else response), t

    def point(self, policy: Table) -> Point:
        """Return what is evaluated at, for the logits of a policy."""
        tables = {
            where: {model: self.distribution(model, where, policy[where]) for model in MODELS}
            for where in policy
        }
        places = [(s, t) for s, length in self.lengths.items() for t in range(length)]
        probabilities = {
            (model, s, t): tables[self.prefix(s, t)][model][self.tokens[s, t]]
            for s, t in places
            for model in MODELS
        }
        statistics = Statistics(
            lambda name, s, t: self.laboratory.statistic(name, tables[self.prefix(s, t)])
        )
        return Point(self.lengths, probabilities, statistics, self.factor)

    def distribution(self, model: str, where: Prefix, policy: Sequence[Real]) -> list[Real]:
        """Return the next-token distribution of a model, given the logits of the policy there."""
        row = policy if MODELS[model].trained else self.logits[model][where]
        if row is not self.logits[model][where]:
            return self.softmax(row)
        if (model, where) not in self.known:
            self.known[model, where] = self.softmax(row)
        return self.known[model, where]

    def softmax(self, logits: Sequence[Real]) -> list[Real]:
        """Return probabilities."""
        weights = [self.laboratory.context.exp(z) for z in logits]
        total = self.laboratory.context.fsum(weights)
        return [each / total for each in weights]

    def moved(self, where: Prefix, token: int, size: Real) -> Table:
        """Return the policy's logits, one of them moved."""
        row = list(self.logits["pi"][where])
        row[token] += size
        return {**self.logits["pi"], where: row}

    def value(self, node: Expression, point: Point, t: int = -1) -> Real:
        """Return the value of an expression, where stop-gradients look at the point itself."""
        return self.laboratory.evaluate(node, point, self.here, self.number, t)

    def differences(self, loss: Expression) -> dict[tuple[Prefix, int], Real]:
        """Return the derivative of a loss in each logit, by a central difference."""
        return self._differences(lambda point: self.value(loss, point))

    def _differences(self, of: Any) -> dict[tuple[Prefix, int], Real]:
        step = self.laboratory.step
        found = {}
        for where in self.logits["pi"]:
            for token in range(TOKENS):
                ahead, behind = (self.point(self.moved(where, token, k * step)) for k in (1, -1))
                found[where, token] = (of(ahead) - of(behind)) / (2 * step)
        return found

    def predicted(self, claims: Sequence[Claim]) -> dict[tuple[Prefix, int], Real]:
        """Return the derivative in each logit that coefficients say."""
        found = {
            (where, token): self.laboratory.context.mpf(0)
            for where in self.logits["pi"]
            for token in range(TOKENS)
        }
        for response, coordinate, coefficient in claims:
            for t in range(self.lengths[response]):
                where = self.prefix(response, t)
                size = self.value(coefficient, self.here, t)
                for token in range(TOKENS):
                    slope = self.slope(coordinate, response, t, token)
                    found[where, token] += size * slope
        return found

    def slope(self, coordinate: Expression, response: str, t: int, token: int) -> Real:
        """Return the derivative of a coordinate in one logit of its prefix."""
        where = self.prefix(response, t)
        if isinstance(coordinate, tree.Log):
            own = self.distribution("pi", where, self.logits["pi"][where])[token]
            return int(token == self.tokens[response, t]) - own
        step = self.laboratory.step
        ends = [self.point(self.moved(where, token, k * step)) for k in (1, -1)]
        ahead, behind = (self.value(coordinate, each, t) for each in ends)
        return (ahead - behind) / (2 * step)

    def step(self, loss: Expression) -> Step:
        """Return a small step against the gradient, and how fast the responses change in it."""
        context = self.laboratory.context
        slopes = self.differences(loss)
        length = context.sqrt(context.fsum(slope * slope for slope in slopes.values()))
        size = self.laboratory.step / (1 + length)
        ahead, behind = (
            self.point(
                {
                    where: [z - way * size * slopes[where, u] for u, z in enumerate(row)]
                    for where, row in self.logits["pi"].items()
                }
            )
            for way in (1, -1)
        )
        logs = {s: tree.Log(tree.Probability("pi", s)) for s in self.lengths}
        rates = {
            s: (self.value(log, ahead) - self.value(log, behind)) / (2 * size)
            for s, log in logs.items()
        }
        gradients = {
            s: self._differences(lambda point, log=log: self.value(log, point))
            for s, log in logs.items()
        }
        products = {
            (one, other): context.fsum(
                gradients[one][where] * gradients[other][where] for where in slopes
            )
            for one in logs
            for other in logs
        }
        return Step(self.number, rates, products, self.laboratory, self.here)
