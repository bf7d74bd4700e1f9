"""Numbers that a trainer logs beside the loss."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor import OutputHead, PreferenceLoss, ResponseStatistics
from midpo_sym.tensor.inputs import IGNORE

_TILE = 256  # tokens whose logits are in memory at a time


class TokenMetrics(NamedTuple):
    """Of each token (N, T), 0 where a token does not count.

    Attributes:
        logps: log π(y_t), nats.
        entropy: of the distribution at position t, nats.
        mean_logit: over the vocabulary.
        top: 1 where y_t is the most probable token.
        live: bool, the tokens that count.
    """

    logps: Tensor
    entropy: Tensor
    mean_logit: Tensor
    top: Tensor
    live: Tensor


@torch.no_grad()
def token_metrics(hidden: Tensor, head: OutputHead, labels: Tensor) -> TokenMetrics:
    """Return what the logits of a batch say of its tokens, a tile of logits at a time.

    Args:
        hidden: not shifted; (N, T, H).
        head: of the model.
        labels: token ids, -100 where ignored; (N, T).
    """
    live = labels != IGNORE
    live[:, 0] = False
    rows, places = live.nonzero(as_tuple=True)
    blank = torch.zeros(labels.shape, dtype=torch.float32, device=labels.device)
    found = TokenMetrics(blank, blank.clone(), blank.clone(), blank.clone(), live)
    for low in range(0, len(rows), _TILE):
        row, place = rows[low : low + _TILE], places[low : low + _TILE]
        logits = head.logits(hidden[row, place - 1]).float()
        logps = logits.log_softmax(-1)
        target = labels[row, place]
        found.logps[row, place] = logps.gather(-1, target.unsqueeze(-1)).squeeze(-1)
        # A column of -inf has no probability, and no part in the entropy.
        found.entropy[row, place] = torch.special.entr(logps.exp()).sum(-1)
        found.mean_logit[row, place] = logits.mean(-1)
        found.top[row, place] = (logits.argmax(-1) == target).float()
    return found


@torch.no_grad()
def fixed_rewards(loss: PreferenceLoss, labels: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return the part of the rewards that no policy moves, such as SimPO's ∓γ/2; (B,) each.

    It is the reward at log-probabilities, log-ratios and divergences of 0. None where the loss is
    not linear in them, or knows other numbers of the responses, so that there is no such part.

    Args:
        loss: of the trainer.
        labels: token ids, -100 where ignored, chosen responses first; (2B, T).
    """
    needs = loss.needs
    if not needs.linear or needs.weights or needs.data or needs.statistics:
        return None
    mask = labels != IGNORE
    mask[:, 0] = False
    mask[:, 1] |= ~mask.any(-1)  # an empty response: some length, of a pair that is skipped
    zero = torch.zeros(labels.shape, dtype=torch.float32, device=labels.device)
    blank = ResponseStatistics(logps=zero, mask=mask, ref_logps=zero, logratios=zero)
    blank = dataclasses.replace(blank, kl_ref_pi=zero, kl_pi_ref=zero, prev_logps=zero)
    _, chosen, rejected = loss.argument(*blank.chunk())
    return chosen.detach(), rejected.detach()
