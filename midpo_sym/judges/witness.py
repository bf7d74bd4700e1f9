"""Counterexamples that a person can check: points of tiny language models, with exact numbers.

Both sides of an equation come out as exact polynomials in log 2. Every node is evaluated by its own
definition; the kernel has no part in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from midpo_sym.judges.balls import Enclosure, UnclearError, combined, disjoint
from midpo_sym.judges.exact import Exact, InexactError, Polynomial, format_polynomial
from midpo_sym.judges.loss_slopes import KinkError, LossSlope
from midpo_sym.judges.tiny import VOCABULARY, TinyModels, points
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

_SETTLE = 12  # tries after which bounds will do where no derivative is exact
_HOPELESS = 40  # tries after which a search ends if no point has been exact so far
WORK = 30_000  # nodes that a search evaluates at most, a sum's body once for each token


Number = Polynomial | Enclosure  # what is shown of a number: all of it, or what it lies between


def format_number(value: Number) -> str:
    """Return a number as people write it."""
    return str(value) if isinstance(value, Enclosure) else format_polynomial(value)


def relation(value: Number) -> str:
    """Return what stands between the name of a number and what is shown of it."""
    return "∈" if isinstance(value, Enclosure) else "="


class TooMuchWorkError(Exception):
    """The search has evaluated as many nodes as it may."""


@dataclass(frozen=True)
class Witness:
    """A point at which two expressions differ.

    Attributes:
        models: the point.
        left: value, or derivative, of the left side.
        right: value, or derivative, of the right side.
        of_gradient: whether `left` and `right` are derivatives in `models.coordinate`.
        losses: the derivatives of the losses, where those are compared and come from exact ones of
            their arguments.
        of_losses: whether `left` and `right` are of the losses where those have a link of which the
            arguments could be compared.
        enclosures: of both sides, which do not meet; None if the sides are exact. Then `left` and
            `right` are empty.
    """

    models: TinyModels
    left: Polynomial
    right: Polynomial
    of_gradient: bool = False
    losses: tuple[LossSlope, LossSlope] | None = None
    of_losses: bool = False
    enclosures: tuple[Enclosure, Enclosure] | None = None

    @property
    def kind(self) -> str:
        """Return `exact` or `enclosure`: what the numbers are."""
        return "exact" if self.enclosures is None else "enclosure"

    @property
    def sides(self) -> tuple[Number, Number, Number]:
        """Return both sides and their difference, which is not zero."""
        if self.enclosures is not None:
            left, right = self.enclosures
            return left, right, combined((1, left), (-1, right))
        return self.left, self.right, (Exact(self.left) - Exact(self.right)).value


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes:
        points: number of points at which both sides could be evaluated exactly.
        value: the first point at which the values differ.
        gradient: the first point at which the derivatives differ.
        smooth: number of points at which both derivatives exist.
        stopped: whether the limit of work ended the search.
        enclosed: number of points at which both sides were enclosed in intervals.
    """

    points: int
    value: Witness | None
    gradient: Witness | None
    smooth: int = 0
    stopped: bool = False
    enclosed: int = 0

    def of(self, what: str) -> tuple[int, Witness | None]:
        """Return the number of exact points, and the witness, of `value` or `gradient`."""
        return (self.points, self.value) if what == "value" else (self.smooth, self.gradient)


def search(
    left: Expression,
    right: Expression,
    *,
    tries: int,
    seed: int = 0,
    work: int = WORK,
    of: str = "value",
    responses: tuple[str, ...] | None = None,
    as_long: bool = False,
) -> Search:
    """Look for a point at which two expressions differ; the same arguments, the same answer.

    Derivatives are compared on the way, at the points where the values are equal.

    Args:
        left: one side.
        right: the other side.
        tries: how many points to try.
        seed: of the random choices.
        work: how many nodes to evaluate at most.
        of: `value` or `gradient`: what ends the search where it differs.
        responses: the names of the responses; None for those that are spoken of.
        as_long: whether only pairs of equal lengths are tried.
    """
    meter = Meter(work)
    tried = smooth = 0
    gradient = None
    order = [(0, left), (1, right)]
    for models in points(left, right, tries=tries, seed=seed, responses=responses, as_long=as_long):
        if not tried and meter.points == _HOPELESS:
            break
        meter.points += 1
        evaluators = [_Evaluator(models, meter) for _ in order]
        found: dict[int, Exact] = {}
        try:
            for side, node in order:
                found[side] = evaluators[side].value(node, -1)
        except (InexactError, ZeroDivisionError):
            if len(found) == 1:
                order.reverse()  # what failed is likely to fail again: it comes first
            continue
        except TooMuchWorkError:
            return Search(tried, None, gradient, smooth, stopped=True)
        ours, theirs = found[0], found[1]
        tried += 1
        if ours.value != theirs.value:
            return Search(tried, Witness(models, ours.value, theirs.value), None, smooth)
        if any(each.kinks for each in evaluators):
            continue
        smooth += 1
        if gradient is None and ours.slope != theirs.slope:
            gradient = Witness(models, ours.slope, theirs.slope, of_gradient=True)
            if of == "gradient":
                break
    return Search(tried, None, gradient, smooth)


