"""What is best, against hand work and against identities that the code does not use."""

from math import log

import numpy as np
import pytest

from midpo_sym.lab.worlds import Truth, WorldSettings, build, measure

# Two answers of probabilities 1/4 and 3/4 and rewards 1 and 0.
COIN = Truth(np.array([[1.0, 0.0]]), np.log(np.array([[0.25, 0.75]])))
WORLD = build(WorldSettings(letters=2, longest=3, prompts=4, unseen=1), 11)


def random_policy(seed):
    logits = np.random.default_rng(seed).standard_normal(WORLD.reward.shape)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def test_the_optimum_of_two_answers_by_hand():
    """With τ = 1/log 3 the odds 1 : 3 become 3 : 3; the value is τ·log(1/4·3 + 3/4)."""
    tau = 1 / log(3)
    assert np.exp(COIN.best(tau)) == pytest.approx(np.array([[0.5, 0.5]]))
    assert COIN.value(tau) == pytest.approx(tau * log(1.5))


def test_the_frontier_of_two_answers_by_hand():
    """A policy of p has the reward p and the divergence p log 4p + (1 − p) log 4(1 − p)/3."""
    for p in (0.25, 0.5, 0.9):
        divergence = p * log(4 * p) + (1 - p) * log(4 * (1 - p) / 3)
        assert COIN.most_reward(divergence) == pytest.approx(p, abs=1e-6)
    assert COIN.most_reward(100.0) == pytest.approx(1.0)


def test_the_gap_is_what_the_value_lacks():
    """E_π[r] − τ KL(π‖π_ref) = value − τ KL(π‖π*): two computations of one number."""
    truth = Truth(WORLD.reward[:3], WORLD.log_language[:3])
    found = measure(WORLD, random_policy(1), WORLD.log_language, 0.7)
    reached = found.reward - 0.7 * found.kl
    assert found.value_gap == pytest.approx(truth.value(0.7) - reached)
    assert found.frontier_gap > 0


def test_the_optimum_is_on_the_frontier_and_calibrated():
    truth = Truth(WORLD.reward[:3], WORLD.log_language[:3])
    policy = np.concatenate([truth.best(0.7), WORLD.log_language[3:]])
    found = measure(WORLD, policy, WORLD.log_language, 0.7)
    assert found.value_gap == pytest.approx(0, abs=1e-12)
    assert found.frontier_gap == pytest.approx(0, abs=1e-6)
    assert found.calibration_slope == pytest.approx(1 / 0.7)
    assert found.calibration_correlation == pytest.approx(1)
    assert found.reward_gain_unseen == pytest.approx(0)


def test_the_reference_has_moved_nowhere():
    found = measure(WORLD, WORLD.log_language, WORLD.log_language, 1.0)
    for name in ("reward_gain", "kl", "reverse_kl", "value", "length_gain"):
        assert getattr(found, name) == pytest.approx(0, abs=1e-12)


def test_divergences_entropy_and_length_of_one_prompt_by_hand():
    """One letter, two tokens at most: ∎, a∎ and aa, of lengths 1, 2 and 2."""
    world = build(WorldSettings(letters=1, longest=2, prompts=1, unseen=0, states=1), 1)
    reference, policy = np.log([[1 / 2, 1 / 4, 1 / 4]]), np.log([[1 / 4, 1 / 4, 1 / 2]])
    found = measure(world, policy, reference, 1.0)
    assert found.kl == pytest.approx(-log(2) / 4 + log(2) / 2)
    assert found.reverse_kl == pytest.approx(log(2) / 2 - log(2) / 4)
    assert found.entropy == pytest.approx(1.5 * log(2))
    assert found.length == pytest.approx(7 / 4)
    assert found.length_gain == pytest.approx(1 / 4)
    assert np.isnan(found.reward_gain_unseen)
