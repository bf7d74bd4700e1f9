"""Random language models, responses, weights and parameters: the points where losses are compared.

A distribution is a row of positive whole numbers, one for each token; a probability is the token's
share, so it is exact. Its logits are the logarithms of the row. The last token ends a response,
though some responses are cut off before it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

Prefix = tuple[int, ...]

EDGES = {
    "real": [Fraction(0), Fraction(1), Fraction(-1), Fraction(2), Fraction(-1, 2)],
    "nonnegative": [Fraction(0), Fraction(1), Fraction(2), Fraction(1, 2)],
    "positive": [Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3)],
    "unit": [Fraction(0), Fraction(1), Fraction(1, 2)],
    "open unit": [Fraction(1, 2), Fraction(1, 100), Fraction(99, 100)],
}
MODELS = ("pi", "ref", "prev")


def draw(domain: str, rng: random.Random, *, edge: bool) -> Fraction:
    """Return a number of a domain."""
    if edge:
        return rng.choice(EDGES[domain])
    if domain in ("unit", "open unit"):
        return Fraction(rng.randint(1, 96), 97)
    value = Fraction(rng.randint(3, 260), 89)
    return -value if domain == "real" and rng.random() < 0.5 else value


@dataclass(frozen=True)
class Point:
    """Everything that a loss depends on."""

    seed: str
    responses: dict[str, Prefix]
    parameters: dict[str, Fraction]
    weights: dict[str, tuple[str, bool]]  # name: domain, and whether by label
    size: int = 4
    models: dict[tuple[str, Prefix], tuple[Fraction, ...]] = field(default_factory=dict)
    table: dict[tuple[str, str, int], Fraction] = field(default_factory=dict)
    edge_weights: bool = False
    same: tuple[str, ...] = ()  # these models equal the policy
    spread: int = 40
    data: dict[str, tuple[str, str, bool]] = field(default_factory=dict)  # of, domain, by label
    given: dict[tuple[str, str], Fraction] = field(default_factory=dict)  # by name and response

    def row(self, model: str, prefix: Prefix) -> tuple[Fraction, ...]:
        """Return the distribution of the next token, in proportion."""
        model = "pi" if model in self.same else model
        if (model, prefix) not in self.models:
            rng = random.Random(f"{self.seed}/{model}/{prefix}")
            self.models[model, prefix] = tuple(
                Fraction(rng.randint(1, self.spread)) for _ in range(self.size)
            )
        return self.models[model, prefix]

    def weight(self, name: str, label: str, place: int) -> Fraction:
        """Return the weight of a token; the same one for both responses where they are the same."""
        if (name, label, place) in self.table:
            return self.table[name, label, place]
        domain, by_label = self.weights[name]
        key = f"{self.seed}/{name}/{self.responses[label][: place + 1]}/{label if by_label else ''}"
        rng = random.Random(key)
        return draw(domain, rng, edge=self.edge_weights or rng.random() < 0.15)

    def datum(self, name: str, label: str = "") -> Fraction:
        """Return a number that is given of a response; of a pair or a batch if none is named."""
        if (name, label) in self.given:
            return self.given[name, label]
        of, domain, by_label = self.data[name]
        key = f"{self.responses[label]}/{label if by_label else ''}" if label else ""
        if of == "pair":
            key = str(self.responses)
        rng = random.Random(f"{self.seed}/{name}/{key}")
        return draw(domain, rng, edge=self.edge_weights or rng.random() < 0.15)

    def prefixes(self) -> list[Prefix]:
        """Return the places where the policy chooses a token, those that are shared once."""
        both = [r[:i] for r in self.responses.values() for i in range(len(r))]
        return list(dict.fromkeys(both))


def two_responses(rng: random.Random, size: int) -> dict[str, Prefix]:
    """Return two responses of which neither begins with the other."""
    while True:
        end = size - 1
        shared = [rng.randrange(end) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
        both = []
        for _ in "wl":
            rest = [rng.randrange(end) for _ in range(rng.choice([0, 0, 1, 1, 2, 3]))]
            cut = rng.random() < 0.2 and (shared or rest)
            both.append(tuple([*shared, *rest] if cut else [*shared, *rest, end]))
        first, second = both
        if first[: len(second)] != second and second[: len(first)] != first:
            return {"w": first, "l": second}


def third_response(rng: random.Random, size: int, pair: dict[str, Prefix]) -> Prefix:
    """Return another response, of which none of a pair begins with the other either."""
    while True:
        found = two_responses(rng, size)["w"]
        if not any(
            found[: len(each)] == each or each[: len(found)] == found for each in pair.values()
        ):
            return found


def points(
    parameters: dict[str, str],
    weights: dict[str, tuple[str, bool]],
    seed: str,
    count: int,
    data: dict[str, tuple[str, str, bool]] | None = None,
    *,
    third: bool = False,
) -> Iterator[Point]:
    """Yield points, every third with parameters at the edges of their domains.

    With `third`, there is a response o that is neither the chosen nor the rejected one.

    >>> one, two = ([*points({"a": "unit"}, {}, "s", 3)] for _ in range(2))
    >>> one == two
    True
    """
    for number in range(count):
        key = f"{seed}/{number}"
        rng = random.Random(key)
        size = rng.choice([4, 4, 5])
        style = number % 3
        values = {
            name: draw(domain, rng, edge=style == 2 or (style == 1 and rng.random() < 0.5))
            for name, domain in parameters.items()
        }
        responses = two_responses(rng, size)
        if third:
            responses["o"] = third_response(random.Random(f"{key}/o"), size, responses)
        yield Point(
            seed=key,
            responses=responses,
            parameters=values,
            weights=weights,
            size=size,
            edge_weights=style == 2 and rng.random() < 0.6,
            same=rng.choice([("ref",), ("ref", "prev")])
            if style == 2 and rng.random() < 0.2
            else (),
            spread=rng.choice([6, 40, 40, 2000]),
            data=data or {},
        )
