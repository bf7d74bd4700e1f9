"""Statistics of next-token distributions on a tree of tokens, with derivatives by log π.

The tokens after a node of the tree are its edges, so that a statistic of the node is a sum over
these of what its row says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from midpo_sym.lab.checks import Array
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.quantities.summands import evaluate, summand


@dataclass(frozen=True, slots=True)
class OnEdges:
    """What a statistic sums, at each edge.

    Attributes:
        value: what is summed; shape (…, prompts, edges).
        pulled_back: from a derivative by the sum, given at each edge of the node, to one by log π
            of the edge, up to what is the same for all edges of the node.
    """

    value: Array
    pulled_back: Callable[[Array], Array]


def on_edges(name: str, logs: Mapping[str, Array]) -> OnEdges:
    """Return what a statistic sums.

    Args:
        name: of the statistic.
        logs: log-probability of each edge, by model; those of the policy may have more axes.
    """
    # Differences of logarithms keep the digits that quotients of probabilities lose.
    match name:
        case "kl_ref_pi":
            reference = np.exp(logs["ref"])
            return OnEdges(
                -reference * (logs["pi"] - logs["ref"]), lambda slope: -slope * reference
            )
        case "kl_pi_ref":
            policy, gaps = np.exp(logs["pi"]), logs["pi"] - logs["ref"]
            # p log(p/q) has the derivative p (log(p/q) + 1) by log p; the 1 cancels over a node.
            return OnEdges(policy * gaps, lambda slope: slope * policy * gaps)
    given = {
        model: _Number(np.exp(logs[model]), np.exp(logs[model]) if model == "pi" else _ZERO)
        for model in STATISTICS[name].models
    }
    found = evaluate(
        summand(name), given, lambda value: _Number(np.asarray(float(value)), _ZERO), _log
    )
    return OnEdges(found.value, lambda slope: slope * found.slope)


_ZERO = np.zeros(())


@dataclass(frozen=True, slots=True)
class _Number:
    """Arrays of numbers, and of their derivatives by log π of the same edge."""

    value: Array
    slope: Array

    def __add__(self, other: _Number) -> _Number:
        return _Number(self.value + other.value, self.slope + other.slope)

    def __neg__(self) -> _Number:
        return _Number(-self.value, -self.slope)

    def __mul__(self, other: _Number) -> _Number:
        slope = self.slope * other.value + self.value * other.slope
        return _Number(self.value * other.value, slope)

    def __truediv__(self, other: _Number) -> _Number:
        value = self.value / other.value
        return _Number(value, (self.slope - value * other.slope) / other.value)


def _constant(value: int) -> _Number:
    return _Number(np.asarray(float(value)), _ZERO)


def _log(number: _Number) -> _Number:
    return _Number(np.log(number.value), number.slope / number.value)
