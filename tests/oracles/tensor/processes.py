"""Several processes on one machine that exchange tensors by gloo, and what they must not hold."""

from datetime import timedelta

import torch
from torch import distributed, multiprocessing
from torch.utils._python_dispatch import TorchDispatchMode

SECONDS = 120


def run(count, folder, *functions):
    """Run functions of modules on so many processes; a failure of one is raised here.

    Args:
        count: how many.
        folder: where they meet, empty.
        functions: without arguments.
    """
    multiprocessing.spawn(_work, (count, str(folder / "meet"), functions), nprocs=count)


def _work(rank, count, meeting, functions):
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{meeting}",
        rank=rank,
        world_size=count,
        timeout=timedelta(seconds=SECONDS),
    )
    try:
        for function in functions:
            function()
    finally:
        distributed.destroy_process_group()


def shared(make):
    """Return what the first process makes, on all of them."""
    found = [make() if distributed.get_rank() == 0 else None]
    distributed.broadcast_object_list(found)
    return found[0]


class NothingWhole(TorchDispatchMode):
    """Fails at a tensor of this process with as many columns as the whole vocabulary has."""

    def __init__(self, vocabulary):
        super().__init__()
        self._vocabulary = vocabulary

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        several = found if isinstance(found, tuple | list) else (found,)
        for each in several:
            local = getattr(each, "_local_tensor", each)
            if isinstance(local, torch.Tensor):
                whole = self._vocabulary in local.shape
                assert not whole, f"{function} makes a tensor of shape {tuple(local.shape)}"
        return found
