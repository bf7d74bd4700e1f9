"""Operations at which the host waits for a device, and a mode that refuses them."""

from contextlib import ExitStack, contextmanager
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# A number on the host; a shape that depends on values; a boolean on the host.
WAITS = (
    "aten._local_scalar_dense",
    "aten.nonzero",
    "aten.equal",
    "aten.masked_select",
    "aten.item",
    "aten._unique2",
)


class NoWaiting(TorchDispatchMode):
    """Fails at an operation that a device would make the host wait for."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = str(function)
        assert not name.startswith(WAITS), f"{name} waits for the device"
        return function(*args, **(kwargs or {}))


@contextmanager
def as_on_a_device(rows=None):
    """Take the CPU for a device that must not be waited for; with so many rows in a block."""
    with ExitStack() as stack:
        enter = stack.enter_context
        room = "midpo_sym.tensor"
        enter(mock.patch(f"{room}.inputs.values.free_to_read", return_value=False))
        if rows is not None:
            enter(mock.patch(f"{room}.steady.blocks.block_rows", return_value=rows))
            enter(mock.patch(f"{room}.steady.hidden.tile_rows", return_value=2 * rows))
        yield


def backward_of(value):
    """Differentiate without the host asking what the value is."""
    torch.autograd.backward(value, torch.ones_like(value))
