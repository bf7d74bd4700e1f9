"""What a policy is worth: sums over all answers, no samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from midpo_sym.lab.checks import Array
from midpo_sym.lab.worlds.language import World
from midpo_sym.lab.worlds.truth import Truth


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of a policy; means over the prompts with preferences, if not said otherwise.

    Attributes:
        reward: E_π[r], the true one.
        reward_gain: E_π[r] − E_ref[r].
        reward_gain_unseen: the same over the prompts without preferences; NaN if there are none.
        kl: KL(π‖π_ref), nats.
        reverse_kl: KL(π_ref‖π), nats.
        value: E_π[r] − τ KL(π‖π_ref) − E_ref[r]; 0 for the reference.
        value_gap: τ KL(π‖π*), by how much the value is below the optimum's.
        frontier_gap: by how much the reward is below the most that its KL allows.
        length: mean tokens of an answer, ∎ counted.
        length_gain: the same minus that of the reference.
        entropy: of the answers, nats.
        calibration_slope: of log π/π_ref on the true reward, by regression under the reference;
            1/τ at the optimum.
        calibration_correlation: of the two.
    """

    reward: float
    reward_gain: float
    reward_gain_unseen: float
    kl: float
    reverse_kl: float
    value: float
    value_gap: float
    frontier_gap: float
    length: float
    length_gain: float
    entropy: float
    calibration_slope: float
    calibration_correlation: float


def measure(world: World, log_policy: Array, log_reference: Array, tau: float) -> Measures:
    """Measure a policy.

    Args:
        world: with the true rewards.
        log_policy: log π(y|x); shape (prompts, answers).
        log_reference: log π_ref(y|x); the same shape.
        tau: how much a nat of divergence costs, in units of the reward.
    """
    seen = slice(world.seen)
    policy, reference = np.exp(log_policy[seen]), np.exp(log_reference[seen])
    log_ratio = log_policy[seen] - log_reference[seen]
    reward = world.reward[seen]
    truth = Truth(reward, log_reference[seen])
    got, had = _mean(policy, reward), _mean(reference, reward)
    kl = _mean(policy, log_ratio)
    lengths = np.broadcast_to(world.lengths.astype(np.float64), policy.shape)
    length = _mean(policy, lengths)
    slope, correlation = _regression(log_ratio, reward, reference)
    return Measures(
        reward=got,
        reward_gain=got - had,
        reward_gain_unseen=_gain(world, log_policy, log_reference),
        kl=kl,
        reverse_kl=-_mean(reference, log_ratio),
        value=got - tau * kl - had,
        value_gap=tau * _mean(policy, log_policy[seen] - truth.best(tau)),
        frontier_gap=truth.most_reward(kl) - got,
        length=length,
        length_gain=length - _mean(reference, lengths),
        entropy=-_mean(policy, log_policy[seen]),
        calibration_slope=slope,
        calibration_correlation=correlation,
    )


def _gain(world: World, log_policy: Array, log_reference: Array) -> float:
    if not world.settings.unseen:
        return float("nan")
    unseen = slice(world.seen, None)
    change = np.exp(log_policy[unseen]) - np.exp(log_reference[unseen])
    return _mean(change, world.reward[unseen])


def _mean(weights: Array, values: Array) -> float:
    return float((weights * values).sum(axis=1).mean())


def _regression(found: Array, truth: Array, weights: Array) -> tuple[float, float]:
    """Return slope and correlation within prompts."""
    one, other = (each - (weights * each).sum(axis=1, keepdims=True) for each in (found, truth))
    both, square, own = (_mean(weights, each) for each in (one * other, other**2, one**2))
    if square <= 0 or own <= 0:
        return 0.0, 0.0
    return both / square, both / float(np.sqrt(square * own))
