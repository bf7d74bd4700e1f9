"""The computed map of all losses: families, which are one, special cases, and what each is not.

Everything in it is read from the generated files, and is current; what is not current is computed
again (rows), or left out and said (the rest, which takes minutes).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from midpo_sym.atlas import index, lattices
from midpo_sym.atlas.lattices import Edge
from midpo_sym.atlas.negatives import EXCLUDED, Negative
from midpo_sym.atlas.rows import AXES, Axes, Row


@dataclass(frozen=True, slots=True)
class Family:
    """Losses with the same five axes.

    Attributes:
        axes: the five.
        ids: of the losses, in the order of the index.
    """

    axes: Axes
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """What is computed of all losses together.

    Attributes:
        rows: of the index, by id.
        families: the largest first, then in the order of the index.
        same: ids of losses that are the same up to a substitution, the one that edges are of first.
        edges: special cases, transitively reduced.
        negatives: what losses are not, by id, each shown at a point.
        stale: the ids whose rows were not current, and were computed again.
        has_ties: whether the generated lattice is current; if not, `same`, `edges` and `negatives`
            are empty.
    """

    rows: dict[str, Row]
    families: tuple[Family, ...]
    same: tuple[tuple[str, ...], ...]
    edges: tuple[Edge, ...]
    negatives: dict[str, Negative]
    stale: tuple[str, ...]
    has_ties: bool

    def title(self, id_: str) -> str:
        """Return the short name of a loss."""
        return self.rows[id_].title

    def names_of(self, id_: str) -> tuple[str, ...]:
        """Return the ids of a loss and of those that it is one with."""
        return next((each for each in self.same if id_ in each), (id_,))


def current(progress: index.Progress = iter) -> Map:
    """Return the map, with rows that are not current computed again."""
    found = index.current(progress)
    ties = lattices.read()
    return Map(
        rows={row.id: row for row in found.rows},
        families=families(found.rows),
        same=ties.same if ties else (),
        edges=ties.edges if ties else (),
        negatives={each.id: each for each in ties.negatives} if ties else {},
        stale=found.stale,
        has_ties=ties is not None,
    )


def families(rows: Iterable[Row]) -> tuple[Family, ...]:
    """Return the families of rows, the largest first."""
    found: dict[Axes, list[str]] = {}
    for row in rows:
        found.setdefault(row.axes, []).append(row.id)
    made = [Family(axes, tuple(ids)) for axes, ids in found.items()]
    return tuple(sorted(made, key=lambda each: -len(each.ids)))


def layers(edges: Sequence[Edge]) -> dict[str, int]:
    """Return how many steps above a loss that has no special case each one is, at the most."""
    below: dict[str, list[str]] = {}
    for each in edges:
        below.setdefault(each.general, []).append(each.special)
        below.setdefault(each.special, [])
    found: dict[str, int] = {}

    def layer(id_: str) -> int:
        if id_ not in found:
            found[id_] = max((1 + layer(each) for each in below[id_]), default=0)
        return found[id_]

    return {id_: layer(id_) for id_ in below}


def to_csv(found: Map) -> str:
    """Return the map as CSV, a line for each loss."""
    special: dict[str, list[str]] = {}
    general: dict[str, list[str]] = {}
    for each in found.edges:
        at = ", ".join(f"{name} = {value}" for name, value in each.at)
        note = "" if each.gradient else " (value)"
        special.setdefault(each.special, []).append(f"{each.general}{at and f' at {at}'}{note}")
        general.setdefault(each.general, []).append(each.special)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = ("id", "title", "year", *AXES, "verdict", "gives")
    writer.writerow([*names, "same_as", "special_case_of", "has_as_special_cases", "is_not"])
    for id_, row in found.rows.items():
        negative = found.negatives.get(id_)
        writer.writerow(
            [
                *(id_, row.title, row.year or "", *(getattr(row.axes, axis) for axis in AXES)),
                *(row.value, row.gives),
                "; ".join(each for each in found.names_of(id_) if each != id_),
                "; ".join(special.get(id_, ())),
                "; ".join(general.get(id_, ())),
                f"MI-DPO's with {EXCLUDED[negative.excludes]}" if negative else "",
            ]
        )
    return out.getvalue()
