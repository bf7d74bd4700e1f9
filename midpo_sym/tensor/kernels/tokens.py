"""The live tokens of a batch, one after the other, without what lies between them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.measured import Measured


class Tokens(NamedTuple):
    """Where n live tokens lie in a batch (N, T).

    Attributes:
        sequence: which response; int64 (n,).
        position: which token of it; int64 (n,).
        labels: int64 (n, 1).
        counts: how many there are of each response, in the order in which they come.
    """

    sequence: Tensor
    position: Tensor
    labels: Tensor
    counts: list[int]

    def __len__(self) -> int:
        return self.sequence.shape[0]

    def states(self, hidden: Tensor) -> Tensor:
        """Return the hidden states that predict the tokens: (N, T, H) to (n, H)."""
        return hidden[self.sequence, self.position - 1]

    def pick(self, whole: Tensor) -> Tensor:
        """Return the tokens' entries: (N, T) to (n,); what is empty stays empty."""
        return whole[self.sequence, self.position] if whole.numel() else whole

    def put(self, states: Tensor, shape: torch.Size) -> Tensor:
        """Return derivatives by hidden states at their places, zero elsewhere: (n, H) to (N, T, H).

        Args:
            states: derivatives by what `states` returned.
            shape: (N, T, H).
        """
        whole = states.new_zeros(shape)
        whole[self.sequence, self.position - 1] = states
        return whole

    def spread(self, found: Measured, shape: torch.Size) -> Measured:
        """Return statistics at their places, zero elsewhere: (n,) to (N, T)."""
        places = []
        for part in found:
            whole = part.new_zeros(shape if part.numel() else (0,))
            if part.numel():
                whole[self.sequence, self.position] = part
            places.append(whole)
        return Measured(*places)


def gather_tokens(labels: Tensor, live: Tensor, *, pairs: bool) -> Tokens:
    """Return the live tokens. The device is waited for once.

    Args:
        labels: token ids (N, T).
        live: bool (N, T).
        pairs: whether the tokens of a rejected response follow those of its chosen response, the
            chosen ones being the first half; otherwise responses follow in their own order.
    """
    order = torch.arange(live.shape[0], device=live.device)
    if pairs:
        order = order.view(2, -1).t().reshape(-1)
    row, position = live[order].nonzero(as_tuple=True)
    sequence = order[row]
    found = labels[sequence, position].long().unsqueeze(-1)
    return Tokens(sequence, position, found, live[order].sum(-1).tolist())
