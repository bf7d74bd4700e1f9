"""A derivation as a page shows it: a few lines, each of which opens to the steps below it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import sympy
from markupsafe import Markup

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import decide
from midpo_sym.language import tree
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.printing.symbolic import to_sympy
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation import outline
from midpo_sym.prover.derivation.steps import Step
from midpo_sym.prover.framework import framework_argument, sides
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Proved
from midpo_sym.site.maths.formula import inline
from midpo_sym.site.maths.layout import PagePrinter, formula

_RESPONSE = re.compile(r"\by_[wl]\b")
_WIDEST_CHANGE = 34  # characters; of more, the line itself says as much


@dataclass(frozen=True, slots=True)
class Change:
    """What a step replaced, as LaTeX, and in how many other places it replaced something."""

    before: str
    after: str
    others: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chain.

    Attributes:
        number: of the step that leads to it; 0 for the line a chain starts with.
        latex: what it says.
        rule: the name of the rule.
        law: the law of the rule.
        backwards: whether the law is read from right to left.
        change: what the step replaced by what; None if it is the whole line.
        sympy: the line in SymPy.
    """

    number: int
    latex: str
    rule: str = ""
    law: str = ""
    backwards: bool = False
    change: Change | None = None
    sympy: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A line of the top level, that a person would write.

    Attributes:
        start: the line before it, as LaTeX, where that is not the stage above; else "".
        latex: the line.
        said: what is done, in HTML.
        lines: the steps that it stands for. The last of them arrives at the line itself.
    """

    start: str
    latex: str
    said: Markup
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Lines that are equal to each other, under a heading.

    Attributes:
        title: the heading.
        start: the only line of a chain without stages; else "".
        stages: the lines of the top level.
    """

    title: str
    start: str
    stages: tuple[Stage, ...]


def chains(result: Result) -> tuple[Chain, ...]:
    """Return the derivation of a result; nothing where there is none."""
    steps, top, statement = result.steps, result.outline, result.statement
    if steps is None or top is None:
        return ()
    if isinstance(result.verdict, Proved):
        parts: list[tuple[str, Sequence[outline.Stage], Expression]] = [
            ("The implicit reward", top.reward, statement.zeta),
            (
                "The loss of MI-DPO is the loss"
                if steps.of_losses
                else "The argument of MI-DPO is the argument of the loss",
                top.framework,
                sides(statement)[0],
            ),
        ]
    else:
        parts = [
            ("The implicit reward", top.reward, statement.zeta),
            ("The argument of MI-DPO", top.framework, framework_argument(statement)),
            ("The argument of the loss", top.target, statement.argument),
        ]
    found, number, symbols = [], 0, result.derivation.symbols
    for title, part, start in parts:
        stages = tuple(_stages(part, symbols, number))
        number += sum(len(each.steps) for each in part)
        found.append(Chain(title, "" if stages else formula(start, symbols), stages))
    return tuple(found)


def _stages(
    stages: Sequence[outline.Stage], symbols: Mapping[str, Symbol], number: int
) -> Iterator[Stage]:
    here: Expression | None = None
    for stage in stages:
        start = "" if stage.before == here else formula(stage.before, symbols)
        here = stage.after
        lines = tuple(_lines(stage.steps, symbols, number, stage.before))
        number += len(stage.steps)
        yield Stage(start, formula(here, symbols, "{}="), _said(stage.said), lines)


def _said(words: str) -> Markup:
    """Return what is done, with y_w and y_l as formulas."""
    shown = _RESPONSE.sub(lambda found: inline(found[0]), html.escape(words))
    return Markup(shown)  # noqa: S704 - escaped


def _lines(
    steps: Sequence[Step], symbols: Mapping[str, Symbol], number: int, here: Expression
) -> Iterator[Line]:
    for step in steps:
        number += 1
        if step.before != here:
            yield Line(0, formula(step.before, symbols))
        here = step.after
        yield Line(
            number,
            formula(here, symbols, "{}="),
            step.rule.name,
            step.rule.latex,
            step.backwards,
            change(step.before, step.after, symbols, _equal),
            sympy.sstr(to_sympy(here)),
        )


def change(
    before: Expression,
    after: Expression,
    symbols: Mapping[str, Symbol],
    equal: Callable[[Expression, Expression], bool],
) -> Change | None:
    """Return the shortest of what a step replaced, and how much else it replaced.

    None where that is the whole line, or too wide to help, or where the kernel does not agree.

    Args:
        before: the line before.
        after: the line after.
        symbols: how declared names are written.
        equal: asks the kernel.
    """
    pairs = list(dict.fromkeys(_differences(before, after)))
    width = PagePrinter(symbols).width
    one, other = min(pairs, key=lambda pair: width(pair[0]) + width(pair[1]))
    wide = max(width(one), width(other)) > _WIDEST_CHANGE
    if wide or (one, other) == (before, after) or not all(equal(*pair) for pair in pairs):
        return None
    return Change(formula(one, symbols), formula(other, symbols, "{}="), len(pairs) - 1)


def _differences(before: Expression, after: Expression) -> Iterator[tuple[Expression, Expression]]:
    """Yield the smallest pairs of parts, at the same places, that differ."""
    if before == after:
        return
    ours, theirs = list(before.children()), list(after.children())
    alike = type(before) is type(after) and len(ours) == len(theirs)
    if not alike or not ours or _heads(before) != _heads(after):
        yield before, after
        return
    # What stands inside a sum over tokens says nothing outside of it.
    if isinstance(before, (tree.TokenSum, tree.TokenProduct)):
        yield before, after
        return
    for one, other in zip(ours, theirs, strict=True):
        yield from _differences(one, other)


def _heads(node: Expression) -> tuple[object, ...]:
    known = {"positive", "depth", "size", *node.parts}
    return tuple(getattr(node, each.name) for each in fields(node) if each.name not in known)


def _equal(before: Expression, after: Expression) -> bool:
    try:
        return decide(before, after).theorem is not None
    except (OutsideClassError, ZeroDenominatorError):
        return False
