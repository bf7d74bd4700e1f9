"""How an annotator chooses between two answers, given how much better the first is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from midpo_sym.lab.checks import Array

Choice: TypeAlias = Callable[[Array, float], tuple[Array, Array]]


def _sigmoid(values: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(values / 2)))


def _bradley_terry(gain: Array, _: float) -> tuple[Array, Array]:
    return _sigmoid(gain), np.zeros_like(gain)


def _thurstone(gain: Array, _: float) -> tuple[Array, Array]:
    from math import erf  # noqa: PLC0415 - of this model alone

    # Each answer has a normal error of variance 1: their difference has variance 2.
    return np.asarray(0.5 * (1 + np.vectorize(erf)(gain / 2))), np.zeros_like(gain)


def _by_reward(gain: Array, _: float) -> tuple[Array, Array]:
    return np.asarray(0.5 * (1 + np.sign(gain))), np.zeros_like(gain)


def _davidson(gain: Array, ties: float) -> tuple[Array, Array]:
    tie = ties / (2 * np.cosh(np.clip(gain / 2, -300, 300)) + ties)
    return np.asarray((1 - tie) * _sigmoid(gain)), np.asarray(tie)


def _rao_kupper(gain: Array, ties: float) -> tuple[Array, Array]:
    shift = np.log1p(ties)
    wins, loses = _sigmoid(gain - shift), _sigmoid(-gain - shift)
    return wins, np.asarray(1 - wins - loses)


CHOICES: dict[str, Choice] = {
    "bradley_terry": _bradley_terry,
    "thurstone": _thurstone,
    "by_reward": _by_reward,
    "davidson": _davidson,
    "rao_kupper": _rao_kupper,
}


def outcomes(choice: str, gain: Array, ties: float) -> tuple[Array, Array]:
    """Return the probabilities that the first answer wins, and that neither does.

    Args:
        choice: of `CHOICES`.
        gain: how much better the first is, to the annotator.
        ties: Davidson's ν, or Rao and Kupper's θ − 1.

    Source:
        Bradley and Terry 1952; Thurstone 1927, case V, with errors of variance 1; Davidson 1970;
        Rao and Kupper 1967.
    """
    return CHOICES[choice](gain, ties)
