"""Loss and gradient against float64 on the same rounded logits."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from .clock import renew
from .figures import Figure
from .inputs import Inputs, Size, draw
from .methods import of
from .with_torch import naive


def exact(loss: str, inputs: Inputs) -> tuple[Tensor, Tensor]:
    """Return loss and gradient by the naive way in float64."""
    assert inputs.logits is not None
    assert inputs.ref_logits is not None
    logits = inputs.logits.detach().double().requires_grad_()
    weights = {name: each.double() for name, each in inputs.weights.items()}
    value = naive(loss, replace(inputs, weights=weights), logits, inputs.ref_logits.double())
    return value.detach(), torch.autograd.grad(value, logits)[0]


def figures(
    loss: str, size: Size, seeds: int, watch: Callable[[str], None] = lambda _: None
) -> list[Figure]:
    """Return the largest relative errors of loss and gradient of every method, over the seeds."""
    worst: dict[tuple[str, str], float] = {}
    for seed in range(seeds):
        inputs = draw("logits", loss, size, seed)
        kept = inputs.leaves[0].detach().clone()
        value, gradient = exact(loss, inputs)
        norm = gradient.norm()
        for method in of("logits", loss):
            watch(method.name)
            found = method.make(loss, inputs)()
            assert found is not None
            found.backward()
            apart = (inputs.leaves[0].grad.double() - gradient).norm()
            errors = {
                "loss_error": ((found.detach().double() - value) / value).abs(),
                "gradient_error": apart / norm,
            }
            for measure, error in errors.items():
                key = method.name, measure
                worst[key] = max(worst.get(key, 0.0), float(error))
            renew(inputs, kept if method.spends else None)
    return [
        Figure("accuracy", "logits", loss, name, measure, value, seeds, size)
        for (name, measure), value in worst.items()
    ]
