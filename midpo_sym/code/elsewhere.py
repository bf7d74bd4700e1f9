"""What was proved of the batches that were read is held against the function elsewhere.

The function is run as it is: on batches of other sizes, one pair alone too, on arguments of other
types, without gradients, on tensors with gaps, and where the branches of its code meet. Nothing is
proved here, and nothing that differs here is proved any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from midpo_sym.code.inputs.instance import MANY, PAIRS, Batch
from midpo_sym.code.inputs.points import (
    point_of,
    solved,
    tame_point_of,
)
from midpo_sym.code.running import FailedError, Form, Run, run
from midpo_sym.code.searching import Question, apart
from midpo_sym.code.verdicts import Counterexample
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

# Sizes of batches, of numbers of responses and of tokens, and of logits.
_SIZES, _SIZES_BY_TOKEN, _SIZES_BY_WORD = (1, 4, MANY, 16, 33), (1, 4, MANY), (1, MANY)
_DRAWN = 2  # random points for each size
_LOW = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.1}  # with what may be lost
_EDGES = 8  # of those at which branches meet, how many are visited
_TRIES = 6  # points from which one of these is looked for

Point = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Apart:
    """A part of a function that is not as it should be elsewhere.

    Attributes:
        part: `value`, `gradient`, or an output.
        where: in words.
        shown: the numbers; None if rounding might explain them.
    """

    part: str
    where: str
    shown: Counterexample | None


def elsewhere(
    ask: Callable[[int], Question],
    parts: Sequence[str],
    edges: Sequence[Expression],
    tolerance: float,
) -> tuple[list[Apart], list[str]]:
    """Return what differs elsewhere, and what one may want to know.

    Args:
        ask: makes a question of the number of pairs.
        parts: those that were proved.
        edges: what the code compares with zero.
        tolerance: relative, of numbers in double precision.
    """
    found: dict[str, Apart] = {}
    notes: list[str] = []
    for where, question, point, form, allowed in _places(ask, edges, tolerance):
        there: Run | None = None
        try:
            there = run(question.subject, question.binding, question.batch, question.given, point,
                        form)  # fmt: skip
        except FailedError as error:
            if form.precision in (torch.float64, torch.float32):
                notes.append(f"{where} it raises {error}")
            continue
        for part in parts:
            if part in found or (part == "gradient" and where in _NO_SLOPES):
                continue
            for shown in apart(question, there, point, part, allowed, finite=False):
                exact = form.precision is torch.float64 and math.isfinite(shown.found)
                said = f"{where} it gives {shown.found:.6g}, and it should be {shown.wanted:.6g}"
                found[part] = Apart(
                    part, where if exact else said, _labelled(shown, where) if exact else None
                )
                break
    return [*found.values()], [*dict.fromkeys(notes)]


def _labelled(shown: Counterexample, where: str) -> Counterexample:
    return replace(shown, what=f"{where}, {shown.what}") if where == _NO_GRADIENTS else shown


_NO_GRADIENTS = "without gradients"
_MEET = "where its branches meet"
_NO_SLOPES = (_NO_GRADIENTS, _MEET)  # where nothing is said of derivatives


def _places(
    ask: Callable[[int], Question], edges: Sequence[Expression], tolerance: float
) -> Iterator[tuple[str, Question, Point, Form, float]]:
    """Yield where to look: its name, the question, the point, how to run, and the tolerance."""
    small = ask(PAIRS[0])
    batch, plain = small.batch, Form()
    sizes = _SIZES_BY_WORD if batch.by_word else _SIZES_BY_TOKEN if batch.by_token else _SIZES
    for pairs in sizes:
        question = ask(pairs)
        for k in range(_DRAWN):
            point: Point = tame_point_of(question.batch.atoms, f"size {pairs} {k}")
            yield _size(pairs, batch), question, point, plain, tolerance
    tame = tame_point_of(batch.atoms, "tame")
    for form, where in (
        (Form(gradients=False), _NO_GRADIENTS),
        (Form(gaps=True), "on tensors that are no pieces of memory"),
    ):
        yield where, small, tame, form, tolerance
    for precision, lost in _LOW.items():
        name = str(precision).removeprefix("torch.")
        yield f"on arguments of {name}", small, tame, Form(precision), max(lost, tolerance)
    for edge, point in _on_edges(batch, edges):
        yield edge, small, point, plain, tolerance


def _size(pairs: int, batch: Batch) -> str:
    if pairs == 1:
        return "in a batch of one pair"
    longer = ", with longer responses" if batch.by_token and pairs == MANY else ""
    return f"in a batch of {pairs} pairs{longer}"


def _on_edges(batch: Batch, edges: Sequence[Expression]) -> Iterator[tuple[str, Point]]:
    """Yield points at which what the code compares with zero is zero."""
    for edge in edges[:_EDGES]:
        names = [each.name for each in edge.walk() if isinstance(each, tree.Parameter)]
        for k in range(_TRIES):
            point = point_of(batch.atoms, f"edge {k}")
            found = solved(edge, batch.atoms, point, [*dict.fromkeys(names)])
            if found is not None:
                moving = any(batch.atoms[name].pair for name in names)
                yield _MEET if moving else "at this hyper-parameter", found
                break
