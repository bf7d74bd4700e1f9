"""What is best: the optimum of the regularised reward, and the most reward for each divergence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from midpo_sym.lab.checks import Array
from midpo_sym.lab.optimum import optimum

_STEPS = 80  # of a bisection
_MOST = 1e4  # strength of a tilt that is as good as infinite


@dataclass(frozen=True, slots=True)
class Truth:
    """Rewards and a reference, for some prompts that count alike.

    Attributes:
        reward: r(x, y); shape (prompts, answers).
        log_reference: log π_ref(y|x); the same shape.
    """

    reward: Array
    log_reference: Array

    def best(self, tau: float) -> Array:
        """Return log π* of the policy that maximises E[r] − τ KL(π‖π_ref)."""
        found = optimum(self.reward, np.exp(self.log_reference), 1 / tau)
        return np.asarray(self.log_reference + self.reward / tau - found.log_normaliser[:, None])

    def value(self, tau: float) -> float:
        """Return the maximum of E[r] − τ KL(π‖π_ref), prompts counted alike."""
        return float(optimum(self.reward, np.exp(self.log_reference), 1 / tau).value.mean())

    def most_reward(self, divergence: float) -> float:
        """Return the most reward of any policy whose mean KL(π‖π_ref) is at most this.

        By duality it is a policy π ∝ π_ref exp(b r), with one b for all prompts.
        """
        low, high = 0.0, 1.0
        while high < _MOST and self._tilted(high)[1] < divergence:
            high *= 2
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if self._tilted(middle)[1] < divergence:
                low = middle
            else:
                high = middle
        return self._tilted(high)[0]

    def frontier(self, divergences: Array) -> Array:
        """Return the most reward for each divergence."""
        return np.array([self.most_reward(float(each)) for each in divergences])

    def _tilted(self, strength: float) -> tuple[float, float]:
        logits = self.log_reference + strength * self.reward
        top = logits.max(axis=1, keepdims=True)
        log_policy = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        policy = np.exp(log_policy)
        reward = float((policy * self.reward).sum(axis=1).mean())
        divergence = float((policy * (log_policy - self.log_reference)).sum(axis=1).mean())
        return reward, divergence
