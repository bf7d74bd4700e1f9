"""Functions that measure statistics of next-token distributions, against the rows they are of."""

from __future__ import annotations

import random

from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.quantities.summands import evaluate, summand
from midpo_sym.targets.torch.check import duals
from midpo_sym.targets.torch.check.duals import Dual, constant
from midpo_sym.targets.torch.check.measure import Runner
from midpo_sym.targets.torch.errors import WrongCodeError
from midpo_sym.targets.torch.file import LossFile

_WORDS = 5
_TOLERANCE = 1e-12  # of numbers about 1, in float64


def check_measures(id_: str, runner: Runner, file: LossFile, seed: int) -> None:
    """Compare what a file measures of random distributions with what the rows sum, literally.

    Raises:
        WrongCodeError: they differ; with the numbers.
    """
    chance = random.Random(f"vocabulary {seed}")  # noqa: S311 - no secret
    for measure in file.measures:
        logps = {
            model: [chance.uniform(-3, -0.1) for _ in range(_WORDS)] for model in measure.models
        }
        found = runner.measured(measure.name, logps)
        wanted = _literal(measure.name, logps)
        numbers = [("value", found.value, float(wanted.value))]
        for place in sorted({*found.slopes, *((model, v) for model, _, v in wanted.slopes)}):
            model, v = place
            slope = float(wanted.slopes.get((model, "", v), 0))
            numbers.append(
                (f"derivative by log {model} of word {v}", found.slopes.get(place, 0.0), slope)
            )
        for what, one, other in numbers:
            if not abs(one - other) <= _TOLERANCE * (1 + abs(other)):
                row = STATISTICS[measure.name]
                message = (
                    f"the code generated for {id_} does not measure {measure.name}, the sum of "
                    f"{row.summand} over the vocabulary: {what} {one:.12g} instead of {other:.12g}"
                )
                raise WrongCodeError(message)


def _literal(name: str, logps: dict[str, list[float]]) -> Dual:
    """Return the sum over the vocabulary that a row says, with derivatives by the logarithms."""
    terms = []
    for v in range(_WORDS):
        probabilities = {
            model: duals.exp(duals.variable(values[v], (model, "", v)))
            for model, values in logps.items()
        }
        terms.append(evaluate(summand(name), probabilities, constant, duals.log))
    return duals.total(terms)
