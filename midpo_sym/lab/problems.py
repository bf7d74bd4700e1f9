"""Finite preference problems: random ones, and ones built to show something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from midpo_sym.lab.answers import Answers, answers
from midpo_sym.lab.checks import Array
from midpo_sym.lab.policies import log_policy

PROMPTS = 3
LETTERS = "ab"
FEATURES = 3
_MASKED = 1 / 3  # share of the tokens that SparsePO's masks leave out


@dataclass(frozen=True, slots=True)
class Problem:
    """Preferences on a finite set of answers, and what the algorithms need besides.

    Attributes:
        name: its name.
        labels: how pairs are labelled: `both ways` by the Bradley–Terry probabilities, so that
            the preferences are a population's; `by reward`, each pair once; `by coin`, each pair
            once, drawn with these probabilities.
        answers: the answers, the same for every prompt.
        reward: r(x, y) behind the preferences; shape (prompts, answers).
        reference: log π_ref(y|x); shape (prompts, answers).
        preferences: weight of "a is preferred to b"; shape (prompts, answers, answers), sum 1.
        features: φ(x, y) of log-linear policies; shape (prompts, answers, features).
        weights: two numbers around 1 for each token, such as the importance of a token of chosen
            and of rejected answers; shape (2, edges).
        masks: two numbers from 0 to 1 for each token, some of them 0; shape (2, edges).
    """

    name: str
    labels: str
    answers: Answers
    reward: Array
    reference: Array
    preferences: Array
    features: Array
    weights: Array
    masks: Array


def problems(seed: int, count: int, longest: int) -> list[Problem]:
    """Return random problems and the structured ones.

    The random ones differ in everything. A structured one is random but for what its name says.

    Args:
        seed: of the random numbers.
        count: how many random problems.
        longest: the most tokens of an answer.
    """
    tree = answers(LETTERS, longest)
    found = [
        _random(f"random {place + 1}", tree, np.random.default_rng([seed, place]))
        for place in range(count)
    ]
    for place, (name, make) in enumerate(_STRUCTURED.items()):
        generator = np.random.default_rng([seed, place, 1])
        found.append(make(_random(name, tree, generator), generator))
    return found


def _random(name: str, tree: Answers, generator: np.random.Generator) -> Problem:
    shape = (PROMPTS, len(tree.names))
    reward = generator.standard_normal(shape)
    edges = tree.on_path.shape[1]
    masks = generator.uniform(0, 1, (2, edges))
    masks[generator.uniform(0, 1, (2, edges)) < _MASKED] = 0
    return Problem(
        name=name,
        labels="both ways",
        answers=tree,
        reward=reward,
        reference=log_policy(generator.standard_normal(shape)),
        preferences=both_ways(reward),
        features=generator.standard_normal((*shape, FEATURES)),
        weights=generator.uniform(0.7, 1.3, (2, edges)),
        masks=masks,
    )


def both_ways(reward: Array) -> Array:
    """Return the preferences of a population: each pair both ways, as Bradley and Terry say.

    Source:
        Tutunov et al. 2025, equation 2.
    """
    margins = reward[:, :, None] - reward[:, None, :]
    return _weighed(1 / (1 + np.exp(-margins)))


def by_reward(reward: Array) -> Array:
    """Return each pair once, the answer of higher reward preferred: no cycles."""
    return _weighed((reward[:, :, None] > reward[:, None, :]).astype(np.float64))


def by_coin(reward: Array, generator: np.random.Generator) -> Array:
    """Return each pair once, labelled at random with its Bradley–Terry probability."""
    margins = reward[:, :, None] - reward[:, None, :]
    wins = generator.uniform(0, 1, margins.shape) < 1 / (1 + np.exp(-margins))
    upper = np.triu(np.ones(margins.shape[1:], dtype=bool), 1)
    return _weighed((wins & upper).astype(np.float64) + (~wins & upper).swapaxes(1, 2))


def _weighed(wins: Array) -> Array:
    """Return weights that give each prompt, and each of its pairs, the same share."""
    wins = wins * (1 - np.eye(wins.shape[1]))
    return np.asarray(wins / wins.sum())


def _with_reward(problem: Problem, reward: Array) -> Problem:
    return replace(problem, reward=reward, preferences=both_ways(reward))


def _one_reference(problem: Problem, _: np.random.Generator) -> Problem:
    shared = np.broadcast_to(problem.reference[:1], problem.reference.shape)
    return replace(problem, reference=np.array(shared))


def _one_reward(problem: Problem, _: np.random.Generator) -> Problem:
    return _with_reward(
        problem, np.array(np.broadcast_to(problem.reward[:1], problem.reward.shape))
    )


def _opposed(problem: Problem, _: np.random.Generator) -> Problem:
    reward = problem.reward.copy()
    reward[1] = -reward[0]
    reward[2] = 0
    return _with_reward(problem, reward)


def _short_is_good(problem: Problem, _: np.random.Generator) -> Problem:
    return _with_reward(problem, np.array(problem.reward / 4 - problem.answers.lengths))


def _labelled_by_reward(problem: Problem, _: np.random.Generator) -> Problem:
    return replace(problem, labels="by reward", preferences=by_reward(problem.reward))


def _labelled_by_coin(problem: Problem, generator: np.random.Generator) -> Problem:
    return replace(problem, labels="by coin", preferences=by_coin(problem.reward, generator))


_STRUCTURED: dict[str, Callable[[Problem, np.random.Generator], Problem]] = {
    "one reference": _one_reference,
    "one reward": _one_reward,
    "opposed rewards": _opposed,
    "short is good": _short_is_good,
    "labelled by reward": _labelled_by_reward,
    "labelled by coin": _labelled_by_coin,
}
