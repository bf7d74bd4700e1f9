"""One line for each statement that was judged, and a line that counts them.

A line is text and numbers only, so that it may come from another process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.tree import Expression
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Proved, Status
from midpo_sym.targets.wording import losses as wording

_STYLES = {Status.PROVED: "green", Status.REFUTED: "yellow", Status.UNDECIDED: "magenta"}
_NARROW, _WIDE = 80, 100  # columns that keep claims on a line; that have room for what ζ knows
_LABELS = "consistent labels"


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of one result in a table of many.

    Attributes:
        id: of the derivation, and of the claim if there is one.
        value: the verdict of the value.
        gradient: the verdict of the gradient.
        expected: what the specification expects of the two.
        as_expected: whether all came out as it expects.
        needs: conditions and assumptions.
        knows: what the prior knows.
        seconds: how long it took.
        of_labels: whether consistent labels are assumed.
        is_ours: whether it is a claim that no work prints.
    """

    id: str
    value: Status
    gradient: Status
    expected: tuple[Status, Status]
    as_expected: bool
    needs: str
    knows: str
    seconds: float
    of_labels: bool
    is_ours: bool


def line(result: Result) -> Line:
    """Return the line of a result."""
    verdict = result.verdict
    return Line(
        result.id,
        verdict.status,
        result.gradient.status,
        result.expected,
        result.as_expected,
        needs(result),
        knows(result),
        result.seconds,
        of_labels=isinstance(verdict, Proved) and LABELS_ASSUMPTION in verdict.assumptions,
        is_ours=result.claim is not None and not result.claim.printed,
    )


def summary(lines: Sequence[Line], *, width: int) -> RenderableType:
    """Return one row for each result, and a line that counts them, for so many columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("claim", overflow="fold", no_wrap=width >= _NARROW)
    table.add_column("value", no_wrap=True)
    table.add_column("gradient", no_wrap=True)
    table.add_column("needs", overflow="fold")
    if width >= _WIDE:
        table.add_column("prior knows", overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    for each in lines:
        value, gradient = each.expected
        table.add_row(
            each.id,
            status(each.value, value),
            status(each.gradient, gradient),
            each.needs,
            *([each.knows] if width >= _WIDE else []),
            f"{each.seconds * 1e3:.0f} ms",
        )
    noted = [Text(f"{_LABELS}: {LABELS_ASSUMPTION}", style="dim")] * any(
        each.of_labels for each in lines
    )
    return Group(table, *noted, _count(lines))


def needs(result: Result) -> str:
    """Return the conditions and assumptions of what is proved of a result, short."""
    symbols = result.derivation.symbols
    parts: dict[str, None] = {}
    for verdict in (result.verdict, result.gradient):
        if not isinstance(verdict, Proved):
            continue
        for each in verdict.conditions:
            if isinstance(each.expression, tree.Length):
                continue
            assumed = "" if each.given_by else " (assumed)"
            parts[f"{to_unicode(each.expression, symbols)} ≠ 0{assumed}"] = None
        if any(isinstance(each.expression, tree.Length) for each in verdict.conditions):
            parts["|y| ≥ 1"] = None
        for text in verdict.assumptions:
            parts[_LABELS if text == LABELS_ASSUMPTION else text] = None
    return "; ".join(parts)


def status(found: Status, expected: Status) -> Text:
    """Return a verdict, and what was expected if that is another."""
    text = f"{wording.SIGNS[found.value]} {found.value}"
    if found is expected:
        return Text(text, style=_STYLES[found])
    return Text(f"{text}, expected {expected.value}", style="bold red")


def _count(lines: Sequence[Line]) -> RenderableType:
    said = _said(lines)
    wrong = sum(not each.as_expected for each in lines)
    shown = Text(f"{said}; all as expected", style="green")
    if wrong:
        shown = Text(f"{said}; {wrong} not as expected", style="bold red")
    ours = [each for each in lines if each.is_ours]
    if not ours:
        return shown
    printed = [each for each in lines if not each.is_ours]
    apart = [f"printed: {_said(printed)}"] * bool(printed)
    apart.append(f"ours (repairs and readings): {_said(ours)}")
    return Group(shown, Text("; ".join(apart), style="dim"))


def _said(lines: Sequence[Line]) -> str:
    """Return how many are proved in value and gradient, in value only, and the rest by value."""
    counts = Counter(
        "proved in value only"
        if each.value is Status.PROVED and each.gradient is not Status.PROVED
        else each.value.value
        for each in lines
    )
    order = ("proved", "proved in value only", "refuted", "undecided")
    return ", ".join(f"{counts[each]} {each}" for each in order if counts[each])


def knows(result: Result) -> str:
    """Return what the prior of a result knows, in a few words."""
    found = result.properties
    if found is None:
        return ""
    words = {
        "policy": found.prior_depends_on_policy,
        "label": found.prior_depends_on_label,
        "length": found.prior_depends_on_length,
        "stop-gradient": found.prior_uses_stop_gradient,
    }
    known = [word for word, holds in words.items() if holds]
    return ", ".join([*known, *data(result.statement.zeta)])


def data(node: Expression) -> list[str]:
    """Return what is said of the data in an expression, once for each arity."""
    arities = {len(each.of) for each in node.walk() if isinstance(each, tree.Datum)}
    return [f"data of the {_ARITIES[each]}" for each in sorted(arities)]


_ARITIES = {0: "batch", 1: "response", 2: "pair"}
