"""Tiny language models with exact numbers, the points at which expressions are evaluated.

Trees of next-token distributions over four tokens, one of which ends a response, with probabilities
½, ¼, ⅛, ⅛ in some order: no two orders have symmetric divergences, so a reversed KL shows. Where a
statistic of one model occurs, such as an entropy, some have ¼ four times, or it would be the same
number everywhere. No two responses are the same; they end with the end token, and share the
distributions of every prefix they share.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from midpo_sym.judges.exact import Exact, Polynomial
from midpo_sym.language import tree
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.quantities.summands import evaluate, summand
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.session import remembered

VOCABULARY = ("a", "b", "c", "∎")
END = "∎"
_POWERS = sorted(set(itertools.permutations((1, 2, 3, 3))))  # -log2 of the probabilities
_EVEN = (2, 2, 2, 2)
_VALUES = {
    "real": (1, 2, -1, Fraction(1, 2), 0),
    "nonnegative": (1, 2, Fraction(1, 2), 0),
    "positive": (1, 2, Fraction(1, 2)),
    "unit": (Fraction(1, 2), 1, 0),
    "open unit": (Fraction(1, 2), Fraction(1, 4), Fraction(3, 4)),
}
_FOR_EACH = 8  # points that are drawn for each of equal lengths
_PATIENCE = 25  # tries before responses may get longer
_SHORTEST = 3  # more responses than this and one need more than one token to be told apart

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
        data: values by name and the responses they are numbers of.
        factor: the value of Z(x), a power of two.
    """

    responses: Mapping[str, tuple[str, ...]]
    powers: Mapping[tuple[str, Prefix], Powers]
    coordinate: tuple[Prefix, int]
    parameters: Mapping[str, Fraction]
    weights: Mapping[tuple[str, str, int], Fraction]
    factor: int = 0
    data: Mapping[tuple[str, tuple[str, ...]], Fraction] = field(default_factory=dict)
    _statistics: dict[tuple[str, Prefix], Exact] = field(
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

    def statistic(self, name: str, prefix: Prefix) -> Exact:
        """Return a statistic after a prefix: the sum over the vocabulary that its row says.

        Raises:
            InexactError: it is no polynomial in log 2.
        """
        key = (name, prefix)
        if key not in self._statistics:
            body = summand(name)
            total = Exact(())
            for token in range(len(VOCABULARY)):
                values = {
                    model: self.log_probability(model, prefix, token).exp()
                    for model in STATISTICS[name].models
                }
                total += evaluate(body, values, Exact.of, Exact.log)
            self._statistics[key] = total
        return self._statistics[key]


def points(
    *sides: Expression,
    tries: int,
    seed: int = 0,
    responses: tuple[str, ...] | None = None,
    as_long: bool = False,
) -> Iterator[TinyModels]:
    """Yield points at which expressions may be evaluated; the same arguments, the same points.

    Args:
        sides: the expressions.
        tries: how many points to yield.
        seed: of the random choices.
        responses: the names of the responses, no two of which are the same response; None for w, l
            and what else the expressions speak of.
        as_long: whether y_w and y_l have to have as many tokens as each other.
    """
    if responses is None:
        spoken = {each for side in sides for each in tree.responses(side)}
        responses = ("w", "l", *sorted(spoken - {"w", "l"}))
    found = _candidates(_Names.of(*sides), tries * (_FOR_EACH if as_long else 1), seed, responses)
    if as_long:
        found = (each for each in found if len({len(each.responses[s]) for s in "wl"}) == 1)
    yield from itertools.islice(found, tries)


@dataclass(frozen=True)
class _Names:
    models: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    weights: tuple[tuple[str, str, bool], ...]
    data: tuple[tuple[str, tuple[str, ...], str], ...]
    shapes: tuple[Powers, ...]

    @staticmethod
    def of(*sides: Expression) -> _Names:
        models, parameters, weights, data = {"pi"}, set(), set(), set()
        shapes = [*_POWERS]
        for node in itertools.chain(*(side.walk() for side in sides)):
            match node:
                case tree.Probability(model=model) | tree.TokenProbability(model=model):
                    models.add(model)
                case tree.Statistic(row=row):
                    models.update(row.models)
                    if len(row.models) == 1:
                        shapes = [*_POWERS, *[_EVEN] * (len(_POWERS) // 3)]
                case tree.Parameter(name=name, domain=domain):
                    parameters.add((name, domain))
                case tree.Weight(name=name, domain=domain, by_label=by_label):
                    weights.add((name, domain, by_label))
                case tree.Datum(name=name, of=of, domain=domain):
                    data.add((name, of, domain))
        return _Names(
            tuple(sorted(models)),
            tuple(sorted(parameters)),
            tuple(sorted(weights)),
            tuple(sorted(data)),
            tuple(shapes),
        )


@remembered(4096)  # claims of one algorithm share their points
def _responses(count: int, number: int, seed: int) -> tuple[tuple[str, ...], ...]:
    chance = random.Random(f"responses {seed} {number}")  # noqa: S311 - no secret
    longest = max(1 + number // _PATIENCE, count - _SHORTEST)
    while True:
        drawn = tuple(
            (*chance.choices(VOCABULARY[:-1], k=chance.randint(0, longest)), END)
            for _ in range(count)
        )
        if len(set(drawn)) == count:
            return drawn


def _candidates(
    names: _Names, tries: int, seed: int, responses: tuple[str, ...]
) -> Iterator[TinyModels]:
    for number in range(tries):
        chance = random.Random(f"models {seed} {number}")  # noqa: S311 - no secret
        drawn = _responses(len(responses), number, seed)
        prefixes = sorted({y[:t] for y in drawn for t in range(len(y))})
        powers = {
            (model, prefix): chance.choice(names.shapes)
            for prefix in prefixes
            for model in names.models
        }
        if number == 1:  # every model alike: the arguments vanish, and links are told apart
            powers = {key: powers["pi", key[1]] for key in powers}
        tokens = dict(zip(responses, drawn, strict=True))
        yield TinyModels(
            responses=tokens,
            powers=powers,
            coordinate=(chance.choice(prefixes), chance.randrange(len(VOCABULARY))),
            parameters={
                name: Fraction(chance.choice(_VALUES[domain])) for name, domain in names.parameters
            },
            weights=_weights(names, tokens, chance),
            factor=chance.choice((-1, 0, 1)),
            data={
                (name, of): Fraction(chance.choice(_VALUES[domain]))
                for name, of, domain in names.data  # no two responses are the same
            },
        )


def _weights(
    names: _Names, responses: Mapping[str, tuple[str, ...]], chance: random.Random
) -> dict[tuple[str, str, int], Fraction]:
    """Choose weights; unless they go by label, a token with the same past has the same weight."""
    result: dict[tuple[str, str, int], Fraction] = {}
    for name, domain, by_label in names.weights:
        drawn: dict[tuple[str, ...], Fraction] = {}
        for response, tokens in responses.items():
            for t in range(len(tokens)):
                past = (*(response * by_label), *tokens[: t + 1])
                if past not in drawn:
                    drawn[past] = Fraction(chance.choice(_VALUES[domain]))
                result[name, response, t] = drawn[past]
    return result
