"""The runs of a shard: one after the other, each kept as soon as it is done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from midpo_sym.lab.checks import Array
from midpo_sym.lab.study.arms import AGAIN, Arm, Trial, arms
from midpo_sym.lab.study.config import Study
from midpo_sym.lab.study.shards import COLUMNS, Shard, append, compact, open_shard
from midpo_sym.lab.training.encoding import Encoding
from midpo_sym.lab.training.fit import Snapshot, fit
from midpo_sym.lab.training.model import Transformer, log_policy
from midpo_sym.lab.training.reference import fit_reference
from midpo_sym.lab.training.settings import TrainingSettings
from midpo_sym.lab.worlds import Pairs, Truth, World, build, draw, measure

_PAIRS = 2  # purpose of the world's random numbers
GRID = (0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # divergences of the frontier, nats


@dataclass(frozen=True, slots=True)
class Run:
    """One training.

    Attributes:
        shard: where it belongs.
        arm: what is trained.
        number: of the trial.
    """

    shard: Shard
    arm: Arm
    number: int

    @property
    def name(self) -> str:
        """Its name in the shard."""
        return f"{self.arm.name}#{self.number}"

    @property
    def trial(self) -> Trial:
        """Its hyper-parameters."""
        return self.arm.trials[self.number]

    @property
    def seed(self) -> int:
        """Of its order of pairs; independent of that of any other run."""
        return seed_of(self.shard.name, self.name)


def seed_of(*words: object) -> int:
    """Return a seed that depends on all words, and is the same on every machine."""
    text = "/".join(map(str, words))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


def shards(study: Study) -> tuple[list[Shard], list[Shard]]:
    """Return the shards that choose hyper-parameters, and those that are compared."""
    counts = {"tuning": study.study.tuning_seeds, "test": study.study.seeds}
    tuning, test = (
        [Shard(phase, world, seed) for seed in range(count) for world in study.worlds]
        for phase, count in counts.items()
    )
    return tuning, test


def runs(study: Study, shard: Shard, chosen: Mapping[tuple[str, str], int]) -> list[Run]:
    """Return the runs of a shard.

    Args:
        study: the settings.
        shard: which.
        chosen: number of the best trial by (world, arm), for shards that are compared.
    """
    every, _ = arms(study)
    if shard.phase == "tuning":
        # The planted null has the hyper-parameters of its twin: what differs is the seed alone.
        return [
            Run(shard, arm, number)
            for arm in every
            if not arm.name.endswith(AGAIN)
            for number in range(len(arm.trials))
        ]
    return [Run(shard, arm, chosen[shard.world, arm.name.removesuffix(AGAIN)]) for arm in every]


def run_shard(
    study: Study, folder: Path, tasks: Sequence[Run], origin: Mapping[str, Any]
) -> Iterator[str]:
    """Do what a shard still lacks, and yield the names of the runs as they are done.

    Args:
        study: the settings.
        folder: of the results.
        tasks: the runs of one shard.
        origin: its provenance.

    Raises:
        LabError: the shard was made with other settings.
    """
    shard = tasks[0].shard
    path = shard.path(folder)
    done = open_shard(path, origin)
    todo = [each for each in tasks if each.name not in done]
    if not todo:
        return
    bench = Bench(study, shard)
    if not done:
        append(path, {"frontier": bench.frontier()})
    for run in todo:
        append(path, bench.record(run))
        yield run.name


class Bench:
    """A world of a shard, its reference and its pairs.

    Args:
        study: the settings.
        shard: which world and seed.
    """

    def __init__(self, study: Study, shard: Shard) -> None:
        self.study = study
        settings = study.worlds[shard.world]
        self.world: World = build(settings, seed_of("world", shard.name))
        self.encoding = Encoding(self.world)
        self.reference = fit_reference(self.world, self.encoding, study.model, study.reference)
        self.log_reference: Array = log_policy(self.reference, self.encoding, self.world)
        self.pairs: Pairs = draw(self.world, self.log_reference, settings.pairs, _PAIRS)
        self._blind: Transformer | None = None

    def record(self, run: Run) -> dict[str, Any]:
        """Do a run, and return its line."""
        trial, rows = run.trial, []

        def watch(policy: Transformer, snapshot: Snapshot) -> None:
            rows.append({**asdict(snapshot), **self._measured(policy)})

        try:
            start = self._blind_reference() if run.arm.of == "learned_shared" else self.reference
            outcome = fit(
                self.reference,
                self.encoding,
                self.pairs,
                run.arm.objective(self.study, trial, start, len(self.pairs)),
                self._training(run),
                learning_rate=trial.learning_rate,
                seed=run.seed,
                watch=watch,
            )
        except (ValueError, ArithmeticError) as error:  # what a loss refuses, such as ∞ − ∞
            return self._line(run, rows, failure=str(error), seconds=0.0)
        failure = "a loss or a gradient was not finite" if outcome.diverged else ""
        return self._line(run, rows, failure=failure, seconds=outcome.seconds)

    def frontier(self) -> list[list[float]]:
        """Return divergences, and the most that the reward gains with each."""
        seen = slice(self.world.seen)
        truth = Truth(self.world.reward[seen], self.log_reference[seen])
        rewards = truth.frontier(np.array(GRID))
        return [[kl, float(each - rewards[0])] for kl, each in zip(GRID, rewards, strict=True)]

    def _training(self, run: Run) -> TrainingSettings:
        """Return the budget; only what is compared is looked at on the way."""
        tuning = run.shard.phase == "tuning"
        return replace(self.study.training, snapshots=1) if tuning else self.study.training

    def _measured(self, policy: Transformer) -> dict[str, float]:
        log_probabilities = log_policy(policy, self.encoding, self.world)
        return asdict(
            measure(self.world, log_probabilities, self.log_reference, self.study.study.tau)
        )

    def _blind_reference(self) -> Transformer:
        """Return a model of the answers to all prompts alike."""
        if self._blind is None:
            self._blind = fit_reference(
                *(self.world, self.encoding, self.study.model, self.study.reference),
                with_prompt=False,
            )
        return self._blind

    @staticmethod
    def _line(
        run: Run, rows: list[dict[str, Any]], *, failure: str, seconds: float
    ) -> dict[str, Any]:
        return {
            "run": run.name,
            "arm": run.arm.name,
            "trial": run.number,
            "hyper_parameters": str(run.trial),
            "seed": run.seed,
            "failure": failure,
            "seconds": round(seconds, 3),
            "snapshots": [compact(each[name] for name in COLUMNS) for each in rows],
        }
