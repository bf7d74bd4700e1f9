"""What every element of every tensor stands for, beside its number.

Expressions are kept by storage and offset, as numbers are. A view needs nothing done, and what is
written in place is seen through every view.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from midpo_sym.code.tracing.literals import Literals
from midpo_sym.language.tree import Expression


@dataclass
class Memory:
    """Expressions by the place in memory that has their number.

    Attributes:
        literals: reads the numbers of places that have no expression.
        cells: the expressions, by storage and offset.
        log_sums: the logarithm of the sum of the exponentials of the logits of a distribution.
        logarithms: of the probability that belongs to a logit.
        alive: the tensors whose storages are known; none may be freed and used again.
    """

    literals: Literals = field(default_factory=Literals)
    cells: dict[int, dict[int, Expression]] = field(default_factory=dict)
    alive: list[Tensor] = field(default_factory=list)
    log_sums: dict[frozenset[Expression], Expression] = field(default_factory=dict)
    logarithms: dict[Expression, Expression] = field(default_factory=dict)

    def know_logits(
        self, logits: Sequence[Expression], logs: Sequence[Expression], shift: Expression
    ) -> None:
        """Note that elements are the logits of one distribution: log p_v + shift, for all v."""
        self.log_sums[frozenset(logits)] = shift
        self.logarithms.update(zip(logits, logs, strict=True))

    def knows(self, tensor: Tensor) -> bool:
        """Return whether an element of a tensor has an expression."""
        cells = self.cells.get(_storage(tensor), {})
        return bool(cells) and any(offset in cells for offset in _offsets(tensor))

    def read(self, tensor: Tensor) -> list[Expression]:
        """Return what the elements of a tensor stand for, in order."""
        cells = self.cells.get(_storage(tensor), {})
        single = tensor.dtype in (torch.float32, torch.bfloat16, torch.float16)
        numbers = tensor.detach().reshape(-1).tolist()
        return [
            cells[offset] if offset in cells else self.literal(value, single=single)
            for offset, value in zip(_offsets(tensor), numbers, strict=True)
        ]

    def literal(self, value: float, *, single: bool = False) -> Expression:
        """Return what a number stands for."""
        return self.literals.read(value, single=single)

    def write(self, tensor: Tensor, elements: Sequence[Expression]) -> None:
        """Set what the elements of a tensor stand for."""
        self.alive.append(tensor)
        cells = self.cells.setdefault(_storage(tensor), {})
        for offset, element in zip(_offsets(tensor), elements, strict=True):
            cells[offset] = element


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - no public way to tell storages apart


def _offsets(tensor: Tensor) -> Iterator[int]:
    start = int(tensor.storage_offset())
    steps = [
        range(0, n * step, step) if step else [0] * n
        for n, step in zip(tensor.shape, tensor.stride(), strict=True)
    ]
    for place in itertools.product(*steps):
        yield start + sum(place)
