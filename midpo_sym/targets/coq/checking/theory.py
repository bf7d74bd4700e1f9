"""The theorems of the library that are about the framework, and not about one loss."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from midpo_sym.targets.coq.checking.checker import Check, Workshop


@dataclass(frozen=True, slots=True)
class LibraryTheorem:
    """A theorem of the library.

    Attributes:
        name: in Coq, with the file that it is in.
        says: what it says, in words.
        settles: the derivations of `derivations/theory` (`lemma_1/least`) that it proves, alone or
            with others that name them, and the entries of `derivations/audit` that it settles.
    """

    name: str
    says: str
    settles: tuple[str, ...] = ()


def _read(text: str) -> tuple[LibraryTheorem, ...]:
    return tuple(
        LibraryTheorem(each["name"], each["says"], tuple(each.get("settles", ())))
        for each in tomllib.loads(text)["theorem"]
    )


_FILE = Path(__file__).parents[1] / "library" / "theorems.toml"
THEOREMS = _read(_FILE.read_text(encoding="utf-8"))


def check(workshop: Workshop) -> Check:
    """Return what Coq says of all theorems together: that they are there, and on what they rest."""
    together = ", ".join(f"@{each.name}" for each in THEOREMS)
    return workshop.check(
        "From Midpo Require Import MidpoCore MidpoTheory.\n"
        f"Definition together := ({together}).\n"
        "Print Assumptions together.\n"
    )
