"""Time the alternation of Blahut and Arimoto against SciPy on the same problems.

    OMP_NUM_THREADS=1 python benchmarks/lab.py [--quick] [--out DIR]

The problem is max over ζ in the simplex of Σ_x p(x) log Σ_y ζ(y) exp(β r(x, y))/β, with r standard
normal, β = 2 and equal p. SciPy's minimisers get value and gradient in the same matrix products:
L-BFGS over the logits of ζ, and SLSQP over ζ with its constraints, as long as it has few answers.
All run in one thread. What each found is judged afterwards by the same proven gap. SciPy's ways
may stop short of it, so each is compared with the alternation's time to the gap it did reach.
Every figure is a median.
"""

from __future__ import annotations

import argparse
import csv
import gc
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median

import numpy as np
import scipy
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.optimize import minimize

import midpo_sym
from midpo_sym.lab import NotConvergedError, alternate

HERE = Path(__file__).resolve().parent
SIZES = (10, 30, 100, 300, 1000, 2000)
BETA = 2.0
GAP = 1e-10
PLAIN_ROUNDS = 20_000  # at most, of the alternation without Newton steps
REPEATED_SIZE = 300  # largest that is timed more than once
SLSQP_SIZE = 100  # largest; its time grows with the third power
LBFGS_ROUNDS = 5_000


@dataclass(frozen=True)
class Row:
    """One way on one problem.

    Attributes:
        size: prompts, and answers.
        way: `accelerated`, `plain`, `L-BFGS`, `SLSQP`, or `to L-BFGS` and `to SLSQP`, which are
            `accelerated` to the gap that SciPy reached.
        seconds: the median time.
        rounds: of the alternation, or evaluations of SciPy's.
        gap: the proven gap of what was found.
    """

    size: int
    way: str
    seconds: float
    rounds: int
    gap: float


Found = tuple[int, np.ndarray]  # rounds, prior


@dataclass(frozen=True)
class Task:
    """A problem of a size."""

    reward: np.ndarray
    prompts: np.ndarray
    kernel: np.ndarray

    @staticmethod
    def of(size: int) -> Task:
        reward = np.random.default_rng(size).standard_normal((size, size))
        kernel = np.exp(BETA * (reward - reward.max(axis=1, keepdims=True)))
        return Task(reward, np.full(size, 1 / size), kernel)

    def value_and_factors(self, prior: np.ndarray) -> tuple[float, np.ndarray]:
        normalisers = self.kernel @ prior
        return float(self.prompts @ np.log(normalisers)), (self.prompts / normalisers) @ self.kernel

    def gap(self, prior: np.ndarray) -> float:
        prior = np.maximum(prior, 0)
        _, factors = self.value_and_factors(prior / prior.sum())
        return float(np.log(factors.max())) / BETA


def accelerated(task: Task, tolerance: float = GAP) -> Found:
    found = alternate(task.reward, task.prompts, BETA, tolerance=tolerance)
    return found.rounds, found.prior


def plain(task: Task) -> Found:
    """Return what the alternation alone finds, or finds in the most rounds it is given."""
    try:
        found = alternate(
            *(task.reward, task.prompts, BETA),
            tolerance=GAP,
            limit=PLAIN_ROUNDS,
            accelerate=False,
        )
    except NotConvergedError:
        return PLAIN_ROUNDS, np.full(task.prompts.size, 1 / task.prompts.size)
    return found.rounds, found.prior


def lbfgs(task: Task) -> Found:
    def minus(logits: np.ndarray) -> tuple[float, np.ndarray]:
        weights = np.exp(logits - logits.max())
        prior = weights / weights.sum()
        value, factors = task.value_and_factors(prior)
        return -value, -prior * (factors - prior @ factors)

    options = {"maxiter": LBFGS_ROUNDS, "maxfun": 2 * LBFGS_ROUNDS, "ftol": 0, "gtol": 1e-14}
    end = minimize(minus, np.zeros(task.prompts.size), jac=True, method="L-BFGS-B", options=options)
    weights = np.exp(end.x - end.x.max())
    return int(end.nfev), weights / weights.sum()


def slsqp(task: Task) -> Found:
    def minus(prior: np.ndarray) -> tuple[float, np.ndarray]:
        value, factors = task.value_and_factors(prior)
        return -value, -factors

    size = task.prompts.size
    total = {"type": "eq", "fun": lambda z: z.sum() - 1, "jac": lambda z: np.ones((1, z.size))}
    end = minimize(
        minus,
        np.full(size, 1 / size),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * size,
        constraints=total,
        options={"ftol": 1e-16, "maxiter": 1000},
    )
    return int(end.nfev), end.x


