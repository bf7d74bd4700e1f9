"""The loss of MI-DPO on tables, with its derivative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from midpo_sym.lab.checks import Array
from midpo_sym.lab.minimise import Objective
from midpo_sym.lab.policies import Logits
from midpo_sym.lab.priors import SCALE, Prior
from midpo_sym.lab.problems import Problem


def preference_loss(scores: Logits, preferences: Array) -> tuple[Logits, Logits]:
    """Return Σ weight × −log σ(α (score of the chosen − score of the rejected)) and its gradient.

    Args:
        scores: log π/ζ as chosen and as rejected; shape (2, …, prompts, answers).
        preferences: weights of "a is preferred to b"; shape (prompts, answers, answers).

    Source:
        Tutunov et al. 2025, section 3.2, J_MI-DPO.
    """
    margins = SCALE * (scores[0][..., :, None] - scores[1][..., None, :])
    small = np.exp(np.where(margins.real > 0, -margins, margins))  # e^−|margin|
    losses = np.log1p(small) - np.where(margins.real > 0, 0, margins)
    slopes = -SCALE * preferences * np.where(margins.real > 0, small, 1) / (1 + small)
    values = (preferences * losses).sum(axis=(-3, -2, -1))
    return values, np.stack([slopes.sum(axis=-1), -slopes.sum(axis=-2)])


@dataclass(frozen=True, slots=True)
class Family:
    """A class of policies: logits = base + basis · θ.

    Attributes:
        name: `tabular`, every positive policy, or `log-linear`.
        base: the logits at θ = 0; shape (prompts, answers).
        basis: shape (prompts, answers, size of θ).
    """

    name: str
    base: Array
    basis: Array

    @property
    def size(self) -> int:
        """How many parameters a policy has."""
        return int(self.basis.shape[-1])

    def logits(self, point: Logits) -> Logits:
        """Return the logits of policies; shape (…, prompts, answers)."""
        return np.asarray(self.base + np.einsum("xyd,...d->...xy", self.basis, point))

    def pulled_back(self, slopes: Logits) -> Logits:
        """Return the derivative by θ, given that by the logits."""
        return np.asarray(np.einsum("xyd,...xy->...d", self.basis, slopes))


def families(problem: Problem) -> tuple[Family, Family]:
    """Return the log-linear policies around the reference, and all policies."""
    shape = problem.reference.shape
    every = np.eye(problem.reference.size).reshape(*shape, problem.reference.size)
    return (
        Family("log-linear", problem.reference, problem.features),
        Family("tabular", problem.reference, every),
    )


def with_prior(problem: Problem, family: Family, prior: Prior) -> Objective:
    """Return the loss of an algorithm as a function of the policy's parameters."""

    def objective(points: Logits) -> tuple[Logits, Logits]:
        scores, back = prior.scores(family.logits(points), problem.answers)
        values, slopes = preference_loss(scores, problem.preferences)
        return values, family.pulled_back(back(slopes))

    return objective


@dataclass(frozen=True, slots=True)
class PriorSet:
    """A set of priors that are learned: distributions with no probability below a floor.

    Attributes:
        shared: whether one distribution serves all prompts.
        floor: the least probability of an answer.
    """

    shared: bool
    floor: float

    def shape(self, problem: Problem) -> tuple[int, int]:
        """Return how many distributions there are, and over how many answers."""
        prompts, count = problem.reference.shape
        return (1 if self.shared else prompts), count

    def log_prior(self, free: Logits) -> Logits:
        """Return log ζ = log(floor + (1 − answers × floor) softmax(free)); any real is allowed."""
        return np.asarray(np.log(self.floor + self._room(free) * _softmax(free)))

    def pulled_back(self, free: Logits, slopes: Logits) -> Logits:
        """Return the derivative by the free parameters, given that by log ζ."""
        shares = _softmax(free)
        inner = slopes * self._room(free) / np.exp(self.log_prior(free))
        return np.asarray(shares * (inner - (shares * inner).sum(axis=-1, keepdims=True)))

    def _room(self, free: Logits) -> float:
        return 1 - int(free.shape[-1]) * self.floor


def _softmax(free: Logits) -> Logits:
    weights = np.exp(free - free.real.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def with_learned_prior(problem: Problem, family: Family, among: PriorSet) -> Objective:
    """Return the loss as a function of the policy's and the prior's parameters, in this order."""
    shape = among.shape(problem)

    def objective(points: Logits) -> tuple[Logits, Logits]:
        theta, free = points[:, : family.size], points[:, family.size :]
        free = free.reshape(-1, *shape)
        scores = family.logits(theta) - among.log_prior(free)
        values, slopes = preference_loss(np.stack([scores, scores]), problem.preferences)
        by_score = slopes.sum(axis=0)
        by_prior = -by_score.sum(axis=-2, keepdims=True) if among.shared else -by_score
        by_free = among.pulled_back(free, by_prior).reshape(len(points), -1)
        return values, np.concatenate([family.pulled_back(by_score), by_free], axis=1)

    return objective


def gap_of_learned(problem: Problem, family: Family, among: PriorSet, point: Array) -> float:
    """Return a bound of how far a learned prior's loss is above the least one.

    The loss f is convex in θ and u = log ζ together, and so are the constraints
    log Σ exp u − u_y ≤ log(1/floor), the same for the loss as ζ ≥ floor. With multipliers
    λ_y = ∂f/∂u_y + Λ ζ_y and Λ = max(0, max_y −∂f/∂u_y / ζ_y), which are not negative, the
    Lagrangian is stationary in u, so the least loss is no lower than
    f − Σ_y λ_y log(ζ_y/floor), apart from the gradient by θ, which the caller reports.
    """
    shape = among.shape(problem)
    theta, free = point[: family.size], point[family.size :].reshape(shape)
    log_prior = among.log_prior(free)
    scores = family.logits(theta) - log_prior
    _, slopes = preference_loss(np.stack([scores, scores]), problem.preferences)
    by_score = slopes.sum(axis=0)
    by_prior = -by_score.sum(axis=0, keepdims=True) if among.shared else -by_score
    prior = np.exp(log_prior)
    total = np.maximum((-by_prior / prior).max(axis=-1, keepdims=True), 0)
    multipliers = by_prior + total * prior
    return float((multipliers * (log_prior - np.log(among.floor))).sum())


def with_free_prior(problem: Problem, *, by_label: bool) -> Objective:
    """Return the loss of the reference policy as a function of log ζ, any real table.

    The policy is not trained at all. Without labels log ζ has a value for each prompt and
    answer; with labels, two.
    """
    prompts, count = problem.reference.shape
    shape = (2 if by_label else 1, prompts, count)

    def objective(points: Logits) -> tuple[Logits, Logits]:
        log_prior = points.reshape(-1, *shape).swapaxes(0, 1)
        scores = problem.reference - np.broadcast_to(
            log_prior, (2, points.shape[0], prompts, count)
        )
        values, slopes = preference_loss(scores, problem.preferences)
        by_prior = -slopes if by_label else -slopes.sum(axis=0, keepdims=True)
        return values, by_prior.swapaxes(0, 1).reshape(points.shape[0], -1)

    return objective
