"""Functions run in several processes at once that torch.distributed joins, on this machine."""

import os
import socket
import traceback

import torch
from torch import multiprocessing


def run(number, function, *args):
    """Return what a function returns in each of some processes, forked from this one.

    Forked processes import nothing again, which takes longer than what most tests do there.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    processes = [
        context.Process(target=_one, args=(rank, number, port, results, function, args))
        for rank in range(number)
    ]
    for each in processes:
        each.start()
    found = dict(results.get() for _ in processes)
    for each in processes:
        each.join()
    for rank, (failed, _) in sorted(found.items()):
        assert not failed, f"in process {rank}: {failed}"
    return [found[rank][1] for rank in range(number)]


def _one(rank, number, port, results, function, args):
    torch.set_num_threads(1)  # the threads of the parent are not there
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(number),
        "LOCAL_WORLD_SIZE": str(number), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    try:
        results.put((rank, ("", function(rank, *args))))
    except BaseException:  # noqa: BLE001 - shown by the parent
        results.put((rank, (traceback.format_exc(), None)))
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
