"""The website as a pure function: specifications go in, files come out.

    gather   folder of specifications    → material: derivations, verdicts, special cases
    MAKERS   material                    → pages, and their place in the navigation

Nothing here knows of mkdocs: `plugin` hands the files to it, `project` writes them to a folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from midpo_sym.site import font, kept
from midpo_sym.site.material import Material, gather
from midpo_sym.site.pages import (
    algorithm,
    audit,
    command_line,
    compare,
    decisions,
    home,
    language,
    theory,
    trust,
    tutorial,
)
from midpo_sym.site.pages.page import Navigation, Pages

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
    Maker(algorithm.make, "Algorithms"),
    Maker(theory.make, "Theory"),
    Maker(compare.make),
    Maker(audit.make),
    Maker(tutorial.make),
    Maker(language.make, "Reference"),
    Maker(command_line.make, "Reference"),
    Maker(lambda *_: Pages({}, [{"Python API": "api.md"}]), "Reference"),
    Maker(trust.make, "Trust"),
    Maker(decisions.make, "Trust"),
)


@dataclass(frozen=True, slots=True)
class Site:
    """The generated part of the website.

    Attributes:
        files: contents by path within the website's sources.
        navigation: of all pages, in the way of mkdocs.
    """

    files: dict[str, bytes]
    navigation: Navigation


def render(specs: Path, pages: Path, *, cache: Path | None = None) -> Site:
    """Return the generated pages of a folder of specifications.

    Args:
        specs: the folder.
        pages: the folder of the hand-written pages.
        cache: a folder of what was made before, to be read and added to: figures, the font, and
            the whole site, which is taken from there if nothing that it depends on has changed.

    Raises:
        SpecError: a specification breaks a rule of the language.
        UnexpectedVerdictError: a claim comes out otherwise than its specification expects.
        FormulaError: a formula has a command that the renderer of mathematics does not know.
        SiteError: there is nothing to show.
    """
    if cache is None:
        return _made(specs, pages, None)
    name = kept.key((specs, pages))
    found = kept.find(cache, name)
    if found is not None:
        return Site(*found)
    site = _made(specs, pages, cache)
    kept.keep(cache, name, site.files, site.navigation)
    return site


def _made(specs: Path, pages: Path, cache: Path | None) -> Site:
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
    return Site(files, navigation)
