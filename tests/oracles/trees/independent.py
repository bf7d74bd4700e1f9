"""An evaluation of expressions that shares nothing with the package but the tree.

Random language models over five tokens, in floating point. The derivative along a random
direction of the policy's logits comes from a complex step: f(x + ih).imag / h, exact to
machine precision. The package's own judges use log 2 and differences in 40 digits.
"""

from __future__ import annotations

import cmath
import math
import random
from functools import cache

from midpo_sym.judges.exact import Polynomial
from midpo_sym.judges.tiny import TinyModels
from midpo_sym.judges.witness import Witness
from midpo_sym.language import tree

STEP = 1e-30
TOKENS = 5


def _distribution(seed: str, *, moved: bool) -> list[complex]:
    chance = random.Random(seed)
    logits = [complex(chance.uniform(-1.5, 1.5)) for _ in range(TOKENS)]
    if moved:
        logits = [z + 1j * STEP * chance.uniform(-1, 1) for z in logits]
    powers = [cmath.exp(z) for z in logits]
    return [power / sum(powers) for power in powers]


class Point:
    """Random models, responses, parameters and weights, all drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.distribution = cache(
            lambda model, response, t: _distribution(
                # The first token of every response comes after the same prompt.
                f"{seed} {model} {response if t else 'prompt'} {t}",
                moved=model == "pi",
            )
        )

    def length(self, response: str) -> int:
        return 1 + random.Random(f"{self.seed} length {response}").randrange(5)

    def probability(self, model: str, response: str, t: int) -> complex:
        token = random.Random(f"{self.seed} {response} token {t}").randrange(TOKENS)
        return self.distribution(model, response, t)[token]

    def statistic(self, name: str, response: str, t: int) -> complex:
        if name.startswith("kl_"):
            both = (self.distribution(each, response, t) for each in name.split("_")[1:])
            return sum(p * (cmath.log(p) - cmath.log(q)) for p, q in zip(*both, strict=True))
        policy = self.distribution("pi", response, t)
        if name == "entropy":
            return -sum(p * cmath.log(p) for p in policy)
        assert name == "sum_of_squares"
        return sum(p * p for p in policy)

    def number(self, name: str, domain: str) -> float:
        low, high = {"unit": (0.1, 0.9), "open unit": (0.1, 0.9), "real": (-2, 2)}.get(
            domain, (0.2, 1.8)
        )
        return random.Random(f"{self.seed} number {name}").uniform(low, high)

    def datum(self, name: str, of: tuple[str, ...], domain: str) -> float:
        return self.number(f"{name} of {' '.join(of)}", domain)

    def weight(self, name: str, response: str, t: int, domain: str) -> float:
        return self.number(f"{name} {response} {t}", domain)

    def normaliser(self) -> float:
        return self.number("Z", "positive")


class WitnessPoint:
    """The tiny models of a witness, read anew: probabilities 2^-k, logits moved one at a time."""

    def __init__(self, models: TinyModels) -> None:
        self.models = models

    def length(self, response: str) -> int:
        return len(self.models.responses[response])

    def distribution(self, model: str, response: str, t: int) -> list[complex]:
        prefix = self.models.responses[response][:t]
        chances = [2.0**-k for k in self.models.powers[model, prefix]]
        where, moved = self.models.coordinate
        if model != "pi" or prefix != where:
            return chances
        raised = [p * (1 + 1j * STEP * (u == moved)) for u, p in enumerate(chances)]
        return [p / sum(raised) for p in raised]

    def probability(self, model: str, response: str, t: int) -> complex:
        token = "abc∎".index(self.models.responses[response][t])
        return self.distribution(model, response, t)[token]

    statistic = Point.statistic

    def number(self, name: str, _: str) -> float:
        return float(self.models.parameters[name])

    def datum(self, name: str, of: tuple[str, ...], _: str) -> float:
        return float(self.models.data[name, of])

    def weight(self, name: str, response: str, t: int, _: str) -> float:
        return float(self.models.weights[name, response, t])

    def normaliser(self) -> float:
        return 2.0**self.models.factor


def smaller(a: complex, b: complex) -> complex:
    return min(a, b, key=lambda z: z.real)


def larger(a: complex, b: complex) -> complex:
    return max(a, b, key=lambda z: z.real)


# By what their names say, and not by their definitions.
FUNCTIONS = {
    "min": smaller,
    "clip": lambda a, low, high: low if smaller(a, high).real < low.real else smaller(a, high),
    "abs": lambda a: a if a.real >= 0 else -a,
    "sigmoid": lambda a: (1 + cmath.tanh(a / 2)) / 2,
    "logsigmoid": lambda a: cmath.log((1 + cmath.tanh(a / 2)) / 2),
    "softplus": lambda a: larger(a, 0j) + cmath.log(1 + cmath.exp(-a if a.real > 0 else a)),
}


def evaluate(node: tree.Expression, point: Point | WitnessPoint, t: int = -1) -> complex:
    """Return value + i STEP × derivative of an expression at a point."""

    def at(inner: tree.Expression, place: int = t) -> complex:
        return evaluate(inner, point, place)

    match node:
        case tree.Number(value=number):
            return complex(number)
        case tree.Parameter(name=name, domain=domain):
            return complex(point.number(name, domain))
        case tree.Weight(name=name, response=response, domain=domain):
            return complex(point.weight(name, response, t, domain))
        case tree.Datum(name=name, of=of, domain=domain):
            return complex(point.datum(name, of, domain))
        case tree.Length(response=response):
            return complex(point.length(response))
        case tree.Position():
            return complex(t + 1)
        case tree.Probability(model=model, response=response):
            places = range(point.length(response))
            return math.prod(point.probability(model, response, place) for place in places)
        case tree.TokenProbability(model=model, response=response):
            return point.probability(model, response, t)
        case tree.Statistic(name=name, response=response):
            return point.statistic(name, response, t)
        case tree.Normaliser():
            return complex(point.normaliser())
        case tree.Add(terms=terms):
            return sum(at(each) for each in terms)
        case tree.Mul(factors=factors):
            return math.prod(at(each) for each in factors)
        case tree.Div(numerator=over, denominator=under):
            return at(over) / at(under)
        case tree.Neg(body=body):
            return -at(body)
        case tree.Pow(base=base, exponent=exponent):
            power = at(exponent)
            whole = power.imag == 0 and power.real == int(power.real)
            return at(base) ** int(power.real) if whole else cmath.exp(power * cmath.log(at(base)))
        case tree.Log(body=body):
            return cmath.log(at(body))
        case tree.Exp(body=body):
            return cmath.exp(at(body))
        case tree.CauchyCdf(body=body):
            return cmath.atan(at(body)) / math.pi + 0.5
        case tree.Max():
            return max((at(child) for child in node.children()), key=lambda z: z.real)
        case tree.TokenSum(response=response, body=body):
            return sum(at(body, place) for place in range(point.length(response)))
        case tree.TokenProduct(response=response, body=body):
            return math.prod(at(body, place) for place in range(point.length(response)))
        case tree.ByLabel(response=response, chosen=chosen, rejected=rejected):
            return at({"w": chosen, "l": rejected}[response])
        case tree.StopGradient(body=body):
            return complex(at(body).real)
        case tree.Defined(body=body):
            return at(body)
        case tree.Call(function=function, arguments=(body,), of=response) if response:
            assert function.name == "mean_t"
            length = point.length(response)
            return sum(at(body, place) for place in range(length)) / length
        case tree.Call(function=function, arguments=arguments):
            return FUNCTIONS[function.name](*map(at, arguments))
    raise AssertionError(node)


def in_logs(polynomial: Polynomial) -> float:
    """Return the number that the coefficients of a polynomial in log 2 stand for."""
    return sum(float(c) * math.log(2) ** k for k, c in enumerate(polynomial))


def _ends(witness: Witness) -> list[tuple[float, float]]:
    """Return what both sides of a witness are said to lie between."""
    if witness.enclosures is not None:
        return [(float(each.low), float(each.high)) for each in witness.enclosures]
    return [(number := in_logs(side), number) for side in (witness.left, witness.right)]


def confirms(witness: Witness, left: tree.Expression, right: tree.Expression) -> bool:
    """Return whether a witness shows what it says, by the evaluation of this module."""
    point = WitnessPoint(witness.models)
    one, other = evaluate(left, point), evaluate(right, point)
    slopes = (one.imag / STEP, other.imag / STEP)
    pair = slopes if witness.of_gradient else (one.real, other.real)
    close = all(
        low - 1e-9 <= each <= high + 1e-9
        for each, (low, high) in zip(pair, _ends(witness), strict=True)
    )
    return close and abs(pair[0] - pair[1]) > 1e-6


def compare(left: tree.Expression, right: tree.Expression, seeds: int = 3) -> tuple[bool, bool]:
    """Return whether values, and derivatives, agree at a few random points."""
    values = slopes = True
    for seed in range(seeds):
        point = Point(seed)
        one, other = evaluate(left, point), evaluate(right, point)
        values &= math.isclose(one.real, other.real, rel_tol=1e-9, abs_tol=1e-9)
        ones, others = one.imag / STEP, other.imag / STEP
        slopes &= math.isclose(ones, others, rel_tol=1e-8, abs_tol=1e-8)
    return values, slopes
