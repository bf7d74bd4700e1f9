"""A derivation as LaTeX for an appendix: plain amsmath, one aligned block for each chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from midpo_sym.language import tree
from midpo_sym.language.mathematics import to_latex
from midpo_sym.language.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import framework_argument
from midpo_sym.prover.prove import Result
from midpo_sym.prover.steps import Step
from midpo_sym.prover.verdict import Proved, Refuted

_WIDTH = 110  # characters of Unicode-like length after which a line is broken at + and −


def to_document(results: Sequence[Result]) -> str:
    """Return a fragment with every result, for a document that loads amsmath."""
    return "\n\n".join(derivation(result) for result in results)


def derivation(result: Result) -> str:
    """Return the derivation of one result."""
    symbols = result.derivation.symbols
    steps = result.steps
    lines = [
        f"% {result.id}, written by midpo_sym: {result.verdict.status.value}",
        rf"\paragraph{{{_escaped(_title(result))}}}",
        r"The prior is, up to a factor that depends on $x$ only,",
        r"\begin{align*}",
        rf"\zeta(y) &\propto {to_latex(result.statement.zeta, symbols)}.",
        r"\end{align*}",
    ]
    lines += _definitions(result)
    lines += ["The implicit reward is", *_chain(steps.reward, symbols)]
    lines += ["so the argument of the log-sigmoid is"]
    if isinstance(result.verdict, Proved):
        lines += _chain((*steps.framework, *steps.target), symbols)
        lines += _conditions(result.verdict, symbols)
    else:
        lines += _chain(steps.framework, symbols, start=framework_argument(result.statement))
        lines += ["The loss has", *_chain(steps.target, symbols, start=result.statement.argument)]
        lines += _difference(result, symbols)
    return "\n".join(lines)


def _title(result: Result) -> str:
    where = f", {result.claim.citation.place}" if result.claim else ""
    return f"{result.derivation.title}{where}"


def _definitions(result: Result) -> list[str]:
    """Return what the names in the statement stand for."""
    symbols = result.derivation.symbols
    used: dict[str, tree.Defined] = {}
    for side in (result.statement.zeta, result.statement.argument):
        for node in side.walk():
            if isinstance(node, tree.Defined):
                used.setdefault(node.name, node)
    if not used:
        return []
    rows = [
        rf"{to_latex(node, symbols)} &:= {to_latex(node.body, symbols)}" for node in used.values()
    ]
    return ["with", r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]


def _chain(
    steps: Sequence[Step], symbols: Mapping[str, Symbol], start: Expression | None = None
) -> list[str]:
    if not steps and start is None:
        return []
    rows: list[str] = []
    here = start if not steps else None
    if here is not None:
        rows.append(f"& {to_latex(here, symbols)}")
    for step in steps:
        if step.before != here:
            rows.append(f"& {to_latex(step.before, symbols)}")
        here = step.after
        rows += _broken(here, symbols, step.rule.name)
    return [r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]


def _broken(node: Expression, symbols: Mapping[str, Symbol], rule: str) -> list[str]:
    """Return the rows of one line of a chain, broken before + and − where it is long."""
    note = rf"&& \text{{({rule})}}"
    whole = to_latex(node, symbols)
    if len(whole) <= _WIDTH or not isinstance(node, tree.Add):
        return [f"={{}}& {whole} {note}"]
    rows: list[list[Expression]] = []
    for term in node.terms:
        shown = sum(len(to_latex(each, symbols)) for each in rows[-1]) if rows else _WIDTH + 1
        if shown + len(to_latex(term, symbols)) > _WIDTH:
            rows.append([])
        rows[-1].append(term)
    lines = [to_latex(tree.total(row), symbols) for row in rows]
    signed = [
        line if place == 0 or line.startswith("-") else f"+ {line}"
        for place, line in enumerate(lines)
    ]
    rest = [rf"& \quad {{}}{line}" for line in signed[1:]]
    return [f"={{}}& {signed[0]} {note}", *rest]


def _conditions(verdict: Proved, symbols: Mapping[str, Symbol]) -> list[str]:
    parts = [rf"${to_latex(each.expression, symbols)} \neq 0$" for each in verdict.conditions]
    parts += [f"that {each}" for each in verdict.assumptions]
    return [f"This needs {', and '.join(parts)}."] if parts else []


def _difference(result: Result, symbols: Mapping[str, Symbol]) -> list[str]:
    if not isinstance(result.verdict, Refuted) or result.residual is None:
        return ["The two are not the same."]
    residual = to_latex(result.residual, symbols)
    return [
        "The two differ by",
        r"\begin{align*}",
        rf"& {residual} \neq 0.",
        r"\end{align*}",
    ]


def _escaped(text: str) -> str:
    for character in "&%$#_{}":
        text = text.replace(character, f"\\{character}")
    return text
