"""Citations, as templates show them."""

from __future__ import annotations

from midpo_sym.site.parts.material import Material
from midpo_sym.spec.model import Citation


def cited(citation: Citation, material: Material) -> dict[str, str]:
    """Return a citation: short, its place, the title of the work, and where to find that."""
    work = material.works.get(citation.work)
    return {
        "short": material.cited(citation.work),
        "place": citation.place,
        "title": work.title if work else "",
        "url": f"https://arxiv.org/abs/{work.arxiv}" if work else "",
    }
