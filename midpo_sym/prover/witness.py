"""Counterexamples that a person can check: real, tiny language models with exact numbers.

A witness is a tree of next-token distributions over four tokens, one of which ends a response,
with probabilities ½, ¼, ⅛, ⅛ in some order: no two orders have symmetric divergences, so a
reversed KL shows. The two responses differ, end with the end token, and share the distributions of
every prefix they share. Both sides of an equation come out as exact polynomials in log 2.

Every node is evaluated by its own definition; the kernel has no part in it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.prover.exact import Exact, InexactError, Polynomial

VOCABULARY = ("a", "b", "c", "∎")
END = "∎"
_POWERS = sorted(set(itertools.permutations((1, 2, 3, 3))))  # -log2 of the probabilities
_VALUES = {
    "real": (1, 2, -1, Fraction(1, 2), 0),
    "nonnegative": (1, 2, Fraction(1, 2), 0),
    "positive": (1, 2, Fraction(1, 2)),
    "unit": (Fraction(1, 2), 1, 0),
}
_PATIENCE = 25  # tries before responses may get longer

Prefix = tuple[str, ...]
Powers = tuple[int, ...]


@dataclass(frozen=True)
class TinyModels:
    """Language models, responses, parameters and weights: one point of the space of all.

    Attributes:
        responses: tokens of y_w and y_l.
        powers: (model, prefix) to k for each token of the vocabulary; its probability is 2^-k.
        coordinate: the logit of the policy that derivatives are taken in: a prefix and a token.
        parameters: values by name.
        weights: values by (name, response, position from 0).
        factor: the value of Z(x), a power of two.
    """

    responses: Mapping[str, tuple[str, ...]]
    powers: Mapping[tuple[str, Prefix], Powers]
    coordinate: tuple[Prefix, int]
    parameters: Mapping[str, Fraction]
    weights: Mapping[tuple[str, str, int], Fraction]
    factor: int = 0
    _divergences: dict[tuple[str, str, Prefix], Exact] = field(
        default_factory=dict, compare=False, repr=False
    )

    def log_probability(self, model: str, prefix: Prefix, token: int) -> Exact:
        """Return log of a next-token probability: d log π(v)/dz_u = 1[v = u] − π(u)."""
        log = Exact.log_of_power(-self.powers[model, prefix][token])
        return Exact(log.value, self._slope(model, prefix, token))

    def _slope(self, model: str, prefix: Prefix, token: int) -> Polynomial:
        where, moved = self.coordinate
        if not MODELS[model].trained or prefix != where:
            return ()
        slope = Fraction(int(token == moved)) - Fraction(1, 2 ** self.powers[model, prefix][moved])
        return (slope,) if slope else ()

    def divergence(self, first: str, second: str, prefix: Prefix) -> Exact:
        """Return KL(first ‖ second) after a prefix, as Σ_v p_v (log p_v − log q_v)."""
        key = (first, second, prefix)
        if key not in self._divergences:
            total = Exact(())
            for token in range(len(VOCABULARY)):
                log_p = self.log_probability(first, prefix, token)
                total += log_p.exp() * (log_p - self.log_probability(second, prefix, token))
            self._divergences[key] = total
        return self._divergences[key]


@dataclass(frozen=True)
class Witness:
    """A point at which two expressions differ.

    Attributes:
        models: the point.
        left: value, or derivative, of the left side.
        right: value, or derivative, of the right side.
        of_gradient: whether `left` and `right` are derivatives in `models.coordinate`.
    """

    models: TinyModels
    left: Polynomial
    right: Polynomial
    of_gradient: bool


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes:
        points: number of points at which both sides could be evaluated exactly.
        value: the first point at which the values differ.
        gradient: the first point at which the derivatives differ, where the values do not.
    """

    points: int
    value: Witness | None
    gradient: Witness | None


def search(left: Expression, right: Expression, *, tries: int, seed: int = 0) -> Search:
    """Look for a point at which two expressions differ; the same arguments, the same answer.

    Args:
        left: one side.
        right: the other side.
        tries: how many points to try.
        seed: of the random choices.
    """
    tried = 0
    gradient = None
    for models in points(left, right, tries=tries, seed=seed):
        try:
            one, other = (evaluate(side, models) for side in (left, right))
        except (InexactError, ZeroDivisionError):
            continue
        tried += 1
        if one.value != other.value:
            return Search(tried, Witness(models, one.value, other.value, False), None)  # noqa: FBT003
        if gradient is None and one.slope != other.slope:
            gradient = Witness(models, one.slope, other.slope, True)  # noqa: FBT003
    return Search(tried, None, gradient)


def points(*sides: Expression, tries: int, seed: int = 0) -> Iterator[TinyModels]:
    """Yield points at which expressions may be evaluated; the same arguments, the same points.

    Args:
        sides: the expressions.
        tries: how many points to yield.
        seed: of the random choices.
    """
    yield from _candidates(_Names.of(*sides), tries, seed)


