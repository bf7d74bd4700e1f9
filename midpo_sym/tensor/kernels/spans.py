"""Which rows of logits are worth looking at: blocks between the live tokens of a sequence."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class Span(NamedTuple):
    """Neighbouring rows of one sequence's logits; row t - 1 predicts token t.

    Attributes:
        sequence: its index.
        start: the first row; it predicts a live token.
        stop: one past the last row, which predicts a live token.
        full: every row between predicts a live token.
    """

    sequence: int
    start: int
    stop: int
    full: bool

    @property
    def rows(self) -> tuple[int, slice]:
        """Where the rows lie in logits."""
        return self.sequence, slice(self.start, self.stop)

    @property
    def tokens(self) -> tuple[int, slice]:
        """Where the tokens that they predict lie in labels and statistics."""
        return self.sequence, slice(self.start + 1, self.stop + 1)


def spans(live: Tensor, size: int) -> list[Span]:
    """Return the blocks of at most so many rows that cover every live token.

    A block begins and ends with a live token. The device is waited for once.

    Args:
        live: bool (N, T); position 0 is never live.
        size: the most rows a block may have.
    """
    tokens = live.shape[1] - 1
    if tokens == 0:
        return []
    size = min(size, tokens)
    padded = functional.pad(live[:, 1:], (0, -tokens % size))
    blocks = padded.view(live.shape[0], -1, size)
    counts = blocks.sum(-1)
    first = blocks.int().argmax(-1)
    last = size - 1 - blocks.flip(-1).int().argmax(-1)
    found = []
    for sequence, rows in enumerate(torch.stack([counts, first, last], -1).tolist()):
        for number, (count, low, high) in enumerate(rows):
            if count:
                start, stop = number * size + low, number * size + high + 1
                found.append(Span(sequence, start, stop, full=count == stop - start))
    return found
