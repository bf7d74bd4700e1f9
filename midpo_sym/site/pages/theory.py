"""The pages of the theory: the framework derived, chain by chain."""

from __future__ import annotations

from pathlib import Path

from midpo_sym.chains.chain import ChainResult
from midpo_sym.session import remembering
from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages.page import Navigation, Pages
from midpo_sym.site.parts.cited import cited
from midpo_sym.site.parts.material import Material
from midpo_sym.site.parts.theory import setting_entries, theory_chain
from midpo_sym.spec.theory import Setting
from midpo_sym.targets.latex.losses import to_article
from midpo_sym.targets.latex.theory import to_document

FOLDER = "theory"
_MOST_REMEMBERED = 100  # pages


def make(material: Material, cache: Path | None) -> Pages:
    """Return a page for each file of the theory; nothing where there is none."""
    del cache
    files: dict[str, bytes] = {}
    listed: Navigation = []
    for theory, results in material.theories:
        setting = theory.setting
        files |= _made(setting, results, material)
        listed.append({setting.title: f"{FOLDER}/{setting.id}.md"})
    return Pages(files, listed)


def _made(
    setting: Setting, results: tuple[ChainResult, ...], material: Material
) -> dict[str, bytes]:
    """Return the files of a part; the same, if all that they are made from is the same."""
    key = repr((setting.path, setting.text, material.works))
    with remembering() as session:
        return session.recall(
            __name__, _MOST_REMEMBERED, key, lambda: _files(setting, results, material)
        )


def _files(
    setting: Setting, results: tuple[ChainResult, ...], material: Material
) -> dict[str, bytes]:
    page = render(
        "theory.md",
        id=setting.id,
        setting=setting,
        source=cited(setting.source, material) if setting.source else None,
        chains=[theory_chain(each) for each in results],
        entries=setting_entries(setting),
    )
    base = f"{FOLDER}/{setting.id}"
    return {
        f"{base}.md": page,
        f"{base}.toml": setting.text.encode(),
        f"{base}.tex": to_article(f"{setting.id}.toml", to_document(results)).encode(),
    }
