"""A derivation as LaTeX for an appendix: plain amsmath, one aligned block for each chain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from midpo_sym.language import indexed, tree
from midpo_sym.language.mathematics import GREEK, index_latex, to_latex
from midpo_sym.language.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import abbreviations, framework_argument
from midpo_sym.prover.prove import Result
from midpo_sym.prover.steps import Step
from midpo_sym.prover.verdict import Proved, Refuted, Undecided

_CHARACTERS = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "π": r"$\pi$",
    "·": r"$\cdot$",
    "‖": r"$\|$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≠": r"$\neq$",
    "Ẑ": r"$\hat{Z}$",
    "ⁿ": "$^n$",
    "∞": r"$\infty$",
    "–": "--",
    **{letter: f"$\\{name}$" for name, letter in GREEK.items()},
    **{chr(0x2080 + digit): f"$_{digit}$" for digit in range(10)},  # ₀ to ₉
}
_WIDTH = 60  # characters that fit on a line of an article, with room for the rule


def to_document(results: Sequence[Result]) -> str:
    """Return a fragment with every result, for a document that loads amsmath."""
    parts = [r"\begingroup\allowdisplaybreaks", *map(derivation, results), r"\endgroup"]
    return "\n\n".join(parts)


def derivation(result: Result) -> str:
    """Return the derivation of one result."""
    symbols = result.derivation.symbols
    steps = result.steps
    statuses = f"value {result.verdict.status.value}, gradient {result.gradient.status.value}"
    header = f"% {result.id}, written by midpo_sym: {statuses}"
    if steps is None:
        return f"{header}; outside the class that has a derivation"
    lines = [
        header,
        rf"\paragraph{{{escaped(_title(result))}}}",
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
        lines += _gradient(result, symbols)
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
    rows = [
        rf"{to_latex(node, symbols)} &:= {to_latex(node.body, symbols)}"
        for node in abbreviations(result.statement)
    ]
    return ["with", r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"] if rows else []


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
    """Return the rows of one line of a chain; the rule stands in the margin of the last."""
    first, *rest = rows_of(node, symbols)
    rows = [f"={{}}& {first}", *(rf"& \quad {{}}{row}" for row in rest)]
    rows[-1] += rf" \tag*{{\footnotesize {rule}}}"
    return rows


def rows_of(node: Expression, symbols: Mapping[str, Symbol]) -> list[str]:
    """Return a node as rows, broken before + and − where it is too wide for a line."""
    whole = to_latex(node, symbols)
    if _width(whole) <= _WIDTH:
        return [whole]
    match node:
        case tree.Neg(body=body):
            first, *rest = rows_of(body, symbols) if not isinstance(body, tree.Add) else [whole]
            return [f"-{first}" if rest else whole, *rest]
        case tree.Mul(factors=(*factors, tree.Add() | indexed.IndexSum() as last)):
            prefix = to_latex(tree.product(list(factors)), symbols)
            return _with_prefix(prefix, last, symbols) or [whole]
        case indexed.IndexSum(index=index, body=body):
            return _with_prefix(rf"\sum_{{{index_latex(index)}}}", body, symbols) or [whole]
        case tree.Add(terms=terms):
            rows = rows_of(terms[0], symbols)
            for term in terms[1:]:
                more = rows_of(term, symbols)
                if not more[0].startswith("-"):
                    more[0] = f"+ {more[0]}"
                if _width(rows[-1]) + _width(more[0]) <= _WIDTH:
                    rows[-1] += f" {more.pop(0)}"
                rows += more
            return rows
    return [whole]


def _with_prefix(prefix: str, node: Expression, symbols: Mapping[str, Symbol]) -> list[str] | None:
    """Return the rows of a node after what it is multiplied by; None if it is a single row."""
    rows = rows_of(node, symbols)
    if len(rows) == 1:
        return None
    if isinstance(node, tree.Add):
        rows = [rf"\Bigl({rows[0]}", *rows[1:-1], rf"{rows[-1]}\Bigr)"]
    return [f"{prefix} {rows[0]}", *rows[1:]]


def _width(latex: str) -> int:
    """Return about how many characters wide a formula is."""
    shown = re.sub(r"\\(left|right|mathrm|mid|operatorname|text|[,!;])", "", latex)
    shown = re.sub(r"\\[A-Za-z]+", "x", shown)
    return len(re.sub(r"[{}_^&\s\\]", "", shown))


def _conditions(verdict: Proved, symbols: Mapping[str, Symbol]) -> list[str]:
    parts = [rf"${to_latex(each.expression, symbols)} \neq 0$" for each in verdict.conditions]
    parts += [f"that {each}" for each in verdict.assumptions]
    return [f"This needs {', and '.join(parts)}."] if parts else []


def _gradient(result: Result, symbols: Mapping[str, Symbol]) -> list[str]:
    """Return what has to be added where the values are equal, and the gradients are not proved."""
    match result.gradient:
        case Refuted(residual=residual) if residual is not None:
            said = "This is about the value; the gradients differ by the gradient of"
            return [said, *displayed(f"{to_latex(residual, symbols)}.")]
        case Refuted() | Undecided():
            return [f"This is about the value; the gradient is {result.gradient.status.value}."]
    return []


def _difference(result: Result, symbols: Mapping[str, Symbol]) -> list[str]:
    verdict = result.verdict
    if isinstance(verdict, Undecided):
        return ["Whether the two are equal is undecided."]
    what = "losses" if isinstance(verdict, Refuted) and "link" in verdict.part else "two"
    if result.residual is None:
        return [f"The {what} are not the same."]
    residual = to_latex(result.residual, symbols)
    return [f"The {what} differ by", *displayed(rf"{residual} \neq 0.")]


def displayed(formula: str) -> list[str]:
    """Return a formula on a line of its own."""
    return [r"\begin{align*}", f"& {formula}", r"\end{align*}"]


def escaped(text: str) -> str:
    """Return text for LaTeX: its special characters, and the mathematics that people type."""
    return "".join(_CHARACTERS.get(character, character) for character in text)
