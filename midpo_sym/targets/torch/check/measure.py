"""What generated code is asked, and what it answers, wherever it is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from midpo_sym.language.quantities.data import BATCH, RESPONSE
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.spec.model import Derivation
from midpo_sym.targets.torch.check.literal import Place
from midpo_sym.targets.torch.check.pairs import Pair
from midpo_sym.targets.torch.file import LossFile
from midpo_sym.targets.torch.names import LABELS, stem_of

# What may lie at padding where a mask says so; everywhere else padding is 0.
GARBAGE = (float("nan"), float("inf"), -7.0, float("-inf"), 1e30, 0.0)


WEIGHTS = "weights"


@dataclass(frozen=True, slots=True)
class Answer:
    """What code computes for a batch of pairs.

    Attributes:
        layout: how it was asked.
        losses: of each pair.
        chosen: reward of each chosen response.
        rejected: reward of each rejected response.
        slopes: of each pair's loss, by what the policy is trained through.
        at_padding: the sum of the sizes of all derivatives by what lies at padding. Without masks,
            where that is declared to be constant, 0 if they are finite and NaN if not.
    """

    layout: str
    losses: Sequence[float]
    chosen: Sequence[float]
    rejected: Sequence[float]
    slopes: Sequence[Mapping[Place, float]]
    at_padding: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A statistic of next-token distributions: its value, and derivatives by log-probabilities."""

    value: float
    slopes: Mapping[tuple[str, int], float]


class Runner(Protocol):
    """Runs the code of one file."""

    def answers(self, pairs: Sequence[Pair]) -> Iterable[Answer]:
        """Yield what the code computes for a batch, once for each way of asking."""

    def measured(self, name: str, logps: Mapping[str, Sequence[float]]) -> Measured:
        """Return what the code measures of next-token distributions, given their logarithms."""


@dataclass(frozen=True, slots=True)
class Source:
    """A statistic of the tokens of a response.

    Attributes:
        response: which.
        values: of each pair, of each token.
        trained: the kind of place that it is, if the policy is trained through it, or `WEIGHTS`:
            derivatives by weights are nothing that a specification speaks of, but those who learn
            weights need them to be finite.
    """

    response: str
    values: Sequence[Sequence[float]]
    trained: str


def sources(file: LossFile, derivation: Derivation, pairs: Sequence[Pair]) -> dict[str, Source]:
    """Return all that a generated function may ask for, by the names of its arguments."""
    found = {}
    for response, label in LABELS.items():
        for name, model in MODELS.items():
            values = [each.logps[name, response] for each in pairs]
            prefix = "" if model.trained else f"{name}_"
            trained = "logps" if model.trained else ""
            found[f"{prefix}{label}_logps"] = Source(response, values, trained)
        for name in file.vocabulary:
            values = [each.statistics[name, response] for each in pairs]
            trained = name if STATISTICS[name].trained else ""
            found[f"{label}_{stem_of(name, file.vocabulary)}"] = Source(response, values, trained)
        places = [[t + 1.0 for t in range(each.lengths[response])] for each in pairs]
        found[f"{label}_positions"] = Source(response, places, "")
        for weight in derivation.weights:
            values = [each.weights[weight.name, response] for each in pairs]
            found[f"{label}_{weight.torch}"] = Source(response, values, WEIGHTS)
    return found


def data(
    file: LossFile, derivation: Derivation, pairs: Sequence[Pair]
) -> dict[str, list[float] | float]:
    """Return the data that the generated function takes: of each pair, or one number for all."""
    declared = {each.torch: each for each in derivation.data}
    found: dict[str, list[float] | float] = {}
    for each in file.data:
        datum = declared[each.name]
        for name in each.names:
            label = name.partition("_")[0] if datum.arity is RESPONSE else ""
            response = next((key for key, of in LABELS.items() if of == label), "")
            values = [pair.data[datum.name, response] for pair in pairs]
            found[name] = values[0] if datum.arity is BATCH else values
    return found


def numbers(file: LossFile, derivation: Derivation, pair: Pair) -> dict[str, float]:
    """Return the hyper-parameters that the generated function takes."""
    names = {each.torch: each.name for each in derivation.parameters}
    return {each.name: pair.parameters[names[each.name]] for each in file.numbers}
