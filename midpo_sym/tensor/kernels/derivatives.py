"""What cannot be differentiated says so: the kernels have first derivatives, in reverse mode."""

from __future__ import annotations

from typing import Any, NoReturn

import torch
from torch.autograd import forward_ad


def refuse_second_derivative(*_: Any) -> NoReturn:
    """Refuse to differentiate a gradient.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError(
        "midpo_sym.tensor has no second derivatives: call backward() or torch.autograd.grad() "
        "without create_graph=True"
    )


def check_transforms(value: object) -> None:
    """Check that nothing but reverse mode is at work.

    Operators of torch.library know no transform of torch.func, and forward mode would get zeros.

    Args:
        value: what the kernel is about to differentiate by.

    Raises:
        NotImplementedError: a transform is active, or the value has a tangent.
    """
    if torch.compiler.is_compiling() or not isinstance(value, torch.Tensor):
        return
    tangent = forward_ad.unpack_dual(value).tangent  # type: ignore[no-untyped-call]
    transformed = torch._C._are_functorch_transforms_active()  # noqa: SLF001  # no public way
    if transformed or tangent is not None:
        raise NotImplementedError(
            "midpo_sym.tensor works neither under the transforms of torch.func (grad, vjp, jvp, "
            "vmap) nor in forward mode: use backward() or torch.autograd.grad(); from_statistics "
            "alone may be transformed"
        )
