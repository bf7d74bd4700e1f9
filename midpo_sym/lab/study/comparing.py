"""Paired comparisons: Wilcoxon's signed-rank test, exact, with its interval; Holm's correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from midpo_sym.lab.checks import Array


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences of pairs.

    Attributes:
        count: how many pairs.
        estimate: Hodges and Lehmann's, the median of all means of two differences.
        low: end of the exact interval of the level asked for; −∞ if there are too few pairs.
        high: the other end.
        p_value: of the two-sided test that the differences are symmetric about 0.
    """

    count: int
    estimate: float
    low: float
    high: float
    p_value: float


def compare(differences: Sequence[float], level: float = 0.05) -> Comparison:
    """Test whether differences are symmetric about zero.

    Zeros are left out of the test, and ties share their ranks; the distribution is then that of
    the ranks at hand, and exact.

    Args:
        differences: of pairs that are independent of each other.
        level: one minus the interval's coverage.

    Source:
        Wilcoxon 1945; Hodges and Lehmann 1963.
    """
    values = np.asarray(differences, dtype=np.float64)
    count = len(values)
    if not count:
        return Comparison(0, float("nan"), -np.inf, np.inf, 1.0)
    rows, columns = np.triu_indices(count)
    walsh = np.sort((values[rows] + values[columns]) / 2)
    cut = _cut(count, level)
    low, high = (walsh[cut - 1], walsh[-cut]) if cut else (-np.inf, np.inf)
    return Comparison(
        count, float(np.median(walsh)), float(low), float(high), _p_value(values[values != 0])
    )


def _p_value(values: Array) -> float:
    if not len(values):
        return 1.0
    ranks = _doubled_ranks(np.abs(values))
    chances = _distribution(ranks)
    positive = int(ranks[values > 0].sum())
    below, above = chances[: positive + 1].sum(), chances[positive:].sum()
    return float(min(1.0, 2 * min(below, above)))


def _doubled_ranks(sizes: Array) -> Array:
    """Return twice the ranks, which are whole numbers even where ties share them."""
    ordered = np.sort(sizes)
    left = np.searchsorted(ordered, sizes, side="left")
    right = np.searchsorted(ordered, sizes, side="right")
    return np.asarray(left + right + 1)


def _distribution(ranks: Array) -> Array:
    """Return the probabilities of the sums of ranks that get a sign +, each by a fair coin."""
    chances = np.zeros(int(ranks.sum()) + 1)
    chances[0] = 1.0
    for rank in ranks.astype(int):
        moved = np.zeros_like(chances)
        moved[rank:] = chances[: len(chances) - rank]
        chances = (chances + moved) / 2
    return chances


def _cut(count: int, level: float) -> int:
    """Return which of the ordered means of two ends the interval, from either end; 0 if none."""
    chances = _distribution(np.arange(1.0, count + 1))
    return int((np.cumsum(chances) <= level / 2).sum())


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values that hold for all tests together.

    Source:
        Holm 1979.
    """
    ordered = sorted(p_values, key=p_values.__getitem__)
    found, largest = {}, 0.0
    for place, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - place) * p_values[name]))
        found[name] = largest
    return {name: found[name] for name in p_values}


def rejections(differences: Sequence[float], size: int, level: float) -> tuple[int, int]:
    """Return in how many groups of differences the test rejects, and how many groups there are.

    Args:
        differences: of a planted null, in any order.
        size: differences of a group.
        level: of the test.
    """
    groups = [differences[k : k + size] for k in range(0, len(differences) - size + 1, size)]
    return sum(compare(each, level).p_value <= level for each in groups), len(groups)


def middle(values: Sequence[float]) -> float:
    """Return the median, NaN of nothing."""
    return median(values) if values else float("nan")
