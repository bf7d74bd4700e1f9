"""The audit: every statement of the paper that can be true or false, with a computed verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from midpo_sym.chains.audit import EntryResult, Judgement
from midpo_sym.language.vocabulary import AUDIT_STATUSES, CATEGORIES
from midpo_sym.prover.verdict import Status
from midpo_sym.site.maths.layout import formula
from midpo_sym.site.mkdocs.templating import render
from midpo_sym.site.pages import algorithm, theory
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Material
from midpo_sym.site.parts.theory import RELATIONS, assumption_latex, never_zero
from midpo_sym.spec.theory import Relation, Setting
from midpo_sym.targets.terminal.audit import in_order, witness

_PATH = "audit.md"


def make(material: Material, cache: Path | None) -> Pages:
    """Return the page; nothing where there is no audit."""
    del cache
    if not material.audits:
        return Pages({})
    results = [each for _, found in material.audits for each in found]
    statuses = Counter(each.judgement.status for each in results)
    kinds = Counter(each.entry.category for each in results if each.entry.category)
    page = render(
        "audit.md",
        total=len(results),
        statuses=[(each, statuses[each], said) for each, said in AUDIT_STATUSES.items()],
        kinds=[(each, kinds[each], said) for each, said in CATEGORIES.items()],
        standard=_standard(material),
        sections=[
            (title, id_, [_entry(each, material) for each in found])
            for title, id_, found in _sections(material)
            if found
        ],
    )
    return Pages({_PATH: page}, [{"Audit": _PATH}])


def _sections(material: Material) -> Iterator[tuple[str, str, list[EntryResult]]]:
    """Yield title, id and entries: what is not right, what is open, then what is proved."""
    slips: list[EntryResult] = []
    unknown: list[EntryResult] = []
    for each in in_order([each for _, found in material.audits for each in found]):
        if each.judgement.status != Status.PROVED.value:
            (slips if each.entry.category or each.judgement.same else unknown).append(each)
    yield "Not right as printed", "not-right", slips
    yield "Without a verdict", "without-a-verdict", unknown
    for audit, found in material.audits:
        right = [each for each in found if each.judgement.status == Status.PROVED.value]
        yield f"Proved. {audit.setting.title}", audit.setting.id, right


def _standard(material: Material) -> str:
    """Return the standard of the audit, as it stands beside its files; "" if it does not."""
    readme = material.audits[0][0].setting.path.parent / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    return text.partition("\n## The standard\n")[2].partition("\n## ")[0].strip()


def _entry(result: EntryResult, material: Material) -> dict[str, Any]:
    entry, setting, judgement = result.entry, result.setting, result.judgement
    repair = None
    if entry.repair and result.repair:
        repair = {
            "says": entry.repair.says,
            "status": result.repair.status,
            "statement": _statement(entry.repair.evidence.relation, setting),
            "because": result.repair.because,
            "links": list(_links(result.repair, material)),
        }
    return {
        "entry": entry,
        "status": judgement.status,
        "same": judgement.same,
        "because": judgement.because,
        "statement": _statement(entry.evidence.relation, setting),
        "assumed": [
            assumption_latex(setting.assumptions[name], setting)
            for name in (entry.evidence.relation.using if entry.evidence.relation else ())
        ],
        "conditions": [never_zero(each, setting) for each in judgement.conditions],
        "residuals": list(_residuals(result)),
        "witness": witness(judgement.sides) if judgement.sides else "",
        "links": list(_links(judgement, material)),
        "repair": repair,
    }


def _statement(relation: Relation | None, setting: Setting) -> str:
    if relation is None:
        return ""
    left = formula(relation.left, setting.symbols)
    right = formula(relation.right, setting.symbols, f"{{}}{RELATIONS[relation.sign]}")
    return rf"{left} \allowbreak {right}"


def _residuals(result: EntryResult) -> Iterator[str]:
    if result.residual is not None:
        yield formula(result.residual, result.setting.symbols)
    for claim in result.judgement.claims:
        if claim.residual is not None:
            yield formula(claim.residual, claim.derivation.symbols)


def _links(judgement: Judgement, material: Material) -> Iterator[tuple[str, str]]:
    """Yield the address and the name of each claim and chain that a verdict rests on."""
    for claim in judgement.claims:
        own = claim.claim is None or claim.claim.is_main
        place = "theorem" if own else f"claim-{claim.claim.id}" if claim.claim else ""
        yield f"{algorithm.FOLDER}/{claim.derivation.id}.html#{place}", claim.id
    known = {each.id: each for _, results in material.theories for each in results}
    for chain in judgement.chains:
        if chain.id in known:
            yield f"{theory.FOLDER}/{chain.setting.id}.html#{chain.chain.id}", chain.id
