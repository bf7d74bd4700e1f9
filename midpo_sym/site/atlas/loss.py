"""The page of a loss of the atlas, and the files to download from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from midpo_sym.language.links import VARIABLE, Link
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Add, Div, Neg, Number
from midpo_sym.language.vocabulary import CHECKED
from midpo_sym.prover.verdict import Status
from midpo_sym.session import remembering
from midpo_sym.site.atlas import words
from midpo_sym.site.atlas.code import code_of
from midpo_sym.site.atlas.gather import Atlas
from midpo_sym.site.atlas.placed import placed, relative
from midpo_sym.site.maths.layout import formula
from midpo_sym.site.maths.symbols import entries
from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.cited import cited
from midpo_sym.site.parts.counterexample import counterexamples
from midpo_sym.site.parts.material import Material
from midpo_sym.spec import library
from midpo_sym.spec.model import Claim, Derivation
from midpo_sym.targets.wording.losses import SIGNS

FOLDER = "atlas"
_MOST_REMEMBERED = 1000  # pages
_ONE = Number(1)
_LETTERS = ("m", "u", "h")  # for an argument; the first that is free
_M = re.compile(r"(?<![a-z\\])m(?![a-z])")  # the argument in a link of the table


def make(material: Material, cache: Path | None) -> Pages:
    """Return a page for each loss of the atlas; nothing where there is none."""
    del cache
    atlas = material.atlas
    if atlas is None:
        return Pages({})
    files: dict[str, bytes] = {}
    for row in atlas.rows:
        if row.of == library.ATLAS:
            files |= _made(row.id, atlas, material)
    return Pages(files)


def _made(id_: str, atlas: Atlas, material: Material) -> dict[str, bytes]:
    """Return the files of a loss; the same, if all that they are made from is the same."""
    derivation = atlas.derivations[id_]
    work = material.works.get(derivation.source.work) if derivation.source else None
    place = placed(id_, atlas, work)
    slope = atlas.slopes[id_]
    key = repr((derivation.path, derivation.text, place, slope, material.works))
    with remembering() as session:
        return session.recall(
            __name__,
            _MOST_REMEMBERED,
            key,
            lambda: _files(derivation, atlas, material, place),
        )


def _files(
    derivation: Derivation, atlas: Atlas, material: Material, place: dict[str, Any]
) -> dict[str, bytes]:
    id_, row, code = derivation.id, place["row"], code_of(derivation)
    refuted = atlas.refuted.get(id_)
    slope = atlas.slopes[id_]
    page = render(
        "atlas/loss.md",
        id=id_,
        derivation=derivation,
        place=place,
        verdict=words.verdict(row),
        sign=SIGNS,
        source=cited(derivation.source, material) if derivation.source else None,
        checked=CHECKED.get(derivation.checked, ""),
        terms=list(_terms(derivation)),
        additive=[
            formula(each, derivation.symbols) for each in derivation.statement.target.additive
        ],
        zeta=formula(derivation.statement.zeta, derivation.symbols, r"\zeta(y) \propto"),
        scale=to_latex(derivation.statement.scale, derivation.symbols),
        entries=entries(derivation),
        witnesses=counterexamples(refuted) if refuted else (),
        slope=slope,
        claims=[_claim(each, derivation, row, material) for each in derivation.claims],
        notes=relative(derivation.notes, atlas, FOLDER),
        elsewhere=relative(derivation.elsewhere, atlas, FOLDER),
        loss=_verbatim(code.text) if code else None,
        module=code.module if code else "",
        spec=_verbatim(derivation.text),
        needs=words.needs(row),
        glossary=words.GLOSSARY,
        root="../",
    )
    base = f"{FOLDER}/{id_}"
    work = material.works.get(derivation.source.work) if derivation.source else None
    return {
        f"{base}.md": page,
        f"{base}.toml": derivation.text.encode(),
        **({f"{base}_loss.py": code.text.encode()} if code else {}),
        **({f"{base}.bib": f"{work.bibtex()}\n".encode()} if work else {}),
    }


def _terms(derivation: Derivation) -> Iterator[dict[str, Any]]:
    """Yield the terms of a loss: a link of m, with what m is."""
    symbols, terms = derivation.symbols, derivation.statement.target.terms
    taken = {each.latex for each in symbols.values()}
    letter = next(each for each in _LETTERS if each not in taken)
    for number, term in enumerate(terms, 1):
        name = f"{letter}_{number}" if len(terms) > 1 else letter
        shown = _link(term.link, name, derivation)
        if term.weight != _ONE:
            weight = to_latex(term.weight, symbols)
            if isinstance(term.weight, (Add, Neg, Div)):
                weight = rf"\left({weight}\right)"
            shown = rf"{weight} \cdot \left[\,{shown}\,\right]"
        yield {
            "link": shown,
            "argument": formula(term.argument, symbols, f"{name} ="),
        }


def _link(link: Link, name: str, derivation: Derivation) -> str:
    """Return a link of an argument called `name`, as LaTeX."""
    if link.latex:
        return _M.sub(lambda _: name, link.latex)
    symbols = {**derivation.symbols, VARIABLE.name: Symbol(name, name)}
    return formula(unfold(link.body, keep_functions=True), symbols)


def _verbatim(text: str) -> Markup:
    """Return a file as it stands in a block of HTML, in which Markdown sees no empty line."""
    return Markup(re.sub(r"\n(?=\n)", "\n&#8203;", str(escape(text.rstrip()))))  # noqa: S704 - escaped


def _claim(claim: Claim, derivation: Derivation, row: Any, material: Material) -> dict[str, Any]:
    found = next(each for each in row.claims if each.id == claim.id)
    symbols, own, its = derivation.symbols, derivation.statement, claim.statement
    target = its.target
    return {
        "id": f"claim-{claim.id}",
        "name": claim.id,
        "cited": cited(claim.citation, material),
        "kind": "as printed"
        if claim.printed
        else f"as coded by {claim.convention}"
        if claim.convention
        else "our reading",
        "note": claim.note,
        "value": found.value,
        "gradient": found.gradient,
        "refuted": Status.REFUTED.value in (found.value, found.gradient),
        "zeta": formula(its.zeta, symbols, r"\zeta(y) \propto") if its.zeta != own.zeta else None,
        "argument": formula(its.argument, symbols, "m =")
        if target.is_one_term and own.target.is_one_term and its.argument != own.argument
        else None,
    }
