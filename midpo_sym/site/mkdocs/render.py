"""The website as a pure function: specifications go in, files come out.

    gather   folder of specifications    → material: derivations, verdicts, special cases
    makers   material                    → pages, and their place in the navigation

Nothing here knows of mkdocs: `plugin` hands the files to it, `project` writes them to a folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from midpo_sym.session import remembering
from midpo_sym.site.atlas import CONFORMANCE
from midpo_sym.site.mkdocs import kept
from midpo_sym.site.pages.page import Navigation


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
    with remembering():
        if cache is None:
            return _made(specs, pages, None)
        name = kept.key((specs, pages), specs.resolve().parent / CONFORMANCE)
        found = kept.find(cache, name)
        if found is not None:
            return Site(*found)
        site = _made(specs, pages, cache)
        kept.keep(cache, name, site.files, site.navigation)
        return site


def _made(specs: Path, pages: Path, cache: Path | None) -> Site:
    from midpo_sym.site.mkdocs import makers  # noqa: PLC0415 - the prover, slow to load if all is kept

    return Site(*makers.make(specs, pages, cache))
