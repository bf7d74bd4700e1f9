"""The page of all losses: a table with facets, what is equal, what has no prior, the lattice."""

from __future__ import annotations

import html
import re
from collections import Counter
from pathlib import Path
from typing import Any

from markupsafe import Markup

from midpo_sym.atlas.map import Map
from midpo_sym.atlas.rows import AXES, Row
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.substitute import unfold
from midpo_sym.site.atlas import words
from midpo_sym.site.atlas.code import code_of
from midpo_sym.site.atlas.gather import Atlas
from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Material
from midpo_sym.spec.model import Derivation
from midpo_sym.targets.svg import lattice
from midpo_sym.targets.wording.losses import SIGNS
from midpo_sym.targets.wording.table import loss as as_one

_PATH = "atlas.md"
_SMALLEST_FAMILY = 2
_FACETS = ("prior", "link", "terms", "weight", "scope")
_NEEDS = ("a reference", "next-token distributions", "lengths", "weights per token")


def make(material: Material, cache: Path | None) -> Pages:
    """Return the page; nothing where there is no atlas."""
    del cache
    atlas = material.atlas
    if atlas is None:
        return Pages({})
    rows = [row_of(each, atlas) for each in sorted(atlas.rows, key=lambda row: row.title.lower())]
    families = Counter(each.axes.family for each in atlas.rows)
    page = render(
        "atlas/atlas.md",
        rows=rows,
        total=len(rows),
        proved=sum(each.value == "proved" == each.gradient for each in atlas.rows),
        facets=[(name, _values(rows, name)) for name in _FACETS],
        years=_values(rows, "year"),
        needs=_NEEDS,
        families=[
            (family, [_link(each, atlas) for each in atlas.rows if each.axes.family == family])
            for family, count in families.most_common()
            if count >= _SMALLEST_FAMILY
        ],
        alone=sum(count < _SMALLEST_FAMILY for count in families.values()),
        equal=[[_link(atlas.by_id[id_], atlas) for id_ in group] for group in atlas.equal],
        negatives=[
            {
                **_link(atlas.by_id[id_], atlas),
                "says": words.verdict(atlas.by_id[id_], "on its page"),
                "row": atlas.by_id[id_],
            }
            for id_ in atlas.refuted
        ],
        known=atlas.ties is not None,
        lattice=_lattice(atlas),
        graph=Markup(_graph(atlas)),  # noqa: S704 - made of escaped text
        sign=SIGNS,
        glossary=words.GLOSSARY,
        root="",
    )
    return Pages({_PATH: page}, [{"Atlas": _PATH}])


def formula_of(derivation: Derivation) -> str:
    """Return a loss in Unicode, in a line."""
    if any(term.link.is_any for term in derivation.statement.target.terms):
        return "f(a), for every f"
    whole = unfold(as_one(derivation.statement.target), keep_functions=True)
    return to_unicode(whole, derivation.symbols)


def _with_indices(text: str) -> Markup:
    """Return a formula in Unicode with its indices set low."""
    return Markup(re.sub(r"_(\w+)", r"<sub>\1</sub>", html.escape(text)))  # noqa: S704 - escaped


def row_of(row: Row, atlas: Atlas) -> dict[str, Any]:
    """Return what tables show of a loss."""
    derivation = atlas.derivations[row.id]
    return {
        **_link(row, atlas),
        "year": str(row.year or "–"),
        "authors": row.authors,
        "formula": _with_indices(formula_of(derivation)),
        "value": row.value,
        "gradient": row.gradient,
        "verdict": row.value
        if row.value == row.gradient
        else f"{row.value}, gradient {row.gradient}",
        **{axis: getattr(row.axes, axis) for axis in AXES},
        "link": words.link(row),
        "needs": words.needs(row),
        "code": "yes" if code_of(derivation) else "no",
    }


def _values(rows: list[dict[str, Any]], name: str) -> list[str]:
    """Return the values of a column, the commonest first; years in their order."""
    counts = Counter(each[name] for each in rows)
    return sorted(counts) if name == "year" else [value for value, _ in counts.most_common()]


def _link(row: Row, atlas: Atlas) -> dict[str, str]:
    return {"id": row.id, "title": row.title, "address": f"{atlas.address(row.id)}.html"}


def _graph(atlas: Atlas) -> str:
    """Return the lattice as a drawing."""
    known = atlas.ties is not None
    found = Map(atlas.by_id, (), atlas.equal, atlas.edges, {}, (), known)
    addresses = {id_: f"{atlas.address(id_)}.html" for id_ in atlas.by_id}
    return lattice.draw(
        found, addresses, values=lambda edge: words.values(edge, atlas.derivations), style=False
    )


def _lattice(atlas: Atlas) -> list[dict[str, Any]]:
    """Return each loss that others become, with those; what most become comes first."""
    counts = Counter(each.special for each in atlas.edges)
    return [
        {
            **_link(atlas.by_id[special], atlas),
            "general": [
                {
                    **_link(atlas.by_id[each.general], atlas),
                    "at": words.values(each, atlas.derivations),
                    "gradient": each.gradient,
                }
                for each in atlas.edges
                if each.special == special
            ],
        }
        for special, _ in counts.most_common()
    ]
