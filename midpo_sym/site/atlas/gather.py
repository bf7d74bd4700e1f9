"""The atlas as its pages need it: the rows of the index, what is proved beside, and libraries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from midpo_sym.atlas import index, lattices
from midpo_sym.atlas.rows import Row
from midpo_sym.prover.prove import Result, prove_statement
from midpo_sym.prover.verdict import Status
from midpo_sym.session import remembering
from midpo_sym.site.atlas import CONFORMANCE, proved
from midpo_sym.site.atlas.proved import Slope, Tie
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation

_MOST_REMEMBERED = 1000  # specifications


@dataclass(frozen=True)
class Asked:
    """A function of a library, asked what it computes.

    Attributes:
        ids: the losses whose formula it was compared with.
        data: the row as `benchmarks/conformance` wrote it.
    """

    ids: tuple[str, ...]
    data: Mapping[str, str]


@dataclass(frozen=True)
class Atlas:
    """All losses that come with the package.

    Attributes:
        rows: of the index, every one of them current: what is stale is computed again.
        derivations: the specifications by id.
        folder: what the results of the benchmarks lie in.
    """

    rows: tuple[Row, ...]
    derivations: Mapping[str, Derivation]
    folder: Path

    @cached_property
    def by_id(self) -> dict[str, Row]:
        """Return the rows by id."""
        return {each.id: each for each in self.rows}

    @cached_property
    def ties(self) -> tuple[Tie, ...]:
        """Return the edges of the lattice that are proved now, with the values that they hold at.

        The file of the lattice proposes which pairs to look at.
        """
        pairs = [pair for pair in _proposed() if set(pair) <= set(self.derivations)]
        keys = [self._key(*pair) for pair in pairs]
        found = proved.all_of(proved.tie, pairs, keys)
        return tuple(dict.fromkeys(each for each in found if each))

    @cached_property
    def slopes(self) -> dict[str, Slope | None]:
        """Return the gradient of each loss of the atlas; None where it is undecided."""
        ids = [each.id for each in self.rows if each.of == library.ATLAS]
        found = proved.all_of(proved.slope, ids, [self._key(each) for each in ids])
        return dict(zip(ids, found, strict=True))

    @cached_property
    def asked(self) -> tuple[Asked, ...]:
        """Return what functions of libraries were asked, each with the losses that it is about."""
        path = self.folder / CONFORMANCE
        if not path.is_file():
            return ()
        rows: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        names = list(dict.fromkeys(_formula_of(each, self.folder) for each in rows))
        names = [each for each in names if library.is_shipped(each) or Path(each).is_file()]
        keys = [self._key_of(each) for each in names]
        ids = dict(zip(names, proved.all_of(proved.losses_of, names, keys), strict=True))
        return tuple(Asked(ids.get(_formula_of(each, self.folder), ()), each) for each in rows)

    @cached_property
    def refuted(self) -> dict[str, Result]:
        """Return the results, with counterexamples, of losses whose own statement is refuted."""
        with remembering():
            return {
                each.id: prove_statement(
                    self.derivations[each.id].statement, self.derivations[each.id]
                )
                for each in self.rows
                if Status.REFUTED.value in (each.value, each.gradient)
            }

    @cached_property
    def equal(self) -> tuple[tuple[str, ...], ...]:
        """Return the losses that are one under several names, those with a partner only."""
        groups: list[set[str]] = []
        for each in self.ties:
            if each.same and each.gradient:
                touched = [group for group in groups if group & {each.special, each.general}]
                groups = [group for group in groups if group not in touched]
                groups.append({each.special, each.general}.union(*touched))
        order = [each.id for each in self.rows]
        return tuple(tuple(sorted(group, key=order.index)) for group in groups)

    def address(self, id_: str) -> str:
        """Return the page of a loss, as seen from the first level, without what it ends in."""
        folder = "atlas" if self.by_id[id_].of == library.ATLAS else "algorithms"
        return f"{folder}/{id_}"

    def libraries(self, id_: str) -> list[Mapping[str, str]]:
        """Return the rows of libraries that are about a loss."""
        return [each.data for each in self.asked if id_ in each.ids]

    def _key_of(self, name: str) -> str:
        """Return what the losses that a formula is depend on."""
        own = "" if library.is_shipped(name) else Path(name).read_text(encoding="utf-8")
        return own + index.digest_of(_mathematics(each) for each in self.derivations.values())

    def _key(self, *ids: str) -> str:
        return "\0".join(_mathematics(self.derivations[each]) for each in ids)


def gather(folder: Path) -> Atlas | None:
    """Return the atlas beside a folder of specifications; None if it is not that of the package."""
    if folder.resolve() != library.directory().resolve():
        return None
    derivations = {each.id: each for each in library.everything()}
    return Atlas(index.current().rows, derivations, folder.resolve().parent)


def _mathematics(derivation: Derivation) -> str:
    """Return what proofs about the loss of a specification depend on; its words are no part."""

    def make() -> str:
        said = (derivation.parameters, derivation.weights, derivation.data)
        return index.digest_of((repr(derivation.statement), repr(said)))

    with remembering() as session:
        return session.recall(__name__, _MOST_REMEMBERED, derivation.text, make)


def _proposed() -> list[tuple[str, str]]:
    """Return the pairs of the file of the lattice; none if it cannot be read."""
    try:
        data: dict[str, Any] = json.loads(lattices.path().read_text(encoding="utf-8"))
        edges = [(special, general) for special, general, _ in data["edges"]]
        return [*edges, *(pair for group in data["same"] for pair in pairwise(group))]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _formula_of(row: Mapping[str, str], folder: Path) -> str:
    """Return the id or the file of the formula that a function was compared with."""
    words = row["command"].split()
    name = words[words.index("--as") + 1] if "--as" in words else words[2]  # `midpo diff A B`
    return str(folder / name) if name.endswith(".toml") else name
