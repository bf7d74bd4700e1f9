"""Derivations for a terminal, in two levels: a few lines, and below each the full rewriting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.outline import Stage
from midpo_sym.prover.framework import framework_argument
from midpo_sym.prover.prove import Result
from midpo_sym.prover.shapes.terms import Part
from midpo_sym.prover.verdict import Proved, Undecided
from midpo_sym.targets.wording import losses as wording
from midpo_sym.targets.wording import shapes


def steps(result: Result) -> RenderableType:
    """Return the derivation of a result, a line for each step; of each of its terms."""
    if result.parts:
        return Group(*(_steps(part.result, _heading(result, part)) for part in result.parts))
    return _steps(result, result.id)


def _heading(result: Result, part: Part) -> str:
    """Return the heading of the derivation of a term."""
    read = shapes.reading(part, result.derivation.symbols)
    return f"{result.id}, term {part.number}, read as {read}"


def _steps(result: Result, heading: str) -> RenderableType:
    symbols = result.derivation.symbols
    found, top = result.steps, result.outline
    if found is None or top is None:
        return Text(f"{heading} has no derivation: it is outside the class that has one.")
    parts: list[RenderableType] = [Text(f"{heading}, step by step", style="bold")]
    parts += ["  the implicit reward", chain(top.reward, symbols)]
    what = "loss" if found.of_losses else "score" if result.statement.score_of else "argument"
    parts += [f"  the {what} of MI-DPO"]
    if isinstance(result.verdict, Proved):
        parts.append(chain(top.framework, symbols))
        reached = "the loss" if found.of_losses else "the argument of the loss"
        if result.statement.score_of:
            reached += ", up to its sign and the anchor"
        parts.append(Text(f"  which is {reached}. ∎", style="green"))
        if not isinstance(result.gradient, Proved):
            parts.append(Text(f"  {wording.of_the_value(result)}", style="yellow"))
    else:
        parts.append(chain(top.framework, symbols, framework_argument(result.statement)))
        whole = not result.statement.target.is_one_term
        parts.append("  minus the loss" if whole else "  the argument of the loss")
        parts.append(chain(top.target, symbols, result.statement.target.as_term().argument))
        if isinstance(result.verdict, Undecided):
            parts.append(Text(f"  Undecided: {result.verdict.reason}.", style="magenta"))
        elif result.residual is not None:
            residual = to_unicode(result.residual, symbols)
            what = "The losses" if "link" in result.verdict.part else "They"
            parts.append(Text(f"  {what} differ: {residual} ≠ 0.", style="yellow"))
    return Group(*parts, "")


def chain(
    stages: Sequence[Stage],
    symbols: Mapping[str, Symbol],
    start: Expression | None = None,
    show: Callable[[Expression, Mapping[str, Symbol]], str] = to_unicode,
) -> RenderableType:
    """Return lines of the top level, and indented below each the steps that it stands for."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", min_width=24)
    here = None
    if not stages and start is not None:
        table.add_row("   ", show(start, symbols), "")
    for stage in stages:
        if stage.before != here:
            table.add_row("   ", show(stage.before, symbols), "")
        here = stage.after
        table.add_row("  =", show(here, symbols), stage.said)
        for step in stage.steps if len(stage.steps) > 1 else ():
            arrow = " (from right to left)" if step.backwards else ""
            rule = Text(f"{step.rule.name}{arrow}", style="dim")
            line = Text(f"    = {show(step.after, symbols)}", style="dim")
            table.add_row("", line, rule)
    return table
