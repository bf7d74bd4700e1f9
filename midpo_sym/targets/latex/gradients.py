"""Gradients as LaTeX: plain amsmath, like the derivations."""

from __future__ import annotations

from collections.abc import Sequence

from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.prover.gradients.report import GradientResult
from midpo_sym.targets.latex.losses import WIDTH, escaped, rows_of, width
from midpo_sym.targets.wording import gradients as wording
from midpo_sym.targets.wording.gradients import TEX

_ALIGN, _END = r"\begin{align*}", r"\end{align*}"


def to_document(results: Sequence[GradientResult], *, steps: bool = False) -> str:
    """Return a fragment with every gradient, for a document that loads amsmath.

    Args:
        results: the gradients.
        steps: whether to write the rules of differentiation out below each line.
    """
    parts = [r"\begingroup\allowdisplaybreaks"]
    parts += [gradient(each, steps=steps) for each in results]
    return "\n\n".join([*parts, r"\endgroup"])


def gradient(result: GradientResult, *, steps: bool = False) -> str:
    """Return the gradient of one loss."""
    symbols, found = result.symbols, result.gradient
    header = f"% {result.id}, written by midpo_sym: gradient {result.status}"
    if not found.is_proved:
        return f"{header}; {found.reason}".replace("\n", " ")
    rows = []
    names = (*found.names, *result.definitions)
    for name, body in [(wording.LOSS, found.loss), *((n, n.body) for n in names)]:
        first, *rest = rows_of(body, symbols)
        rows += [f"{to_latex(name, symbols)} ={{}}& {first}", *(rf"& \quad {{}}{e}" for e in rest)]
    lines = [header, rf"\paragraph{{{escaped(result.derivation.title)}, gradient}}"]
    lines += ["The loss of a pair is", *_aligned(rows), "By the chain rule,"]
    for each in found.lines:
        lines += _aligned(_rows(wording.line(each, found.loss, symbols, TEX)))
        if steps:
            rows = []
            for below in result.rules(each):
                rows += _rows(wording.line(below.line, found.loss, symbols, TEX))
                rows[-1] += rf" \tag*{{\footnotesize {below.law}}}"
            lines += [r"\begingroup\footnotesize", *_aligned(rows), r"\endgroup"] if rows else []
    lines += ["and so", *_aligned(_rows(wording.whole(found, symbols, TEX)))]
    if found.is_zero:
        return "\n".join([*lines, f"The gradient is {wording.ZERO}."])
    lines += ["The coefficients are"]
    rows = []
    for coefficient in found.coefficients:
        left, right = wording.coefficient(coefficient, symbols, TEX)
        said = wording.sign(coefficient.sign, symbols, TEX)
        rows.append(rf"{left} &= {right} && \text{{{said}}}")
    lines += _aligned(rows)
    lines += ["and with the logits $z$ of the policy before a token,"]
    pairs = wording.logits(found, symbols, TEX)
    lines += _aligned([f"{left} &= {right}" for left, right in pairs])
    needs = [TEX.on(each, symbols) for each in result.assumed]
    if needs:
        lines.append(f"This needs {', and '.join(needs)}.")
    return "\n".join([*lines, r"\begingroup\sloppy", *_steps(result), r"\par\endgroup"])


def _steps(result: GradientResult) -> list[str]:
    """Return what a small step of gradient descent does, a sentence for each thing said."""
    symbols = result.symbols
    if not result.motions:
        said = [wording.general(result.gradient, each, symbols, TEX) for each in ("w", "l")]
        tabular = wording.general_tabular("w", symbols, TEX)
        return [
            f"Under a small step of gradient descent {'; '.join(said)}.",
            f"For a tabular policy {tabular}.",
        ]
    said = [wording.motion(each, symbols, TEX) for each in result.motions]
    lines = [f"Under a small step of gradient descent {'; '.join(said)}."]
    of_tabular = [wording.of_tabular(each, symbols, TEX) for each in result.motions]
    if any(of_tabular):
        known = "; ".join(filter(None, of_tabular))
        lines.append(f"For a tabular policy {known}.")
        if any(each.other is not None for each in result.motions):
            lines.append(f"There {wording.tabular_products(symbols, TEX)}.")
    return lines


def _rows(sides: wording.Sides) -> list[str]:
    """Return an equation as rows, broken before + and − where it is too wide for a line."""
    left, pieces = sides
    rows = [f"{left} ={{}}& {pieces[0]}"]
    if width(left) + width(pieces[0]) > WIDTH:
        rows = [f"& {left}", f"={{}}& {pieces[0]}"]
    for piece in pieces[1:]:
        if width(rows[-1]) + width(piece) <= WIDTH:
            rows[-1] += f" {piece}"
        else:
            rows.append(rf"& \quad {{}}{piece}")
    return rows


def _aligned(rows: list[str]) -> list[str]:
    return [_ALIGN, " \\\\\n".join(rows), _END]
