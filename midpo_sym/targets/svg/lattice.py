"""The lattice of special cases as SVG: layers, arrows from the general on the left to the special.

It is drawn in the colour of the text around it, scales to any size, and holds no script.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from midpo_sym.atlas.lattices import Edge
from midpo_sym.atlas.map import Map, layers

_HIGH, _ROW = 26, 34  # of a node; between rows
_LETTER, _SMALL = 7.2, 5.6  # the width of a letter of a name, and of a label
_PAD = 16  # around a name in its node
_CURVE = 90  # beside a label, for an edge to bend in
_APART = 11  # between the starts of two edges of one node
_SWEEPS = 6  # in which rows are put in the order of what they lead to
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:currentColor}.at{font-size:9.5px;opacity:.75}"
    "rect,path{fill:none;stroke:currentColor}rect{stroke-width:1}.edge{opacity:.45}"
    ".value-only{stroke-dasharray:4 3}.tip{fill:currentColor;stroke:none;opacity:.7}"
)

Places = Mapping[str, tuple[float, float]]


def plain(edge: Edge) -> str:
    """Return the values that an edge holds at, by the names that a specification gives them."""
    return ", ".join(f"{name} = {value}" for name, value in edge.at)


def draw(
    found: Map,
    addresses: Mapping[str, str] | None = None,
    *,
    values: Callable[[Edge], str] = plain,
    style: bool = True,
) -> str:
    """Return the lattice as SVG; "" if there is no edge.

    A node stands for all losses that are one; its tooltip names them. An edge that is dashed holds
    in value alone.

    Args:
        found: the map.
        addresses: of the pages of losses, by id; None for nodes that lead nowhere.
        values: how the values at which an edge holds are written.
        style: whether the drawing has its own style; else it is the page's.
    """
    if not found.edges:
        return ""
    columns = _columns(found.edges)
    widths = [max(len(found.title(id_)) for id_ in ids) * _LETTER + _PAD for ids in columns]
    labels = {each: values(each) for each in found.edges}
    gaps = [_gap(ids, labels) for ids in columns[:-1]]
    starts = [sum(widths[:k]) + sum(gaps[:k]) for k in range(len(columns))]
    tallest = max(map(len, columns))
    places = {
        id_: (starts[k], (tallest - len(ids)) * _ROW / 2 + row * _ROW)
        for k, ids in enumerate(columns)
        for row, id_ in enumerate(ids)
    }
    wide = dict(
        zip([id_ for ids in columns for id_ in ids], _repeated(widths, columns), strict=True)
    )
    parts = [
        _edge(each, labels[each], aside, places, wide)
        for each, aside in _spread(found.edges, places).items()
    ]
    parts += [
        _node(found, id_, place, wide[id_], addresses[id_] if addresses else None)
        for id_, place in places.items()
    ]
    width, height = starts[-1] + widths[-1], tallest * _ROW - (_ROW - _HIGH)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lattice" '
        f'viewBox="-2 -2 {width + 4:.0f} {height + 4:.0f}" role="group" '
        f'aria-label="Special cases: an arrow leads from a loss to what it becomes">'
        f"{f'<style>{_STYLE}</style>' if style else ''}{''.join(parts)}</svg>\n"
    )


def _repeated(widths: Sequence[float], columns: Sequence[Sequence[str]]) -> list[float]:
    return [width for width, ids in zip(widths, columns, strict=True) for _ in ids]


def _columns(edges: Sequence[Edge]) -> list[list[str]]:
    """Return the ids of each layer from the left, in an order in which few edges cross."""
    layer = layers(edges)
    columns = [
        sorted(id_ for id_, its in layer.items() if its == depth)
        for depth in range(max(layer.values()), -1, -1)
    ]
    joined: dict[str, list[str]] = {id_: [] for id_ in layer}
    for each in edges:
        joined[each.general].append(each.special)
        joined[each.special].append(each.general)
    for _ in range(_SWEEPS):
        for column in columns:
            rows = {id_: (row + 0.5) / len(ids) for ids in columns for row, id_ in enumerate(ids)}
            column.sort(key=lambda id_: sum(rows[each] for each in joined[id_]) / len(joined[id_]))
    return columns


def _gap(ids: Sequence[str], labels: Mapping[Edge, str]) -> float:
    """Return the width to the right of a column: labels, and room for the edges to bend."""
    lengths = [len(label) for each, label in labels.items() if each.general in ids]
    return max(lengths, default=0) * _SMALL + _CURVE


def _spread(edges: Sequence[Edge], places: Places) -> dict[Edge, float]:
    """Return how far from the middle of its general loss's node each edge starts."""
    count, seen = Counter(each.general for each in edges), Counter[str]()
    found: dict[Edge, float] = {}
    for each in sorted(edges, key=lambda edge: places[edge.special][1]):
        found[each] = (seen[each.general] - (count[each.general] - 1) / 2) * _APART
        seen[each.general] += 1
    return found


def _edge(edge: Edge, label: str, aside: float, places: Places, wide: Mapping[str, float]) -> str:
    (x1, y1), (x2, y2) = places[edge.general], places[edge.special]
    x1, y1, y2 = x1 + wide[edge.general], y1 + _HIGH / 2 + aside, y2 + _HIGH / 2
    bend = x1 + len(label) * _SMALL + (12 if label else 0)
    middle = (bend + x2) / 2
    curve = f"{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2 - 7:.0f} {y2:.0f}"
    path = f"M{x1:.0f} {y1:.0f}H{bend:.0f}C{curve}"
    tip = f"M{x2 - 8:.0f} {y2 - 4:.0f}L{x2:.0f} {y2:.0f}L{x2 - 8:.0f} {y2 + 4:.0f}Z"
    kind = "" if edge.gradient else " value-only"
    return (
        f'<path class="edge{kind}" d="{path}"/><path class="tip" d="{tip}"/>'
        f'<text class="at" x="{x1 + 5:.0f}" y="{y1 - 3:.0f}">{html.escape(label)}</text>'
    )


def _node(
    found: Map, id_: str, place: tuple[float, float], width: float, address: str | None
) -> str:
    x, y = place
    same = found.names_of(id_)
    name = found.title(id_) + (f" (+{len(same) - 1})" if len(same) > 1 else "")
    tooltip = " = ".join(f"{found.title(each)} ({each})" for each in same)
    node = (
        f"<title>{html.escape(tooltip)}</title>"
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{_HIGH}" rx="6"/>'
        f'<text x="{x + width / 2:.0f}" y="{y + _HIGH / 2 + 4:.0f}" text-anchor="middle">'
        f"{html.escape(name)}</text>"
    )
    if address is None:
        return f'<g class="node">{node}</g>'
    return f'<a class="node" href="{html.escape(address)}">{node}</a>'
