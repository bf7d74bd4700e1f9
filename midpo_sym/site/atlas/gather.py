"""The atlas as its pages need it: the rows of the index, what is proved beside, and libraries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from midpo_sym.atlas import index, lattices
from midpo_sym.atlas.lattices import Edge, Ties
from midpo_sym.atlas.rows import Row
from midpo_sym.prover.prove import Result, prove_statement
from midpo_sym.prover.verdict import Status
from midpo_sym.session import remembering
from midpo_sym.site.atlas import CONFORMANCE, proved, slopes
from midpo_sym.site.atlas.slopes import Slopes
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
        ties: which losses are one and which are special cases, as the generated lattice has it;
            None if it is not current, and nothing is known.
    """

    rows: tuple[Row, ...]
    derivations: Mapping[str, Derivation]
    folder: Path
    ties: Ties | None = None

    @cached_property
    def by_id(self) -> dict[str, Row]:
        """Return the rows by id."""
        return {each.id: each for each in self.rows}

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Return the special cases, those that follow from others left out."""
        return self.ties.edges if self.ties else ()

    @property
    def equal(self) -> tuple[tuple[str, ...], ...]:
        """Return the losses that are one under several names, those with a partner only."""
        return self.ties.same if self.ties else ()

    def names_of(self, id_: str) -> tuple[str, ...]:
        """Return the ids of a loss and of those that it is one with; edges are of the first."""
        return next((each for each in self.equal if id_ in each), (id_,))

    @cached_property
    def slopes(self) -> Slopes:
        """Return the gradient of each loss of the atlas; what is not current is proved again."""
        there = slopes.read()
        stale = [id_ for id_ in library.ids(library.ATLAS) if id_ not in there]
        keys = [_mathematics(self.derivations[id_]) for id_ in stale]
        found = proved.all_of(slopes.slope, stale, keys)
        return there | dict(zip(stale, found, strict=True))

    @cached_property
    def asked(self) -> tuple[Asked, ...]:
        """Return what functions of libraries were asked, each with the losses that it is about."""
        path = self.folder / CONFORMANCE
        if not path.is_file():
            return ()
        rows: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        names = list(dict.fromkeys(_formula_of(each, self.folder) for each in rows))
        names = [each for each in names if library.is_shipped(each) or Path(each).is_file()]
        everything = index.digest_of(map(_mathematics, self.derivations.values()))
        keys = [_own_text(each) + everything for each in names]
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

    def address(self, id_: str) -> str:
        """Return the page of a loss, as seen from the first level, without what it ends in."""
        folder = "atlas" if self.by_id[id_].of == library.ATLAS else "algorithms"
        return f"{folder}/{id_}"

    def libraries(self, id_: str) -> list[Mapping[str, str]]:
        """Return the rows of libraries that are about a loss."""
        return [each.data for each in self.asked if id_ in each.ids]


def gather(folder: Path) -> Atlas | None:
    """Return the atlas beside a folder of specifications; None if it is not that of the package."""
    if folder.resolve() != library.directory().resolve():
        return None
    derivations = {each.id: each for each in library.everything()}
    ties = _ties(derivations)
    return Atlas(index.current().rows, derivations, folder.resolve().parent, ties)


def _ties(derivations: Mapping[str, Derivation]) -> Ties | None:
    """Return the generated lattice; None if it is not current.

    What a server read before holds as long as no specification's mathematics has changed.
    """
    everything = index.digest_of(map(_mathematics, derivations.values()))
    with remembering() as session:
        return session.recall(f"{__name__}.ties", 1, everything, lattices.read) or lattices.read()


def _mathematics(derivation: Derivation) -> str:
    """Return what proofs about the loss of a specification depend on; its words are no part."""

    def make() -> str:
        said = (derivation.parameters, derivation.weights, derivation.data)
        return index.digest_of((repr(derivation.statement), repr(said)))

    with remembering() as session:
        return session.recall(__name__, _MOST_REMEMBERED, derivation.text, make)


def _own_text(name: str) -> str:
    """Return the text of a formula that is no shipped loss; "" if it is one."""
    return "" if library.is_shipped(name) else Path(name).read_text(encoding="utf-8")


def _formula_of(row: Mapping[str, str], folder: Path) -> str:
    """Return the id or the file of the formula that a function was compared with."""
    words = row["command"].split()
    name = words[words.index("--as") + 1] if "--as" in words else words[2]  # `midpo diff A B`
    return str(folder / name) if name.endswith(".toml") else name
