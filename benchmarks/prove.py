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
from rich.console import Console
from rich.progress import track
from rich.table import Table
from statements import FAMILIES, Timed, shipped
from sympy.core.cache import clear_cache
from with_sympy import WAYS

import midpo_sym
from midpo_sym.kernel.theorem import decide
from midpo_sym.prover.prove import judge, sides
from midpo_sym.session import Session, remembering
from midpo_sym.spec.model import Statement

HERE = Path(__file__).resolve().parent
COMMAND_BAR = 1.5  # seconds, whole command
CLAIM_BAR = 0.025  # seconds, full verdict of one claim in a warm process
SIMPLIFY_BAR = 20  # times faster than simplify
GROWTH_LIMIT = 20  # seconds after which SymPy gets no larger statement of a family
GROWTH_WAYS = ("sums", "combine")
FAIR = [name for name, way in WAYS.items() if way.target_index == "t"]
SIMPLIFYING = [name for name in FAIR if WAYS[name].simplifies]
_COMMAND = "import sys; from midpo_sym.cli import main; sys.argv[1:] = ['prove']; main()"

STDERR = Console(stderr=True)


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        part: `claims`, `sympy`, `growth` or `command`.
        name: what was timed.
        measure: how, such as `decision` or a way of SymPy's.
        seconds: the median; None if it did not end in time.
        came_out: what SymPy made of framework minus target: `0`, `not 0`, or "".
    """

    part: str
    name: str
    measure: str
    seconds: float | None
    came_out: str = ""


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


# Measuring


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


def beside(way: str, measure: str) -> str:
    return f"{measure} beside {way}"


# Reporting


@dataclass(frozen=True)
class Block:
    """A table of strings with a title and a remark."""

    title: str
    remark: str
    header: Sequence[str]
    lines: Sequence[Sequence[str]]


class Figures:
    """The rows, to look up."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = {(row.part, row.name, row.measure): row for row in rows}

    def seconds(self, part: str, name: str, measure: str) -> float | None:
        row = self.rows.get((part, name, measure))
        return row.seconds if row else None

    def own(self, part: str, name: str, measure: str) -> float:
        """Return a figure of the prover's own, which always ends."""
        seconds = self.seconds(part, name, measure)
        assert seconds is not None
        return seconds

    def ratios(self, name: str, way: str) -> tuple[float, float]:
        """Return how many times slower a way is than decision and verdict in its own process."""
        asked = self.own("sympy", name, way)
        decision, verdict = (
            asked / self.own("sympy", name, beside(way, measure))
            for measure in ("decision", "verdict")
        )
        return decision, verdict

    def right(self, name: str, way: str, status: str) -> bool:
        """Tell whether SymPy got 0 of a true claim, and anything else of a false one."""
        expected = "0" if status == "proved" else "not 0"
        return self.rows["sympy", name, way].came_out == expected

    def fastest(self, each: Timed, ways: Iterable[str]) -> tuple[float, str] | None:
        """Return the time of the fastest way that got a claim right, and which way it was."""
        times = [
            (seconds, way)
            for way in ways
            if self.right(each.name, way, each.status)
            and (seconds := self.seconds("sympy", each.name, way)) is not None
        ]
        return min(times, default=None)


def command_block(rows: Figures) -> Block:
    names = [name for part, name, _ in rows.rows if part == "command"]
    return Block(
        "The whole command",
        f"Bar: {COMMAND_BAR} s for the first line. Each line includes the start of Python.",
        ("process", "wall, ms"),
        [(name, ms(rows.own("command", name, "wall"))) for name in names],
    )


