"""Which columns of the vocabulary a process holds, and the sums and maxima over all of them."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class VocabularyShard:
    """The columns `start` to `start + size` of a vocabulary that the processes of a group share.

    Attributes:
        start: the first column that this process holds.
        size: how many it holds; 0 is allowed.
        vocabulary: how many columns all of them hold.
        group: the processes, as `torch.distributed` knows them; None where this one holds all.
    """

    start: int
    size: int
    vocabulary: int
    group: Any = None

    @classmethod
    def whole(cls, vocabulary: int) -> VocabularyShard:
        """Return the shard of a process that has no other beside it."""
        return cls(0, vocabulary, vocabulary)

    @property
    def processes(self) -> list[int]:
        """The ranks of the group; two groups may be of the same ones."""
        return list(torch.distributed.get_process_group_ranks(self.group))

    def without_padding(self, vocabulary: int) -> VocabularyShard:
        """Return the shard of the first columns only."""
        size = min(self.size, max(0, vocabulary - self.start))
        return dataclasses.replace(self, size=size, vocabulary=vocabulary)

    def places(self, labels: Tensor, live: Tensor) -> tuple[Tensor, Tensor]:
        """Return the columns of labels among those held, and where a label is one of these.

        Args:
            labels: token ids, of any shape.
            live: where they count; bool.

        Returns:
            Columns, 0 where a label is another's or does not count, int64; and bool.
        """
        place = labels.long() - self.start
        here = live & (place >= 0) & (place < self.size)
        return torch.where(here, place, 0), here

    def maximum(self, values: Tensor) -> Tensor:
        """Return the largest of what the processes have; `values` are spent."""
        if self.group is not None:
            torch.distributed.all_reduce(values, torch.distributed.ReduceOp.MAX, self.group)
        return values

    def sums(self, *values: Tensor) -> tuple[Tensor, ...]:
        """Return the sums of what the processes have, in one exchange; all of one shape."""
        if self.group is None:
            return values
        both = torch.stack(values)
        torch.distributed.all_reduce(both, group=self.group)
        return tuple(both)
