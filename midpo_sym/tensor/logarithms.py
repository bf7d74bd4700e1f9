"""Sums of probabilities that are known by their logarithms only."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor


def log_sum_exp(*logarithms: Tensor | float) -> Tensor:
    """Return log(exp(a) + exp(b) + ...), without forming the exponentials.

    Args:
        *logarithms: tensors that broadcast, or numbers; at least one is a tensor.
    """
    like = next(each for each in logarithms if isinstance(each, Tensor))
    tensors = [
        each if isinstance(each, Tensor) else torch.full_like(like, each) for each in logarithms
    ]
    return reduce(torch.logaddexp, tensors)