WAYS: dict[str, Callable[[Task], Found]] = {
    "accelerated": accelerated,
    "plain": plain,
    "L-BFGS": lbfgs,
    "SLSQP": slsqp,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, one run each")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder of lab.csv")
    options = parser.parse_args()
    found, wanted = Path(midpo_sym.__file__).parent, HERE.parent / "midpo_sym"
    if found != wanted:
        sys.exit(f"midpo_sym is found in {found}, not in {wanted}: set PYTHONPATH to {HERE.parent}")
    if os.environ.get("OMP_NUM_THREADS") != "1":
        sys.exit("set OMP_NUM_THREADS=1, so that all ways have one thread")
    sizes = SIZES[:3] if options.quick else SIZES
    rows: list[Row] = []
    for size in track(sizes, "sizes", console=Console(stderr=True)):
        rows += measured(size, 1 if options.quick or size > REPEATED_SIZE else 5)
    header, lines = table_of(rows, sizes)
    shown = Table(*header)
    for line in lines:
        shown.add_row(*line)
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(shown)
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "lab.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Row))
        writer.writerows(astuple(row) for row in rows)
    (options.out / "lab.md").write_text(page(header, lines), encoding="utf-8")


def measured(size: int, times: int) -> list[Row]:
    """Return the rows of a size; the ways take turns, after a warm-up that is not counted."""
    task = Task.of(size)
    ways = {name: way for name, way in WAYS.items() if name != "SLSQP" or size <= SLSQP_SIZE}
    for name in ("L-BFGS", "SLSQP"):
        if name in ways:
            _, prior = WAYS[name](task)
            reached = max(task.gap(prior), GAP)
            ways[f"to {name}"] = lambda task, reached=reached: accelerated(task, reached)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    ends: dict[str, Found] = {}
    for _ in range(times):
        for name, way in ways.items():
            gc.collect()
            gc.disable()
            start = time.perf_counter()
            ends[name] = way(task)
            seconds[name].append(time.perf_counter() - start)
            gc.enable()
    return [
        Row(size, name, median(seconds[name]), ends[name][0], max(task.gap(ends[name][1]), 0.0))
        for name in ways
    ]


def table_of(rows: list[Row], sizes: tuple[int, ...]) -> tuple[list[str], list[list[str]]]:
    header = ["size", "plain round, ms", "plain, s", "rounds", "accelerated, s", "rounds"]
    for name in ("L-BFGS", "SLSQP"):
        header += [f"{name}, s", "its gap", "ours to it, s", "ratio"]
    lines = []
    for size in sizes:
        of = {row.way: row for row in rows if row.size == size}
        alone, ours = of["plain"], of["accelerated"]
        more = "" if alone.gap <= GAP else "> "
        line = [f"{size} × {size}", f"{1e3 * alone.seconds / alone.rounds:.3f}"]
        line += [f"{more}{alone.seconds:.4f}", f"{more}{alone.rounds}"]
        line += [f"{ours.seconds:.4f}", str(ours.rounds)]
        for name in ("L-BFGS", "SLSQP"):
            if name in of:
                theirs, beside = of[name], of[f"to {name}"]
                ratio = f"{theirs.seconds / beside.seconds:.1f}×"
                line += [f"{theirs.seconds:.4f}", f"{theirs.gap:.0e}"]
                line += [f"{beside.seconds:.4f}", ratio]
            else:
                line += ["–"] * 4
        lines.append(line)
    return header, lines


def page(header: list[str], lines: list[list[str]]) -> str:
    def joined(cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    python = ".".join(platform.python_version_tuple()[:2])
    versions = f"Python {python}, NumPy {np.__version__}, SciPy {scipy.__version__}"
    text = (
        f"# The alternation's speed\n\nWritten by benchmarks/lab.py. One thread of "
        f"{os.cpu_count()} cores, {versions}.\n\n"
        f"Time to a proven gap of {GAP:g} between prior and optimum, rewards standard normal, "
        f"β = {BETA:g}. *Plain*: the alternation of Blahut and Arimoto, at most {PLAIN_ROUNDS} "
        f"rounds. *Accelerated*: with Newton steps, as `midpo_sym.lab.alternate` does it. SciPy's "
        f"ways stop when they can do no better, or L-BFGS after {LBFGS_ROUNDS} iterations; *its "
        f"gap* is the proven gap of what they found. "
        f"*Ratio*: SciPy's time over that of the accelerated alternation to the same gap. SLSQP is "
        f"asked up to {SLSQP_SIZE} answers."
    )
    rule = ["---:"] * len(header)
    return "\n\n".join([text, "\n".join(map(joined, [header, rule, *lines]))]) + "\n"


if __name__ == "__main__":
    main()
