"""The home page: the idea in a minute, and every algorithm with its verdict."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.prover.framework import implicit_reward
from midpo_sym.prover.verdict import Status
from midpo_sym.site.atlas.findings import findings
from midpo_sym.site.atlas.words import GLOSSARY
from midpo_sym.site.maths.formula import BREAK
from midpo_sym.site.maths.layout import formula
from midpo_sym.site.mkdocs.templating import fenced, render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Algorithm, Material

_PATH = "index.md"
_PAPER = "tutunov2025midpo"


def make(material: Material, cache: Path | None) -> Pages:
    """Return the home page."""
    del cache
    claims = [
        (each, each.claim)
        for algorithm in material.algorithms
        for each in algorithm.results
        if each.claim
    ]
    printed = [result for result, claim in claims if claim.printed]
    # Proved is what is proved in value and in gradient.
    counts = Counter(
        result.verdict.status.value
        if result.verdict.status is not Status.PROVED
        else result.gradient.status.value
        for result in printed
    )
    first = material.algorithms[0]
    chosen, rejected = (
        to_latex(implicit_reward(first.main.statement, each), first.derivation.symbols)
        for each in ("w", "l")
    )
    page = render(
        "home.md",
        framework=rf"-\log\sigma\Bigl( {chosen} {BREAK} {{}}- {rejected} \Bigr)",
        first=first,
        first_zeta=formula(first.main.statement.zeta, first.derivation.symbols, r"\zeta(y) ="),
        rows=[_row(each) for each in material.algorithms if _in_paper(each)],
        more=[_row(each) for each in material.algorithms if not _in_paper(each)],
        paper=material.works.get(_PAPER),
        counts=counts,
        total=len(printed),
        ours=len(claims) - len(printed),
        use=_use(material),
        findings=list(findings(material.atlas)) if material.atlas else [],
        losses=len(material.atlas.rows) if material.atlas else 0,
        glossary=GLOSSARY,
        root="",
        audited=sum(len(found) for _, found in material.audits),
        theory=f"theory/{material.theories[0][0].setting.id}.md" if material.theories else "",
    )
    return Pages({_PATH: page}, [{"Home": _PATH}])


def _in_paper(algorithm: Algorithm) -> bool:
    return any(claim.citation.work == _PAPER for claim in algorithm.derivation.claims)


def _row(algorithm: Algorithm) -> dict[str, Any]:
    refuted = [
        each
        for each in algorithm.others
        if each.verdict.status is Status.REFUTED and each.claim and each.claim.printed
    ]
    return {
        "id": algorithm.id,
        "title": algorithm.derivation.title,
        "summary": algorithm.derivation.summary,
        "zeta": formula(algorithm.main.statement.zeta, algorithm.derivation.symbols),
        "result": algorithm.main,
        "refuted": len(refuted),
    }


def _use(material: Material) -> str:
    lines = ["midpo prove        # all of it, again"]
    first = next((each.id for each in material.algorithms if each.loss), None)
    if first:
        lines.append(f'python -c "from midpo_sym.losses import {first}_loss"  # for PyTorch')
    lines.append("midpo new my_loss  # your own")
    return fenced("sh", "\n".join(lines))
