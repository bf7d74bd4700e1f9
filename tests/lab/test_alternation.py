"""The alternation of Blahut and Arimoto, against closed forms and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

from midpo_sym.lab import LabError, NotConvergedError, alternate, alternation, optimum


def binary_entropy(p):
    return -p * np.log(p) - (1 - p) * np.log(1 - p)


@pytest.mark.parametrize("beta", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("accelerate", [True, False])
def test_binary_symmetric_source(beta, accelerate):
    """R(D) = log 2 − h(D) nats. Its slope is −log((1 − D)/D) = −β, so D = 1/(1 + e^β).

    Prompts 0 and 1 equally likely, reward −1 for the wrong bit: the expected reward is −D.
    """
    found = alternate([[0, -1], [-1, 0]], [0.5, 0.5], beta, accelerate=accelerate)
    distortion = 1 / (1 + np.exp(beta))
    assert found.reward == pytest.approx(-distortion, abs=1e-9)
    assert found.information == pytest.approx(np.log(2) - binary_entropy(distortion), abs=1e-9)
    assert found.value == pytest.approx(found.reward - found.information / beta)


@pytest.mark.parametrize("accelerate", [True, False])
def test_biased_source(accelerate):
    """For a bit that is 1 with probability p, R(D) = h(p) − h(D) where D ≤ p; slope as above.

    β = 3 gives D = 1/(1 + e³) ≈ 0.047, below p = 0.2. The best prior is (q − D)/(1 − 2D).
    """
    found = alternate([[0, -1], [-1, 0]], [0.8, 0.2], 3, accelerate=accelerate)
    distortion = 1 / (1 + np.exp(3))
    expected = binary_entropy(0.2) - binary_entropy(distortion)
    assert found.information == pytest.approx(expected, abs=1e-8)
    assert found.prior[1] == pytest.approx((0.2 - distortion) / (1 - 2 * distortion), abs=1e-5)


def test_too_little_slope_sends_nothing():
    """At β = 1, D = 1/(1 + e) ≈ 0.27 is above p = 0.2: R = 0, always answer 0, reward −0.2."""
    found = alternate([[0, -1], [-1, 0]], [0.8, 0.2], 1)
    assert found.reward == pytest.approx(-0.2, abs=1e-8)
    assert found.information == pytest.approx(0, abs=1e-8)
    assert found.prior == pytest.approx(np.array([1, 0]), abs=1e-8)


def test_one_prompt_is_told_its_best_answer():
    """With one prompt the prior may know it: no divergence, the highest reward."""
    found = alternate([[1, 3, 2]], [1], 0.1)
    assert found.value == pytest.approx(3, abs=1e-9)
    assert found.policy.round(6).tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("seed", range(6))
def test_scipy_finds_the_same(seed):
    """SLSQP maximises Σ p(x) log Σ ζ(y) e^{β r}/β over the simplex, knowing nothing of it."""
    generator = np.random.default_rng(seed)
    reward, beta = generator.standard_normal((5, 7)), generator.uniform(0.5, 4)
    prompts = generator.dirichlet(np.ones(5))

    def minus(prior):
        return -prompts @ logsumexp(beta * reward, b=prior, axis=1) / beta

    end = minimize(
        minus,
        np.full(7, 1 / 7),
        method="SLSQP",
        bounds=[(0, 1)] * 7,
        constraints={"type": "eq", "fun": lambda prior: prior.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    found = alternate(reward, prompts, beta)
    assert found.value == pytest.approx(-end.fun, abs=1e-7)
    assert found.prior == pytest.approx(end.x, abs=1e-3)


@pytest.mark.slow
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 6), st.floats(0.1, 8))
@settings(max_examples=60, deadline=None)
def test_no_prior_is_worth_more_than_value_plus_gap(seed, rows, columns, beta):
    """The marginal of the policy is the prior, and its mutual information the rate, at the gap."""
    generator = np.random.default_rng(seed)
    reward = generator.standard_normal((rows, columns))
    prompts = generator.dirichlet(np.ones(rows))
    found = alternate(reward, prompts, beta)
    assert 0 <= found.gap <= 1e-10
    assert prompts @ optimum(reward, found.prior, beta).value == pytest.approx(found.value)
    for _ in range(20):
        prior = generator.dirichlet(np.full(columns, 0.3))
        assert prompts @ optimum(reward, prior, beta).value <= found.value + found.gap + 1e-12
    assert prompts @ found.policy == pytest.approx(found.prior, abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_plain_rounds_and_newton_rounds_agree(seed):
    generator = np.random.default_rng(seed)
    reward, prompts = generator.standard_normal((8, 12)), np.full(8, 1 / 8)
    fast = alternate(reward, prompts, 2)
    slow = alternate(reward, prompts, 2, accelerate=False, tolerance=1e-7)
    assert slow.newton_rounds == 0
    assert fast.value == pytest.approx(slow.value, abs=2e-7)
    assert fast.rounds < slow.rounds


def test_a_prompt_of_no_probability_changes_nothing_but_has_a_policy():
    with_it = alternate([[0, -1], [-1, 0], [5, 0]], [0.5, 0.5, 0], 1)
    without = alternate([[0, -1], [-1, 0]], [0.5, 0.5], 1)
    assert with_it.value == pytest.approx(without.value)
    assert with_it.policy[2] == pytest.approx(np.array([1, np.exp(-5)]) / (1 + np.exp(-5)))


def test_underflow_is_met_on_logarithms():
    """A prompt of probability 1e-250 gets an answer of prior near 1e-250, and no NaN.

    Its reward is −1000 otherwise, so that the answer is worth having even so.
    """
    found = alternate([[0, -1000], [-1000, 0]], [1, 1e-250], 1)
    assert found.value == pytest.approx(0, abs=1e-9)
    assert found.prior[1] < 1e-10
    assert np.isfinite(found.policy).all()
    assert found.policy[0, 0] == pytest.approx(1)


def test_a_normaliser_that_underflows_is_computed_on_logarithms():
    """All prior on answer 1, β r = −1000 at the wrong answers: Z = 1 and e^−1000, half of each.

    c(1) = 1/2 + e^(−1000 + 1000)/2 = 1, and c(2) = e^−1000/2 + e^1000/2, of logarithm 1000 − log 2.
    """
    exponents = np.array([[0.0, -1000.0], [-1000.0, 0.0]])
    channel = alternation._Channel(exponents, np.array([0.5, 0.5]))
    found = channel.at(np.array([1.0, 0.0]))
    assert found.log_normalisers.tolist() == [0, -1000]
    assert found.value == -500
    assert found.log_factors == pytest.approx(np.array([0, 1000 - np.log(2)]), abs=1e-12)
    assert channel.newton(found, at_least=-500) is None


def test_large_rewards_do_not_overflow():
    """β r = ±10⁵: two prompts, each with its answer. Both get it, at a rate of log 2."""
    found = alternate([[1e5, -1e5], [-1e5, 1e5]], [0.5, 0.5], 1)
    assert found.information == pytest.approx(np.log(2), abs=1e-9)
    assert found.reward == pytest.approx(1e5)


def test_running_out_of_rounds_is_an_error():
    with pytest.raises(NotConvergedError, match="after 3 rounds, above 1e-10; raise limit"):
        alternate([[0, -1, 0.5], [-1, 0, 0.1]], [0.7, 0.3], 2, limit=3)


def test_a_round_that_ascends_too_little_is_an_error(monkeypatch):
    """The check of each plain round is alive: asked for more than there is, it raises."""
    monkeypatch.setattr(alternation, "_divergence", lambda *_: 1e-3 + 1)
    with pytest.raises(NotConvergedError, match=r"less than 1"):
        alternate([[0, -1], [-1, 0]], [0.8, 0.2], 3)


def test_a_newton_step_that_descends_is_an_error(monkeypatch):
    """A prior all on the worse answer, offered as an improvement, is refused."""
    worse = np.array([1e-3, 1 - 1e-3])
    monkeypatch.setattr(alternation._Channel, "newton", lambda channel, _, **__: channel.at(worse))
    with pytest.raises(NotConvergedError, match="less than 0; this is a bug"):
        alternate([[0, -1], [-1, 0]], [0.8, 0.2], 2)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[0, 1]], [0.5], 1), {}, "prompts adds up to 0.5"),
        (([[0, 1]], [0.5, 0.5], 1), {}, "prompts has 2 entries; it has to have 1"),
        (([[0, 1]], [-1], 1), {}, r"prompts at \(0,\) is -1.0"),
        (([[0, 1]], [np.nan], 1), {}, "prompts at .* is nan"),
        (([[]], [], 1), {}, "reward is empty"),
        (([[0, np.nan]], [1], 1), {}, "reward at .* is nan"),
        (([[0, 1]], [1], 0), {}, "beta is 0"),
        (([[0, 1]], [1], 1), {"tolerance": 0}, "tolerance is 0"),
        (([[0, 1]], [1], 1), {"limit": 0}, "limit is 0; it has to be a whole number, at least 1"),
        (([[0, 1]], [1], 1), {"limit": 1.5}, "limit is 1.5; it has to be a whole number"),
    ],
)
def test_bad_input_is_named(arguments, options, message):
    with pytest.raises(LabError, match=message):
        alternate(*arguments, **options)
