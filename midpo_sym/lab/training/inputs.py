"""What losses need besides log-probabilities, from a world that knows it.

Given scores are the annotators' mean opinions, soft labels are their probabilities, and weights of
tokens are the credits that tokens earned: the best that a reward model could say. A loss that needs
something else is not trained, and is listed with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from midpo_sym.tensor import Needs

_CLIP = 1.0  # largest exponent of a token's weight


@dataclass(frozen=True, slots=True)
class Batch:
    """Some pairs; rows of responses have the chosen ones first.

    Attributes:
        rows: which pairs of all; (pairs,).
        ids: token ids; (2 · pairs, places).
        blind: the same without the prompts.
        labels: -100 where ignored; (2 · pairs, places).
        weight: what each pair counts; (pairs,).
        credit: what each token earned; (2 · pairs, places).
        scores: mean opinions of the annotators; (2 · pairs,).
        probability: that a random annotator prefers the chosen one; (pairs,).
        ref_logits: the reference's; (2 · pairs, places, letters + 1).
        ref_logps: log π_ref of each token, 0 where ignored; (2 · pairs, places).
    """

    rows: Tensor
    ids: Tensor
    blind: Tensor
    labels: Tensor
    weight: Tensor
    credit: Tensor
    scores: Tensor
    probability: Tensor
    ref_logits: Tensor
    ref_logps: Tensor

    @property
    def live(self) -> Tensor:
        """Where the tokens of answers are; bool (2 · pairs, places)."""
        return self.labels >= 0


def _zeros(batch: Batch, _: Tensor) -> Tensor:
    return torch.zeros_like(batch.scores)


def _ones_of_tokens(batch: Batch, _: Tensor) -> Tensor:
    return batch.live.float()


def _earned(batch: Batch, _: Tensor) -> Tensor:
    """Return exp(±credit): of the chosen responses good tokens count, of the others bad ones."""
    half = len(batch.labels) // 2
    sign = torch.ones(len(batch.labels), 1)
    sign[half:] = -1
    return (sign * batch.credit).clamp(-_CLIP, _CLIP).exp() * batch.live


def _unsure(batch: Batch, logps: Tensor) -> Tensor:
    """Return 1 for tokens no more probable than the mean of their response: one there is always."""
    live = batch.live
    mean = (logps * live).sum(-1, keepdim=True) / live.sum(-1, keepdim=True)
    return ((logps <= mean + 1e-6) & live).float()


def _first_of_both(batch: Batch, _: Tensor) -> Tensor:
    """Return 1 for as many tokens as the shorter response has."""
    live = batch.live
    lengths = live.sum(-1)
    shorter = torch.minimum(*lengths.chunk(2)).repeat(2)
    return ((live.cumsum(-1) <= shorter[:, None]) & live).float()


def _ones_of_pairs(batch: Batch, _: Tensor) -> Tensor:
    return torch.ones_like(batch.probability)


def _sure(batch: Batch, _: Tensor) -> Tensor:
    """Return |2p − 1| of the annotators, and a little: weights are positive."""
    return (2 * batch.probability - 1).abs() + 0.1


def _share(batch: Batch, _: Tensor) -> Tensor:
    return batch.probability.clamp(0.01, 0.99)


def _opinion(batch: Batch, _: Tensor) -> Tensor:
    return batch.scores


Provider = Callable[[Batch, Tensor], Tensor]
_TOKENS: dict[str, Provider] = {
    "reward_mask": _ones_of_tokens,
    "kl_mask": _ones_of_tokens,
    "drawn": _ones_of_tokens,
    "weights": _earned,
    "confidence_mask": _unsure,
    "sample_mask": _first_of_both,
}
_DATA: dict[str, Provider] = {
    "score": _opinion,
    "reward": _opinion,
    "margin_reward": _zeros,
    "unsafe": _zeros,
    "soft_label": _share,
    "win_rate": _share,
    "pair_weight": _sure,
    "gate": _ones_of_pairs,
}


def missing_inputs(needs: Needs) -> tuple[str, ...]:
    """Return the names of what a loss needs and no world can say, such as a running mean."""
    known = {**_TOKENS, **_DATA}
    return tuple(each for each in (*needs.weights, *needs.data) if each not in known)


def given(needs: Needs, batch: Batch, logps: Tensor) -> dict[str, Tensor]:
    """Return the weights and data that a loss needs, as `from_logits` takes them.

    Args:
        needs: of the loss.
        batch: the pairs.
        logps: log π of each token now, constants; (2 · pairs, places).
    """
    providers = {**_TOKENS, **_DATA}
    return {each: providers[each](batch, logps) for each in (*needs.weights, *needs.data)}
