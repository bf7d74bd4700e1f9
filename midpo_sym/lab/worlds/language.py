"""A language that an automaton writes and rewards, with all its answers listed.

The automaton reads the prompt, and then says for each state how probable each letter is as the next
one, and the end. Each letter it writes earns a credit that depends on the state, so that the reward
is a sum over tokens: `credit` says which token earned what.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from midpo_sym.lab.checks import Array
from midpo_sym.lab.worlds.settings import WorldSettings

Whole = NDArray[np.int64]
NOTHING = -1  # after the end of an answer, and before the start of a prompt
PROMPT = 3  # most letters of a prompt


@dataclass(frozen=True, slots=True)
class World:
    """A language, its rewards and its annotators.

    Attributes:
        settings: what it was built from.
        seed: of its random numbers.
        prompts: their letters, `NOTHING` before them; shape (prompts, 3).
        answers: their letters, ∎ as the number `letters`, `NOTHING` after it; (answers, longest).
        lengths: tokens of the answers, ∎ counted; (answers,).
        log_language: log-probability of each answer in the language; (prompts, answers).
        log_foreign: the same in the language that off-policy answers come from.
        reward: the truth; (prompts, answers). In the language its mean is 0 for each prompt.
        credit: what each token earns; (prompts, answers, longest). Its sum is the reward, up to a
            constant of the prompt.
        opinions: what each annotator takes for the reward; (annotators, prompts, answers).
    """

    settings: WorldSettings
    seed: int
    prompts: Whole
    answers: Whole
    lengths: Whole
    log_language: Array
    log_foreign: Array
    reward: Array
    credit: Array
    opinions: Array

    @property
    def seen(self) -> int:
        """How many prompts have preferences; these are the first."""
        return self.settings.prompts - self.settings.unseen

    def random(self, purpose: int) -> np.random.Generator:
        """Return the generator of one purpose."""
        return np.random.default_rng([self.seed, purpose])


@dataclass(frozen=True, slots=True)
class _Automaton:
    """Log-probabilities of (state, token), and where (state, letter) leads."""

    log: Array
    moves: Whole

    def visits(self, starts: Whole, answers: Whole) -> Whole:
        """Return the states before each token; (starts, answers, longest)."""
        states = np.empty((len(starts), *answers.shape), dtype=np.int64)
        here = np.broadcast_to(starts[:, None], states.shape[:2])
        letters = self.moves.shape[1]
        for place in range(answers.shape[1]):
            states[:, :, place] = here
            token = answers[:, place]
            read = np.where((token >= 0) & (token < letters), token, 0)
            here = self.moves[here, read[None, :]]
        return states


def build(settings: WorldSettings, seed: int) -> World:
    """Return the world of a seed; equal seeds make equal worlds."""
    generator = np.random.default_rng([seed, 0])
    answers, lengths = _answers(settings.letters, settings.longest)
    prompts = _prompts(settings, generator)
    own, foreign = (_automaton(settings, generator) for _ in range(2))
    starts = np.zeros(len(prompts), dtype=np.int64)
    for letter in prompts.T:
        starts = np.where(letter == NOTHING, starts, own.moves[starts, np.maximum(letter, 0)])
    visits = own.visits(starts, answers)
    log_language = _sums(own.log, visits, answers)
    log_foreign = _sums(foreign.log, foreign.visits(starts, answers), answers)
    weights = np.exp(log_language)
    length = np.broadcast_to(lengths.astype(np.float64), weights.shape)
    length = _centred(length, weights)
    spread = _deviation(length, weights)
    unit = length / spread if spread > 0 else length

    def taste() -> tuple[Array, Array]:
        """Return what tokens earn, and the sum, of deviation 1 and uncorrelated with length."""
        table = generator.standard_normal(own.log.shape)
        tokens = np.where(answers >= 0, table[visits, np.maximum(answers, 0)], 0.0)
        whole = _centred(tokens.sum(axis=-1), weights)
        slope = float((weights * whole * unit).sum() / len(weights))
        rest = whole - slope * unit
        scale = _deviation(rest, weights) or 1.0
        per_token = slope / spread if spread > 0 else 0.0
        return np.where(answers >= 0, (tokens - per_token) / scale, 0.0), rest / scale

    tokens, rest = taste()
    share = settings.length_correlation if spread > 0 else 0.0
    other = float(np.sqrt(1 - share**2))
    per_token = share / spread if spread > 0 else 0.0
    reward = settings.reward_scale * (other * rest + share * unit)
    credit = settings.reward_scale * np.where(answers >= 0, other * tokens + per_token, 0.0)
    opinions = np.array(
        [
            reward
            + settings.reward_scale
            * (settings.length_bias * unit + settings.disagreement * taste()[1])
            for _ in range(settings.annotators)
        ]
    )
    return World(
        settings=settings,
        seed=seed,
        prompts=prompts,
        answers=answers,
        lengths=lengths,
        log_language=log_language,
        log_foreign=log_foreign,
        reward=reward,
        credit=credit,
        opinions=opinions,
    )


def _answers(letters: int, longest: int) -> tuple[Whole, Whole]:
    """Return all sequences that end in ∎, by length, and then those of full length without it."""
    rows = []
    for size in range(longest + 1):
        end = [letters] if size < longest else []
        padding = [NOTHING] * (longest - size - len(end))
        rows += [[*word, *end, *padding] for word in product(range(letters), repeat=size)]
    found = np.array(rows, dtype=np.int64)
    return found, (found >= 0).sum(axis=1)


def _prompts(settings: WorldSettings, generator: np.random.Generator) -> Whole:
    every = [
        [NOTHING] * (PROMPT - size) + list(word)
        for size in range(1, PROMPT + 1)
        for word in product(range(settings.letters), repeat=size)
    ]
    chosen = generator.permutation(len(every))[: settings.prompts]
    return np.array([every[place] for place in chosen], dtype=np.int64)


def _automaton(settings: WorldSettings, generator: np.random.Generator) -> _Automaton:
    letters, states = settings.letters, settings.states
    words = generator.dirichlet(np.full(letters, settings.variety), states)
    words = 0.02 / letters + 0.98 * words  # every answer is possible
    # A beta distribution of the mean asked for, as far from 0 and 1 as a language needs.
    ends = generator.beta(4 * settings.ending, 4 * (1 - settings.ending), (states, 1))
    ends = 0.01 + 0.98 * ends
    log = np.log(np.concatenate([(1 - ends) * words, ends], axis=1))
    return _Automaton(log, generator.integers(0, states, (states, letters)))


def _sums(log: Array, visits: Whole, answers: Whole) -> Array:
    found = np.where(answers >= 0, log[visits, np.maximum(answers, 0)], 0.0)
    return np.asarray(found.sum(axis=-1))


def _centred(values: Array, weights: Array) -> Array:
    return np.asarray(values - (weights * values).sum(axis=1, keepdims=True))


def _deviation(centred: Array, weights: Array) -> float:
    return float(np.sqrt((weights * centred**2).sum() / len(weights)))
