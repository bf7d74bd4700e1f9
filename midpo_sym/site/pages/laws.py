"""The page of the laws that steps of derivations and chains are applications of."""

from __future__ import annotations

from pathlib import Path

from midpo_sym.language.laws import LAWS
from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Material

_PATH = "laws.md"


def make(material: Material, cache: Path | None) -> Pages:
    """Return the page."""
    del material, cache
    page = render("laws.md", laws=LAWS.values())
    return Pages({_PATH: page}, [{"Laws": _PATH}])
