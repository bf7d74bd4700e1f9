"""How far to trust this: what the kernel assumes, what is checked by what, what is not proved."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

from midpo_sym.judges import random_models
from midpo_sym.kernel import TRUSTED, TrustedFile
from midpo_sym.prover import judge
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Status
from midpo_sym.site.mkdocs.templating import fenced, render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.certificate import uncertified
from midpo_sym.site.parts.material import Material
from midpo_sym.targets.coq.checking import checker, lock

_PATH = "trust.md"
_AXIOM = re.compile(r" *([A-D])(\d+) +")


def make(material: Material, cache: Path | None) -> Pages:
    """Return the page."""
    del cache
    results = [each for algorithm in material.algorithms for each in algorithm.results]
    certificates = [each for algorithm in material.algorithms for each in algorithm.certificates]
    page = render(
        "trust.md",
        axioms=fenced("text", _axioms()),
        for_losses=[_file(each) for each in TRUSTED if not each.theory],
        for_theory=[_file(each) for each in TRUSTED if each.theory],
        confirming=judge.CONFIRMING_POINTS,
        search=judge.SEARCH_POINTS,
        digits=random_models.DIGITS,
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
        gradients=len(lock.shipped().get("gradients", {})),
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
    for trusted in TRUSTED:
        within = False  # an axiom may go on in the next line
        docstring = _module(trusted).__doc__ if trusted.axioms else None
        for line in (docstring or "").splitlines():
            if _AXIOM.match(line):
                found.append(line.strip())
            elif within and line.strip():
                found[-1] += f"\n    {line.strip()}"
            within = bool(line.strip()) and (within or bool(_AXIOM.match(line)))
    return "\n".join(sorted(found, key=_place))


def _place(axiom: str) -> tuple[str, int]:
    letter, number = re.findall(_AXIOM, axiom)[0]
    return letter, int(number)


def _file(trusted: TrustedFile) -> tuple[str, int]:
    path = Path(_module(trusted).__file__ or "")
    return trusted.path, len(path.read_text(encoding="utf-8").splitlines())


def _module(trusted: TrustedFile) -> ModuleType:
    return import_module(f"midpo_sym.kernel.{trusted.name}")
