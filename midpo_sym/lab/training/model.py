"""A tiny transformer, and the probabilities of all answers that it implies."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from midpo_sym.lab.checks import Array
from midpo_sym.lab.training.encoding import Encoding
from midpo_sym.lab.training.settings import ModelSettings
from midpo_sym.lab.worlds.language import World

_ROWS = 4096  # of one forward pass


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, states: Tensor) -> Tensor:
        rows, places, width = states.shape
        mixed = self.mix(self.before(states)).view(rows, places, 3, self.heads, -1)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        states = states + self.out(seen.transpose(1, 2).reshape(rows, places, width))
        change: Tensor = self.narrow(functional.gelu(self.wide(self.between(states))))
        return states + change


class Transformer(nn.Module):
    """A causal language model.

    Args:
        settings: its sizes.
        encoding: of the world it is for.
        seed: of its weights.
    """

    def __init__(self, settings: ModelSettings, encoding: Encoding, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.tokens = nn.Embedding(encoding.tokens, settings.width)
            self.places = nn.Embedding(encoding.places, settings.width)
            self.layers = nn.ModuleList(
                _Layer(settings.width, settings.heads) for _ in range(settings.layers)
            )
            self.last = nn.LayerNorm(settings.width)
            self.head = nn.Linear(settings.width, encoding.letters + 1)
        for table in (self.tokens, self.places):
            nn.init.normal_(table.weight, std=0.3, generator=torch.Generator().manual_seed(seed))

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits of the token after each place; (rows, places, letters + 1)."""
        states = self.tokens(ids) + self.places.weight[: ids.shape[1]]
        for layer in self.layers:
            states = layer(states)
        logits: Tensor = self.head(self.last(states))
        return logits


@torch.no_grad()
def log_policy(model: Transformer, encoding: Encoding, world: World) -> Array:
    """Return log π(y|x) of every answer, in float64; shape (prompts, answers).

    Every sequence of `longest` − 1 letters goes through the model once; each answer is one of them
    cut short by ∎, or one of them and a last token.
    """
    letters, longest = encoding.letters, encoding.longest
    lengths, answers = world.lengths, np.maximum(world.answers, 0)
    ended = (world.answers == letters).any(axis=1)
    written = lengths - ended  # letters before ∎
    # The place of an answer's letters among the sequences, that count upwards in base `letters`.
    powers = letters ** np.arange(longest - 2, -1, -1)
    digits = np.where(np.arange(longest - 1) < written[:, None], answers[:, : longest - 1], 0)
    row = (digits * powers).sum(axis=1)
    last = np.minimum(written, longest - 1)
    token = np.where(ended, letters, answers[:, longest - 1])
    found = np.empty((len(world.prompts), len(answers)))
    for prompt in range(len(world.prompts)):
        ids = encoding.stems(prompt)
        parts = [model(each)[:, -longest:] for each in torch.split(ids, _ROWS)]
        logps = torch.cat(parts).double().log_softmax(-1)
        own = logps[:, :-1].gather(-1, ids[:, 1 - longest :, None])[..., 0]
        sums = np.zeros((len(ids), longest))
        sums[:, 1:] = own.cumsum(-1).numpy()
        found[prompt] = sums[row, last] + logps.numpy()[row, last, token]
    return found
