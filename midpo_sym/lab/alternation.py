"""Policy and prior optimised together: the alternation of Blahut and Arimoto.

max over π and ζ of  F(π, ζ) = Σ_x p(x) [ E_π r − KL(π‖ζ)/β ]

For a prior ζ the best policy is π ∝ ζ exp(β r), worth L(ζ) = Σ_x p(x) log Z(x)/β with
Z(x) = Σ_y ζ(y) exp(β r(x, y)); for a policy the best prior is its marginal. With
c(y) = Σ_x p(x) exp(β r(x, y))/Z(x) a round of both is ζ ← ζ c, and by Jensen's inequality

    L(ζ*) − L(ζ) = Σ_x p(x) log(Z*(x)/Z(x))/β ≤ log(Σ_y ζ*(y) c(y))/β ≤ log(max_y c(y))/β

for whatever ζ* is best: a gap that can be computed, is 0 at the optimum only, and stops the loop.
With r = −distortion this is the rate–distortion problem, and β the slope of its curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from midpo_sym.lab.checks import (
    Array,
    NotConvergedError,
    distribution,
    number,
    table,
    whole,
)

_EPSILON = float(np.finfo(np.float64).eps)
_TINY = 1e-200  # a normaliser below this is computed on logarithms
_HALVINGS = 6  # of a Newton step that does not ascend
_FIRST_TRY = 8  # rounds before the first Newton step


@dataclass(frozen=True, slots=True)
class Alternation:
    """The best policy and prior together.

    Attributes:
        policy: π(y|x); shape (prompts, answers).
        prior: ζ(y); shape (answers,).
        value: F(π, ζ), in units of the reward; a lower bound of the maximum.
        gap: the maximum is at most value + gap, up to rounding.
        rounds: how many rounds it took.
        newton_rounds: how many of them were Newton steps.
        reward: Σ_x p(x) E_π[r].
        information: Σ_x p(x) KL(π‖ζ) in nats; at the optimum the mutual information of prompt
            and answer.
    """

    policy: Array
    prior: Array
    value: float
    gap: float
    rounds: int
    newton_rounds: int
    reward: float
    information: float


def alternate(
    reward: ArrayLike,
    prompts: ArrayLike,
    beta: float,
    *,
    tolerance: float = 1e-10,
    limit: int = 100_000,
    accelerate: bool = True,
) -> Alternation:
    """Maximise expected reward minus KL(π‖ζ)/β over both the policy and the prior.

    Each round is checked: the value may not fall, and in a plain round it has to rise by
    KL(ζ_new‖ζ_old)/β at least, which is what the step of the prior alone gains. Plain rounds
    converge slowly where answers are nearly useless, so now and then a Newton step on the useful
    answers is tried in place of one, and kept only if its value is no lower than that of the
    plain round. The gap is proven for any prior, however it was found.

    Args:
        reward: r(x, y), finite; shape (prompts, answers).
        prompts: p(x), adding up to 1; shape (prompts,).
        beta: β > 0.
        tolerance: the gap to stop at, in units of the reward. What rounding allows is about
            1e-16 × number of answers / β.
        limit: the most rounds to go.
        accelerate: whether to try Newton steps.

    Raises:
        LabError: an argument is wrong.
        NotConvergedError: the gap is still larger after the last round, or a round did not
            ascend.

    Source:
        Tutunov et al. 2025, section 3.1; Blahut 1972 and Arimoto 1972 for the alternation.
    """
    rewards = table(reward, "reward", dimensions=2)
    weights = distribution(prompts, "prompts", rewards.shape[0])
    beta = number(beta, "beta")
    tolerance = number(tolerance, "tolerance")
    limit = whole(limit, "limit", least=1)
    channel = _Channel(beta * rewards[weights > 0], weights[weights > 0])
    here = channel.at(np.full(rewards.shape[1], 1 / rewards.shape[1]))
    newton_rounds, next_try = 0, _FIRST_TRY if accelerate else limit
    for done in range(limit):
        gap = max(here.log_factors.max(), 0.0) / beta
        if gap <= tolerance:
            return _finished(
                *(rewards, weights, beta, here.prior),
                gap=gap,
                rounds=done,
                newton_rounds=newton_rounds,
            )
        after = channel.at(_normalised(here.prior * np.exp(here.log_factors)))
        channel.check(here, after, least=_divergence(after.prior, here.prior))
        if done >= next_try:
            jump = channel.newton(here, at_least=after.value)
            next_try = done + 1 if jump else 2 * done
            if jump:
                channel.check(here, jump, least=0.0)
                after, newton_rounds = jump, newton_rounds + 1
        here = after
    message = f"the gap is {gap:.3g} after {limit} rounds, above {tolerance:.3g}"
    raise NotConvergedError(f"{message}; raise limit or tolerance")


@dataclass(frozen=True, slots=True)
class _Point:
    """A prior, what it is worth, and log c(y)."""

    prior: Array
    value: float  # Σ_x p(x) log Z(x), each Z with its row's largest exponent taken out
    log_normalisers: Array
    log_factors: Array


class _Channel:
    """The exponentials of a problem, whose prompts all have positive probability."""

    def __init__(self, exponents: Array, weights: Array) -> None:
        self.exponents = exponents - exponents.max(axis=1, keepdims=True)
        self.kernel = np.exp(self.exponents)
        self.weights = weights
        self.rounding = 16 * _EPSILON * max(exponents.shape)

    def at(self, prior: Array) -> _Point:
        """Return value and factors of a prior."""
        normalisers = self.kernel @ prior
        if normalisers.min() > _TINY:
            logs = np.log(normalisers)
            with np.errstate(divide="ignore"):
                factors = np.log((self.weights / normalisers) @ self.kernel)
        else:
            with np.errstate(divide="ignore"):
                logs = _log_sum(self.exponents + np.log(prior), axis=1)
            factors = _log_sum((np.log(self.weights) - logs)[:, None] + self.exponents, axis=0)
        return _Point(prior, float(self.weights @ logs), logs, factors)

    def check(self, before: _Point, after: _Point, *, least: float) -> None:
        """Raise unless the value rose by so much at least, up to rounding."""
        slack = self.rounding * (1 + abs(before.value))
        if not after.value >= before.value + least - slack:
            raise NotConvergedError(
                f"a round ascends by {after.value - before.value:.3g}, less than {least:.3g}; "
                f"this is a bug in midpo_sym: please report it with the problem"
            )

    def newton(self, here: _Point, *, at_least: float) -> _Point | None:
        """Return where a Newton step on the useful answers leads; None if it does not ascend.

        With A = kernel/Z on these answers, Σ_x p(x) log Z(x) has the gradient c and the Hessian
        −Aᵀ diag(p) A; the multiplier of Σ_y ζ(y) = 1 is 1, so c = 1 at the optimum.
        """
        if not np.isfinite(here.log_normalisers).all() or here.log_normalisers.min() < np.log(
            _TINY
        ):
            return None
        factors = np.exp(here.log_factors)
        useful = np.flatnonzero((here.prior * factors > 1e-3 / here.prior.size) | (factors > 1))
        ratios = self.kernel[:, useful] * np.exp(-here.log_normalisers)[:, None]
        hessian = (ratios * self.weights[:, None]).T @ ratios
        ridge = 1e-13 * np.trace(hessian) / useful.size
        hessian[np.diag_indices_from(hessian)] += ridge
        step = np.linalg.solve(hessian, factors[useful] - 1)
        for halving in range(_HALVINGS):
            moved = np.zeros_like(here.prior)
            moved[useful] = np.maximum(here.prior[useful] + step * 0.5**halving, 0)
            if moved.sum() > 0:
                there = self.at(_normalised(moved))
                if there.value >= at_least - _EPSILON * (1 + abs(at_least)):
                    return there
        return None


def _finished(
    rewards: Array, weights: Array, beta: float, prior: Array, **found: Any
) -> Alternation:
    """Return the policy of a prior, and what it is worth, for all prompts."""
    with np.errstate(divide="ignore"):
        logits = np.log(prior) + beta * rewards
    log_normaliser = _log_sum(logits, axis=1)
    policy = np.exp(logits - log_normaliser[:, None])
    expected = float(weights @ (policy * rewards).sum(axis=1))
    value = float(weights @ log_normaliser) / beta
    return Alternation(
        policy=policy,
        prior=prior,
        value=value,
        reward=expected,
        information=beta * (expected - value),
        **found,
    )


def _normalised(prior: Array) -> Array:
    return np.asarray(prior / prior.sum())


def _divergence(one: Array, other: Array) -> float:
    """Return KL(one‖other), where one is 0 wherever other is."""
    used = one > 0
    return float(one[used] @ (np.log(one[used]) - np.log(other[used])))


def _log_sum(logits: Array, axis: int) -> Any:
    top = logits.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(logits - top).sum(axis=axis))
