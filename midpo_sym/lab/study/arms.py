"""What is compared: losses and learned priors, each with the hyper-parameters it may try."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.study.config import Study
from midpo_sym.lab.training.inputs import missing_inputs
from midpo_sym.lab.training.losses import build_loss, find_loss, parameters_of
from midpo_sym.lab.training.model import Transformer
from midpo_sym.lab.training.objectives import LossObjective, Objective
from midpo_sym.lab.training.priors import KINDS, PriorObjective

AGAIN = "_again"  # the end of the planted null's name
_FIRST = ("beta", "tau", "eta", "beta_dpo", "gamma", "rrhf_weight", "alpha", "lam")


@dataclass(frozen=True, slots=True)
class Trial:
    """Hyper-parameters.

    Attributes:
        learning_rate: of Adam.
        parameters: of the loss, those that are searched.
    """

    learning_rate: float
    parameters: Mapping[str, float]

    def __str__(self) -> str:
        """Return all of them, for tables."""
        numbers = {"learning_rate": self.learning_rate, **self.parameters}
        return " ".join(f"{name}={value:g}" for name, value in numbers.items())


@dataclass(frozen=True, slots=True)
class Arm:
    """A loss, or a learned prior.

    Attributes:
        name: in tables.
        of: id of the loss, or the kind of prior.
        trials: what it may try.
    """

    name: str
    of: str
    trials: tuple[Trial, ...]

    @property
    def learns_prior(self) -> bool:
        """Whether it is MI-DPO with a prior that is learned."""
        return self.of in KINDS

    def objective(self, study: Study, trial: Trial, start: Transformer, pairs: int) -> Objective:
        """Return what is minimised.

        Args:
            study: where the user's own losses are.
            trial: the hyper-parameters.
            start: where a prior that is a model starts; it is copied.
            pairs: how many there are in all.
        """
        if self.learns_prior:
            beta = trial.parameters["beta"]
            return PriorObjective(self.of, beta, copy.deepcopy(start), pairs)
        return LossObjective(build_loss(self.of, trial.parameters, study.own))


def arms(study: Study) -> tuple[list[Arm], dict[str, str]]:
    """Return what is compared, and by name why something that was asked for is not.

    Raises:
        LabError: the baseline is not among what is compared.
    """
    found, left_out = [], {}
    for name in study.study.losses:
        missing = missing_inputs(find_loss(name, study.own).needs)
        if missing:
            left_out[name] = f"needs {', '.join(missing)}, of a whole batch or of earlier batches"
        else:
            found.append(Arm(name, name, _trials(study, name)))
    known = {each.name: each for each in found}
    for name in (study.study.baseline, study.study.again):
        if name not in known:
            raise LabError(f"{name} cannot be trained here: it {left_out[name]}; take another one")
    again = known[study.study.again]
    found.append(Arm(again.name + AGAIN, again.of, again.trials))
    found += [Arm(kind, kind, _trials(study, kind)) for kind in study.study.priors]
    return found, left_out


def _trials(study: Study, name: str) -> tuple[Trial, ...]:
    """Return as many points of the grid as every loss may try, drawn by the loss's name."""
    given = dict(study.grids.get(name, {}))
    rates = given.pop("learning_rate", study.search.learning_rate)
    grid = given or _grid(study, name)
    points = [
        Trial(rate, dict(zip(grid, values, strict=True)))
        for rate in rates
        for values in product(*grid.values())
    ]
    random.Random(f"trials of {name}").shuffle(points)  # noqa: S311 - no secret
    return tuple(points[: study.study.trials])


def _grid(study: Study, name: str) -> dict[str, tuple[float, ...]]:
    search = study.search
    if name in KINDS:
        return {"beta": search.sums}
    kind = find_loss(name, study.own)
    known = parameters_of(kind)
    first = next((each for each in _FIRST if each in known), None)
    if first is None:
        return {}
    if first == "beta":
        return {"beta": search.means if kind.needs.lengths else search.sums}
    return {first: tuple(known[first] * factor for factor in search.factors)}