@dataclass(frozen=True)
class _Names:
    models: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    weights: tuple[tuple[str, str, bool], ...]

    @staticmethod
    def of(*sides: Expression) -> _Names:
        models, parameters, weights = {"pi"}, set(), set()
        for node in itertools.chain(*(side.walk() for side in sides)):
            match node:
                case tree.Probability(model=model) | tree.TokenProbability(model=model):
                    models.add(model)
                case tree.Divergence(first=first, second=second):
                    models |= {first, second}
                case tree.Parameter(name=name, domain=domain):
                    parameters.add((name, domain))
                case tree.Weight(name=name, domain=domain, by_label=by_label):
                    weights.add((name, domain, by_label))
        return _Names(tuple(sorted(models)), tuple(sorted(parameters)), tuple(sorted(weights)))


@lru_cache(maxsize=4096)  # claims of one algorithm share their points
def _responses(number: int, seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    chance = random.Random(f"responses {seed} {number}")  # noqa: S311 - no secret
    longest = 1 + number // _PATIENCE
    while True:
        pair = [(*chance.choices(VOCABULARY[:-1], k=chance.randint(0, longest)), END) for _ in "wl"]
        if pair[0] != pair[1]:
            return pair[0], pair[1]


def _candidates(names: _Names, tries: int, seed: int) -> Iterator[TinyModels]:
    for number in range(tries):
        chance = random.Random(f"models {seed} {number}")  # noqa: S311 - no secret
        chosen, rejected = _responses(number, seed)
        prefixes = sorted({y[:t] for y in (chosen, rejected) for t in range(len(y))})
        powers = {
            (model, prefix): chance.choice(_POWERS) for prefix in prefixes for model in names.models
        }
        if number == 1:  # every model alike: the arguments vanish, and links are told apart
            powers = {key: powers["pi", key[1]] for key in powers}
        yield TinyModels(
            responses={"w": chosen, "l": rejected},
            powers=powers,
            coordinate=(chance.choice(prefixes), chance.randrange(len(VOCABULARY))),
            parameters={
                name: Fraction(chance.choice(_VALUES[domain])) for name, domain in names.parameters
            },
            weights=_weights(names, chosen, rejected, chance),
            factor=chance.choice((-1, 0, 1)),
        )


def _weights(
    names: _Names, chosen: tuple[str, ...], rejected: tuple[str, ...], chance: random.Random
) -> dict[tuple[str, str, int], Fraction]:
    """Choose weights; unless they go by label, a token with the same past has the same weight."""
    result: dict[tuple[str, str, int], Fraction] = {}
    for name, domain, by_label in names.weights:
        drawn: dict[tuple[str, ...], Fraction] = {}
        for response, tokens in (("w", chosen), ("l", rejected)):
            for t in range(len(tokens)):
                past = (*(response * by_label), *tokens[: t + 1])
                if past not in drawn:
                    drawn[past] = Fraction(chance.choice(_VALUES[domain]))
                result[name, response, t] = drawn[past]
    return result


def evaluate(node: Expression, models: TinyModels, t: int = -1) -> Exact:
    """Return the exact value of an expression at a point, and its derivative there.

    Args:
        node: the expression.
        models: the point.
        t: the token position, from 0, if the expression is about one token.

    Raises:
        InexactError: the value is no polynomial in log 2.
        ZeroDivisionError: it divides by zero there.
    """
    return _Evaluator(models).value(node, t)


class _Evaluator:
    """Evaluates at one point; t is the bound position, or -1."""

    def __init__(self, models: TinyModels) -> None:
        self.models = models

    def value(self, node: Expression, t: int) -> Exact:
        models = self.models
        match node:
            case tree.Number(value=number):
                return Exact.of(number)
            case tree.Parameter(name=name):
                return Exact.of(models.parameters[name])
            case tree.Weight(name=name, response=response):
                return Exact.of(models.weights[name, response, t])
            case tree.Length(response=response):
                return Exact.of(len(models.responses[response]))
            case tree.Divergence(first=first, second=second, response=response):
                return models.divergence(first, second, models.responses[response][:t])
            case tree.Add(terms=terms):
                return sum((self.value(each, t) for each in terms), Exact(()))
            case tree.Neg(body=body):
                return -self.value(body, t)
            case tree.Log(body=body):
                return self.log(body, t)
            case tree.Max(left=left, right=right):
                one, other = self.value(left, t), self.value(right, t)
                return one if (one - other).sign() >= 0 else other
            case tree.TokenSum(response=response, body=body):
                places = range(len(models.responses[response]))
                return sum((self.value(body, place) for place in places), Exact(()))
            case tree.ByLabel() | tree.Defined():
                return self.value(self.body(node), t)
            case tree.StopGradient(body=body):
                return self.value(body, t).constant()
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
        result = Exact.of(1)
        for _ in range(abs(int(power.rational()))):
            result *= self.value(base, t)
        return result if power.rational() >= 0 else Exact.of(1) / result

    def body(self, node: tree.ByLabel | tree.Defined) -> Expression:
        if isinstance(node, tree.Defined):
            return node.body
        return {"w": node.chosen, "l": node.rejected}[node.response]

    def log(self, node: Expression, t: int) -> Exact:
        """Return the logarithm of a positive node, without leaving the logarithms."""
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
            case tree.ByLabel() | tree.Defined():
                return self.log(self.body(node), t)
            case tree.StopGradient(body=body):
                return self.log(body, t).constant()
        return self.value(node, t).log()

    def token(self, model: str, response: str, t: int) -> Exact:
        tokens = self.models.responses[response]
        return self.models.log_probability(model, tokens[:t], VOCABULARY.index(tokens[t]))
