"""A comparison of two losses for a terminal: an answer that fits one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from midpo_sym.judges.exact import format_polynomial
from midpo_sym.judges.tiny import END, VOCABULARY
from midpo_sym.judges.witness import Witness
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.tree import Expression
from midpo_sym.prover.equivalence.answers import (
    LINK,
    WITH_ONE,
    Answer,
    Comparison,
    Relation,
)
from midpo_sym.prover.equivalence.lattice import Lattice
from midpo_sym.targets.terminal.points import NOT_ZERO, add_number, point
from midpo_sym.targets.terminal.quantities import quantities_of
from midpo_sym.targets.terminal.steps import chain
from midpo_sym.targets.wording.equivalence import NOT_EXCLUDED, Words, loss_line
from midpo_sym.targets.wording.notation import Symbols
from midpo_sym.targets.wording.table import HEADINGS, Row

_STYLES = {
    "same": "green",
    "same up to": "green",
    "same value, other gradient": "yellow",
    "same value, gradient undecided": "magenta",
    "same on a subset": "yellow",
    "differs": "yellow",
    "undecided": "magenta",
}


def story(comparison: Comparison) -> RenderableType:
    """Return the verdict, what it rests on, and what tells the losses apart."""
    words = Words.of(comparison)
    lines: list[RenderableType] = []
    rows = Table.grid(padding=(0, 2), pad_edge=True)
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column(overflow="fold")
    for side in (comparison.left, comparison.right):
        rows.add_row(side.label, f"{side.id}: {loss_line(side.objective, words.symbols)}")
    lines += [rows, Text(words.headline(comparison), style=f"bold {_STYLES[comparison.verdict]}")]
    facts = Table.grid(padding=(0, 2), pad_edge=True)
    facts.add_column(no_wrap=True, style="dim")
    facts.add_column(overflow="fold")
    for name, text in _facts(comparison, words):
        facts.add_row(name, text)
    lines.append(facts)
    answer = next(
        (
            each
            for each in (comparison.value, comparison.gradient, comparison.reward)
            if each.witness is not None
        ),
        None,
    )
    if answer is not None and answer.witness is not None:
        lines.append(Padding(counterexample(comparison, answer), (1, 0, 0, 2), expand=False))
    return Group(*lines)


def steps(comparison: Comparison) -> RenderableType:
    """Return the derivation of what is proved, and of the residual, in two levels."""
    words = Words.of(comparison)
    if not comparison.steps:
        return Text("There is no derivation: nothing is proved, and the difference is not written.")
    parts: list[RenderableType] = []
    for each in comparison.steps:
        relation = each.relation
        said = "The difference" if relation is None else words.relation(relation)
        parts.append(Text(f"{said}, step by step", style="bold"))

        def shown(node: Expression, symbols: Symbols, of: Relation | None = relation) -> str:
            return to_unicode(words.at_lengths(node, of), symbols)

        for one in each.chains:
            start, end = words.chain(one, relation)
            parts += [f"  {start}", chain(one.stages, words.symbols, show=shown)]
            style = "yellow" if relation is None else "green"
            parts.append(Text(f"  which is {end}.", style=style))
        if not each.chains:
            parts.append("  With this put in, both are the same as they stand.")
        parts.append("")
    return Group(*parts)


def lattice(found: Lattice) -> RenderableType:
    """Return what is proved of all pairs of some losses, and the special cases as a list."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("A", "B", "proved"):
        table.add_column(column, overflow="fold")
    for entry in found.related:
        if entry.relation is not None:
            words = Words(entry.left, entry.right)
            said = words.relation(entry.relation)
            if entry.relation.of == "loss" and entry.relation.gradient.says != "same":
                said += f"; gradient: {words.answer(entry.relation.gradient)}"
            table.add_row(entry.left.id, entry.right.id, said)
    counts = Counter(entry.says for entry in found.entries)
    lines: list[RenderableType] = [table] if found.related else []
    if found.classes:
        lines += ["The same up to a substitution:"]
        lines += [f"  {' = '.join(each)}" for each in found.classes]
    if found.edges:
        lines += ["Special cases, without those that follow from others:"]
        lines += [
            f"  {edge.special} < {edge.general}{'' if edge.gradient else '  (in value alone)'}"
            for edge in found.edges
        ]
    pairs = f"{len(found.ids)} losses, {len(found.entries)} pairs"
    said = ", ".join(f"{count} {word}" for word, count in counts.most_common())
    lines += [f"{pairs}: {said}.", NOT_EXCLUDED]
    return Group(*lines)


