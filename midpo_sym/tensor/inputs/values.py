"""Whether the host may look at values of tensors, and checks that leave it to the device.

To read a value is to wait for the device that computes it. On the CPU that costs nothing, and every
check does; elsewhere the device checks by itself, unless the caller asks by `validate=`.
"""

from __future__ import annotations

from contextvars import ContextVar, Token

import torch
from torch import Tensor

# What the caller of an entry asked for; None leaves it to the device.
_wanted: ContextVar[bool | None] = ContextVar("validate", default=None)


def free_to_read(device: torch.device) -> bool:
    """Return whether values of tensors on a device can be read without a wait."""
    return device.type == "cpu"


class validating:  # noqa: N801 - used as a statement
    """While this lasts, checks read the values they are about (True), or are left out (False)."""

    def __init__(self, wanted: bool | None) -> None:  # noqa: FBT001 - as the keyword
        """Note what is wanted; None leaves it as it is."""
        self._wanted = wanted
        self._token: Token[bool | None] | None = None

    def __enter__(self) -> None:
        if self._wanted is not None and not torch.compiler.is_compiling():
            self._token = _wanted.set(self._wanted)

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _wanted.reset(self._token)


def may_read(value: Tensor) -> bool:
    """Return whether a check may read values of a tensor."""
    if torch.compiler.is_compiling():
        return False
    wanted = _wanted.get()
    return free_to_read(value.device) if wanted is None else wanted


def holds(allowed: Tensor, wanted: str) -> bool:
    """Return whether a condition holds everywhere, as far as that can be known here.

    Where values may not be read, True; a device that fails the condition then says so by itself,
    when it comes to that, if checks are wanted at all.

    Args:
        allowed: bool, of any shape.
        wanted: what the device says.
    """
    if may_read(allowed):
        return bool(allowed.all())
    if not torch.compiler.is_compiling() and _wanted.get() is None:
        torch._assert_async(allowed.all(), wanted)  # noqa: SLF001  # no public way
    return True
