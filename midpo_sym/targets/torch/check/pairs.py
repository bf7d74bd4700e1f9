"""Random pairs of responses, as a loss sees them: a number for each statistic of each token."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from midpo_sym.language.vocabulary import DIVERGENCES, MODELS
from midpo_sym.spec.model import Derivation

RESPONSES = ("w", "l")
# Lengths of y_w and y_l: unequal, one, equal. The pairs of a batch share their parameters.
BATCHES = (((3, 2), (1, 4), (2, 1), (1, 1)), ((2, 5), (4, 1), (3, 3)))
_LONGEST = 5
_RANGES = {
    "unit": (0.1, 0.9),
    "open unit": (0.1, 0.9),
    "real": (-2.0, 2.0),
}  # others: (0.2, 2.2); never 0 or 1


@dataclass(frozen=True)
class Pair:
    """Two responses under all models.

    Attributes:
        parameters: by their names in the specification.
        lengths: of each response.
        logps: log-probability of each token, by model and response.
        divergences: at each token, by both models and response.
        weights: of each token, by name and response.
    """

    parameters: Mapping[str, float]
    lengths: Mapping[str, int]
    logps: Mapping[tuple[str, str], Sequence[float]]
    divergences: Mapping[tuple[str, str, str], Sequence[float]]
    weights: Mapping[tuple[str, str], Sequence[float]]

    def described(self) -> str:
        """Return where it is, for a message."""
        lengths = f"|y_w| = {self.lengths['w']}, |y_l| = {self.lengths['l']}"
        numbers = [f"{name} = {value:.6g}" for name, value in self.parameters.items()]
        return ", ".join([lengths, *numbers])


def parameters(derivation: Derivation, batch: int) -> dict[str, float]:
    """Return random parameters, inside their domains."""
    chance = random.Random(f"parameters {batch}")  # noqa: S311 - no secret
    return {each.name: _drawn(each.domain, chance) for each in derivation.parameters}


def pair(
    derivation: Derivation, numbers: Mapping[str, float], lengths: tuple[int, int], seed: str
) -> Pair:
    """Return a random pair; the same seed gives the same one."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    logps, divergences, weights = {}, {}, {}
    for response, length in zip(RESPONSES, lengths, strict=True):
        for model in MODELS:
            logps[model, response] = [chance.uniform(-2.5, -0.1) for _ in range(length)]
        for first, second in DIVERGENCES.values():
            values = [chance.uniform(0.05, 1.5) for _ in range(length)]
            divergences[first, second, response] = values
        for each in derivation.weights:
            weights[each.name, response] = [_drawn(each.domain, chance) for _ in range(length)]
    by_response = dict(zip(RESPONSES, lengths, strict=True))
    return Pair(numbers, by_response, logps, divergences, weights)


def random_lengths(seed: str) -> tuple[int, int]:
    """Return lengths of both responses."""
    chance = random.Random(f"lengths {seed}")  # noqa: S311 - no secret
    return chance.randint(1, _LONGEST), chance.randint(1, _LONGEST)


def _drawn(domain: str, chance: random.Random) -> float:
    return chance.uniform(*_RANGES.get(domain, (0.2, 2.2)))