def search_losses(
    sides: tuple[tuple[str, Expression], tuple[str, Expression]],
    *,
    tries: int,
    seed: int = 0,
    work: int = WORK,
    as_long: bool = False,
) -> Search:
    """Look for a point at which the derivatives of two losses differ, whatever their values are.

    Args:
        sides: of each loss, its link and the argument of the link.
        tries: how many points to try.
        seed: of the random choices.
        work: how many nodes to evaluate at most.
        as_long: whether only pairs of equal lengths are tried.
    """
    meter = Meter(work)
    tried = 0
    found: Witness | None = None
    arguments = [argument for _, argument in sides]
    for models in points(*arguments, tries=tries, seed=seed, as_long=as_long):
        if (tried == 0 and meter.points == _HOPELESS) or (found and tried >= _SETTLE):
            break
        meter.points += 1
        try:
            left, right = (_slope_of_loss(*side, models, meter) for side in sides)
            exact = left.exact, right.exact
            here = _told_apart(models, left, right) if not found or None not in exact else None
        except (InexactError, ZeroDivisionError, KinkError, UnclearError):
            continue
        except TooMuchWorkError:
            return Search(tried, None, found, tried, stopped=True)
        tried += 1
        if here:
            if None not in exact:
                return Search(tried, None, here, tried)
            found = found or here
    return Search(tried, None, found, tried)


def _told_apart(models: TinyModels, left: LossSlope, right: LossSlope) -> Witness | None:
    """Return the witness that two derivatives of losses are, if it is proved that they differ."""
    losses = left, right
    one, other = left.exact, right.exact
    if one is None or other is None:
        enclosures = disjoint(left.ends, right.ends)
        if enclosures is None:
            return None
        return Witness(
            models, (), (), of_gradient=True, losses=losses, of_losses=True, enclosures=enclosures
        )
    if one == other:
        return None
    return Witness(models, one, other, of_gradient=True, losses=losses, of_losses=True)


def _slope_of_loss(link: str, argument: Expression, models: TinyModels, meter: Meter) -> LossSlope:
    """Return the derivative of a loss at a point.

    Raises:
        InexactError: the argument has no exact value.
        KinkError: there is no derivative.
    """
    evaluator = _Evaluator(models, meter)
    a = evaluator.value(argument, -1)
    if evaluator.kinks:
        raise KinkError
    return LossSlope(link, a.value, a.slope)


@dataclass(slots=True)
class Meter:
    """Counts the nodes that are evaluated: work is limited by what it is, not by a clock.

    Attributes:
        left: how many more may be evaluated.
        points: how many points were tried.
    """

    left: int
    points: int = 0

    def spend(self) -> None:
        """Count one node.

        Raises:
            TooMuchWorkError: that is one too many.
        """
        self.left -= 1
        if self.left < 0:
            raise TooMuchWorkError


def evaluate(node: Expression, models: TinyModels, t: int = -1) -> Exact:
    """Return the exact value of an expression at a point, and its derivative there.

    Args:
        node: the expression.
        models: the point.
        t: the token position, from 0, if the expression is about one token.

    Raises:
        InexactError: the value is no polynomial in log 2.
        ZeroDivisionError: it divides by zero there.
        TooMuchWorkError: it has more than `WORK` nodes, a sum's body counted for each token.
    """
    return _Evaluator(models, Meter(WORK)).value(node, t)


def measure(node: Expression, models: TinyModels, meter: Meter) -> tuple[Exact, bool]:
    """Return the exact value of an expression with its derivative, and whether that exists.

    Raises:
        InexactError: the value is no polynomial in log 2.
        ZeroDivisionError: it divides by zero there.
        TooMuchWorkError: the meter has run out.
    """
    evaluator = _Evaluator(models, meter)
    value = evaluator.value(node, -1)
    return value, not evaluator.kinks


