"""What theory says before the runs, as data, and whether it came so."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.study.comparing import Comparison, compare
from midpo_sym.lab.study.results import Results

HELD, FAILED, OPEN, NOT_RUN = "held", "failed", "undecided", "not run"
_FILE = Path(__file__).parent / "settings" / "predictions.toml"
_RELATIONS = ("less", "greater", "same")


@dataclass(frozen=True, slots=True)
class Prediction:
    """A statement about the ends of runs.

    Attributes:
        id: its name.
        claim: in words.
        because: the theory it follows from.
        measure: column of the results.
        arm: what it is about.
        than: another arm, or a number.
        relation: `less`, `greater`, or `same`: within the margin.
        margin: how far from equal counts as equal, for `same`.
        worlds: where; everywhere if empty.
        equal: whether both arms have equal hyper-parameters, as in the tuning seeds, or each its
            own best ones; losses of unequal ones are on unequal scales.
    """

    id: str
    claim: str
    because: str
    measure: str
    arm: str
    than: str | float
    relation: str
    margin: float = 0.0
    worlds: tuple[str, ...] = ()
    equal: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """A prediction and what came.

    Attributes:
        prediction: the statement.
        outcome: `held` if the interval of the difference lies on the side predicted, `failed` if
            it lies on the other, `undecided` between, `not run` if the study lacks what it needs.
        found: the difference, arm minus what it is compared with.
    """

    prediction: Prediction
    outcome: str
    found: Comparison


def read_predictions(path: Path = _FILE) -> tuple[tuple[Prediction, ...], str]:
    """Return the predictions of a file, and the sha256 of it.

    Raises:
        LabError: one is incomplete, or says something that is not scored.
    """
    content = path.read_bytes()
    found = []
    for number, table in enumerate(tomllib.loads(content.decode())["prediction"], 1):
        worlds = tuple(table.pop("worlds", ()))
        try:
            each = Prediction(**table, worlds=worlds)
        except TypeError as error:
            raise LabError(f"{path}: prediction {number}: {error}") from None
        if each.relation not in _RELATIONS:
            raise LabError(
                f"{path}: {each.id}: relation is {each.relation!r}; it has to be one of "
                f"{', '.join(_RELATIONS)}"
            )
        found.append(each)
    return tuple(found), hashlib.sha256(content).hexdigest()


def score(predictions: Sequence[Prediction], results: Results, level: float) -> tuple[Score, ...]:
    """Compare predictions with results.

    Args:
        predictions: what was said.
        results: what came.
        level: one minus the coverage of the intervals, each by itself.
    """
    return tuple(_score(each, results, level) for each in predictions)


def _score(prediction: Prediction, results: Results, level: float) -> Score:
    differences = [
        each
        for (world, _), each in _differences(prediction, results).items()
        if not prediction.worlds or world in prediction.worlds
    ]
    if not differences:
        return Score(prediction, NOT_RUN, Comparison(0, nan, nan, nan, nan))
    found = compare(differences, level)
    return Score(prediction, _outcome(prediction, found), found)


def _differences(prediction: Prediction, results: Results) -> dict[tuple[str, int], float]:
    """Return arm minus what it is compared with, by (world, seed)."""
    arm, than = prediction.arm, prediction.than
    if prediction.equal:
        return results.matched(prediction.measure, arm, str(than))
    ends = results.ends(prediction.measure)
    mine = ends.get(arm, {})
    if not isinstance(than, str):
        return {place: value - than for place, value in mine.items()}
    other = ends.get(than, {})
    return {place: mine[place] - other[place] for place in mine if place in other}


def _outcome(prediction: Prediction, found: Comparison) -> str:
    if prediction.relation == "same":
        if -prediction.margin <= found.low and found.high <= prediction.margin:
            return HELD
        apart = found.low > prediction.margin or found.high < -prediction.margin
        return FAILED if apart else OPEN
    low, high = found.low, found.high
    if prediction.relation == "less":
        low, high = -high, -low
    if low > 0:
        return HELD
    return FAILED if high < 0 else OPEN
