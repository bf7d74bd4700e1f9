"""What became of the mutants of the kernel, in a file from which the next run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from kernel_mutations import Mutant

ROOT = Path(__file__).resolve().parent.parent
KERNEL = ROOT / "midpo_sym" / "kernel"

KILLED, SURVIVED, SLOW = "killed", "survived", "too slow"


class Row(TypedDict):
    """An outcome: of which mutant of which kernel, on which tests, and whether on the slow too."""

    digest: str
    tests: str
    key: str
    outcome: str
    whole: bool


class Kept:
    """The outcomes of earlier runs.

    One counts for the same changed source of the same kernel and the same tests. If these have
    only been `added` to since, which the caller knows, what they noticed they still notice: then
    that counts as well. What survived other tests never does.
    """

    def __init__(self, path: Path | None, tests: Iterable[str], *, added: bool = False) -> None:
        """Read what is there already; without a path nothing is kept."""
        self.path = path
        self.added = added
        self.kernel = _digest(sorted(KERNEL.rglob("*.py")))
        self.tests = _digest(ROOT / each.partition("::")[0] for each in tests)
        self.found: dict[str, list[Row]] = {}
        if path and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row: Row = json.loads(line)
                self.found.setdefault(row["digest"], []).append(row)

    def row(self, mutant: Mutant | None, *, quick: bool) -> Row | None:
        """Return the last row that counts: who survives the quick tests alone runs again."""
        for row in reversed(self.found.get(self.digest(mutant), [])):
            counts = row["tests"] == self.tests and (quick or row["whole"])
            if row["outcome"] != SURVIVED:
                counts = row["tests"] == self.tests or self.added
            if counts:
                return row
        return None

    def outcome(self, mutant: Mutant | None, *, quick: bool) -> str:
        """Return an outcome that is kept, or ""."""
        row = self.row(mutant, quick=quick)
        return row["outcome"] if row else ""

    def is_older(self, mutant: Mutant, *, quick: bool) -> bool:
        """Return whether the outcome that counts is one of other tests."""
        row = self.row(mutant, quick=quick)
        return row is not None and row["tests"] != self.tests

    def digest(self, mutant: Mutant | None) -> str:
        """Return what an outcome is kept under."""
        text = f"{mutant.module}\n{mutant.source}" if mutant else ""
        return hashlib.sha256(f"{self.kernel}\n{text}".encode()).hexdigest()

    def add(self, mutant: Mutant | None, outcome: str, *, quick: bool) -> None:
        """Write an outcome down."""
        if self.path and mutant:
            row = Row(
                digest=self.digest(mutant),
                tests=self.tests,
                key=mutant.key,
                outcome=outcome,
                whole=not quick,
            )
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def _digest(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()
