"""Which algorithm is a special case of which, as a drawing whose nodes are links."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.tree import Expression
from midpo_sym.site.parts.material import Algorithm

_WIDE, _HIGH, _GAP, _ROW = 132, 44, 160, 72  # of a node; between columns; between rows
_LABEL = 60  # of an edge that runs straight under its label
_LETTER = 8  # of a title
_APART = 18  # between the starts of two edges of one node


@dataclass(frozen=True, slots=True)
class Edge:
    """One algorithm is another at some values.

    Attributes:
        general: the id of the one with the parameters.
        special: the id of what it becomes.
        at: the values, in Unicode.
        gradient: whether the gradient is the same as well.
    """

    general: str
    special: str
    at: str
    gradient: bool


def edges(algorithms: Sequence[Algorithm]) -> tuple[Edge, ...]:
    """Return the special cases that were found and proved."""
    return tuple(
        Edge(each.id, found.id, _values(each, found.values), found.gradient)
        for each in algorithms
        for found in each.becomes
    )


def draw(algorithms: Sequence[Algorithm], base: str) -> str:
    """Return the graph as SVG, the general on the left.

    Args:
        algorithms: all of them; those without an edge are left out.
        base: the folder of their pages, as seen from the page with the graph.
    """
    titles = {each.id: each.derivation.title for each in algorithms}
    addresses = {id_: f"{base}{id_}.html" for id_ in titles}
    return layered(titles, edges(algorithms), addresses)


def layered(titles: Mapping[str, str], found: Sequence[Edge], addresses: Mapping[str, str]) -> str:
    """Return a graph as SVG, in columns, the general on the left.

    Args:
        titles: of all nodes, by id; those without an edge are left out.
        found: the edges.
        addresses: of the nodes' pages.
    """
    joined = {each.general for each in found} | {each.special for each in found}
    depths = {id_: _depth(id_, found) for id_ in titles if id_ in joined}
    if not depths:
        return ""
    columns = [
        sorted((id_ for id_ in depths if depths[id_] == depth), key=titles.__getitem__)
        for depth in range(max(depths.values()), -1, -1)
    ]
    tallest = max(map(len, columns))
    places = {
        id_: (column * (_WIDE + _GAP), ((tallest - len(ids)) / 2 + row) * _ROW)
        for column, ids in enumerate(columns)
        for row, id_ in enumerate(ids)
    }
    width = len(columns) * (_WIDE + _GAP) - _GAP
    height = tallest * _ROW - (_ROW - _HIGH)
    parts = []
    for id_ in places:
        mine = sorted((e for e in found if e.general == id_), key=lambda e: places[e.special][1])
        for k, each in enumerate(mine):
            parts.append(_edge(each, places, (k - (len(mine) - 1) / 2) * _APART))
    parts += [_node(addresses[id_], titles[id_], place) for id_, place in places.items()]
    return (
        f'<svg class="graph" viewBox="-2 -12 {width + 4} {height + 24:.0f}" role="group" '
        f'aria-label="Special cases: an arrow leads from an algorithm to what it becomes" '
        f"data-search-exclude>{''.join(parts)}</svg>"
    )


def _values(algorithm: Algorithm, values: Mapping[str, Expression]) -> str:
    symbols = algorithm.derivation.symbols
    return ", ".join(
        f"{symbols[name].unicode} = {to_unicode(value)}" for name, value in values.items()
    )


def _depth(id_: str, found: Sequence[Edge]) -> int:
    """Return the length of the longest way down to something that becomes nothing else."""
    below = [each.special for each in found if each.general == id_]
    return max((1 + _depth(special, found) for special in below), default=0)


def _edge(edge: Edge, places: Mapping[str, tuple[float, float]], aside: float) -> str:
    (x1, y1), (x2, y2) = places[edge.general], places[edge.special]
    x1, y1, y2 = x1 + _WIDE, y1 + _HIGH / 2 + aside, y2 + _HIGH / 2
    bend = (x2 - x1) / 3
    path = f"M{x1} {y1}H{x1 + _LABEL}C{x1 + _LABEL + bend / 2} {y1} {x2 - bend} {y2} {x2 - 7} {y2}"
    tip = f"M{x2 - 8} {y2 - 4}L{x2} {y2}L{x2 - 8} {y2 + 4}Z"
    x, y = x1 + 6, y1 - 3
    kind = "" if edge.gradient else " value-only"
    only = "" if edge.gradient else " (value)"
    return (
        f'<path class="edge{kind}" d="{path}"/><path class="tip" d="{tip}"/>'
        f'<text class="at" x="{x}" y="{y}">{html.escape(edge.at + only)}</text>'
    )


def _node(address: str, title: str, place: tuple[float, float]) -> str:
    x, y = place
    most = _WIDE // _LETTER
    shown = title if len(title) <= most else f"{title[: most - 1].rstrip()}…"
    whole = "" if shown == title else f"<title>{html.escape(title)}</title>"
    return (
        f'<a href="{address}" class="node">{whole}<rect x="{x}" y="{y}" width="{_WIDE}" '
        f'height="{_HIGH}" rx="8"/><text x="{x + _WIDE / 2}" y="{y + _HIGH / 2 + 5}" '
        f'text-anchor="middle">{html.escape(shown)}</text></a>'
    )
