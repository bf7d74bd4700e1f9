"""A second opinion by numbers: random language models, 40 digits, every formula taken literally.

Where the witness search stays among logarithms, this multiplies probabilities and takes the
logarithm of what comes out; where it differentiates by rules, this takes differences.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mpmath import MPContext

from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.quantities.summands import evaluate, summand
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS, OTHER
from midpo_sym.session import remembered

DIGITS = 40
POINTS = 2
_SPARE = 8  # points to go on to where lengths coincide and something divides by their difference
MAX_LOGARITHM = 100_000  # of any number on the way
TOKENS = 4

Real = Any  # mpmath's mpf, which has no type stubs


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two expressions at random points.

    Attributes:
        values_agree: whether the values are equal, as far as the digits tell.
        slopes_agree: whether the derivatives are.
        left: the value of the left side at the first point where the values differ, or the last.
        right: the value of the right side there.
        left_slope: the derivative of the left side where the derivatives differ first, or last.
        right_slope: the derivative of the right side there.
        points: how many points.
        digits: how many digits.
    """

    values_agree: bool
    slopes_agree: bool
    left: str
    right: str
    left_slope: str
    right_slope: str
    points: int
    digits: int


class Statistics(dict[tuple[str, str, int], Real]):
    """The statistics before each token, computed when they are asked for."""

    def __init__(self, compute: Callable[[str, str, int], Real]) -> None:
        super().__init__()
        self.compute = compute

    def __missing__(self, key: tuple[str, str, int]) -> Real:
        self[key] = self.compute(*key)
        return self[key]


@dataclass(frozen=True)
class Point:
    """Probabilities of the tokens of all responses, and statistics before each of them."""

    lengths: Mapping[str, int]
    probabilities: Mapping[tuple[str, str, int], Real]
    statistics: Mapping[tuple[str, str, int], Real]
    factor: Real


def compare(
    left: Expression, right: Expression, *, points: int = POINTS, digits: int = DIGITS
) -> Comparison:
    """Compare value and gradient of two expressions at random points, always the same ones.

    Raises:
        ZeroDivisionError: an expression divides by zero at every point.
        OverflowError: a number on the way is too large to compute with; says of which part.
    """
    laboratory = _laboratory(digits)
    values: list[tuple[Real, Real]] = []
    slopes: list[tuple[Real, Real]] = []
    for number in range(points + _SPARE):
        try:
            one, other = (laboratory.measure(side, number) for side in (left, right))
        except ZeroDivisionError:
            continue
        values.append((one[0], other[0]))
        slopes.append((one[1], other[1]))
        if len(values) == points:
            break
    if not values:
        raise ZeroDivisionError
    apart = [each for each in values if not laboratory.close(*each, laboratory.tolerance)]
    parting = [each for each in slopes if not laboratory.close(*each, laboratory.slope_tolerance)]
    shown = (*(apart or values[-1:])[0], *(parting or slopes[-1:])[0])
    one, other, slope, other_slope = (laboratory.context.nstr(each, 12) for each in shown)
    return Comparison(not apart, not parting, one, other, slope, other_slope, len(values), digits)


@remembered(2)
def _laboratory(digits: int) -> Laboratory:
    return Laboratory(digits)


@remembered(4096)  # of a weight, one for each position
def _drawn(number: int, name: str, domain: str) -> float:
    chance = random.Random(f"{number} {name}")  # noqa: S311 - no secret
    low, high = {"unit": (0.1, 0.9), "open unit": (0.1, 0.9), "real": (-2, 2)}.get(
        domain, (0.2, 2.2)
    )
    return chance.uniform(low, high)


