"""MI-DPO with a prior that is learned along with the policy, section 5.2 of the paper.

Source:
    Tutunov et al. 2025, section 5.2; offsets of pairs as in AuxDPO, without its null space.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.training.inputs import Batch
from midpo_sym.lab.training.model import Transformer
from midpo_sym.lab.training.objectives import token_logps
from midpo_sym.losses import mi_dpo_loss
from midpo_sym.training.priors import PairOffsets, Turns, budget_penalty

# What each kind is, for reports.
KINDS = {
    "learned_per_prompt": "a model of answers given the prompt, trained with the policy",
    "learned_shared": "a model of answers that does not see the prompt, trained with the policy",
    "learned_alternating": "as per prompt; policy and prior are trained in turns",
    "learned_budget": "as per prompt; KL(π_ref‖ζ) beyond a budget is penalised",
    "learned_offsets": "π_ref, and an offset of each pair whose square is penalised",
    "learned_free": "π_ref, and an offset of each pair without any constraint",
    "learned_alone": "as free; the policy is not trained",
}
_TURNS = Turns(10)
_PENALTY = 1.0  # of a nat of divergence beyond the budget
_BUDGET = 0.1  # nats of an answer
_SQUARE = 0.05  # penalty of an offset's square


class PriorObjective:
    """MI-DPO's loss with a learned prior of one of `KINDS`.

    Args:
        kind: which.
        beta: scale of the implicit reward; the paper's α.
        start: where a prior that is a model starts; it is copied by the caller.
        pairs: how many pairs there are in all, for their offsets.

    Raises:
        LabError: there is no such kind.
    """

    def __init__(self, kind: str, beta: float, start: Transformer, pairs: int) -> None:
        if kind not in KINDS:
            raise LabError(f"there is no prior {kind!r}; there are {', '.join(KINDS)}")
        self.kind, self.beta = kind, beta
        self.prior: Transformer | PairOffsets
        if kind in {"learned_offsets", "learned_free", "learned_alone"}:
            square = _SQUARE if kind == "learned_offsets" else 0.0
            self.prior = PairOffsets(pairs, beta=beta, square=square)
        else:
            self.prior = start.requires_grad_()

    def losses(self, policy: Transformer, batch: Batch, step: int) -> Tensor:  # noqa: ARG002
        """Return the loss of each pair, penalties included; (pairs,)."""
        logps = token_logps(policy(batch.ids), batch.labels).sum(-1)
        penalty = torch.zeros(len(batch.rows))
        if isinstance(self.prior, PairOffsets):
            log_prior, penalty = self.prior(batch.rows, batch.ref_logps.sum(-1))
        else:
            blind = self.kind == "learned_shared"
            logits = self.prior(batch.blind if blind else batch.ids)
            log_prior = token_logps(logits, batch.labels).sum(-1)
            if self.kind == "learned_budget":
                over = budget_penalty(_divergence(batch, logits), _BUDGET, _PENALTY)
                penalty = over.expand(len(batch.rows))
        chosen, rejected = logps.chunk(2)
        chosen_prior, rejected_prior = log_prior.chunk(2)
        found, _, _ = mi_dpo_loss(chosen, rejected, chosen_prior, rejected_prior, beta=self.beta)
        return found + penalty

    def learned(self) -> Iterable[nn.Parameter]:
        """Return the parameters of the prior."""
        return self.prior.parameters()

    def trains_policy(self, step: int) -> bool:
        """Return whether the policy moves in a step."""
        if self.kind == "learned_alone":
            return False
        return self.kind != "learned_alternating" or _TURNS.trains_policy(step)

    def trains_rest(self, step: int) -> bool:
        """Return whether the prior moves in a step."""
        return self.kind != "learned_alternating" or _TURNS.trains_prior(step)


def _divergence(batch: Batch, logits: Tensor) -> Tensor:
    """Return Σ_t KL(π_ref‖ζ) along each of the batch's answers; (2 · pairs,)."""
    live = batch.labels[:, 1:] >= 0
    reference = batch.ref_logits[:, :-1].log_softmax(-1)
    each = (reference.exp() * (reference - logits[:, :-1].log_softmax(-1))).sum(-1)
    return (each * live).sum(-1)
