"""All algorithms side by side: what was computed of each, and what is a special case of what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Proved
from midpo_sym.site.live.graph import draw, edges
from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Algorithm, Material

_PATH = "compare.md"
# Heading, and the property that its column shows.
COLUMNS = (
    ("ζ knows policy", "prior_depends_on_policy"),
    ("ζ knows label", "prior_depends_on_label"),
    ("ζ knows length", "prior_depends_on_length"),
    ("stop-gradient", "uses_stop_gradient"),
    ("reference-free", "reference_free"),
    ("distributions", "needs_divergence"),
    ("length-aware", "needs_length"),
    ("token weights", "needs_weights"),
)


def make(material: Material, cache: Path | None) -> Pages:
    """Return the comparison."""
    del cache
    page = render(
        "compare.md",
        columns=[heading for heading, _ in COLUMNS],
        rows=[_row(each, material) for each in material.algorithms],
        graph=Markup(draw(material.algorithms, "algorithms/")),  # noqa: S704 - made of escaped text
        alone=_alone(material),
    )
    return Pages({_PATH: page}, [{"Compare": _PATH}])


def _row(algorithm: Algorithm, material: Material) -> dict[str, Any]:
    found = algorithm.main.properties
    return {
        "id": algorithm.id,
        "title": algorithm.derivation.title,
        "result": algorithm.main,
        "facts": ["?" if found is None else _word(getattr(found, each)) for _, each in COLUMNS],
        "needs": _needs(algorithm),
        "becomes": [
            (each.id, material.named(each.id).derivation.title) for each in algorithm.becomes
        ],
    }


def _word(holds: bool) -> str:  # noqa: FBT001 - a property's own value
    return "yes" if holds else "no"


def _needs(algorithm: Algorithm) -> dict[str, Any]:
    """Return conditions that no declared domain gives, and assumptions, short."""
    verdict = algorithm.main.verdict
    if not isinstance(verdict, Proved):
        return {"latex": [], "words": []}
    symbols = algorithm.derivation.symbols
    assumed = [
        rf"{to_latex(each.expression, symbols)} \neq 0"
        for each in verdict.conditions
        if not isinstance(each.expression, tree.Length)
    ]
    words = ["consistent labels" if e == LABELS_ASSUMPTION else e for e in verdict.assumptions]
    return {"latex": assumed, "words": words}


def _alone(material: Material) -> list[tuple[str, str]]:
    joined = {id_ for each in edges(material.algorithms) for id_ in (each.general, each.special)}
    return [(a.id, a.derivation.title) for a in material.algorithms if a.id not in joined]
