"""What a loss is like, and the map of all losses, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from midpo_sym import __version__
from midpo_sym.atlas.lattices import Edge
from midpo_sym.atlas.like import Likeness
from midpo_sym.atlas.map import Map
from midpo_sym.atlas.negatives import Negative
from midpo_sym.atlas.rows import flat
from midpo_sym.targets.json.equivalence import relation

SCHEMA_VERSION = 1


def likeness(found: Likeness) -> dict[str, Any]:
    """Return what a loss is among all others; each relation was proved in this run."""
    return {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        "loss": flat(found.row),
        "same": list(found.same),
        "special_case_of": list(found.special_case_of),
        "generalises": list(found.generalises),
        "related": [
            {
                "id": each.right.id,
                "says": each.says,
                "relation": None if each.relation is None else relation(each.relation, each.right),
            }
            for each in found.related
        ],
        "nearest": [
            {"id": each.row.id, "apart": list(each.apart), "distance": each.distance}
            for each in found.nearest
        ],
        "untried": list(found.untried),
        "recomputed": list(found.stale),
    }


def whole_map(found: Map) -> dict[str, Any]:
    """Return the map: families, which losses are one, special cases, and what losses are not."""
    return {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        "current": found.has_ties,
        "families": [{**asdict(each.axes), "ids": list(each.ids)} for each in found.families],
        "same": [list(each) for each in found.same],
        "special_cases": [_edge(each) for each in found.edges],
        "negatives": [_negative(each) for each in found.negatives.values()],
    }


def one_of_map(found: Map, id_: str) -> dict[str, Any]:
    """Return what the map has of one loss."""
    negative = found.negatives.get(id_)
    return {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        "current": found.has_ties,
        "loss": flat(found.rows[id_]),
        "same": [each for each in found.names_of(id_) if each != id_],
        "special_cases": [
            _edge(each)
            for each in found.edges
            if {each.special, each.general} & {*found.names_of(id_)}
        ],
        "negative": _negative(negative) if negative else None,
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {**asdict(edge), "at": dict(edge.at)}


def _negative(negative: Negative) -> dict[str, Any]:
    return {**negative.to_data(), "equation": negative.equation}
