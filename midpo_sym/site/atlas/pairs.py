"""Any two losses side by side: how they differ, and what is proved of them.

What is proved of a pair follows from the generated lattice, so that is what the page holds; its
script looks a pair up. Without scripts the page lists what is proved of neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup

from midpo_sym.atlas.lattices import with_a_loss
from midpo_sym.site.atlas import words
from midpo_sym.site.atlas.gather import Atlas
from midpo_sym.site.atlas.listing import row_of
from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Material

_PATH = "pairs.md"
# What is shown of a loss, and of what a difference between two is marked.
COLUMNS = (
    *("formula", "verdict", "prior", "link", "terms", "weight", "scope", "needs", "code", "year"),
)


def make(material: Material, cache: Path | None) -> Pages:
    """Return the page; nothing where there is no atlas."""
    del cache
    atlas = material.atlas
    if atlas is None:
        return Pages({})
    rows = [row_of(each, atlas) for each in sorted(atlas.rows, key=lambda row: row.title.lower())]
    found = data_of(atlas, rows)
    compared = len(rows) - len(found["alone"])
    data = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    page = render(
        "atlas/pairs.md",
        rows=rows,
        columns=COLUMNS,
        data=Markup(data.replace("<", r"\u003c")),  # noqa: S704 - no tag can end in it
        known=atlas.ties is not None,
        neighbours=list(_neighbours(atlas)),
        count=compared * (compared - 1) // 2,
    )
    return Pages({_PATH: page}, [{"Side by side": _PATH}])


def data_of(atlas: Atlas, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the script answers from: the losses, which are one, and the special cases.

    Args:
        atlas: all losses.
        rows: as the table of all losses shows them.
    """
    compared = {each.id for each in with_a_loss(atlas.derivations.values())}
    return {
        "known": atlas.ties is not None,
        "columns": COLUMNS,
        "losses": {
            each["id"]: [each["title"], each["address"], *(each[name] for name in COLUMNS)]
            for each in rows
        },
        "alone": [id_ for id_ in atlas.derivations if id_ not in compared],
        "same": atlas.equal,
        "edges": [
            [each.special, each.general, words.values(each, atlas.derivations), each.gradient]
            for each in atlas.edges
        ],
    }


def _neighbours(atlas: Atlas) -> Iterator[dict[str, Any]]:
    """Yield what is proved of two losses, the special one first."""
    for first, *others in atlas.equal:
        for other in others:
            yield {"one": atlas.by_id[other], "other": atlas.by_id[first], "same": True}
    for edge in atlas.edges:
        yield {
            "one": atlas.by_id[edge.special],
            "other": atlas.by_id[edge.general],
            "same": False,
            "at": words.values(edge, atlas.derivations),
            "gradient": edge.gradient,
        }
