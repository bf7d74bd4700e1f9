"""The optimum of KL-regularised reinforcement learning, against hand work and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_softmax

from midpo_sym.lab import LabError, optimum

FLOATS = st.floats(-3, 3)


@st.composite
def cases(draw):
    """Draw rewards, a prior, β and some policy, for two prompts and three answers."""
    reward, zeta, policy = (
        np.array(draw(st.lists(FLOATS, min_size=6, max_size=6))).reshape(2, 3) for _ in range(3)
    )
    beta = draw(st.floats(0.1, 5))
    return reward, np.exp(log_softmax(zeta, axis=1)), beta, np.exp(log_softmax(policy, axis=1))


def objective(reward, prior, beta, policy):
    """Return E_π[r] − KL(π‖ζ)/β for each prompt, as it is defined."""
    return (policy * reward).sum(axis=1) - (policy * np.log(policy / prior)).sum(axis=1) / beta


def test_two_answers_by_hand():
    """ζ = (1/2, 1/2), r = (log 3, 0), β = 1: Z = (3 + 1)/2 = 2, π = (3/4, 1/4), value log 2."""
    found = optimum([[np.log(3), 0]], [0.5, 0.5], 1)
    assert found.policy == pytest.approx(np.array([[0.75, 0.25]]))
    assert found.log_normaliser == pytest.approx(np.log(2))
    assert found.value == pytest.approx(np.log(2))


def test_beta_stands_in_the_exponent_and_divides_the_value():
    """With β = 2 and r = (log 3)/2, Z is again 2, and the value is half of log 2."""
    found = optimum([[np.log(3) / 2, 0]], [[0.5, 0.5]], 2)
    assert found.policy == pytest.approx(np.array([[0.75, 0.25]]))
    assert found.value == pytest.approx(np.log(2) / 2)


@pytest.mark.slow
@given(cases())
@settings(deadline=None)
def test_every_other_policy_is_worse_by_its_divergence(case):
    """E_π[r] − KL(π‖ζ)/β = value − KL(π‖π*)/β."""
    reward, prior, beta, policy = case
    found = optimum(reward, prior, beta)
    away = (policy * np.log(policy / found.policy)).sum(axis=1)
    expected = found.value - away / beta
    assert objective(reward, prior, beta, policy) == pytest.approx(expected, abs=1e-9)
    assert found.policy.sum(axis=1) == pytest.approx(np.ones(2))


@pytest.mark.parametrize("seed", range(5))
def test_scipy_finds_the_same(seed):
    generator = np.random.default_rng(seed)
    reward, beta = generator.standard_normal((1, 6)), generator.uniform(0.2, 4)
    prior = np.exp(log_softmax(generator.standard_normal((1, 6)), axis=1))

    def minus(logits):
        return -objective(reward, prior, beta, np.exp(log_softmax(logits[None], axis=1)))[0]

    end = minimize(minus, np.zeros(6), method="BFGS", options={"gtol": 1e-9})
    found = optimum(reward, prior, beta)
    assert found.value[0] == pytest.approx(-end.fun, abs=1e-8)
    assert found.policy == pytest.approx(np.exp(log_softmax(end.x[None], axis=1)), abs=1e-4)


def test_large_rewards_do_not_overflow():
    """r = (10000, 0), ζ uniform: all on the first; the value is 10000 + log(1/2)."""
    found = optimum([[1e4, 0]], [0.5, 0.5], 1)
    assert found.policy.tolist() == [[1, 0]]
    assert found.value[0] == pytest.approx(1e4 - np.log(2), rel=1e-15)


def test_an_answer_without_prior_gets_nothing():
    found = optimum([[0, 99]], [1, 0], 1)
    assert found.policy.tolist() == [[1, 0]]
    assert found.log_policy[0, 1] == -np.inf
    assert found.value.tolist() == [0]


@pytest.mark.parametrize(
    ("reward", "prior", "beta", "message"),
    [
        ([[0, 1]], [0.5, 0.6], 1, r"prior adds up to 1.1; divide it by its sum"),
        ([[0, 1]], [[0.5, 0.5], [0.5, 0.5]], 1, r"prior has shape \(2, 2\).*\(1, 2\)"),
        ([[0, 1]], [1.5, -0.5], 1, r"prior at \(1,\) is -0.5; a probability is never negative"),
        ([[0, 1]], [np.nan, 1], 1, r"prior at \(0,\) is nan; every entry has to be finite"),
        ([[0, 1]], [1], 1, "prior has 1 entries; it has to have 2"),
        ([[0, 1]], [[["a"]]], 1, "prior is no array of numbers"),
        ([[0, np.inf]], [0.5, 0.5], 1, r"reward at \(0, 1\) is inf"),
        ([0, 1], [0.5, 0.5], 1, r"reward has shape \(2,\); it has to have 2 dimensions"),
        ([[]], [0.5, 0.5], 1, "reward is empty"),
        ([[0, 1], [0]], [0.5, 0.5], 1, "reward is no array of numbers"),
        ([[0, 1]], [0.5, 0.5], 0, "beta is 0; it has to be finite and above 0"),
        ([[0, 1]], [0.5, 0.5], -1, "beta is -1"),
        ([[0, 1]], [0.5, 0.5], np.nan, "beta is nan"),
        ([[0, 1]], [0.5, 0.5], "much", "beta is 'much'; it has to be a number above 0"),
    ],
)
def test_bad_input_is_named(reward, prior, beta, message):
    with pytest.raises(LabError, match=message):
        optimum(reward, prior, beta)
