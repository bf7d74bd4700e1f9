"""The map of all losses, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from midpo_sym.atlas.lattices import Edge
from midpo_sym.atlas.map import Map
from midpo_sym.atlas.negatives import ALONE, ANY, EXCLUDED, LABEL, Negative
from midpo_sym.atlas.rows import AXES


def whole(found: Map) -> RenderableType:
    """Return families, what is one, special cases, and what is excluded."""
    families = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("losses", *AXES, "ids"):
        families.add_column(column, overflow="fold")
    for each in found.families:
        axes = (getattr(each.axes, axis) for axis in AXES)
        families.add_row(str(len(each.ids)), *axes, ", ".join(each.ids))
    parts: list[RenderableType] = ["Families, by the five axes", families]
    parts += ["The same loss, up to a substitution of parameters"]
    parts += [f"  {' = '.join(each)}" for each in found.same]
    parts += ["", "Special cases, without those that follow from others", _edges(found.edges)]
    parts += _excluded(found)
    parts.append("The point that shows it: midpo map ID. As a drawing: midpo map --svg")
    return Group(*parts)


def one(found: Map, id_: str) -> RenderableType:
    """Return what the map has of one loss."""
    row = found.rows[id_]
    parts: list[RenderableType] = [f"{row.title} ({id_})", f"  {row.axes.family}"]
    same = [each for each in found.names_of(id_) if each != id_]
    if same:
        parts.append(f"The same up to a substitution: {', '.join(same)}")
    mine = {*found.names_of(id_)}
    edges = [each for each in found.edges if {each.special, each.general} & mine]
    if edges:
        parts += ["Special cases", _edges(edges)]
    negative = found.negatives.get(id_)
    if negative is not None:
        parts += _shown(negative)
    elif found.has_ties:
        parts.append("No point is kept that excludes a prior.")
    return Group(*parts)


def _edges(edges: Iterable[Edge]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("general", "becomes", "at", "gradient"):
        table.add_column(column, overflow="fold")
    for each in sorted(edges, key=lambda edge: (edge.general, edge.special)):
        at = ", ".join(f"{name} = {value}" for name, value in each.at)
        table.add_row(each.general, each.special, at, "same" if each.gradient else "not proved")
    return table


def _excluded(found: Map) -> Iterator[str]:
    """Yield which priors are excluded of which losses."""
    for kind in (ANY, LABEL, ALONE):
        ids = [each.id for each in found.negatives.values() if each.excludes == kind]
        if ids:
            yield f"Not MI-DPO's own loss with {EXCLUDED[kind]}, each shown at a point:"
            yield f"  {', '.join(ids)}"
            yield ""


def _shown(negative: Negative) -> Iterator[RenderableType]:
    """Yield what is excluded, and the point that shows it."""
    yield f"Not MI-DPO's own loss with {EXCLUDED[negative.excludes]}: it would have"
    yield f"  {negative.equation}"
    yield "and at this point the left side is not so. The numbers are certified intervals."
    table = Table.grid(padding=(0, 2), pad_edge=True)
    responses = [(f"response {name}", tokens) for name, tokens in negative.responses]
    rows = (*responses, *negative.given, *negative.probabilities, *negative.losses)
    for name, value in (*rows, ("left side", negative.left)):
        table.add_row(name, value)
    yield table
    yield "Probabilities are of the tokens a, b, c and ∎, which ends a response."
