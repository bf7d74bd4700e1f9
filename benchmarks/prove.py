"""Time the prover: claim by claim, against SymPy, as statements grow, and as a whole command.

    python benchmarks/prove.py [--quick] [--out DIR]

Every figure is a median. What is compared runs in turns, so that a slow spell of the machine hits
all sides alike, with the garbage collector off while a clock runs.
"""

from __future__ import annotations

import argparse
import csv
import gc
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

import sympy
from prove_report import (
    GROWTH_WAYS,
    Figures,
    Row,
    beside,
    claim_block,
    command_block,
    growth_block,
    to_markdown,
    to_rich,
    way_block,
)
from rich.console import Console
from rich.progress import track
from statements import FAMILIES, Timed, shipped
from sympy.core.cache import clear_cache
from with_sympy import WAYS

import midpo_sym
from midpo_sym.kernel.theorem import decide
from midpo_sym.prover.prove import judge, sides
from midpo_sym.session import Session, remembering
from midpo_sym.spec.model import Statement

HERE = Path(__file__).resolve().parent
GROWTH_LIMIT = 20  # seconds after which SymPy gets no larger statement of a family
_COMMAND = "import sys; from midpo_sym.cli import main; sys.argv[1:] = ['prove']; main()"

STDERR = Console(stderr=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs and shorter limits")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder of prove.csv")
    options = parser.parse_args()
    quick: bool = options.quick
    check_package()
    claims = list(shipped())
    rows = [
        *time_command(3 if quick else 11),
        *time_claims(claims, 5 if quick else 15, fresh=1 if quick else 3),
        *time_growth(1 if quick else 3, limit=3 if quick else GROWTH_LIMIT),
        *time_sympy(claims, limit=5 if quick else 60),
    ]
    figures = Figures(rows)
    blocks = [command_block(figures), claim_block(figures, claims), way_block(figures, claims)]
    blocks += [growth_block(figures, family) for family in FAMILIES]
    console = Console()
    for block in blocks:
        console.print(to_rich(block))
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "prove.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Row))
        writer.writerows(astuple(row) for row in rows)
    page = "\n\n".join([f"# The prover's speed\n\n{machine()}.", *map(to_markdown, blocks)])
    (options.out / "prove.md").write_text(page + "\n", encoding="utf-8")


def check_package() -> None:
    """Stop if another copy of the package, such as an installed one, would be timed."""
    found, wanted = Path(midpo_sym.__file__).parent, HERE.parent / "midpo_sym"
    if found != wanted:
        sys.exit(f"midpo_sym is found in {found}, not in {wanted}: set PYTHONPATH to {HERE.parent}")


def machine() -> str:
    version = ".".join(platform.python_version_tuple()[:2])
    release = ".".join(sympy.__version__.split(".")[:2])
    return f"{os.cpu_count()} cores, {platform.python_implementation()} {version}, SymPy {release}"


@dataclass(frozen=True)
class Run:
    """Something to time: `go`, after `prepare`."""

    part: str
    name: str
    measure: str
    go: Callable[[], object]
    prepare: Callable[[], None]


def seconds_of(run: Run) -> float:
    run.prepare()
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        run.go()
        return time.perf_counter() - start
    finally:
        gc.enable()


def interleaved(runs: Sequence[Run], times: int, title: str) -> list[Row]:
    """Return the medians of runs that take turns."""
    seconds: dict[Run, list[float]] = {run: [] for run in runs}
    for _ in watched(range(times), title):
        for run in runs:
            seconds[run].append(seconds_of(run))
    return [Row(run.part, run.name, run.measure, median(seconds[run])) for run in runs]


def watched(items: Sequence[Any], title: str) -> Iterable[Any]:
    return track(items, description=title, console=STDERR)


def of_statement(part: str, name: str, statement: Statement, *, empty: bool) -> list[Run]:
    """Return the runs of a statement in this process: kernel alone, all judges."""

    def decided() -> None:
        decide(*sides(statement))

    def judged() -> None:
        with remembering(Session()):
            judge(*sides(statement), statement=statement)

    runs = [
        Run(part, name, "decision", decided, judged),  # SymPy remembers what it did
        Run(part, name, "verdict", judged, judged),
    ]
    return [*runs, Run(part, name, "empty", judged, clear_cache)] if empty else runs


def time_claims(claims: Sequence[Timed], times: int, fresh: int) -> list[Row]:
    runs = [
        run
        for each in claims
        for run in of_statement("claims", each.name, each.statement, empty=True)
    ]
    rows = interleaved(runs, times, "claims")
    first: dict[str, list[float]] = {each.name: [] for each in claims}
    for _ in watched(range(fresh), "claims, each in a fresh process"):
        for name, seconds in first.items():
            seconds.append(float(script("statements.py", name)))
    return [*rows, *(Row("claims", name, "fresh", median(first[name])) for name in first)]


def time_growth(times: int, limit: float) -> list[Row]:
    runs = [
        run
        for family, (make, counts) in FAMILIES.items()
        for count in counts
        for run in of_statement("growth", f"{family}/{count}", make(count), empty=False)
    ]
    rows = interleaved(runs, times, "growth")
    for family in watched(list(FAMILIES), "growth, SymPy"):
        for way in GROWTH_WAYS:
            for count in FAMILIES[family][1]:
                asked = ask_sympy("growth", f"{family}/{count}", way, limit)
                rows += asked
                if asked[0].seconds is None:
                    break
    return rows


def time_sympy(claims: Sequence[Timed], limit: float) -> list[Row]:
    asked = [(each.name, way) for each in claims for way in WAYS]
    return [
        row for name, way in watched(asked, "SymPy") for row in ask_sympy("sympy", name, way, limit)
    ]


def time_command(times: int) -> list[Row]:
    has_cli = importlib.util.find_spec("midpo_sym.cli") is not None
    whole = ["-c", _COMMAND] if has_cli else [str(HERE / "statements.py")]
    commands = {"midpo prove" if has_cli else "import and prove all": whole, "python": ["-c", ""]}
    commands |= {f"import {name}": ["-c", f"import {name}"] for name in ("sympy", "click", "rich")}
    runs = [
        Run("command", name, "wall", lambda arguments=arguments: call(arguments), lambda: None)
        for name, arguments in commands.items()
    ]
    return interleaved(runs, times, "command")


def call(arguments: Sequence[str], limit: float | None = None) -> str:
    """Return what a Python process prints, up to the time limit."""
    try:
        done = subprocess.run(
            [sys.executable, *arguments], stdout=subprocess.PIPE, timeout=limit, check=True
        )
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode()
    return done.stdout.decode()


def script(file: str, *arguments: str, limit: float | None = None) -> str:
    return call([str(HERE / file), *arguments], limit)


def ask_sympy(part: str, name: str, way: str, limit: float) -> list[Row]:
    """Return SymPy's time of one way, and the prover's own times taken in turns with it."""
    printed = script("with_sympy.py", name, way, limit=limit)
    runs = [json.loads(line) for line in printed.splitlines()]
    if not runs:
        return [Row(part, name, way, None)]
    asked, decision, verdict, zero = zip(*runs, strict=True)
    return [
        Row(part, name, way, median(asked), "0" if all(zero) else "not 0"),
        Row(part, name, beside(way, "decision"), median(decision)),
        Row(part, name, beside(way, "verdict"), median(verdict)),
    ]


if __name__ == "__main__":
    main()
