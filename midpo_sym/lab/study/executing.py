"""A study from beginning to end: what is missing is run, in several processes if asked."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.study.arms import AGAIN, arms
from midpo_sym.lab.study.config import Study
from midpo_sym.lab.study.running import Run, run_shard, runs, shards
from midpo_sym.lab.study.shards import Shard, read_lines, read_shard

_LOOK = 2.0  # seconds between looks at what is done


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is.

    Attributes:
        done: runs that are done, earlier calls' too.
        total: runs in all.
        seconds_left: at the rate of this call; None before the first run of it is done.
    """

    done: int
    total: int
    seconds_left: float | None


def chosen_trials(study: Study, folder: Path, worlds: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return for each (world, arm) the trial of highest mean value in the tuning seeds.

    A trial that failed in one of them is taken only if all did.

    Raises:
        LabError: a run of these is missing.
    """
    every = [arm for arm in arms(study)[0] if not arm.name.endswith(AGAIN)]
    found = {}
    for world in worlds:
        values: dict[str, list[list[float]]] = {arm.name: [[] for _ in arm.trials] for arm in every}
        for seed in range(study.study.tuning_seeds):
            for line in read_shard(Shard("tuning", world, seed).path(folder)):
                if "run" in line and line["arm"] in values:
                    values[line["arm"]][line["trial"]].append(_value(line))
        for name, trials in values.items():
            if any(len(each) < study.study.tuning_seeds for each in trials):
                raise LabError(
                    f"{world}: hyper-parameters of {name} cannot be chosen, as runs of the tuning "
                    f"seeds are missing; run the shards tuning/{world}/… first"
                )
            means = [sum(each) / len(each) for each in trials]
            found[world, name] = max(range(len(means)), key=means.__getitem__)
    return found


def _value(line: Mapping[str, Any]) -> float:
    """Return what a run was worth at its end; −∞ if it failed."""
    last = line["snapshots"][-1]["value"] if line["snapshots"] and not line["failure"] else None
    return float("-inf") if last is None else float(last)


def execute(
    study: Study,
    folder: Path,
    origin: Mapping[str, Any],
    *,
    jobs: int = 1,
    only: Sequence[str] = (),
) -> Iterator[Progress]:
    """Do all runs that are missing, and say how far it is after each of them.

    Args:
        study: the settings.
        folder: of the results.
        origin: the provenance of what is run.
        jobs: processes; each has one thread.
        only: names of shards; all if left out.

    Raises:
        LabError: there is no such shard, its hyper-parameters cannot be chosen yet, or a shard was
            made with other settings.
    """
    tuning, test = shards(study)
    known = {each.name for each in (*tuning, *test)}
    for name in only:
        if name not in known:
            raise LabError(
                f"there is no shard {name!r}; one is, for example, {test[0].name} of "
                f"{len(known)}: phase (tuning or test), world and seed"
            )
    first = [each for each in tuning if not only or each.name in only]
    second = [each for each in test if not only or each.name in only]
    every, _ = arms(study)
    clock = _Clock(_count(study, first) + len(every) * len(second))
    for part in (first, second):
        if not part:
            continue
        worlds = dict.fromkeys(each.world for each in part if each.phase == "test")
        chosen = chosen_trials(study, folder, worlds)
        tasks = [runs(study, each, chosen) for each in part]
        clock.begin(_done(folder, tasks))
        if jobs == 1:
            for each in tasks:
                for _ in run_shard(study, folder, each, origin):
                    yield clock.tick()
        else:
            yield from _in_processes(study, folder, tasks, origin, jobs, clock)
        clock.end(sum(map(len, tasks)))
    yield clock.now()


def _count(study: Study, tuning: Sequence[Shard]) -> int:
    every, _ = arms(study)
    return len(tuning) * sum(len(arm.trials) for arm in every if not arm.name.endswith(AGAIN))


def _done(folder: Path, tasks: Sequence[Sequence[Run]]) -> int:
    """Return how many runs are on the disk."""
    found = 0
    for part in tasks:
        path = part[0].shard.path(folder)
        there = {line.get("run") for line in read_lines(path)} if path.exists() else set()
        found += sum(1 for each in part if each.name in there)
    return found


class _Clock:
    def __init__(self, total: int) -> None:
        self.total, self.before, self.inside, self.new = total, 0, 0, 0
        self.start = time.monotonic()

    def begin(self, done: int) -> None:
        """Begin a part of which some runs are done."""
        self.inside = done

    def end(self, count: int) -> None:
        """End a part of so many runs."""
        self.before, self.inside = self.before + count, 0

    def tick(self) -> Progress:
        """Count a run."""
        return self.at(self.inside + 1)

    def at(self, done: int) -> Progress:
        """Say that so many runs of the part are done."""
        self.new += done - self.inside
        self.inside = done
        return self.now()

    def now(self) -> Progress:
        """Return how far it is."""
        done = self.before + self.inside
        spent = time.monotonic() - self.start
        left = spent / self.new * (self.total - done) if self.new else None
        return Progress(done, self.total, left)


def _in_processes(
    study: Study,
    folder: Path,
    tasks: Sequence[Sequence[Run]],
    origin: Mapping[str, Any],
    jobs: int,
    clock: _Clock,
) -> Iterator[Progress]:
    """Do shards side by side; what is done is read off their files."""
    pool = ProcessPoolExecutor(
        min(jobs, len(tasks)), multiprocessing.get_context("spawn"), initializer=_begin_worker
    )
    try:
        waiting = {pool.submit(_work, study, folder, each, origin) for each in tasks}
        while waiting:
            done, waiting = wait(waiting, _LOOK, FIRST_COMPLETED)
            for each in done:
                each.result()
            now = _done(folder, tasks)
            if now != clock.inside:
                yield clock.at(now)
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    import torch  # noqa: PLC0415 - of the worker's own process

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interruption ends it without a traceback


def _work(study: Study, folder: Path, tasks: Sequence[Run], origin: Mapping[str, Any]) -> None:
    for _ in run_shard(study, folder, tasks, origin):
        pass
