"""Random pairs of responses, as a loss sees them: a number for each statistic of each token."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from midpo_sym.language.quantities.data import BATCH
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.vocabulary import MODELS
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
        statistics: of the next-token distributions at each token, by name and response.
        weights: of each token, by name and response.
        data: by name and response, "" for what is of the pair or of the batch.
    """

    parameters: Mapping[str, float]
    lengths: Mapping[str, int]
    logps: Mapping[tuple[str, str], Sequence[float]]
    statistics: Mapping[tuple[str, str], Sequence[float]]
    weights: Mapping[tuple[str, str], Sequence[float]]
    data: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def described(self) -> str:
        """Return where it is, for a message."""
        lengths = f"|y_w| = {self.lengths['w']}, |y_l| = {self.lengths['l']}"
        numbers = [f"{name} = {value:.6g}" for name, value in self.parameters.items()]
        return ", ".join([lengths, *numbers])


def parameters(derivation: Derivation, batch: int) -> dict[str, float]:
    """Return random parameters and data of the batch, inside their domains."""
    chance = random.Random(f"parameters {batch}")  # noqa: S311 - no secret
    found = {each.name: _drawn(each.domain, chance) for each in derivation.parameters}
    of_batch = (each for each in derivation.data if each.arity is BATCH)
    return found | {each.name: _drawn(each.domain, chance) for each in of_batch}


def pair(
    derivation: Derivation, numbers: Mapping[str, float], lengths: tuple[int, int], seed: str
) -> Pair:
    """Return a random pair; the same seed gives the same one."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    logps, statistics, weights = {}, {}, {}
    for response, length in zip(RESPONSES, lengths, strict=True):
        for model in MODELS:
            logps[model, response] = [chance.uniform(-2.5, -0.1) for _ in range(length)]
        for name in STATISTICS:
            statistics[name, response] = [chance.uniform(0.05, 1.5) for _ in range(length)]
        for each in derivation.weights:
            weights[each.name, response] = [_drawn(each.domain, chance) for _ in range(length)]
    by_response = dict(zip(RESPONSES, lengths, strict=True))
    data = {}
    for datum in derivation.data:
        for of in datum.arity.places:
            response = of[0] if len(of) == 1 else ""
            own = datum.arity is not BATCH
            value = _drawn(datum.domain, chance) if own else numbers[datum.name]
            data[datum.name, response] = value
    return Pair(numbers, by_response, logps, statistics, weights, data)


def random_lengths(seed: str) -> tuple[int, int]:
    """Return lengths of both responses."""
    chance = random.Random(f"lengths {seed}")  # noqa: S311 - no secret
    return chance.randint(1, _LONGEST), chance.randint(1, _LONGEST)


def _drawn(domain: str, chance: random.Random) -> float:
    return chance.uniform(*_RANGES.get(domain, (0.2, 2.2)))