class Laboratory:
    """Random models and parameters with some digits; claims of all algorithms share them."""

    def __init__(self, digits: int) -> None:
        self.context = MPContext()  # of its own: the precision of the caller's mpmath is left alone
        self.context.dps = digits
        self.step = self.context.mpf(10) ** (-digits // 4)
        self.tolerance = self.context.mpf(10) ** (-3 * digits // 4)  # relative
        # A difference with the step has an error of its square, and loses as many digits.
        self.slope_tolerance = self.context.mpf(10) ** (-2 * digits // 5)
        self.points: dict[tuple[int, int, bool], Point] = {}

    def measure(self, node: Expression, number: int) -> tuple[Real, Real]:
        """Return value and derivative of an expression at a point."""
        other = OTHER in tree.responses(node)
        here, ahead, behind = (self.point(number, move, other=other) for move in (0, 1, -1))
        difference = self.evaluate(node, ahead, here, number) - self.evaluate(
            node, behind, here, number
        )
        return self.evaluate(node, here, here, number), difference / (2 * self.step)

    def close(self, one: Real, other: Real, tolerance: Real) -> bool:
        """Return whether two numbers are equal up to a relative tolerance."""
        size = 1 + max(abs(one), abs(other))
        return bool(abs(one - other) <= size * tolerance)

    def point(self, number: int, move: int, *, other: bool) -> Point:
        """Return random models; the policy's logits are moved along a random direction."""
        if (number, move, other) not in self.points:
            self.points[number, move, other] = self.random_point(number, move, other=other)
        return self.points[number, move, other]

    def random_point(self, number: int, move: int, *, other: bool) -> Point:
        context = self.context
        chance = random.Random(f"numbers {number}")  # noqa: S311 - no secret
        probabilities: dict[tuple[str, str, int], Real] = {}
        tables: dict[tuple[str, int], Mapping[str, list[Real]]] = {}
        shared: dict[str, list[Real]] = {}
        lengths = {"w": 3 + number, "l": 2 + 2 * number, OTHER: 1 + number}
        factor = context.one
        for response, length in lengths.items():
            if response == OTHER:  # after all that has been drawn where there is none
                factor = context.mpf(chance.uniform(0.5, 2))
                if not other:
                    break
            for t in range(length):
                table = {name: self.distribution(name, move, chance) for name in MODELS}
                if t == 0:  # the responses share their prompt
                    table = shared = shared or table
                token = chance.randrange(TOKENS)
                for model in MODELS:
                    probabilities[model, response, t] = table[model][token]
                tables[response, t] = table
        statistics = Statistics(lambda name, s, t: self.statistic(name, tables[s, t]))
        return Point(lengths, probabilities, statistics, factor)

    def statistic(self, name: str, table: Mapping[str, list[Real]]) -> Real:
        """Return a statistic of next-token distributions."""
        body = summand(name)
        return self.context.fsum(
            evaluate(
                body,
                {model: table[model][token] for model in table},
                self.context.mpf,
                self.context.log,
            )
            for token in range(TOKENS)
        )

    def distribution(self, model: str, move: int, chance: random.Random) -> list[Real]:
        context = self.context
        logits = [context.mpf(chance.uniform(-2, 2)) for _ in range(TOKENS)]
        direction = [context.mpf(chance.uniform(-1, 1)) for _ in range(TOKENS)]
        if MODELS[model].trained:
            size = move * self.step
            logits = [z + size * d for z, d in zip(logits, direction, strict=True)]
        weights = [context.exp(z) for z in logits]
        total = context.fsum(weights)
        return [weight / total for weight in weights]

    def drawn(self, number: int, name: str, domain: str) -> Real:
        """Return a random value of a parameter or weight: never 0 or 1, where errors could hide."""
        return self.context.mpf(_drawn(number, name, domain))

    def evaluate(  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        self, node: Expression, point: Point, still: Point, number: int, t: int = -1
    ) -> Real:
        """Evaluate literally; `still` holds the policy where sg looks, `t` the bound position."""
        context = self.context

        def value(inner: Expression, place: int = t) -> Real:
            return self.evaluate(inner, point, still, number, place)

        match node:
            case tree.Number(value=whole):
                return context.mpf(whole)
            case tree.Parameter(name=name, domain=domain):
                return self.drawn(number, name, domain)
            case tree.Weight(name=name, response=response, domain=domain):
                return self.drawn(number, f"{name}({response}, {t})", domain)
            case tree.Datum(name=name, of=of, domain=domain):
                return self.drawn(number, f"{name}({', '.join(of)})", domain)
            case tree.Position():
                return context.mpf(t + 1)
            case tree.Length(response=response):
                return context.mpf(point.lengths[response])
            case tree.Probability(model=model, response=response):
                places = range(point.lengths[response])
                return context.fprod(
                    point.probabilities[model, response, place] for place in places
                )
            case tree.TokenProbability(model=model, response=response):
                return point.probabilities[model, response, t]
            case tree.Statistic(name=name, response=response):
                return point.statistics[name, response, t]
            case tree.Normaliser():
                return point.factor
            case tree.Add(terms=terms):
                return context.fsum(value(each) for each in terms)
            case tree.Mul(factors=factors):
                return context.fprod(value(each) for each in factors)
            case tree.Div(numerator=numerator, denominator=denominator):
                return value(numerator) / value(denominator)
            case tree.Neg(body=body):
                return -value(body)
            case tree.Pow(base=base, exponent=exponent):
                return self.power(value(base), value(exponent), node)
            case tree.Log(body=body):
                return context.log(value(body))
            case tree.Exp(body=body):
                return context.exp(_bounded(value(body), node))
            case tree.CauchyCdf(body=body):  # an angle, exact where it is close to zero
                return context.atan2(1, -value(body)) / context.pi
            case tree.Max(left=left, right=right):
                return max(value(left), value(right))
            case tree.TokenSum(response=response, body=body):
                return context.fsum(value(body, place) for place in range(point.lengths[response]))
            case tree.TokenProduct(response=response, body=body):
                return context.fprod(value(body, place) for place in range(point.lengths[response]))
            case tree.ByLabel(response=response, chosen=chosen, rejected=rejected):
                return value(chosen if response == "w" else rejected)
            case tree.StopGradient(body=body):
                return self.evaluate(body, still, still, number, t)
            case tree.Defined(body=body) | tree.Call(body=body):
                return value(body)
        raise AssertionError(node)

    def power(self, base: Real, exponent: Real, node: Expression) -> Real:
        if base:
            _bounded(exponent * self.context.log(abs(base)), node)
        return base**exponent


def _bounded(logarithm: Real, node: Expression) -> Real:
    """Return the logarithm of a number that is not too large to be computed with.

    Raises:
        OverflowError: it is; says of what.
    """
    if abs(logarithm) > MAX_LOGARITHM:
        raise OverflowError(to_text(node))
    return logarithm
