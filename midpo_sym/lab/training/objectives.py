"""What is minimised over a policy: a generated loss, from statistics of tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor, nn

from midpo_sym.lab.training.inputs import Batch, given
from midpo_sym.lab.training.model import Transformer
from midpo_sym.tensor import Needs, PreferenceLoss, ResponseStatistics


class Objective(Protocol):
    """A loss of the pairs of a batch, with whatever is learned beside the policy."""

    def losses(self, policy: Transformer, batch: Batch, step: int) -> Tensor:
        """Return the loss of each pair; (pairs,)."""
        ...

    def learned(self) -> Iterable[nn.Parameter]:
        """Return what is learned beside the policy."""
        ...

    def trains_policy(self, step: int) -> bool:
        """Return whether the policy moves in a step."""
        ...

    def trains_rest(self, step: int) -> bool:
        """Return whether what is learned beside it moves in a step."""
        ...


class LossObjective:
    """A generated loss with its hyper-parameters.

    What it calls the previous policy is the reference: this is the first round.

    Args:
        loss: the module.
    """

    def __init__(self, loss: PreferenceLoss) -> None:
        self.loss = loss

    def losses(self, policy: Transformer, batch: Batch, step: int) -> Tensor:  # noqa: ARG002
        """Return the loss of each pair; (pairs,)."""
        found = statistics_of(self.loss.needs, policy(batch.ids), batch)
        losses, _, _ = self.loss.from_statistics(*found.chunk())
        return losses

    def learned(self) -> Iterable[nn.Parameter]:
        """Return nothing: the prior is fixed."""
        return ()

    def trains_policy(self, step: int) -> bool:  # noqa: ARG002
        """Return that it does."""
        return True

    def trains_rest(self, step: int) -> bool:  # noqa: ARG002
        """Return that there is none."""
        return False


def statistics_of(needs: Needs, logits: Tensor, batch: Batch) -> ResponseStatistics:
    """Return what a loss needs to know of the responses of a batch.

    It is what `loss.from_logits` measures: that works in blocks, for vocabularies of many
    thousands, and at a handful of tokens the blocks cost more than the rest of a step.

    Args:
        needs: of the loss.
        logits: the policy's; (2 · pairs, places, letters + 1).
        batch: the pairs, with the reference's logits.
    """
    live = batch.live
    own, reference = _distributions(logits), _distributions(batch.ref_logits)
    models = {"pi": own, "ref": reference, "prev": reference}  # the first round
    logps = token_logps(logits, batch.labels)

    def divergence(one: Tensor, other: Tensor) -> Tensor:
        return (one.exp() * (one - other)).sum(-1) * live

    extra = given(needs, batch, logps.detach())
    pairs = {name for name, (of, _) in needs.data.items() if of == "pair"}
    return ResponseStatistics(
        logps=logps,
        mask=live,
        ref_logps=batch.ref_logps,
        logratios=logps - batch.ref_logps,
        kl_ref_pi=divergence(reference, own) if "ref_pi" in needs.kl else None,
        kl_pi_ref=divergence(own, reference) if "pi_ref" in needs.kl else None,
        prev_logps=batch.ref_logps,
        weights={name: extra[name] for name in needs.weights},
        vocabulary={
            name: function(*(models[each] for each in of)) * live
            for name, (function, of) in needs.statistics.items()
        },
        data={name: extra[name].repeat(2) if name in pairs else extra[name] for name in needs.data},
    )


def _distributions(logits: Tensor) -> Tensor:
    """Return log-probabilities at each place, of the token there: what is before it said them."""
    found = logits.log_softmax(-1)
    return torch.cat([found[:, :1], found[:, :-1]], dim=1)


def token_logps(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the log-probability of each token of the answers, 0 elsewhere; (rows, places)."""
    live = labels[:, 1:] >= 0
    chosen = logits[:, :-1].log_softmax(-1).gather(-1, labels[:, 1:].clamp(min=0)[..., None])
    found = torch.where(live, chosen[..., 0], 0.0)
    return torch.cat([torch.zeros_like(found[:, :1]), found], dim=1)
