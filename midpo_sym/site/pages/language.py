"""The description of the specification language, as it lies beside the specifications."""

from __future__ import annotations

from pathlib import Path

from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Material

_PATH = "language.md"


def make(material: Material, cache: Path | None) -> Pages:
    """Return the description."""
    del cache
    return Pages({_PATH: material.language.encode()}, [{"Specification language": _PATH}])
