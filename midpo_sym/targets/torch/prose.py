"""The words of a generated file: formulas in Unicode under Python's names, and what is proved."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise

from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.plan.losses import Plan
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Proved, Refuted, Status, Undecided, Verdict
from midpo_sym.spec import library
from midpo_sym.targets.wording import shapes
from midpo_sym.targets.wording.losses import special_case

WIDTH = 100  # columns of a generated file
_INDENT = " " * 4
_FORMULA = " " * 8
_DEEPEST = 6  # brackets within brackets that a formula is broken in


def paragraph(text: str, indent: str = _INDENT, hang: str | None = None) -> str:
    """Return text as lines of a docstring."""
    return textwrap.fill(
        _plain(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if hang is None else hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def headline(result: Result) -> str:
    """Return the first line of the docstrings."""
    derivation = result.derivation
    text = derivation.title
    if derivation.name != derivation.title:
        text += f": {derivation.name}"
    return textwrap.shorten(_plain(text), WIDTH - 10, placeholder=" ...").rstrip(".") + "."


def story(plan: Plan, symbols: Mapping[str, Symbol], link: str) -> str:
    """Return the docstring between its first line and its arguments.

    Args:
        plan: of the loss.
        symbols: how names are printed.
        link: the losses, as a formula of `argument`.
    """
    result, computed, specialises = plan.result, plan.computed, plan.specialises
    derivation = result.derivation
    parts = [paragraph(derivation.summary)]
    if derivation.source:
        source = derivation.source
        work = library.works().get(source.work)
        arxiv = f" (arXiv {work.arxiv})" if work and work.arxiv else ""
        parts.append(paragraph(f"Paper: {library.cited(source.work)}{arxiv}, {source.place}."))
    scale = to_unicode(result.statement.scale, symbols)
    of_loss = [
        f"{_FORMULA}loss = {link}",
        *_formula("argument = ", computed.argument, symbols),
    ]
    if not result.statement.target.is_one_term:
        of_loss = _formula("loss = ", result.statement.target.loss, symbols)
    formulas = [
        *of_loss,
        *_formula("reward(y_w) = ", computed.chosen, symbols),
        *_formula("reward(y_l) = ", computed.rejected, symbols),
    ]
    parts.append("\n".join([f"{_INDENT}Formula::", "", *formulas]))
    prior = _formula("ζ(y) ∝ ", unfold(result.statement.zeta, keep_functions=True), symbols)
    parts.append(
        "\n".join(
            [
                paragraph(
                    "Where the reward is the one that the policy implies under the prior ζ of "
                    f"MI-DPO, {_factor(scale)}log(π(y)/ζ(y)), up to a term that both responses "
                    "share::"
                ),
                "",
                *prior,
            ]
        )
    )
    parts += [paragraph(each) for each in _proved(result, symbols)]
    if any(isinstance(node, tree.StopGradient) for node in computed.argument.walk()):
        parts.append(paragraph("sg is a stop-gradient: its body is a constant for gradients."))
    reduces = "; ".join(special_case(each, symbols) for each in specialises)
    if reduces:
        parts.append(paragraph(f"Reduces to: {reduces}."))
    if derivation.elsewhere.strip():
        parts.append(paragraph(f"Elsewhere: {derivation.elsewhere}"))
    return "\n\n".join(parts)


def argument(name: str, text: str) -> str:
    """Return an argument's entry in a docstring."""
    return paragraph(f"{name}: {text}", " " * 8, " " * 12)


def why_not(result: Result) -> str:
    """Return why nothing is generated for a statement."""
    match result.verdict:
        case Undecided(reason=reason):
            return f"{result.derivation.id} is undecided: {reason}"
        case Refuted(part=part, residual=residual):
            symbols = result.derivation.symbols
            shown = f": framework − loss = {to_unicode(residual, symbols)}" if residual else ""
            return f"{result.derivation.id} is refuted, its {part} differs{shown}"
    return ""


def _plain(text: str) -> str:
    """Return text on one line that cannot end a docstring, nor hide anything in it."""
    line = " ".join(text.split())
    line = "".join(character for character in line if character.isprintable())
    return line.replace("\\", "\\\\").replace('"', "'")


def _proved(result: Result, symbols: Mapping[str, Symbol]) -> Iterator[str]:
    verdict = result.verdict
    if not isinstance(verdict, Proved):
        return
    both = result.gradient.status is Status.PROVED
    if result.parts:
        of = "value and gradient" if both else "value"
        what = f"Proved, in {of}: {shapes.headline(result, symbols)}"
    elif both:
        what = "Proved: the value and the gradient are those of MI-DPO with this prior"
    else:
        what = "Proved: the value is that of MI-DPO with this prior"
    needs = [
        f"{to_unicode(each.expression, symbols)} ≠ 0"
        + (f" ({_given(each.given_by)})" if each.given_by else " (assumed)")
        for each in verdict.conditions
    ]
    assumed = [f"assuming that {each}" for each in verdict.assumptions]
    start = ", for " if needs else ", "
    yield f"{what}{start + '; '.join([*needs, *assumed]) if needs or assumed else ''}."
    if result.gradient.status is not Status.PROVED:
        yield _gradient(result.gradient, result)


def _given(reason: str) -> str:
    return reason if "|" in reason or "sum" in reason else "by its domain"


def _gradient(gradient: Verdict, result: Result) -> str:
    claims = [
        f"{result.derivation.id}/{each.id}"
        for each in result.derivation.claims
        if (each.status, each.gradient) == ("proved", "proved")
    ]
    other = f" A prior that gives both is in the claim {claims[0]}." if claims else ""
    said = {
        Status.REFUTED: "Its gradient is another one (refuted)",
        Status.UNDECIDED: "Whether the gradient is, too, is undecided",
    }[gradient.status]
    return f"{said}: here it is that of the argument as it stands.{other}"


def _factor(scale: str) -> str:
    return "" if scale == "1" else f"{scale}·" if scale.isalpha() else f"({scale})·"


def _formula(left: str, node: Expression, symbols: Mapping[str, Symbol]) -> list[str]:
    """Return a formula in lines, broken before + and −, the outermost first."""
    text = to_unicode(node, symbols)
    pad = _FORMULA + " " * len(left)
    lines = _broken(text, WIDTH - len(pad), 0)
    return [f"{_FORMULA}{left}{lines[0]}", *(pad + line for line in lines[1:])]


def _broken(text: str, room: int, depth: int) -> list[str]:
    if len(text) <= room:
        return [text]
    places, level = [], 0
    for place, character in enumerate(text):
        level += (character in "([") - (character in ")]")
        if level == depth and place and text[place - 1 : place + 2] in {" + ", " − "}:
            places.append(place)
    if not places:
        return _broken(text, room, depth + 1) if depth < _DEEPEST else [text]
    pieces = [text[a:b].rstrip() for a, b in pairwise([0, *places, len(text)])]
    lines: list[str] = []
    for piece in pieces:
        indent = " " * (2 * depth) if lines else ""
        lines += _broken(indent + piece, room, depth + 1)
    return lines
