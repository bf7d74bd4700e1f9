"""Pure functions of a block of rows as one kernel, where there is a compiler for the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

Found = TypeVar("Found")


def fused(function: Callable[..., Found], device: torch.device) -> Callable[..., Found]:
    """Return a function compiled for a device, or as it is where that cannot be done.

    Args:
        function: pure, of tensors and constants.
        device: where its tensors are.

    Returns:
        On a CUDA device with Triton, `torch.compile` of the function, which falls back on the
        function itself if compiling fails; elsewhere the function.
    """
    if device.type != "cuda" or torch.compiler.is_compiling() or not _has_triton():
        return function
    compiled = torch.compile(function, dynamic=True)

    def call(*arguments: Any) -> Found:
        # Falls back on the function where it cannot be compiled, and remembers that.
        with torch._dynamo.config.patch(suppress_errors=True):  # noqa: SLF001
            return compiled(*arguments)

    return call


def _has_triton() -> bool:
    from torch.utils import _triton  # noqa: PLC0415  # needed on CUDA devices only

    return bool(_triton.has_triton())
