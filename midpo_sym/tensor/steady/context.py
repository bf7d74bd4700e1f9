"""Responses whose tokens lie in several processes: their statistics, brought together."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from midpo_sym.tensor.statistics import ResponseStatistics


def gather_responses(statistics: ResponseStatistics, group: Any = None) -> ResponseStatistics:
    """Return the statistics of whole responses, of which each process has some tokens.

    So context parallelism splits a batch: `shifted=True` measures the tokens of a process, and the
    few numbers of each token are exchanged, never logits. Every process then computes the same
    loss, and its backward pass gives the gradients through its own tokens: over the processes they
    add up. What takes their mean, as DDP and FSDP do, wants the loss times the number of processes.

    Args:
        statistics: of this process's tokens; all processes have as many, in the order of their
            ranks. Padding is a masked token.
        group: the processes, as `torch.distributed` knows them; None for all.

    Raises:
        ValueError: the processes have different numbers of tokens or of responses.
    """
    world = torch.distributed.get_world_size(group)
    shape = statistics.logps.new_tensor(statistics.mask.shape)
    largest = torch.stack([shape, -shape])
    torch.distributed.all_reduce(largest, torch.distributed.ReduceOp.MAX, group)
    if not torch.equal(largest[0], -largest[1]):
        raise ValueError(
            f"statistics: expected as many responses and tokens on each process, got "
            f"{tuple(statistics.mask.shape)} here and others elsewhere; pad the labels by -100"
        )

    def joined(each: Tensor) -> Tensor:
        if each.ndim < statistics.mask.ndim:
            return each  # of responses, not of tokens: every process has them
        whole: Tensor = _Gather.apply(each, world, group)  # type: ignore[no-untyped-call]
        return whole

    return statistics.map(joined)


class _Gather(torch.autograd.Function):
    """The parts of all processes, side by side; what comes back is one's own part."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, world: int, group: Any) -> Tensor:
        """Exchange the parts."""
        sent = part.contiguous()
        found = [torch.empty_like(sent) for _ in range(world)]
        torch.distributed.all_gather(found, sent, group)
        width = part.shape[1]
        ctx.start, ctx.width = torch.distributed.get_rank(group) * width, width
        return torch.cat(found, 1)

    @staticmethod
    def backward(ctx: Any, *moves: Tensor) -> tuple[Tensor, None, None]:
        """Return the derivatives by one's own part: the loss is one, computed by all."""
        return moves[0].narrow(1, ctx.start, ctx.width), None, None