def claim_block(rows: Figures, claims: Sequence[Timed]) -> Block:
    """Return the claims, ours beside SymPy's fastest."""
    lines = []
    for each in claims:
        decision, verdict, empty, fresh = (
            rows.own("claims", each.name, measure)
            for measure in ("decision", "verdict", "empty", "fresh")
        )
        line = [each.name, each.status, *map(ms, (decision, verdict, empty, fresh))]
        for ways in (SIMPLIFYING, FAIR):
            best = rows.fastest(each, ways)
            if best is None:
                line += ["–"] * 3
            else:
                seconds, way = best
                line += [f"{ms(seconds)} ({way})", *map(times, rows.ratios(each.name, way))]
        lines.append(line)
    worst = max(rows.own("claims", each.name, "verdict") for each in claims)
    return Block(
        "Claim by claim",
        f"Milliseconds. *Decision*: the kernel alone. *Verdict*: all judges, value and gradient; "
        f"bar {CLAIM_BAR * 1e3:.0f} ms, the slowest takes {ms(worst)} ms. Both in a process that "
        f"has checked the claim before, normal forms forgotten. *Empty*: all caches emptied. "
        f"*Fresh*: first claim of a new process, without imports. Then the fastest way through "
        f"`simplify` that is right, and the fastest way of any kind, each with how many times "
        f"slower it is than decision and verdict timed in turns with it; bar: {SIMPLIFY_BAR} "
        f"times, against `simplify`.",
        (
            *("claim", "status", "decision", "verdict", "empty", "fresh"),
            *("simplify", "/decision", "/verdict", "any way", "/decision", "/verdict"),
        ),
        lines,
    )


def way_block(rows: Figures, claims: Sequence[Timed]) -> Block:
    """Return how well each way of asking SymPy does over all claims."""
    proved = [each for each in claims if each.status == "proved"]
    refuted = [each for each in claims if each.status != "proved"]
    lines = []
    for way, row in WAYS.items():
        right = [each for each in claims if rows.right(each.name, way, each.status)]
        counts = [
            f"{sum(each in right for each in some)}/{len(some)}" for some in (proved, refuted)
        ]
        medians = ["–"] * 3
        if right:
            seconds = median(rows.own("sympy", each.name, way) for each in right)
            ratios = zip(*(rows.ratios(each.name, way) for each in right), strict=True)
            medians = [ms(seconds), *(times(median(some)) for some in ratios)]
        every = "yes" if row.every_length else "no"
        lines.append([way, row.says, every, *counts, *medians])
    return Block(
        "Ways of asking SymPy",
        "*True claims*: of how many the difference came out as 0. *False claims*: of how many it "
        "did not, which by itself proves nothing, as a failure looks the same. SymPy is asked "
        "about values only, the verdict is about gradients too. Milliseconds and ratios are "
        "medians over the claims it is right on.",
        (
            "way",
            "what",
            "all lengths",
            "true claims",
            "false claims",
            "ms",
            "/decision",
            "/verdict",
        ),
        lines,
    )


def growth_block(rows: Figures, family: str) -> Block:
    make, counts = FAMILIES[family]
    lines = []
    for count in counts:
        name = f"{family}/{count}"
        line = [str(count)]
        line += [ms(rows.own("growth", name, measure)) for measure in ("decision", "verdict")]
        for way in GROWTH_WAYS:
            row = rows.rows.get(("growth", name, way))
            if row is None or row.seconds is None:
                line.append("not asked" if row is None else "too long")
            else:
                line.append(f"{ms(row.seconds)}{'' if row.came_out == '0' else ', not 0'}")
        lines.append(line)
    return Block(
        f"Growth: {family}",
        f"{(make.__doc__ or '').strip()} Milliseconds; every statement is true. SymPy gets no "
        "larger one after the first that takes too long.",
        (family, "decision", "verdict", *(f"SymPy, {way}" for way in GROWTH_WAYS)),
        lines,
    )


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"


def times(ratio: float) -> str:
    return f"{ratio:.1f}×"


def to_rich(block: Block) -> Table:
    table = Table(title=block.title, caption=block.remark.replace("*", ""))
    for place, name in enumerate(block.header):
        table.add_column(name, justify="right" if place else "left")
    for line in block.lines:
        table.add_row(*line)
    return table


def to_markdown(block: Block) -> str:
    def row(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rule = ["---", *["---:"] * (len(block.header) - 1)]
    table = "\n".join(map(row, [block.header, rule, *block.lines]))
    return f"## {block.title}\n\n{block.remark}\n\n{table}"


if __name__ == "__main__":
    main()
