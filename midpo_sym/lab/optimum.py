"""The policy that KL-regularised reinforcement learning ends at, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from midpo_sym.lab.checks import Array, distributions, number, table


@dataclass(frozen=True, slots=True)
class Optimum:
    """The maximiser of E_π[r] − KL(π‖ζ)/β for each prompt.

    Attributes:
        policy: π*(y|x); shape (prompts, answers).
        log_policy: its logarithm, −inf where the prior is 0; same shape.
        log_normaliser: log Ẑ(x) = log Σ_y ζ(y) exp(β r(x, y)); shape (prompts,).
        value: the maximum, log Ẑ(x)/β, in units of the reward; shape (prompts,).
    """

    policy: Array
    log_policy: Array
    log_normaliser: Array
    value: Array


def optimum(reward: ArrayLike, prior: ArrayLike, beta: float) -> Optimum:
    """Return π* ∝ ζ exp(β r), computed on logarithms.

    E_π[r] − KL(π‖ζ)/β = (log Ẑ − KL(π‖π*))/β, so π* is the only maximiser.

    Args:
        reward: r(x, y), finite; shape (prompts, answers).
        prior: ζ(y|x), or ζ(y) for all prompts, adding up to 1; shape (prompts, answers) or
            (answers,). Zeros are allowed.
        beta: β > 0; the larger, the less the prior counts.

    Raises:
        LabError: a shape is wrong, an entry is not finite, a probability is negative, a sum is
            not 1, or β is not above 0.

    Source:
        Tutunov et al. 2025, equation 5; the value is not printed there.
    """
    rewards = table(reward, "reward", dimensions=2)
    priors = distributions(prior, "prior", (rewards.shape[0], rewards.shape[1]))
    beta = number(beta, "beta")
    with np.errstate(divide="ignore"):
        logits = np.log(priors) + beta * rewards
    top = logits.max(axis=1, keepdims=True)
    log_normaliser = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    log_policy = logits - log_normaliser
    value = log_normaliser[:, 0] / beta
    return Optimum(np.exp(log_policy), log_policy, log_normaliser[:, 0], value)
