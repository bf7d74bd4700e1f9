"""How far to trust this: what the kernel assumes, what is checked by what, what is not proved."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from midpo_sym.certify import checker, lock
from midpo_sym.prover import (
    atoms,
    differential,
    finite,
    forms,
    hypotheses,
    judge,
    kernel,
    names,
    normal_form,
    numeric,
    order,
    slopes,
)
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Status
from midpo_sym.site.certificate import uncertified
from midpo_sym.site.material import Material
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.templating import fenced, render

_PATH = "trust.md"
_AXIOM = re.compile(r" *[A-D]\d  ")
_FOR_LOSSES = (kernel, normal_form, atoms, forms, slopes)
_FOR_THEORY = (finite, hypotheses, names, differential, order)


def make(material: Material, cache: Path | None) -> Pages:
    """Return the page."""
    del cache
    results = [each for algorithm in material.algorithms for each in algorithm.results]
    certificates = [each for algorithm in material.algorithms for each in algorithm.certificates]
    page = render(
        "trust.md",
        axioms=fenced("text", _axioms()),
        for_losses=list(map(_file, _FOR_LOSSES)),
        for_theory=list(map(_file, _FOR_THEORY)),
        confirming=judge.CONFIRMING_POINTS,
        search=judge.SEARCH_POINTS,
        digits=numeric.DIGITS,
        labels=LABELS_ASSUMPTION,
        undecided=[
            each.id
            for each in results
            if Status.UNDECIDED in (each.verdict.status, each.gradient.status)
        ],
        value_only=[
            each
            for each in results
            if each.verdict.status is Status.PROVED and each.gradient.status is not Status.PROVED
        ],
        total=len(results),
        certificates=len(certificates),
        version=certificates[0].checker if certificates else "",
        axioms_of_coq=sorted({axiom for each in certificates for axiom in each.axioms}),
        theorems=len(lock.theorems()),
        definitions=_definitions(),
        uncertified=uncertified(
            results,
            [theory for theory, _ in material.theories],
            [audit for audit, _ in material.audits],
        ),
        chains=sum(len(found) for _, found in material.theories),
        entries=sum(len(found) for _, found in material.audits),
        steps=sum(
            len(each.steps.reward) + len(each.steps.framework) + len(each.steps.target)
            for each in results
            if each.steps
        )
        + sum(len(chain.steps) for _, found in material.theories for chain in found),
    )
    return Pages({_PATH: page}, [{"How far to trust this": _PATH}])


def _definitions() -> int:
    """Return how many lines of the Coq library say what a certificate means."""
    before, found, _ = checker.library()["MidpoCore"].partition("(** * What follows is proof")
    if not found:
        raise ValueError("MidpoCore.v does not say where its definitions end")
    return len(before.splitlines())


def _axioms() -> str:
    """Return the axioms as the docstrings of the trusted files list them."""
    found: list[str] = []
    for module in (kernel, finite, order):
        within = False  # an axiom may go on in the next line
        for line in (module.__doc__ or "").splitlines():
            if _AXIOM.match(line):
                found.append(line.strip())
            elif within and line.strip():
                found[-1] += f"\n    {line.strip()}"
            within = bool(line.strip()) and (within or bool(_AXIOM.match(line)))
    return "\n".join(sorted(found))


def _file(module: ModuleType) -> tuple[str, int]:
    path = Path(module.__file__ or "")
    return path.name, len(path.read_text(encoding="utf-8").splitlines())
