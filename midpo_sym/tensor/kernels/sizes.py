"""How much of the work is done at a time.

Row blocks are small enough to stay in a core's cache; tiles are as many logits as are ever in
memory at once where a loss starts from hidden states (decision 7 has the measurements).
"""

from __future__ import annotations

import torch

_MEBI = 1 << 20
_CPU_BLOCK = 2 * _MEBI  # for each thread: each core has its own cache
_CPU_TILE = 64 * _MEBI
_BLOCKS, _TILES = 1024, 256  # of which one fills an accelerator, and is no burden on its memory
_UNKNOWN = 65536 * _MEBI  # taken for the memory of a device that does not say
_PARTS, _LEAST_PART = 3, 128  # a product with fewer rows takes more time for each


def accumulation_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of statistics of logits: float64 for float64, otherwise float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def block_rows(vocabulary: int, dtype: torch.dtype, device: torch.device) -> int:
    """Return how many rows of the vocabulary, in the accumulation dtype, make a block."""
    on_cpu = device.type == "cpu"
    size = _CPU_BLOCK * torch.get_num_threads() if on_cpu else _memory(device) // _BLOCKS
    return max(1, size // (vocabulary * accumulation_dtype(dtype).itemsize))


def tile_rows(vocabulary: int, dtype: torch.dtype, device: torch.device) -> int:
    """Return how many rows of logits make a tile."""
    size = _CPU_TILE if device.type == "cpu" else _memory(device) // _TILES
    return max(1, size // (vocabulary * dtype.itemsize))


def part_rows(size: int) -> int:
    """Return how many of a tile's rows are projected at once, if there is a reference."""
    return min(size, max(_LEAST_PART, -(-size // _PARTS)))


def _memory(device: torch.device) -> int:
    """Return the bytes of an accelerator's memory, without waiting for it."""
    if device.type != "cuda":
        return _UNKNOWN
    return int(torch.cuda.get_device_properties(device).total_memory)
