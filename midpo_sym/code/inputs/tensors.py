"""The tensors that a function is called with, and what their elements stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from midpo_sym.code.inputs.binding import Binding, Bound, Kind
from midpo_sym.code.inputs.instance import VOCABULARY, Batch
from midpo_sym.code.tracing.algebra import ZERO, plus
from midpo_sym.code.tracing.slopes import without_stops
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import flows

_IGNORED = -100  # the label of what does not count, everywhere


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor and what its elements stand for.

    Attributes:
        bound: the argument.
        elements: what they stand for, in order.
        shape: of the tensor.
        groups: of logits, those of each distribution, their logarithms, and what is added to these.
    """

    bound: Bound
    elements: tuple[Expression, ...]
    shape: tuple[int, ...]
    groups: tuple[tuple[tuple[Expression, ...], tuple[Expression, ...], Expression], ...] = ()

    @property
    def trained(self) -> bool:
        """Return whether the policy is trained through it."""
        return self.bound.kind in (Kind.RESPONSES, Kind.TOKENS, Kind.LOGITS) and any(
            map(flows, self.bound.expressions)
        )


def inputs(binding: Binding, batch: Batch) -> list[Input]:
    """Return the tensors of a batch, and what they stand for."""
    found = []
    for bound in binding.bound:
        if bound.kind is Kind.RESPONSES:
            cells = [
                without_stops(batch.stated(each, pair))
                for each in bound.expressions
                for pair in range(1, batch.pairs + 1)
            ]
            found.append(Input(bound, tuple(cells), (len(cells),)))
        elif bound.kind is Kind.BATCH:
            found.append(Input(bound, (batch.stated(bound.expressions[0], 1),), ()))
        elif bound.kind is Kind.LOGITS:
            found.append(_of_words(bound, batch))
        elif bound.kind is Kind.TOKENS:
            cells = _of_tokens(binding, bound, batch)
            found.append(Input(bound, tuple(cells), (len(cells) // batch.width, batch.width)))
    return found


def _of_tokens(binding: Binding, bound: Bound, batch: Batch) -> list[Expression]:
    masked = {
        response for each in binding.bound if each.kind is Kind.MASK for response in each.responses
    }
    cells: list[Expression] = []
    for expression, response in zip(bound.expressions, bound.responses, strict=True):
        for pair in range(1, batch.pairs + 1):
            columns = batch.columns(response, pair)
            for column in range(batch.width):
                if column in columns:
                    place = columns.index(column)
                    cells.append(without_stops(batch.stated(expression, pair, place)))
                elif response in masked:
                    cells.append(batch.padding(bound.name, pair, column))
                else:
                    cells.append(ZERO)
    return cells


def _of_words(bound: Bound, batch: Batch) -> Input:
    """Return logits: those in a column are of the token in the next one."""
    cells: list[Expression] = []
    groups: list[tuple[tuple[Expression, ...], tuple[Expression, ...], Expression]] = []
    for expression, response in zip(bound.expressions, bound.responses, strict=True):
        assert isinstance(expression, tree.Probability)
        for pair in range(1, batch.pairs + 1):
            columns = batch.columns(response, pair)
            for column in range(batch.width):
                if column + 1 in columns:
                    at = expression.model, response, pair, columns.index(column + 1)
                    shift = batch.shift(*at)
                    logs = tuple(map(tree.Log, batch.words(*at)))
                    logits = tuple(plus(each, shift) for each in logs)
                    groups.append((logits, logs, shift))
                    cells += logits
                else:
                    place = f"{bound.name}_{response}"
                    cells += [
                        batch.padding(place, pair, column * VOCABULARY + v)
                        for v in range(VOCABULARY)
                    ]
    rows = len(bound.expressions) * batch.pairs
    return Input(bound, tuple(cells), (rows, batch.width, VOCABULARY), tuple(groups))


def constant(bound: Bound, batch: Batch) -> Tensor | None:
    """Return what is passed for an argument that stands for no quantity, if it is of a batch."""
    return _CONSTANTS[bound.kind](bound, batch) if bound.kind in _CONSTANTS else None


def _mask(bound: Bound, batch: Batch) -> Tensor:
    rows = [
        [column in batch.columns(response, pair) for column in range(batch.width)]
        for response in bound.responses
        for pair in range(1, batch.pairs + 1)
    ]
    return torch.tensor(rows)


def _labels(bound: Bound, batch: Batch) -> Tensor:
    """Return the ids of the tokens, and -100 at padding where there are logits.

    Where there are none, functions of log-probabilities count rows, and all ids are alike.
    """
    rows = len(bound.responses) * batch.pairs
    labels = torch.zeros(rows, batch.width, dtype=torch.long)
    if not batch.by_word:
        return labels
    labels.fill_(_IGNORED)
    for row in range(rows):
        response, pair = bound.responses[row // batch.pairs], row % batch.pairs + 1
        for t, column in enumerate(batch.columns(response, pair)):
            labels[row, column] = batch.word(response, pair, t)
    return labels


def _is_chosen(bound: Bound, batch: Batch) -> Tensor:
    return torch.tensor([each == "w" for each in bound.responses for _ in range(batch.pairs)])


_CONSTANTS: dict[Kind, Callable[[Bound, Batch], Tensor]] = {
    Kind.MASK: _mask,
    Kind.LABELS: _labels,
    Kind.CHOSEN: _is_chosen,
}
