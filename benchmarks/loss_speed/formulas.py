"""The losses as functions of per-token statistics, for the peers that ship none of their own.

With d = log π(y_t) − log ref(y_t), each with its usual default for β:

- DPO (Rafailov et al. 2023, equation 7): −log σ(β Σ d_w − β Σ d_l).
- SimPO (Meng et al. 2024, section 2): −log σ(β mean log π(y_w) − β mean log π(y_l) − γ).
- TDPO (Zeng et al. 2024, section 4, TDPO₁): β (d + KL(ref‖π)) summed, chosen minus rejected.
- TIS-DPO (Liu et al. 2024, section 4): β ω (d − KL(π‖ref)) summed, chosen minus rejected.
- SparsePO (Christopoulou et al. 2024, section 3): β (μ₁ d + μ₂ KL(ref‖π)) likewise.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .inputs import Inputs

BETA = {"dpo": 0.1, "simpo": 2.0, "tdpo": 0.1, "tis_dpo": 0.1, "sparsepo": 0.1}
GAMMA = 0.5
KL = {"tdpo": "ref_pi", "sparsepo": "ref_pi", "tis_dpo": "pi_ref"}
LOSSES = tuple(BETA)


@dataclass(frozen=True)
class Tokens:
    """Labels and weights moved to the logits that predict them: (N, T − 1)."""

    labels: Tensor
    mask: Tensor
    weights: dict[str, Tensor]


def shift(inputs: Inputs) -> Tokens:
    """Return what belongs to the logits at every position but the last."""
    labels = inputs.labels[:, 1:]
    mask = labels >= 0
    weights = {name: each[:, 1:] for name, each in inputs.weights.items()}
    return Tokens(labels.clamp(min=0), mask, weights)


def mean_loss(
    loss: str, tokens: Tokens, logps: Tensor, ref_logps: Tensor | None, kl: Tensor | None
) -> Tensor:
    """Return the mean loss from per-token log-probabilities and divergences, each (N, T − 1)."""
    mask = tokens.mask
    if loss == "simpo":
        scores = (logps * mask).sum(-1) / mask.sum(-1)
    else:
        assert ref_logps is not None
        rewards = (logps - ref_logps) * tokens.weights.get("reward_mask", 1)
        if loss == "tdpo":
            assert kl is not None
            rewards = rewards + kl
        elif loss == "sparsepo":
            assert kl is not None
            rewards = rewards + kl * tokens.weights["kl_mask"]
        elif loss == "tis_dpo":
            assert kl is not None
            rewards = (rewards - kl) * tokens.weights["weights"]
        scores = (rewards * mask).sum(-1)
    chosen, rejected = scores.chunk(2)
    argument = BETA[loss] * (chosen - rejected) - (GAMMA if loss == "simpo" else 0)
    return -torch.nn.functional.logsigmoid(argument).mean()
