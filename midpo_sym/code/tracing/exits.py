"""Watches what Python calls while a function runs, forward and backward: how numbers leave torch.

A dispatcher mode sees operations, and a mode of torch's functions is off in a backward pass. The
profiler of the interpreter sees every call in the thread, of C functions too, wherever it is made.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from torch import Tensor

# Methods of tensors that give their numbers away, or a way to them.
_EXITS = frozenset(
    {"__array__", "__dlpack__", "apply_", "data_ptr", "map2_", "map_", "numpy", "share_memory_",
     "storage", "tolist", "typed_storage", "untyped_storage"}
)  # fmt: skip
# The same, written in Python: known by their code.
_WRITTEN = {
    getattr(Tensor, name).__code__: name
    for name in ("__array__", "__deepcopy__", "__format__", "__reduce_ex__", "__repr__")
}
_DLPACK = "_to_dlpack"
# What depends on more than arguments, by the module of a C function or of the class it is of.
_OUTSIDE = {
    "_ctypes": "memory is read",
    "_pickle": "what is pickled is not followed",
    "_posixsubprocess": "a process is started",
    "_random": "it is random",
    "_socket": "a network is asked",
    "ctypes": "memory is read",
    "mmap": "memory is read",
    "numpy.random.mtrand": "it is random",
    "random": "it is random",
}
_OUTSIDE_FUNCTIONS = {
    **dict.fromkeys(
        (("time", each) for each in ("time", "time_ns", "monotonic", "perf_counter")),
        "a clock is read",
    ),
    **dict.fromkeys(
        (("_thread", each) for each in ("start_new_thread", "start_joinable_thread")),
        "another thread is not watched",
    ),
    ("posix", "urandom"): "it is random",
    ("posix", "fork"): "a process is started",
    ("sys", "setprofile"): "it switches the watching off",
}

_OURS = str(Path(__file__).resolve().parents[1]) + os.sep
_FINITE = (math.isfinite, math.isinf, math.isnan)
_IMPORT = "<frozen importlib"


class Exits:
    """Refuses calls by which numbers leave torch, or come from elsewhere than the arguments.

    What is refused stays refused, whatever the code does with the exception.
    """

    def __init__(
        self, leaves: Callable[[Tensor, str], None], refuse: Callable[[str, str], None]
    ) -> None:
        """Make a watcher.

        Args:
            leaves: called with a tensor whose numbers are given away, and the method.
            refuse: called with what a call is, and why it cannot be read.
        """
        self._leaves, self._refuse = leaves, refuse
        self._before: Any = None
        self._at_work: tuple[Any, FrameType | None] = (None, None)

    def __enter__(self) -> None:
        """Begin to watch; a profiler that is at work waits."""
        self._before = sys.getprofile()
        sys.setprofile(self._see)

    def __exit__(self, *_: object) -> None:
        """Leave things as they were."""
        sys.setprofile(self._before if callable(self._before) else None)

    def _see(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "call":
            if (name := _WRITTEN.get(frame.f_code)) is not None:
                given = frame.f_locals.get("self")
                if isinstance(given, Tensor):
                    self._leaves(given, name)
        elif not frame.f_code.co_filename.startswith(_OURS):
            self._at_work = (called, frame) if event == "c_call" else (None, None)
            if event == "c_call":
                self._see_c(called, frame)

    def asks_whether_finite(self, frame: FrameType) -> bool:
        """Return whether code asks only what is true of every number, such as `math.isfinite`.

        Args:
            frame: of the code, as what is asked for its number sees it.
        """
        called, where = self._at_work
        return called in _FINITE and where is frame

    def _see_c(self, called: Any, frame: FrameType) -> None:
        name = called.__name__
        owner = getattr(called, "__self__", None)
        if isinstance(owner, Tensor):
            if name in _EXITS:
                self._leaves(owner, name)
            return
        if name == _DLPACK:
            self._refuse(name, "a number that depends on the inputs leaves torch")
        module = _module_of(called, owner)
        why = _OUTSIDE.get(module) or _OUTSIDE_FUNCTIONS.get((module, name))
        if why is not None and not _is_importing(frame):
            self._refuse(f"{module}.{name}()", why)


def _is_importing(frame: FrameType | None) -> bool:
    """Return whether a module is being loaded, which happens once, whatever the arguments are."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORT):
            return True
        frame = frame.f_back
    return False


def _module_of(called: Any, owner: Any) -> str:
    if owner is None or isinstance(owner, ModuleType):
        return str(getattr(called, "__module__", "") or "")
    kind = owner if isinstance(owner, type) else type(owner)
    return kind.__module__


def without_watching(run: Callable[[], Any]) -> Any:
    """Return what a function gives that is no user's code."""
    watching = sys.getprofile()
    if watching is None:
        return run()
    sys.setprofile(None)
    try:
        return run()
    finally:
        sys.setprofile(watching)