def table(found: Sequence[Row]) -> RenderableType:
    """Return a table of losses."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in HEADINGS:
        shown.add_column(column, overflow="fold")
    for row in found:
        shown.add_row(*row.cells)
    return shown


def _facts(comparison: Comparison, words: Words) -> Iterator[tuple[str, str]]:
    for relation in comparison.relations:
        special = comparison.verdict == "same on a subset" or relation.kind in (LINK, WITH_ONE)
        yield "proved", words.relation(relation)
        if relation is comparison.closest and (back := words.back(relation)):
            yield "and back", back
        if special:
            for answer in (relation.gradient, relation.reward):
                yield f"  {answer.of} there", words.answer(answer)
    if comparison.verdict in ("same on a subset", "differs", "undecided"):
        same = [
            f"{words.name(name)} = {words.show(value)}"
            for name, value in comparison.identified.values.items()
        ]
        if same:
            yield "otherwise at", ", ".join(same)
    for answer in (comparison.value, comparison.gradient, comparison.reward):
        yield answer.of, words.answer(answer)
    if residual := words.residual(comparison):
        yield "residual", residual
    if note := words.note(comparison):
        yield "note", note


def counterexample(comparison: Comparison, answer: Answer) -> RenderableType:
    """Return a point at which two losses differ, with all the numbers one needs to check it."""
    witness = answer.witness
    assert witness is not None
    symbols = Words.of(comparison).symbols
    values = Table.grid(padding=(0, 1))
    for text, value in _quantities(comparison, answer, witness):
        values.add_row(text, "=", value)
    what = "d/dz of " if witness.of_gradient else ""
    if witness.losses is not None:
        for name, loss in zip("AB", witness.losses, strict=True):
            values.add_row(f"argument of {name}", "=", format_polynomial(loss.argument))
            values.add_row(f"d/dz of argument of {name}", "=", format_polynomial(loss.slope))
    left, right, difference = witness.sides
    thing = "" if answer.what == "loss" else f"{answer.what} of "
    for name, number in ((f"{what}{thing}A", left), (f"{what}{thing}B", right)):
        add_number(values, name, number)
    add_number(values, "difference", difference, ends=NOT_ZERO[witness.kind])
    exact = witness.kind == "exact"
    kind = "An exact counterexample" if exact else "A counterexample in certified intervals"
    title = f"{kind}. Four tokens {', '.join(VOCABULARY)}; {END} ends a response."
    note = ", ".join(_same(comparison))
    return Group(
        *point(title, witness.models, symbols, of_gradient=witness.of_gradient, note=note),
        Padding(values, (0, 0, 0, 2), expand=False),
    )


def _same(comparison: Comparison) -> Iterator[str]:
    """Yield what is put in the place of what at a counterexample."""
    words = Words.of(comparison)
    for name, value in comparison.identified.values.items():
        yield f"{words.name(name)} = {words.show(value)}"


def _quantities(
    comparison: Comparison, answer: Answer, witness: Witness
) -> Iterator[tuple[str, str]]:
    symbols = Words.of(comparison).symbols
    for leaf, t, value in quantities_of(answer.sides or (), witness):
        shown = to_unicode(leaf, symbols).replace(",t)", f",{t + 1})")
        prefix = "d/dz " if witness.of_gradient else ""
        yield f"{prefix}{shown}", format_polynomial(value)
