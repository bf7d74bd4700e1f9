"""Outcomes as a table for a terminal, and as JSON for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from midpo_sym.targets.coq.checking.checker import ALLOWED_AXIOMS, Check, digest
from midpo_sym.targets.coq.checking.coverage import Row
from midpo_sym.targets.coq.checking.outcome import (
    NO_PROOF,
    OUTSIDE,
    PROVED,
    REFUTED,
    REJECTED,
    UNCHECKED,
    Outcome,
)
from midpo_sym.targets.coq.checking.theory import THEOREMS
from midpo_sym.targets.coq.emit import Certificate

_STYLES = {
    PROVED: "green",
    REFUTED: "yellow",
    OUTSIDE: "magenta",
    NO_PROOF: "magenta",
    UNCHECKED: "dim",
}
_LINES = 6  # of what Coq complains of


def table(outcomes: Sequence[Outcome], theory: Check | None, checker: str | None) -> RenderableType:
    """Return one row for each statement, what went wrong, and a line that counts.

    Args:
        outcomes: of the statements.
        theory: what Coq said of the theorems of the library, if it was asked.
        checker: the version of Coq; None if there is none.
    """
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("statement", "verdict", "axioms"):
        rows.add_column(head, overflow="fold")
    rows.add_column("time", justify="right", no_wrap=True)
    for each in outcomes:
        style = _STYLES.get(each.verdict, "bold red")
        axioms = _axioms(each.check.all_axioms) if each.check and each.check.accepted else ""
        seconds = f"{each.check.seconds:.1f} s" if each.check else ""
        rows.add_row(each.id, Text(each.verdict, style=style), axioms, seconds)
    if theory:
        needed, seconds = _axioms(theory.all_axioms), f"{theory.seconds:.1f} s"
        said = Text(PROVED, style="green") if theory.sound else Text(REJECTED, style="bold red")
        rows.add_row(f"theory: {len(THEOREMS)} theorems", said, needed, seconds)
    wrong = [
        Text(f"{each.id}: {_short(each.reason)}", style="" if each.settled else "red")
        for each in outcomes
        if each.reason
    ]
    wrong += [Text(f"{each.id}: {each.note}", style="dim") for each in outcomes if each.note]
    if theory and not theory.sound:
        why = theory.message or f"rests on {', '.join(theory.foreign)}"
        wrong.append(Text(f"theory: {_short(why)}", style="red"))
    notes = [Text("classical: axioms of the real numbers in Coq's standard library", style="dim")]
    return Group(rows, *wrong, *(notes if checker else []), Text(_count(outcomes, checker)))


def covered(rows: Sequence[Row]) -> RenderableType:
    """Return what is certified and by what, what is not and why, and how many of each part."""
    table_ = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("part", "id", "certified by, or why not"):
        table_.add_column(head, overflow="fold")
    for each in rows:
        said = Text(", ".join(each.by)) if each.by else Text(each.missing, style="magenta")
        table_.add_row(each.part, each.id, said)
    counts = []
    for part in dict.fromkeys(each.part for each in rows):
        own = [each for each in rows if each.part == part]
        counts.append(f"{part}: {sum(bool(each.by) for each in own)} of {len(own)} certified")
    return Group(table_, Text("; ".join(counts)))


def _axioms(names: Sequence[str]) -> str:
    """Return axioms, short: those of the real numbers by their count."""
    foreign = [each for each in names if each not in ALLOWED_AXIOMS]
    known = len(names) - len(foreign)
    return ", ".join([*([f"{known} classical"] if known else []), *foreign]) or "none"


def _short(message: str) -> str:
    lines = message.splitlines()
    return "\n".join([*lines[:_LINES], "..."] if len(lines) > _LINES else lines)


def _count(outcomes: Sequence[Outcome], checker: str | None) -> str:
    if checker is None:
        return f"{len(outcomes)} statements, not checked."
    settled = [each for each in outcomes if each.verdict in {PROVED, REFUTED}]
    outside = sum(each.verdict == OUTSIDE for each in outcomes)
    counts = [f"{len(settled)} of {len(outcomes)} statements checked by Coq {checker}"]
    counts += [f"{outside} outside the class of certificates"] * bool(outside)
    failed = len(outcomes) - len(settled) - outside
    counts += [f"{failed} failed"] * bool(failed)
    return ", ".join(counts) + "."


def report(
    outcomes: Sequence[Outcome], theory: Check | None, checker: str | None
) -> dict[str, Any]:
    """Return outcomes as JSON."""
    return {
        "checker": checker and f"Coq {checker}",
        "settled": all(each.settled for each in outcomes),
        "statements": [_row(each) for each in outcomes if each.part == "claim"],
        "gradients": [_row(each) for each in outcomes if each.part == "gradient"],
        "theory": theory
        and {
            "settled": theory.sound,
            "axioms": list(theory.all_axioms),
            "theorems": [{"name": each.name, "says": each.says} for each in THEOREMS],
        },
    }


def _row(each: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": each.id,
        "expected": each.expected.value,
        "verdict": each.verdict,
        "settled": each.settled,
        "reason": each.reason,
    }
    if isinstance(each.certificate, Certificate):
        row |= {
            "kind": each.certificate.kind.value,
            "file": str(each.certificate.path),
            "sha256": digest(each.certificate.text),
            "hypotheses": {h.name: h.meaning for h in each.certificate.hypotheses},
            "note": each.note,
        }
    if each.check:
        row |= {"axioms": list(each.check.all_axioms), "seconds": round(each.check.seconds, 3)}
    return row
