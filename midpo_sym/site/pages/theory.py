"""The pages of the theory: the framework derived, chain by chain."""

from __future__ import annotations

from pathlib import Path

from midpo_sym.emit.latex import to_article
from midpo_sym.emit.latex_theory import to_document
from midpo_sym.site.material import Material
from midpo_sym.site.pages.cited import cited
from midpo_sym.site.pages.page import Navigation, Pages
from midpo_sym.site.templating import render
from midpo_sym.site.theory import setting_entries, theory_chain

FOLDER = "theory"


def make(material: Material, cache: Path | None) -> Pages:
    """Return a page for each file of the theory; nothing where there is none."""
    del cache
    files: dict[str, bytes] = {}
    listed: Navigation = []
    for theory, results in material.theories:
        setting = theory.setting
        path = f"{FOLDER}/{setting.id}.md"
        files[path] = render(
            "theory.md",
            id=setting.id,
            setting=setting,
            source=cited(setting.source, material) if setting.source else None,
            chains=[theory_chain(each) for each in results],
            entries=setting_entries(setting),
        )
        files[f"{FOLDER}/{setting.id}.toml"] = setting.text.encode()
        article = to_article(f"{setting.id}.toml", to_document(results))
        files[f"{FOLDER}/{setting.id}.tex"] = article.encode()
        listed.append({setting.title: path})
    return Pages(files, listed)
