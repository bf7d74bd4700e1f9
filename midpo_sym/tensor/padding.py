"""Padding that does no harm to what is computed of it."""

from __future__ import annotations

import torch
from torch import Tensor


def fill_padding(statistic: Tensor, mask: Tensor) -> Tensor:
    """Return a statistic whose padding repeats the response's first token.

    What is computed at padding is left out of sums, but its derivatives are multiplied by 0, and
    0 * ∞ is NaN: the logarithm of a weight, say, must not see the 0 that lies at padding. What is
    finite at the tokens is finite at padding then, and so are its derivatives.

    Args:
        statistic: a number for each token; (B, T).
        mask: true at the tokens; bool (B, T).
    """
    first = mask.to(torch.int8).argmax(-1, keepdim=True)  # the first of the largest
    return torch.where(mask, statistic, statistic.gather(-1, first))
