"""Where large tensors lie, and how much of the work is done at a time.

Row blocks are small enough to stay in a core's cache; tiles are as many logits as are ever in
memory at once where a loss starts from hidden states (decision 7 has the measurements).
"""

from __future__ import annotations

import mmap
from math import prod

import torch

_MEBI = 1 << 20
_HUGE_PAGE = 2 * _MEBI
_WORTH_HUGE_PAGES = 32 * _MEBI  # below, allocators keep memory that was touched before
_CPU_BLOCK, _CPU_TILE = 1 * _MEBI, 64 * _MEBI  # a block per thread: each core has its own cache
_DEVICE_BLOCK, _DEVICE_TILE = 64 * _MEBI, 256 * _MEBI  # enough rows to fill an accelerator


def accumulation_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of statistics of logits: float64 for float64, otherwise float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def block_rows(vocabulary: int, dtype: torch.dtype, device: torch.device) -> int:
    """Return how many rows of the vocabulary, in the accumulation dtype, make a block."""
    size = _CPU_BLOCK * torch.get_num_threads() if device.type == "cpu" else _DEVICE_BLOCK
    return max(1, size // (vocabulary * accumulation_dtype(dtype).itemsize))


def tile_rows(vocabulary: int, dtype: torch.dtype, device: torch.device) -> int:
    """Return how many rows of logits make a tile."""
    size = _CPU_TILE if device.type == "cpu" else _DEVICE_TILE
    return max(1, size // (vocabulary * dtype.itemsize))


def uninitialised(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return a new contiguous tensor, in huge pages where the system has them on request.

    The first touch of fresh memory in pages of 4 KiB takes longer than the whole gradient that is
    written into it.

    Args:
        shape: of the tensor.
        dtype: of the tensor.
        device: of the tensor; huge pages are for the CPU only.
    """
    size = prod(shape) * dtype.itemsize
    if device.type != "cpu" or size < _WORTH_HUGE_PAGES or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(shape, dtype=dtype, device=device)
    try:
        # Huge pages start at multiples of their own size; the room for that is never touched.
        memory = mmap.mmap(-1, size + _HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        memory.madvise(mmap.MADV_HUGEPAGE)
    except OSError:
        return torch.empty(shape, dtype=dtype, device=device)
    whole = torch.frombuffer(memory, dtype=torch.uint8)
    start = -whole.data_ptr() % _HUGE_PAGE // dtype.itemsize
    # A tensor of its own, not a view: autograd treats views with more ceremony.
    found = torch.empty(0, dtype=dtype)
    found.set_(whole.untyped_storage(), start, shape)  # type: ignore[call-overload]  # strides
    return found
