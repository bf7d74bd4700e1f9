"""The page of our own words, which every other page links to where they are first met."""

from __future__ import annotations

from pathlib import Path

from midpo_sym.site.atlas.words import GLOSSARY
from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Material

_PATH = "glossary.md"


def make(material: Material, cache: Path | None) -> Pages:
    """Return the page."""
    del material, cache
    terms = sorted(GLOSSARY.items(), key=lambda each: each[1].name.lower())
    return Pages({_PATH: render("atlas/glossary.md", terms=terms)}, [{"Glossary": _PATH}])
