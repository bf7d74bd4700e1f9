"""What is minimised over a policy: a loss of pairs, called as users call it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from midpo_sym.lab.training.inputs import Batch, given
from midpo_sym.lab.training.model import Transformer
from midpo_sym.tensor import PreferenceLoss


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
        needs = self.loss.needs
        logits = policy(batch.ids)
        sources: dict[str, Any] = {}
        whole = bool(needs.kl) or any("ref" in models for _, models in needs.statistics.values())
        if needs.needs_ref:
            name = "ref_logits" if whole else "ref_logps"
            sources[name] = batch.ref_logits if whole else batch.ref_logps
        if needs.reference_model == "prev":
            sources["prev_logps"] = batch.ref_logps
        if any("prev" in models for _, models in needs.statistics.values()):
            sources["prev_logits"] = batch.ref_logits
        sources |= given(needs, batch, token_logps(logits.detach(), batch.labels))
        losses, _, _ = self.loss.from_logits(logits, batch.labels, **sources)
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


def token_logps(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the log-probability of each token of the answers, 0 elsewhere; (rows, places)."""
    live = labels[:, 1:] >= 0
    chosen = logits[:, :-1].log_softmax(-1).gather(-1, labels[:, 1:].clamp(min=0)[..., None])
    found = torch.where(live, chosen[..., 0], 0.0)
    return torch.cat([torch.zeros_like(found[:, :1]), found], dim=1)
