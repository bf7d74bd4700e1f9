"""What `prove.py` prints of its figures: tables for the terminal and the same in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table
from statements import FAMILIES, Timed
from with_sympy import WAYS

COMMAND_BAR = 1.5  # seconds, whole command
CLAIM_BAR = 0.025  # seconds, full verdict of one claim in a warm process
SIMPLIFY_BAR = 20  # times faster than simplify
GROWTH_WAYS = ("sums", "combine")
FAIR = [name for name, way in WAYS.items() if way.target_index == "t"]
SIMPLIFYING = [name for name in FAIR if WAYS[name].simplifies]


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
        """Return whether SymPy got 0 of a true claim, and anything else of a false one."""
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


def beside(way: str, measure: str) -> str:
    return f"{measure} beside {way}"
