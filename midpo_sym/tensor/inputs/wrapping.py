"""Whether a wrapper of data parallelism has seen the forward pass that a loss ends.

`DistributedDataParallel` averages gradients over the processes only if its own forward made the
outputs. Nothing of a tensor tells; but a wrapper whose forward has never run has made none.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

_LOOKED = "_looked_for_wrappers"
_CURE = (
    "its forward has not run, so that the processes do not average these gradients: call the loss "
    "inside the wrapped forward, or take logits or hidden_states[-1] of "
    "wrapper(ids, output_hidden_states=True), never of wrapper.module"
)


def check_parameters(loss: nn.Module, parameters: Iterable[Any]) -> None:
    """Check, once for a loss, that no wrapper that has not run holds parameters it trains.

    Args:
        loss: whose entry is called.
        parameters: of the lm_head.

    Raises:
        ValueError: one does.
    """
    trained = [each for each in parameters if isinstance(each, Tensor) and each.requires_grad]
    if not trained or not _is_due(loss):
        return
    wanted = set(map(id, trained))
    for wrapper in _idle():
        if wanted & set(map(id, wrapper.parameters())):
            raise ValueError(f"weight: belongs to a {type(wrapper).__name__}; {_CURE}")


def check_output(loss: nn.Module, output: Any) -> None:
    """Warn, once for a loss, where a trained output can hardly be that of a wrapped forward.

    Args:
        loss: whose entry is called.
        output: the logits, or those of the chosen and of the rejected responses.
    """
    parts = output if isinstance(output, tuple | list) else (output,)
    if not any(isinstance(each, Tensor) and each.requires_grad for each in parts):
        return
    if not _is_due(loss):
        return
    for wrapper in _idle():
        if any(each.requires_grad for each in wrapper.parameters()):
            warnings.warn(
                f"logits: there is a {type(wrapper).__name__}; if they are its model's, {_CURE}",
                UserWarning,
                stacklevel=4,
            )


def _is_due(loss: nn.Module) -> bool:
    """Return whether to look at all, which takes a while, and note that it was done."""
    distributed = torch.distributed
    if torch.compiler.is_compiling() or not torch.is_grad_enabled():
        return False
    if not (distributed.is_available() and distributed.is_initialized()):
        return False
    if distributed.get_world_size() == 1 or loss.__dict__.get(_LOOKED):
        return False
    wrapper: Any = nn.parallel.DistributedDataParallel
    if wrapper._get_active_ddp_module() is not None:  # noqa: SLF001  # no public way
        return False  # inside the wrapped forward
    loss.__dict__[_LOOKED] = True
    return True


def _idle() -> list[Any]:
    """Return the wrappers of this process whose forward has not run."""
    kind = nn.parallel.DistributedDataParallel
    found = [each for each in gc.get_objects() if issubclass(type(each), kind)]
    return [each for each in found if not getattr(each, "_lazy_init_ran", True)]
