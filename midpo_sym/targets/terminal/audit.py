"""The audit in the terminal and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from midpo_sym.chains.audit import EntryResult, Judgement
from midpo_sym.judges.finite_problems import Sides
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.vocabulary import CATEGORIES
from midpo_sym.spec.theory import Relation, Setting
from midpo_sym.targets.terminal import points, theory
from midpo_sym.targets.wording.losses import SIGNS
from midpo_sym.targets.wording.notation import UNICODE
from midpo_sym.targets.wording.theory import never_zero

_STYLES = {"proved": "green", "refuted": "yellow", "undecided": "magenta", "not checked": "dim"}
_DIGITS = 12
_ORDER = ("refuted", "undecided", "not checked", "proved")
_KINDS = ("error", "overstatement", "notation", "")
assert set(_KINDS) == {*CATEGORIES, ""}


def summary(results: Sequence[EntryResult]) -> RenderableType:
    """Return one row for each entry, what is not right first, and lines that count them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("entry", no_wrap=True)
    table.add_column("as printed", no_wrap=True)
    table.add_column("kind", overflow="fold", max_width=20)
    table.add_column("repaired", no_wrap=True)
    table.add_column("place", overflow="fold", max_width=32)
    table.add_column("why", overflow="fold")
    for each in in_order(results):
        repaired = _status(each.repair.status) if each.repair else ""
        said = _status(each.judgement.status)
        if not each.as_expected:
            said.append(" !", "red")
        same = each.entry.evidence.same
        kind = f"as {same}" if same else each.entry.category
        table.add_row(each.entry.id, said, kind, repaired, each.entry.place, each.entry.why)
    counts = Counter(each.judgement.status for each in results)
    kinds = Counter(each.entry.category for each in results if each.entry.category)
    said_ = ", ".join(f"{counts[status]} {status}" for status in SIGNS if counts[status])
    of = ", ".join(f"{kinds[kind]} {kind}" for kind in CATEGORIES if kinds[kind])
    odd = [each.entry.id for each in results if not each.as_expected]
    lines = [Text(f"{len(results)} statements: {said_}")]
    lines += [Text(f"slips, each counted once: {of}")] if of else []
    lines += [Text(f"not as expected: {', '.join(odd)}", "red")] if odd else []
    return Group(table, *lines)


def in_order(results: Sequence[EntryResult]) -> list[EntryResult]:
    """Return what is refuted first, then what has no verdict, then what is proved.

    Within these: errors, overstatements, notation, then what is not said to be a slip; an entry
    that repeats another right after it.
    """
    known = {each.entry.id: each for each in results}
    places = {id_: number for number, id_ in enumerate(known)}

    def key(each: EntryResult) -> tuple[int, int, int, bool]:
        first = known.get(each.entry.evidence.same, each)
        return (
            _ORDER.index(each.judgement.status),
            _KINDS.index(first.entry.category),
            places[first.entry.id],
            first is not each,
        )

    return sorted(results, key=key)


def story(result: EntryResult) -> RenderableType:  # noqa: C901 - a row for each thing said
    """Return everything about one entry."""
    entry, setting = result.entry, result.setting
    rows = Table.grid(padding=(0, 2))
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column(overflow="fold")
    rows.add_row("place", entry.place)
    rows.add_row("says", entry.says)
    if entry.evidence.relation:
        rows.add_row(
            "denies" if entry.evidence.negated else "that is",
            _relation(entry.evidence.relation, setting),
        )
        for name in entry.evidence.relation.using:
            rows.add_row("assuming", setting.assumptions[name].meaning)
    rows.add_row("verdict", _status(result.judgement.status))
    if entry.category:
        rows.add_row("kind", CATEGORIES[entry.category])
    if entry.evidence.same:
        rows.add_row("same as", entry.evidence.same)
    rows.add_row("why", entry.why)
    rows.add_row("because", result.judgement.because)
    for condition in result.judgement.conditions:
        rows.add_row("assumes", never_zero(condition, setting.symbols, UNICODE))
    if result.residual is not None:
        residual = to_unicode(result.residual, setting.symbols)
        rows.add_row("residual", f"{residual}   (left minus right)")
    for claim in result.judgement.claims:
        if claim.residual is not None:
            residual = to_unicode(claim.residual, claim.derivation.symbols)
            rows.add_row("residual", f"{residual}   (MI-DPO minus the loss, {claim.id})")
    if result.judgement.sides:
        rows.add_row("witness", witness(result.judgement.sides))
    if entry.meant:
        rows.add_row("meant", entry.meant)
    if entry.repair and result.repair:
        rows.add_row("repaired", entry.repair.says)
        if entry.repair.evidence.relation:
            rows.add_row("", _relation(entry.repair.evidence.relation, setting))
        rows.add_row("", Group(_status(result.repair.status), Text(result.repair.because)))
    parts: list[RenderableType] = [Text(entry.id, style="bold")]
    parts.append(Padding(rows, (0, 0, 1, 2), expand=False))
    parts += [
        Padding(points.counterexample(claim, claim.witness), (0, 0, 1, 2))
        for claim in result.judgement.claims
        if claim.witness
    ]
    parts += [theory.story(each) for each in result.judgement.chains]
    return Group(*parts)


