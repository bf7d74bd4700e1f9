"""What turns hidden states into logits: a matrix, and what models and adapters add to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from midpo_sym.tensor.checks import check_number
from midpo_sym.tensor.inputs import check_head
from midpo_sym.tensor.kernels.projection import Head
from midpo_sym.tensor.steady.dtensors import is_shared


class Adapter(NamedTuple):
    """A product of low rank beside the matrix: logits + up · down(hidden) + bias.

    Attributes:
        down: from hidden states (..., H) to (..., r), with its dropout and its scale.
        up: (V, r).
        bias: (V,) or None.
    """

    down: Callable[[Tensor], Tensor]
    up: Tensor
    bias: Tensor | None


def scaled(
    prefix: str, hidden: Tensor, weight: Tensor, bias: Tensor | None, scale: float | None
) -> tuple[Tensor, Tensor | None]:
    """Return hidden states and bias that give the logits times a scale.

    Args:
        prefix: "" for the policy's arguments, "ref_" for the reference's.
        hidden: (N, T, H).
        weight: (V, H).
        bias: (V,) or None.
        scale: a positive number, or None for 1.

    Raises:
        TypeError: an argument is of another type.
        ValueError: shapes, dtypes or devices do not fit, or the scale is no positive number.
    """
    if scale is None:
        return hidden, bias
    check_number(f"{prefix}logit_scale", scale, "positive")
    check_head(prefix, hidden, weight, bias, part=True)
    return hidden * scale, None if bias is None else bias * scale


@dataclasses.dataclass(frozen=True)
class OutputHead:
    """An lm_head: cap(logit_scale · (hidden · weightᵀ + bias + adapters)).

    Attributes:
        weight: (V, H).
        bias: (V,) or None.
        adapters: what is added before the scale.
        logit_scale: a positive number.
        softcap: c where logits z become c·tanh(z/c), or None.
    """

    weight: Tensor
    bias: Tensor | None = None
    adapters: tuple[Adapter, ...] = ()
    logit_scale: float = 1.0
    softcap: float | None = None

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits of hidden states, to compare with those of the model.

        Args:
            hidden: (..., H).

        Returns:
            (..., V).
        """
        hidden, weight, bias, softcap = self.on(hidden)
        logits = functional.linear(hidden, weight, bias)
        return logits if softcap is None else softcap * torch.tanh(logits / softcap)

    def on(self, hidden: Tensor) -> Head:
        """Return hidden states and a plain head whose product is that of this one.

        An adapter's r numbers stand beside the hidden states, and its columns beside those of the
        weight: exact with dropout too, and the gradients reach the adapter by themselves.

        Args:
            hidden: (..., H).

        Raises:
            ValueError: it has adapters, and processes share its weight.
        """
        if self.adapters and is_shared(self.weight):
            raise ValueError(
                "head: has adapters beside a weight that processes share; call the loss inside the "
                "wrapped forward, or use from_logits"
            )
        states, columns, bias = [hidden], [self.weight], self.bias
        for adapter in self.adapters:
            states.append(adapter.down(hidden).to(hidden.dtype))
            columns.append(adapter.up.to(self.weight.dtype))
            if adapter.bias is not None:
                added = adapter.bias.to(self.weight.dtype)
                bias = added if bias is None else bias + added
        if self.adapters:
            hidden, weight = torch.cat(states, -1), torch.cat(columns, -1)
        else:
            weight = self.weight
        if self.logit_scale != 1:
            hidden = hidden * self.logit_scale
            bias = None if bias is None else bias * self.logit_scale
        return Head(hidden, weight, bias, self.softcap)
