"""Where a loss stands among the others, as data for the pages of the paper's and the atlas's."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from midpo_sym.atlas.lattices import Edge
from midpo_sym.atlas.rows import AXES, Row
from midpo_sym.site.atlas import words
from midpo_sym.site.atlas.code import INSTALL, citation, code_of, configurations
from midpo_sym.site.atlas.gather import Atlas
from midpo_sym.site.live.beside import beside
from midpo_sym.site.mkdocs.templating import fenced
from midpo_sym.spec.library import Work

# What each axis asks.
_QUESTIONS = {
    "prior": "What does the prior know?",
    "link": "What is the outer function?",
    "terms": "Of what are its terms?",
    "weight": "What do the weights depend on?",
    "scope": "What does it look at together?",
}


def placed(id_: str, atlas: Atlas, work: Work | None) -> dict[str, Any]:
    """Return what is said of a loss beside its own proof.

    Args:
        id_: the loss.
        atlas: all losses.
        work: that introduced it.
    """
    row, derivation = atlas.by_id[id_], atlas.derivations[id_]
    here = posixpath.dirname(atlas.address(id_))
    rows = atlas.libraries(id_)
    code, names = code_of(derivation), atlas.names_of(id_)
    page = f"{atlas.address(id_)}.html"
    return {
        "row": row,
        "axes": [(name, getattr(row.axes, name), _QUESTIONS[name]) for name in AXES],
        "family": [_named(each, atlas, here) for each in _family(row, atlas)],
        "known": atlas.ties is not None,
        "same": [_named(atlas.by_id[each], atlas, here) for each in names if each != id_],
        "listed": names[0] == id_,
        "special_of": [
            _tied(each, each.general, atlas, here) for each in atlas.edges if each.special == id_
        ],
        "becomes": [
            _tied(each, each.special, atlas, here) for each in atlas.edges if each.general == id_
        ],
        "beside": beside(derivation),
        "libraries": rows,
        "configurations": list(configurations(rows)),
        "install": fenced("sh", INSTALL),
        "usage": fenced("python", code.usage) if code else None,
        "cite": fenced("bibtex", citation(derivation, page)),
        "words": [*dict.fromkeys(words.search_words(derivation, row, work, rows))],
    }


def relative(markdown: str, atlas: Atlas, here: str) -> str:
    """Return Markdown whose links to specifications lead to their pages.

    Args:
        markdown: with links such as `[one of means](ipo_mean.md)`.
        atlas: all losses.
        here: the folder of the page.
    """

    def led(found: re.Match[str]) -> str:
        name = found[1]
        if name not in atlas.by_id:
            return found[0]
        return f"]({posixpath.relpath(atlas.address(name), here)}.md)"

    return re.sub(r"\]\((?:\.\./)?(\w+)\.md\)", led, markdown)


def _family(row: Row, atlas: Atlas) -> list[Row]:
    return [each for each in atlas.rows if each.axes == row.axes and each.id != row.id]


def _tied(edge: Edge, other: str, atlas: Atlas, here: str) -> dict[str, Any]:
    return {
        **_named(atlas.by_id[other], atlas, here),
        "at": words.values(edge, atlas.derivations),
        "gradient": edge.gradient,
    }


def _named(row: Row, atlas: Atlas, here: str) -> dict[str, str]:
    address = posixpath.relpath(atlas.address(row.id), here or ".")
    return {"id": row.id, "title": row.title, "address": f"{address}.html"}
