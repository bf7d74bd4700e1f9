"""Values and derivatives of expressions in balls, at points of tiny language models.

Every node is evaluated by its own definition, literally: the kernel has no part in it, nor have the
rules of the exact search. What is not clear at a point has no value there: a divisor or a logarithm
that may touch zero, and, for derivatives, a `max` whose sides may be equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from midpo_sym.judges.balls import (
    Arithmetic,
    Ball,
    UnclearError,
    arithmetic,
    has_sign,
    larger,
    power,
)
from midpo_sym.judges.tiny import VOCABULARY, TinyModels
from midpo_sym.judges.witness import Meter
from midpo_sym.language import tree
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.quantities.summands import evaluate, summand
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS

_MAX_POWER = 1_000_000

Ends = tuple[Fraction, Fraction]


def enclosed(
    terms: tuple[Expression, ...],
    models: TinyModels,
    *,
    of: str,
    bits: int,
    meter: Meter,
    kind: str | None = None,
) -> list[Ends] | None:
    """Return two ends of each expression at a point; None if one of them is not clear there.

    Args:
        terms: the expressions.
        models: the point.
        of: `value`, or `gradient` for derivatives in `models.coordinate`.
        bits: the precision.
        meter: limits the work.
        kind: the arithmetic, `arb` or `mpmath`; None for Arb where it is installed.

    Raises:
        TooMuchWorkError: the meter has run out.
    """
    with arithmetic(bits, kind) as balls:
        evaluator = _Evaluator(models, balls, meter, moves=of == "gradient")
        try:
            jets = [evaluator.value(term, -1) for term in terms]
            if evaluator.kinks:
                return None
            if of == "value":
                return [balls.ends(jet.value) for jet in jets]
            zero = balls.of(0)
            return [balls.ends(zero if jet.slope is None else jet.slope) for jet in jets]
        except UnclearError:
            return None


@dataclass(frozen=True, slots=True)
class Jet:
    """A value, and its derivative along one coordinate of the policy; None where that is zero."""

    value: Ball
    slope: Ball | None = None

    def __add__(self, other: Jet) -> Jet:
        if self.slope is None or other.slope is None:
            slope = other.slope if self.slope is None else self.slope
        else:
            slope = self.slope + other.slope
        return Jet(self.value + other.value, slope)

    def __neg__(self) -> Jet:
        return self.map(-self.value, -1)

    def __mul__(self, other: Jet) -> Jet:
        one = self.map(self.value * other.value, other.value)
        return one if other.slope is None else one.plus_slope(other.slope * self.value)

    def __truediv__(self, other: Jet) -> Jet:
        return self * other.inverse()

    def inverse(self) -> Jet:
        """Return one over this.

        Raises:
            UnclearError: it may be zero.
        """
        if not has_sign(self.value):
            raise UnclearError
        value = 1 / self.value
        return self.map(value, -value * value)

    def map(self, value: Ball, derivative: Ball) -> Jet:
        """Return f of this, given its value and the derivative of f."""
        return Jet(value, None if self.slope is None else self.slope * derivative)

    def plus_slope(self, slope: Ball) -> Jet:
        """Return this with a larger derivative."""
        return Jet(self.value, slope if self.slope is None else self.slope + slope)


class _Evaluator:
    """Evaluates at one point, literally; t is the bound position, or -1.

    Args:
        models: the point.
        balls: the arithmetic.
        meter: limits the work.
        moves: whether derivatives are wanted.

    Attributes:
        kinks: whether a `max` whose derivative is wanted had sides that may be equal.
    """

    def __init__(self, models: TinyModels, balls: Arithmetic, meter: Meter, *, moves: bool) -> None:
        self.models = models
        self.balls = balls
        self.meter = meter
        self.moves = moves
        self.kinks = False

    def value(self, node: Expression, t: int) -> Jet:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        """Return the value of a node.

        Raises:
            UnclearError: it is not clear that there is one.
            TooMuchWorkError: the meter has run out.
        """
        self.meter.spend()
        models = self.models
        match node:
            case tree.Number(value=number):
                return self.of(number)
            case tree.Parameter(name=name):
                return self.of(models.parameters[name])
            case tree.Weight(name=name, response=response):
                return self.of(models.weights[name, response, t])
            case tree.Position():
                return self.of(t + 1)
            case tree.Length(response=response):
                return self.of(len(models.responses[response]))
            case tree.Normaliser():
                return self.of(Fraction(2) ** models.factor)
            case tree.TokenProbability(model=model, response=response):
                return self.token(model, response, t)
            case tree.Probability(model=model, response=response):
                places = range(len(models.responses[response]))
                return self.product(self.token(model, response, place) for place in places)
            case tree.Datum(name=name, of=of):
                return self.of(models.data[name, of])
            case tree.Statistic(name=name, response=response):
                return self.statistic(name, models.responses[response][:t])
            case tree.Add(terms=terms):
                return self.sum(self.value(each, t) for each in terms)
            case tree.Neg(body=body):
                return -self.value(body, t)
            case tree.Mul(factors=factors):
                return self.product(self.value(each, t) for each in factors)
            case tree.Div(numerator=numerator, denominator=denominator):
                return self.value(numerator, t) * self.value(denominator, t).inverse()
            case tree.Pow(base=base, exponent=exponent):
                return self.power(self.value(base, t), self.value(exponent, t))
            case tree.Exp(body=body):
                return self.exp(self.value(body, t))
            case tree.Log(body=body):
                return self.log(self.value(body, t))
            case tree.CauchyCdf(body=body):
                return self.cauchy_cdf(self.value(body, t))
            case tree.Max(left=left, right=right):
                return self.larger(self.value(left, t), self.value(right, t))
            case tree.TokenSum(response=response, body=body):
                places = range(len(models.responses[response]))
                return self.sum(self.value(body, place) for place in places)
            case tree.TokenProduct(response=response, body=body):
                places = range(len(models.responses[response]))
                return self.product(self.value(body, place) for place in places)
            case tree.ByLabel(response=response, chosen=chosen, rejected=rejected):
                return self.value({"w": chosen, "l": rejected}[response], t)
            case tree.StopGradient(body=body):
                return self.held(body, t)
            case tree.Defined(body=body) | tree.Call(body=body):
                return self.value(body, t)
        raise AssertionError(node)

    def of(self, number: Fraction | int) -> Jet:
        return Jet(self.balls.of(number))

    def sum(self, terms: Iterable[Jet]) -> Jet:
        total, *rest = terms
        for each in rest:
            total += each
        return total

    def product(self, factors: Iterable[Jet]) -> Jet:
        result, *rest = factors
        for each in rest:
            result *= each
        return result

    def exp(self, jet: Jet) -> Jet:
        value = self.balls.exp(jet.value)
        return jet.map(value, value)

    def log(self, jet: Jet) -> Jet:
        value = self.balls.log(jet.value)
        return jet.map(value, 1 if jet.slope is None else 1 / jet.value)

    def cauchy_cdf(self, jet: Jet) -> Jet:
        """Return atan(a)/π + 1/2; its derivative is 1/(π (1 + a²))."""
        value = self.balls.atan(jet.value) / self.balls.pi() + self.balls.of(Fraction(1, 2))
        return jet.map(value, 1 / (self.balls.pi() * (1 + jet.value * jet.value)))

    def power(self, base: Jet, exponent: Jet) -> Jet:
        """Return a power; of a whole exponent, one that the base need not be positive for."""
        low, high = self.balls.ends(exponent.value)
        if exponent.slope is not None or low != high or low.denominator != 1:
            return self.exp(exponent * self.log(base))
        whole = int(low)
        if abs(whole) > _MAX_POWER:
            raise UnclearError
        value = power(base.value, whole, self.balls)
        if base.slope is None or not whole:
            return Jet(value)
        return base.map(value, whole * power(base.value, whole - 1, self.balls))

    def larger(self, one: Jet, other: Jet) -> Jet:
        """Return the larger of two values, and note it if the derivative of that is in doubt."""
        if one.value > other.value:
            return one
        if other.value > one.value:
            return other
        self.kinks |= one.slope is not None or other.slope is not None
        return Jet(larger(one.value, other.value))

    def held(self, body: Expression, t: int) -> Jet:
        """Return a value without its derivative, and so without the kinks of it."""
        before, self.moves = self.moves, False
        value = self.value(body, t)
        self.moves = before
        return value

    def token(self, model: str, response: str, t: int) -> Jet:
        tokens = self.models.responses[response]
        return self.chance(model, tokens[:t], VOCABULARY.index(tokens[t]))

    def chance(self, model: str, prefix: tuple[str, ...], token: int) -> Jet:
        """Return a next-token probability: dπ(v)/dz_u = π(v) (1[v = u] − π(u))."""
        powers = self.models.powers[model, prefix]
        chance = Fraction(1, 2 ** powers[token])
        where, moved = self.models.coordinate
        if not self.moves or not MODELS[model].trained or prefix != where:
            return self.of(chance)
        slope = chance * (int(token == moved) - Fraction(1, 2 ** powers[moved]))
        return Jet(self.balls.of(chance), self.balls.of(slope))

    def statistic(self, name: str, prefix: tuple[str, ...]) -> Jet:
        """Return a statistic after a prefix: the sum over the vocabulary that its row says."""
        body, models = summand(name), STATISTICS[name].models
        return self.sum(
            evaluate(
                body,
                {model: self.chance(model, prefix, token) for model in models},
                self.of,
                self.log,
            )
            for token in range(len(VOCABULARY))
        )
