"""Prompts and answers as tensors: token ids, labels, and what is known of each token."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from midpo_sym.lab.worlds.language import NOTHING, PROMPT, World

IGNORED = -100


class Encoding:
    """The inputs of a world.

    Tokens are the letters, then ∎, then one that separates prompt and answer, then padding. A model
    says the probabilities of letters and ∎ alone.

    Attributes:
        letters: how many there are; also the number of ∎.
        tokens: numbers of all tokens, of the input.
        longest: tokens of the longest answer.
    """

    def __init__(self, world: World) -> None:
        self.letters = world.settings.letters
        self.tokens = self.letters + 3
        self.longest = world.settings.longest
        separator, padding = self.letters + 1, self.letters + 2
        prompts = np.where(world.prompts == NOTHING, padding, world.prompts)
        column = np.full((len(prompts), 1), separator)
        self._prompts = torch.from_numpy(np.concatenate([prompts, column], axis=1))
        inside = world.answers != NOTHING
        self._answers = torch.from_numpy(np.where(inside, world.answers, padding))
        self._labels = torch.from_numpy(np.where(inside, world.answers, IGNORED))
        self._credit = torch.from_numpy(world.credit.astype(np.float32))

    @property
    def places(self) -> int:
        """How many tokens a prompt and its answer have, padding included."""
        return PROMPT + 1 + self.longest

    def ids(self, prompt: Tensor, answer: Tensor, *, with_prompt: bool = True) -> Tensor:
        """Return token ids; (rows, places). Without its prompt, a row has padding there."""
        prompts = self._prompts[prompt]
        if not with_prompt:
            prompts = prompts.clone()
            prompts[:, :PROMPT] = self.letters + 2
        return torch.cat([prompts, self._answers[answer]], dim=1)

    def labels(self, answer: Tensor) -> Tensor:
        """Return the labels of answers, prompts ignored; (rows, places)."""
        before = torch.full((len(answer), PROMPT + 1), IGNORED)
        return torch.cat([before, self._labels[answer]], dim=1)

    def credit(self, prompt: Tensor, answer: Tensor) -> Tensor:
        """Return what each token earns, 0 elsewhere; (rows, places)."""
        return torch.cat(
            [torch.zeros(len(answer), PROMPT + 1), self._credit[prompt, answer]], dim=1
        )

    def stems(self, prompt: int) -> Tensor:
        """Return the prompt with every sequence of letters that may have a last token after it."""
        letters = torch.cartesian_prod(*[torch.arange(self.letters)] * (self.longest - 1))
        letters = letters.reshape(-1, self.longest - 1)
        before = self._prompts[prompt].expand(len(letters), -1)
        return torch.cat([before, letters], dim=1)