class _Evaluator:
    """Evaluates at one point; t is the bound position, or -1.

    Attributes:
        kinks: whether a `max` had equal sides with different derivatives.
    """

    def __init__(self, models: TinyModels, meter: Meter) -> None:
        self.models = models
        self.meter = meter
        self.kinks = False

    def value(self, node: Expression, t: int) -> Exact:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        self.meter.spend()
        models = self.models
        match node:
            case tree.Number(value=number):
                return Exact.of(number)
            case tree.Parameter(name=name):
                return Exact.of(models.parameters[name])
            case tree.Weight(name=name, response=response):
                return Exact.of(models.weights[name, response, t])
            case tree.Position():
                return Exact.of(t + 1)
            case tree.Datum(name=name, of=of):
                return Exact.of(models.data[name, of])
            case tree.Length(response=response):
                return Exact.of(len(models.responses[response]))
            case tree.Statistic(name=name, response=response):
                return models.statistic(name, models.responses[response][:t])
            case tree.Add(terms=terms):
                return sum((self.value(each, t) for each in terms), Exact(()))
            case tree.Neg(body=body):
                return -self.value(body, t)
            case tree.Log(body=body):
                return self.log(body, t)
            case tree.Max(left=left, right=right):
                return self.larger(self.value(left, t), self.value(right, t))
            case tree.CauchyCdf(body=body):
                return self.value(body, t).cauchy_cdf()
            case tree.TokenSum(response=response, body=body):
                places = range(len(models.responses[response]))
                return sum((self.value(body, place) for place in places), Exact(()))
            case tree.ByLabel() | tree.Defined() | tree.Call():
                return self.value(self.body(node), t)
            case tree.StopGradient(body=body):
                return self.held(self.value, body, t)
            case tree.Mul(factors=factors):
                result = Exact.of(1)
                for each in factors:
                    result *= self.value(each, t)
                return result
            case tree.Div(numerator=numerator, denominator=denominator):
                return self.value(numerator, t) / self.value(denominator, t)
            case tree.Pow(base=base, exponent=exponent):
                return self.power(base, exponent, t)
        return self.log(node, t).exp()  # probabilities, products over tokens, exp, Z(x)

    def power(self, base: Expression, exponent: Expression, t: int) -> Exact:
        power = self.value(exponent, t)
        if power.slope or power.rational().denominator != 1:
            return (power * self.log(base, t)).exp()
        return self.value(base, t).power(int(power.rational()))

    def larger(self, one: Exact, other: Exact) -> Exact:
        """Return the larger of two values, and note it if the derivative of that is in doubt."""
        sign = (one - other).sign()
        self.kinks |= not sign and one.slope != other.slope
        return one if sign >= 0 else other

    def held(self, read: Callable[[Expression, int], Exact], body: Expression, t: int) -> Exact:
        """Return a value without its derivative, and so without the kinks of it."""
        before = self.kinks
        value = read(body, t).constant()
        self.kinks = before
        return value

    def body(self, node: tree.ByLabel | tree.Defined | tree.Call) -> Expression:
        if isinstance(node, (tree.Defined, tree.Call)):
            return node.body
        return {"w": node.chosen, "l": node.rejected}[node.response]

    def log(self, node: Expression, t: int) -> Exact:  # noqa: PLR0911 - one case for each kind of node
        """Return the logarithm of a positive node, without leaving the logarithms."""
        self.meter.spend()
        models = self.models
        match node:
            case tree.TokenProbability(model=model, response=response):
                return self.token(model, response, t)
            case tree.Probability(model=model, response=response):
                places = range(len(models.responses[response]))
                return sum((self.token(model, response, t) for t in places), Exact(()))
            case tree.Normaliser():
                return Exact.log_of_power(models.factor)
            case tree.Mul(factors=factors):
                return sum((self.log(each, t) for each in factors), Exact(()))
            case tree.Div(numerator=numerator, denominator=denominator):
                return self.log(numerator, t) - self.log(denominator, t)
            case tree.Pow(base=base, exponent=exponent):
                return self.value(exponent, t) * self.log(base, t)
            case tree.Exp(body=body):
                return self.value(body, t)
            case tree.TokenProduct(response=response, body=body):
                places = range(len(models.responses[response]))
                return sum((self.log(body, place) for place in places), Exact(()))
            case tree.ByLabel() | tree.Defined() | tree.Call():
                return self.log(self.body(node), t)
            case tree.StopGradient(body=body):
                return self.held(self.log, body, t)
        return self.value(node, t).log()

    def token(self, model: str, response: str, t: int) -> Exact:
        tokens = self.models.responses[response]
        return self.models.log_probability(model, tokens[:t], VOCABULARY.index(tokens[t]))
