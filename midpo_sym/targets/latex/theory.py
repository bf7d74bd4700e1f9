"""The theory's chains as LaTeX for an appendix: plain amsmath, one aligned block for each chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from midpo_sym.chains.chain import ChainResult, StepResult
from midpo_sym.kernel.theorem import Mode
from midpo_sym.language.indexed import Applied
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.targets.latex.losses import displayed, escaped, rows_of
from midpo_sym.targets.wording import theory as wording
from midpo_sym.targets.wording.notation import LATEX

_MARGIN = 44  # characters of rules that stand beside a line; longer ones are named below
_SIGNS = {"<=": r"\le", ">=": r"\ge"}


def to_document(results: Sequence[ChainResult]) -> str:
    """Return a fragment with every chain, for a document that loads amsmath."""
    parts = [r"\begingroup\allowdisplaybreaks", *map(derivation, results), r"\endgroup"]
    return "\n\n".join(parts)


def derivation(result: ChainResult) -> str:
    """Return the steps of a chain that hold, what it assumes, and what follows besides."""
    symbols, chain = result.setting.symbols, result.chain
    header = f"% {result.id}, written by midpo_sym: {result.status.value}"
    lines = [header, rf"\paragraph{{{escaped(chain.title)}.}}"]
    definitions = [
        rf"{to_latex(taken, symbols)} :={{}}& {_broken(known.body, symbols)}"
        for name in wording.names(result)
        if (known := result.setting.abbreviations.get(name))
        for taken in [Applied(name, known.formals, known.formals, known.body)]
    ]
    if definitions:
        lines += ["With", r"\begin{align*}", " \\\\\n".join(definitions), r"\end{align*}"]
    domains = [
        f"${wording.domain(node, domain, symbols, LATEX)}$"
        for node, domain in wording.domains_of(result)
    ]
    if domains:
        lines.append(f"For all {', '.join(domains)}.")
    for assumption in result.assumptions:
        said = displayed(f"{wording.assumption(assumption, symbols, LATEX)}.")
        lines += [f"Assumption: {escaped(assumption.meaning)},", *said]
    rows = [f"& {row}" for row in rows_of(chain.start, symbols)]
    for number, step in enumerate(result.steps, 1):
        rows += _rows(step, number, symbols)
    lines += [r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]
    for number, each in enumerate(result.steps, 1):
        cited = ", ".join(rf"\texttt{{{escaped(chain.id)}}}" for chain in each.step.by)
        if len(each.step.rule) > _MARGIN:
            lines.append(f"Step {number} is by: {escaped(each.step.rule)}.")
        if cited:
            lines.append(rf"\par Step {number} cites {cited}.")
        if each.step.gap is not None:
            gap = displayed(f"{_broken(each.step.gap, symbols)}.")
            lines += [f"The sides of step {number} differ by what is not negative,", *gap]
        if each.more:
            subject = "The two sides are" if each.more.mode is Mode.ONLY_IF else "It is"
            lines.append(f"{subject} {wording.more(each.more, symbols, LATEX)}.")
    lines += [
        f"This needs {wording.never_zero(condition, symbols, LATEX)}."
        for condition in result.conditions
    ]
    if result.failed_at:
        lines.append(f"Step {result.failed_at} does not hold: {escaped(result.failure)}.")
    return "\n".join(lines)


def _rows(result: StepResult, number: int, symbols: Mapping[str, Symbol]) -> list[str]:
    """Return the rows of a step; its rules, or its number, stand in the margin of the last."""
    step = result.step
    first, *rest = rows_of(step.to, symbols)
    rows = [f"{_SIGNS.get(step.sign, '=')}{{}}& {first}", *(rf"& \quad {{}}{row}" for row in rest)]
    beside = step.rule if len(step.rule) <= _MARGIN else f"step {number}"
    rows[-1] += rf" \tag*{{\footnotesize {escaped(beside)}}}"
    return rows


def _broken(node: Expression, symbols: Mapping[str, Symbol]) -> str:
    first, *rest = rows_of(node, symbols)
    return " \\\\\n".join([first, *(rf"& \quad {{}}{row}" for row in rest)])
