"""The same work for many specifications, in several processes where that pays.

What a worker gives back is text and numbers to print. A theorem never crosses from one process to
another: the kernel's seal is not to be copied, and who needs a theorem proves it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from midpo_sym.session import remembering

T = TypeVar("T")
R = TypeVar("R")

_ENOUGH = 20  # tasks for which starting workers pays
_COLLECTED = 50_000  # objects that are made before a worker looks for some that nobody needs
_TASKS = Path("/proc/self/task")  # the threads of this process, on Linux


def each_of(work: Callable[[T], R], tasks: Sequence[T], *, jobs: int | None = None) -> Iterator[R]:
    """Yield what comes of each task, in their order.

    Where a process can be copied with all that it has loaded, and there are cores and tasks enough,
    copies share the tasks; elsewhere they are done one after the other. The tasks of a copy
    have the session that was active where it was made, as it was then, or else one each.

    Args:
        work: a function of a module; what it returns and raises crosses between processes.
        tasks: what it is called with.
        jobs: how many processes; None for one for each core.
    """
    count = min(len(tasks), jobs or _cores())
    if count < 2 or len(tasks) < _ENOUGH or not _may_fork():  # noqa: PLR2004 - one works alone
        yield from map(work, tasks)
        return
    with get_context("fork").Pool(count, _begin) as pool:
        yield from pool.imap(_Apart(work), tasks)


def _begin() -> None:
    """Leave what is loaded out of garbage collections, which are rare: a copy soon ends."""
    gc.freeze()
    gc.set_threshold(_COLLECTED, 20, 20)


class _Apart:
    """Work in a process of its own, in which tasks have a session."""

    def __init__(self, work: Callable[[T], R]) -> None:
        self.work = work

    def __call__(self, task: T) -> R:  # type: ignore[type-var]  # as `work` takes and gives
        with remembering():
            return self.work(task)  # type: ignore[return-value, arg-type]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _may_fork() -> bool:
    """Return whether this process can be copied: on Linux, with no thread but this one."""
    if sys.platform != "linux":
        return False
    try:
        return sum(1 for _ in _threads()) == 1
    except OSError:
        return False


def _threads() -> Iterable[Path]:
    return _TASKS.iterdir()
