"""The losses of this package, from logits and from hidden states."""

from typing import Any

from torch import Tensor

from midpo_sym import losses

from .inputs import Inputs


def made(loss: str) -> Any:
    return losses.get(loss)()


def from_logits(loss: str, inputs: Inputs) -> Tensor:
    return _from_logits(loss, inputs)


def in_place(loss: str, inputs: Inputs) -> Tensor:
    """Return the loss; the gradient is written over the logits, which are spent."""
    return _from_logits(loss, inputs, overwrite_logits=True)


def _from_logits(loss: str, inputs: Inputs, **options: bool) -> Tensor:
    reference = {} if loss == "simpo" else {"ref_logits": inputs.ref_logits}
    arguments = (inputs.logits, inputs.labels)
    each, _, _ = made(loss).from_logits(*arguments, **reference, **inputs.weights, **options)
    return each.mean()


def from_hidden(loss: str, inputs: Inputs) -> Tensor:
    reference = {"ref_hidden": inputs.ref_hidden, "ref_weight": inputs.ref_weight}
    value, _, _ = made(loss).from_hidden(
        *(inputs.hidden, inputs.weight, inputs.labels),
        **({} if loss == "simpo" else reference),
        **inputs.weights,
        reduction="mean",
    )
    return value
