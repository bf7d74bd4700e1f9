"""Attack the program with random specifications, by an evaluator that shares no code with it.

    python benchmarks/attack.py [--shapes | --diff | --gradients] [--cases N] [--seed S] [--first N]
                                [--columns value,prior,...]
                                [--points N] [--failing DIR] [--out FILE]

Each case is a specification drawn at random (tests/generators). What the program shows of it is
evaluated again (tests/oracles), in columns: verdicts, conditions, witnesses, residuals, cures,
rewards, priors, derivations, LaTeX, certificates, JSON, the terminal, and generated torch, which
is executed. With --shapes, the cases are losses of several terms, under typed links and against
anchors, in the whole language, and what is said of their terms, links and weights is evaluated as
well. With --diff, the cases are pairs of losses, half of them equal up to something planted, and
what `midpo diff` says of them is evaluated. With --gradients, derivatives of random losses are
compared with complex steps, and their signs with values. A case is stopped after a minute of
processor time; an interrupted run (Ctrl-C) writes the table of the cases so far.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from attacks import comparisons, gradients  # noqa: E402
from attacks import run as losses  # noqa: E402
from attacks.findings import COLUMNS, Finding  # noqa: E402 - tests are no package
from attacks.run import Tally  # noqa: E402
from attacks.shapes import run as shapes  # noqa: E402
from generators import cases, pairs  # noqa: E402
from generators.cases import Case  # noqa: E402
from generators.shapes import cases as shape_cases  # noqa: E402

LIMIT = 60  # seconds of processor time for a case
KINDS = ("right", "wrong", "exception", "unknown")


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError after some seconds of processor time."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"over {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def table(tally: Tally) -> str:
    """Return the counts by column, as Markdown."""
    lines = ["| column | checked | wrong | exceptions | unknown |", "|---|--:|--:|--:|--:|"]
    for column in dict.fromkeys(
        (*COLUMNS, *shapes.COLUMNS, *comparisons.COLUMNS, *gradients.COLUMNS)
    ):
        right, wrong, exception, unknown = (tally.counts[column, kind] for kind in KINDS)
        total = right + wrong + exception + unknown
        if total:
            share = f"{unknown} ({100 * unknown / total:.1f} %)"
            lines.append(f"| {column} | {total} | {wrong} | {exception} | {share} |")
    slow = sorted(tally.slow, reverse=True)
    longest = f", the longest {slow[0][0]:.1f} s ({slow[0][1]})" if slow else ""
    lines.append(f"\n{len(slow)} of {tally.cases} cases took over 5 s of processor time{longest}.")
    return "\n".join(lines)


def undecided(tally: Tally) -> str:
    """Return how many of the true and of the false statements are undecided, as Markdown."""
    lines = ["| column | true | undecided | false | undecided |", "|---|--:|--:|--:|--:|"]
    facts = ("decreasing", "convex", "bounded")
    for column in ("value", "gradient", "shape", "slope", *facts):
        row = [column]
        words = ("yes", "no") if column in facts else ("proved", "refuted")
        for decided, truth in zip(words, (True, False), strict=True):
            open_ = tally.details[column, f"in truth {truth}"]
            total = tally.details[column, decided] + open_
            row += [str(total), f"{open_} ({100 * open_ / max(total, 1):.1f} %)"]
        if row[1] == row[3] == "0":
            continue
        lines.append("| " + " | ".join(row) + " |")
    details = sorted(tally.details.items())
    compared = [(said, count) for (column, said), count in details if column in comparisons.COLUMNS]
    if compared:
        lines = ["| said of a pair | pairs |", "|---|--:|"]
        lines += [f"| {said} | {count} |" for said, count in compared]
    return "\n".join(lines)


def failures(tally: Tally, each: int = 8) -> str:
    """Return what went wrong, some of each kind."""
    lines, seen = [], Counter[tuple[str, str]]()
    for failed, finding in tally.failures:
        key = (finding.column, finding.detail[:24])
        seen[key] += 1
        if seen[key] <= each:
            detail = " ".join(finding.detail.split())[:300]
            lines.append(f"- {finding.column}, {finding.kind}: {failed.name}: {detail}")
    return "\n".join(lines)


def keep(folder: Path, failed: Case, found: list[Finding]) -> None:
    """Write the file of a failing case, with what was found in front."""
    wrong = [each for each in found if each.kind in ("wrong", "exception")]
    said = [f"# {each.column}: {' '.join(each.detail.split())[:200]}" for each in wrong]
    text = "\n".join([*said, failed.text])
    (folder / f"{failed.name}.toml").write_text(text, encoding="utf-8")


def joined(pair: tuple[Case, Case]) -> Case:
    """Return a pair of losses as one case, to be kept and counted."""
    one, other = pair
    return Case(one.name, one.family, one.note, f"{one.text}\n# against\n\n{other.text}")


def _attack(
    number: int, folder: Path, given: argparse.Namespace, columns: list[str], tally: Tally
) -> None:
    """Attack one case, and print what is wrong; after each fifty, the table so far."""
    start = time.process_time()
    pair = pairs.pair(given.seed, number) if given.diff else None
    drawing = gradients if given.gradients else shape_cases if given.shapes else cases
    drawn = joined(pair) if pair else drawing.case(given.seed, number)
    try:
        with limited(LIMIT):
            if pair:
                found = comparisons.attack(pair, folder)
            elif given.gradients:
                found = gradients.attack(given.seed, number)
            else:
                attack = shapes.attack if given.shapes else losses.attack
                found = attack(drawn, folder, columns, given.points)
    except TimeoutError as error:
        found = [Finding("value", "exception", f"TimeoutError: {error}")]
    tally.add(drawn, found, time.process_time() - start)
    bad = [each for each in found if each.kind in ("wrong", "exception")]
    for each in bad:
        print(f"{drawn.name}: {each.column}, {each.kind}: {each.detail[:150]!r}")
    if bad and given.failing is not None:
        keep(given.failing, drawn, found)
    if tally.cases % 50 == 0:
        print(f"\n{tally.cases} cases\n{table(tally)}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Attack the program with random specifications.")
    parser.add_argument("--shapes", action="store_true", help="losses of any shape")
    parser.add_argument("--diff", action="store_true", help="pairs of losses")
    parser.add_argument("--gradients", action="store_true", help="derivatives of losses")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--columns", help="separated by commas; all if left out")
    parser.add_argument("--points", type=int, default=24, help="where losses are compared")
    parser.add_argument("--failing", type=Path, help="folder for the files of failing cases")
    parser.add_argument("--out", type=Path, help="file for the table")
    given = parser.parse_args()
    known = COLUMNS
    for asked, its in (
        (given.diff, comparisons.COLUMNS),
        (given.shapes, shapes.COLUMNS),
        (given.gradients, gradients.COLUMNS),
    ):
        known = its if asked else known
    columns = given.columns.split(",") if given.columns else [*known]
    if unknown := {*columns} - {*known}:
        parser.error(f"unknown columns {sorted(unknown)}; there are {', '.join(known)}")
    if given.failing is not None:
        given.failing.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        for number in range(given.first, given.first + given.cases):
            _attack(number, Path(folder), given, columns, tally)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime
    end = f"{tally.cases} cases of seed {given.seed}, {seconds:.0f} s of processor time."
    text = f"{table(tally)}\n\n{undecided(tally)}\n\n{end}\n\n{failures(tally)}\n"
    print(text)
    if given.out is not None:
        given.out.write_text(text, encoding="utf-8")
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    main()
