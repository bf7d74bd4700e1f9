"""All kinds of pages, in the order of the navigation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from midpo_sym.site.atlas import glossary, listing, loss, pairs
from midpo_sym.site.maths import font
from midpo_sym.site.pages import (
    algorithm,
    audit,
    command_line,
    compare,
    decisions,
    home,
    language,
    laws,
    theory,
    trust,
    tutorial,
)
from midpo_sym.site.pages.page import Navigation, Pages
from midpo_sym.site.parts.material import Material, gather

FONT = "assets/generated/math.woff2"


@dataclass(frozen=True, slots=True)
class Maker:
    """A kind of page.

    Attributes:
        make: takes the material and a folder of figures drawn before, gives the pages.
        section: the heading that its pages stand under; "" for pages of the first level.
    """

    make: Callable[[Material, Path | None], Pages]
    section: str = ""


# In the order of the navigation.
MAKERS = (
    Maker(home.make),
    Maker(listing.make),
    Maker(loss.make),
    Maker(algorithm.make, "Algorithms"),
    Maker(theory.make, "Theory"),
    Maker(compare.make),
    Maker(pairs.make),
    Maker(audit.make),
    Maker(tutorial.make),
    Maker(glossary.make, "Reference"),
    Maker(laws.make, "Reference"),
    Maker(language.make, "Reference"),
    Maker(command_line.make, "Reference"),
    Maker(lambda *_: Pages({}, [{"Where people train": "training.md"}]), "Reference"),
    Maker(
        lambda *_: Pages(
            {},
            [
                {"Python API": "api.md"},
                {"Python API: results": "api_results.md"},
                {"Python API: training": "api_training.md"},
            ],
        ),
        "Reference",
    ),
    Maker(lambda *_: Pages({}, [{"Training in parallel": "distributed.md"}]), "Reference"),
    Maker(trust.make, "Trust"),
    Maker(lambda *_: Pages({}, [{"Conformance of libraries": "conformance.md"}]), "Trust"),
    Maker(decisions.make, "Trust"),
)


def make(specs: Path, pages: Path, cache: Path | None) -> tuple[dict[str, bytes], Navigation]:
    """Return all generated files, and the navigation; see `render.render`."""
    material = gather(specs, pages)
    files: dict[str, bytes] = {FONT: font.woff2(cache)}
    navigation: Navigation = []
    sections: dict[str, Navigation] = {}
    for maker in MAKERS:
        made = maker.make(material, cache)
        files |= made.files
        if not maker.section:
            navigation += made.navigation
        elif maker.section in sections:
            sections[maker.section] += made.navigation
        elif made.navigation:
            sections[maker.section] = list(made.navigation)
            navigation.append({maker.section: sections[maker.section]})
    return files, navigation
