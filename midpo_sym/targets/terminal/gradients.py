"""Gradients for a terminal: the coefficients, their signs, what a step does, and why."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.prover.gradients.report import GradientResult
from midpo_sym.targets.wording import gradients as wording
from midpo_sym.targets.wording.gradients import PLAIN


def story(result: GradientResult) -> RenderableType:
    """Return everything about the gradient of a loss but its steps."""
    symbols, gradient = result.symbols, result.gradient
    rows = Table.grid(padding=(0, 2), pad_edge=True)
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column(overflow="fold")
    head = Text(f"{result.id}, gradient of the loss", style="bold")
    if not gradient.is_proved:
        rows.add_row("gradient", Text("? undecided", style="magenta"))
        rows.add_row("because", gradient.reason)
        return Group(head, rows, "")
    rows.add_row("loss", f"L = {to_unicode(gradient.loss, symbols)}")
    for name in (*gradient.names, *result.definitions):
        rows.add_row("", f"{to_unicode(name, symbols)} = {to_unicode(name.body, symbols)}")
    rows.add_row("gradient", Text("✓ proved", style="green"))
    if gradient.is_zero:
        rows.add_row("", wording.ZERO)
    for each in gradient.coefficients:
        left, right = wording.coefficient(each, symbols, PLAIN)
        rows.add_row("", f"{left} = {right}")
        rows.add_row("", Text(f"  {wording.sign(each.sign, symbols, PLAIN)}", style="dim"))
    for k, (left, right) in enumerate(wording.logits(gradient, symbols, PLAIN)):
        rows.add_row("" if k else "logits before t", f"{left} = {right}")
    for node in result.assumed:
        rows.add_row("condition", f"{PLAIN.on(node, symbols)} (assumed)")
    for label, text in _small_steps(result):
        rows.add_row(label, text)
    rows.add_row("kernel", "equal (slopes of the normal forms)")
    rows.add_row("numbers", f"equal ({gradient.numbers})")
    return Group(head, rows, "")


def _small_steps(result: GradientResult) -> list[tuple[str, str]]:
    """Return what a small step of gradient descent does to both responses."""
    symbols = result.symbols
    if result.gradient.is_zero:
        return []
    label = "a small step"
    if not result.motions:
        said = [wording.general(result.gradient, each, symbols, PLAIN) for each in ("w", "l")]
        rows = [(label if not k else "", text) for k, text in enumerate(said)]
        return [*rows, ("a tabular policy", wording.general_tabular("w", symbols, PLAIN))]
    rows = [
        (label if not k else "", wording.motion(each, symbols, PLAIN))
        for k, each in enumerate(result.motions)
    ]
    label = "a tabular policy"
    for each in result.motions:
        if text := wording.of_tabular(each, symbols, PLAIN):
            rows.append((label, text))
            label = ""
    if not label and any(each.other is not None for each in result.motions):
        rows.append(("", wording.tabular_products(symbols, PLAIN)))
    return rows


def steps(result: GradientResult) -> RenderableType:
    """Return the derivation of a gradient: its lines, and below each the rules it rests on."""
    symbols, gradient = result.symbols, result.gradient
    if not gradient.is_proved:
        return Text(f"The gradient of {result.id} has no derivation: {gradient.reason}.")
    parts: list[RenderableType] = [Text(f"{result.id}, its gradient step by step", style="bold")]
    for each in gradient.lines:
        parts.append(Text(f"  {_equation(wording.line(each, gradient.loss, symbols, PLAIN))}"))
        table = Table.grid(padding=(0, 2))
        table.add_column(overflow="fold")
        table.add_column(style="dim", overflow="fold", min_width=24)
        for below in result.rules(each):
            sides = wording.line(below.line, gradient.loss, symbols, PLAIN)
            table.add_row(f"      {_equation(sides)}", below.law)
        parts.append(table)
    whole = _equation(wording.whole(gradient, symbols, PLAIN))
    parts.append(Text(f"  {whole}  ∎", style="green"))
    return Group(*parts, "")


def _equation(sides: wording.Sides) -> str:
    left, pieces = sides
    return f"{left} = {' '.join(pieces)}"
