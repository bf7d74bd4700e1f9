"""What a loss is like, as JSON."""

from __future__ import annotations

from typing import Any

from midpo_sym import __version__
from midpo_sym.atlas.like import Likeness
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
