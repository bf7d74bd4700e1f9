"""The reference: maximum likelihood on answers that the language wrote."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from midpo_sym.lab.training.encoding import IGNORED, Encoding
from midpo_sym.lab.training.model import Transformer
from midpo_sym.lab.training.settings import ModelSettings, ReferenceSettings
from midpo_sym.lab.worlds.language import World

_PURPOSE = 1  # of the world's random numbers


def fit_reference(
    world: World,
    encoding: Encoding,
    model: ModelSettings,
    settings: ReferenceSettings,
    *,
    with_prompt: bool = True,
) -> Transformer:
    """Return a model trained on samples of all prompts.

    Args:
        world: that writes the samples.
        encoding: of the world.
        model: sizes.
        settings: how long.
        with_prompt: whether the model sees the prompt; a prior that all prompts share does not.
    """
    generator = world.random(_PURPOSE)
    prompt = generator.integers(0, len(world.prompts), settings.samples)
    bounds = np.exp(world.log_language).cumsum(axis=1)
    lots = generator.uniform(size=settings.samples) * bounds[prompt, -1]
    answer = np.array(
        [np.searchsorted(bounds[x], lot, side="right") for x, lot in zip(prompt, lots, strict=True)]
    )
    answer = np.minimum(answer, len(world.answers) - 1)
    ids = encoding.ids(torch.from_numpy(prompt), torch.from_numpy(answer), with_prompt=with_prompt)
    labels = encoding.labels(torch.from_numpy(answer))
    trained = Transformer(model, encoding, int(generator.integers(2**31)))
    optimiser = torch.optim.Adam(trained.parameters(), lr=settings.learning_rate)
    for step in range(settings.steps):
        optimiser.param_groups[0]["lr"] = settings.learning_rate * (1 - step / settings.steps)
        rows = torch.from_numpy(generator.integers(0, settings.samples, settings.batch))
        logits = trained(ids[rows])[:, :-1].flatten(0, 1)
        loss = functional.cross_entropy(logits, labels[rows, 1:].flatten(), ignore_index=IGNORED)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return trained.requires_grad_(False)  # noqa: FBT003 - as torch has it