def witness(sides: Sides) -> str:
    """Return a finite problem and both values on it, in words."""
    problem = sides.problem
    lines = [f"{name} = {value}" for name, value in sorted(problem.parameters.items())]
    tables: dict[str, list[str]] = {}
    for (name, at), value in sorted(problem.values.items()):
        tables.setdefault(name, []).append(f"{name}({', '.join(str(e + 1) for e in at)}) = {value}")
    lines += ["; ".join(values) for values in tables.values()]
    lines += [f"{index} is element {element + 1}" for index, element in sides.env.items()]
    lines.append(f"left  = {_number(sides.left)}")
    lines.append(f"right = {_number(sides.right)}")
    return "\n".join(lines)


def report(results: Sequence[EntryResult]) -> list[dict[str, Any]]:
    """Return the audit as data."""
    return [
        {
            "id": each.entry.id,
            "place": each.entry.place,
            "form": each.entry.form,
            "says": each.entry.says,
            "verdict": each.judgement.status,
            "expected": each.entry.status,
            "category": each.entry.category or None,
            "why": each.entry.why,
            "meant": each.entry.meant or None,
            "statement": _data(each.entry.evidence.relation, each.setting),
            "evidence": _evidence(each.judgement),
            "residual": to_text(each.residual) if each.residual is not None else None,
            "witness": witness(each.judgement.sides) if each.judgement.sides else None,
            "repair": (
                {
                    "says": each.entry.repair.says,
                    "verdict": each.repair.status,
                    "statement": _data(each.entry.repair.evidence.relation, each.setting),
                    "evidence": _evidence(each.repair),
                }
                if each.entry.repair and each.repair
                else None
            ),
            "seconds": round(each.seconds, 6),
        }
        for each in results
    ]


def _evidence(judgement: Judgement) -> dict[str, Any]:
    return {
        "because": judgement.because,
        "same": judgement.same or None,
        "claims": {claim.id: claim.verdict.status.value for claim in judgement.claims},
        "chains": {chain.id: chain.status.value for chain in judgement.chains},
        "conditions": [to_text(each) for each in judgement.conditions],
    }


def _data(relation: Relation | None, setting: Setting) -> dict[str, Any] | None:
    if relation is None:
        return None
    return {
        "left": to_text(relation.left),
        "relation": relation.sign,
        "right": to_text(relation.right),
        "using": list(relation.using),
        "latex": " ".join(
            [
                to_latex(relation.left, setting.symbols),
                {"<=": r"\le"}.get(relation.sign, "="),
                to_latex(relation.right, setting.symbols),
            ]
        ),
    }


def _relation(relation: Relation, setting: Setting) -> str:
    left, right = (to_unicode(side, setting.symbols) for side in (relation.left, relation.right))
    return f"{left}  {'≤' if relation.sign == '<=' else '='}  {right}"


def _status(status: str) -> Text:
    return Text(f"{SIGNS[status]} {status}", _STYLES[status])


def _number(interval: Any) -> str:
    return f"{float(interval.mid):.{_DIGITS}g}"
