"""The list of the decision notes."""

from __future__ import annotations

from pathlib import Path

from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages.page import Navigation, Pages
from midpo_sym.site.parts.material import Material

_PATH = "decisions/index.md"


def make(material: Material, cache: Path | None) -> Pages:
    """Return the list; nothing where there is no note."""
    del cache
    if not material.decisions:
        return Pages({})
    page = render("decisions.md", decisions=material.decisions)
    notes: Navigation = [{"Decisions": _PATH}]
    notes += [{title: f"decisions/{name}"} for name, title in material.decisions]
    return Pages({_PATH: page}, [{"Decisions": notes}])
