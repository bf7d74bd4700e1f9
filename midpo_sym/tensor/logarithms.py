"""Functions that keep the digits which their formulas lose: of logarithms, and the Cauchy link."""

from __future__ import annotations

import math
from functools import reduce
from typing import overload

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


@overload
def cauchy_cdf(argument: Tensor) -> Tensor: ...
@overload
def cauchy_cdf(argument: float) -> float: ...
def cauchy_cdf(argument: Tensor | float) -> Tensor | float:
    """Return atan(a)/π + 1/2, the distribution function of the Cauchy distribution.

    It is computed as the angle of the point (−a, 1) over π, so that nothing cancels where a is far
    below zero.

    Args:
        argument: a tensor, or a number.
    """
    if isinstance(argument, Tensor):
        return torch.atan2(torch.ones_like(argument), -argument) / math.pi
    return math.atan2(1.0, -argument) / math.pi


@overload
def log_cauchy_cdf(argument: Tensor) -> Tensor: ...
@overload
def log_cauchy_cdf(argument: float) -> float: ...
def log_cauchy_cdf(argument: Tensor | float) -> Tensor | float:
    """Return the logarithm of `cauchy_cdf`, with its digits also where that is close to one.

    Args:
        argument: a tensor, or a number.
    """
    if isinstance(argument, Tensor):
        above = torch.log1p(-cauchy_cdf(-argument.clamp(min=0.0)))
        below = torch.log(cauchy_cdf(argument.clamp(max=0.0)))
        return torch.where(argument > 0, above, below)
    if argument > 0:
        return math.log1p(-cauchy_cdf(-argument))
    return math.log(cauchy_cdf(argument))
