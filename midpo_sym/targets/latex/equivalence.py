"""A comparison of two losses as LaTeX: plain amsmath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from midpo_sym.prover.derivation.difference import Difference
from midpo_sym.prover.equivalence.answers import Comparison, Relation
from midpo_sym.prover.equivalence.sides import Side
from midpo_sym.targets.latex.losses import Shown, displayed, escaped, rows_of
from midpo_sym.targets.wording.equivalence import Words
from midpo_sym.targets.wording.notation import LATEX
from midpo_sym.targets.wording.table import HEADINGS, Row, loss


def fragment(comparison: Comparison, *, steps: bool = False) -> str:
    """Return a comparison, for a document that loads amsmath.

    Args:
        comparison: what came out.
        steps: whether to derive what is proved, and the difference, in two levels.
    """
    words = Words.of(comparison, LATEX)
    lines = [
        f"% {comparison.left.id} and {comparison.right.id}, compared by midpo_sym",
        r"\begin{align*}",
        " \\\\\n".join(_losses(comparison, words)),
        r"\end{align*}",
        words.headline(comparison),
    ]
    for relation in comparison.relations:
        lines += [f"Proved: {_relation(words, relation)}."]
    for answer in (comparison.value, comparison.gradient, comparison.reward):
        lines.append(f"{answer.of.capitalize()}: {words.answer(answer)}.")
    if comparison.residual is not None:
        what = "arguments" if comparison.of_arguments else "losses"
        shown = words.show(comparison.residual)
        lines += [f"The difference of the {what}, A minus B, is", *displayed(f"{shown}.")]
    if note := words.note(comparison):
        lines.append(note)
    for each in comparison.steps if steps else ():
        lines += _derivation(each, words)
    return "\n".join(lines)


def _derivation(found: Difference, words: Words) -> Iterator[str]:
    """Yield the derivation of a relation, or of the residual."""
    relation = found.relation
    said = "The difference" if relation is None else _relation(words, relation)
    yield rf"\paragraph{{Derivation.}} {said}."
    if not found.chains:
        yield "With this put in, both are the same as they stand."
    for each in found.chains:
        start, end = words.chain(each, relation)
        start = start.replace("−", "minus")
        yield f"{start[0].upper()}{start[1:]} is"
        lines = (*each.bridge.down, *each.bridge.up)
        yield from Shown("both", words.symbols).chain(
            lines, each.stages, put=lambda node: words.at_lengths(node, relation)
        )
        yield f"which is {end}."


def _losses(comparison: Comparison, words: Words) -> Iterator[str]:
    for side in (comparison.left, comparison.right):
        first, *rest = rows_of(loss(side.objective), words.symbols)
        yield rf"\mathcal{{L}}_{{\mathrm{{{side.label}}}}} &= {first}" + "".join(
            rf" \\ & \quad {{}}{row}" for row in rest
        )
        yield rf"& \quad \text{{({escaped(_title(side))})}}"


def _title(side: Side) -> str:
    where = f", {side.claim.citation.place}" if side.claim else ""
    return f"{side.derivation.title}{where}"


def _relation(words: Words, relation: Relation) -> str:
    """Return a relation; what is typed in words has no signs that LaTeX lacks."""
    return words.relation(relation).replace("×", r"$\times$")


def table(found: Sequence[Row]) -> str:
    """Return a table of losses, whose rows are written for LaTeX."""
    lines = [
        r"\begin{tabular}{llllll}",
        r"\hline",
        " & ".join(HEADINGS) + r" \\",
        r"\hline",
        *(" & ".join((escaped(row.method), *row.cells[1:])) + r" \\" for row in found),
        r"\hline",
        r"\end{tabular}",
    ]
    return "\n".join(lines)
