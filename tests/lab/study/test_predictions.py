"""Predictions are data, and are scored by the interval of the difference."""

import pytest

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.study import Prediction, Results, read_predictions, score
from midpo_sym.lab.study.results import COLUMNS
from midpo_sym.lab.training import KINDS
from midpo_sym.lab.worlds import Measures


def rows(arm, values, world="plain", phase="test", hyper="a"):
    empty = dict.fromkeys(COLUMNS)
    return [
        {
            **empty,
            "phase": phase,
            "world": world,
            "world_seed": seed,
            "arm": arm,
            "is_last": True,
            "failure": "",
            "hyper_parameters": hyper,
            "value": value,
        }
        for seed, value in enumerate(values)
    ]


def scored(relation, results, **others):
    said = Prediction("p", "", "", "value", "a", others.pop("than", "b"), relation, **others)
    return score([said], Results(tuple(results), {}, (), ()), 0.05)[0]


ABOVE = [*rows("a", [2, 3, 4, 5, 6, 7]), *rows("b", [1, 1, 1, 1, 1, 1])]
MIXED = [*rows("a", [1, -2, 3, -4, 5, -6]), *rows("b", [0] * 6)]


@pytest.mark.parametrize(
    ("relation", "found", "outcome"),
    [
        ("greater", ABOVE, "held"),
        ("less", ABOVE, "failed"),
        ("same", ABOVE, "failed"),
        ("greater", MIXED, "undecided"),
        ("less", MIXED, "undecided"),
        ("same", MIXED, "undecided"),
        ("less", rows("a", [1] * 6), "not run"),
    ],
)
def test_six_seeds_by_hand(relation, found, outcome):
    """Of six differences the interval is from the least to the largest."""
    assert scored(relation, found).outcome == outcome


def test_within_the_margin_is_the_same():
    assert scored("same", ABOVE, margin=6.0).outcome == "held"
    assert scored("same", ABOVE, margin=5.9).outcome == "undecided"


def test_a_number_may_be_compared_with():
    assert scored("greater", ABOVE, than=1.5).outcome == "held"
    assert scored("greater", ABOVE, than=3.0).outcome == "undecided"


def test_only_the_worlds_that_are_named_count():
    both = [*ABOVE, *rows("a", [0] * 6, "other"), *rows("b", [9] * 6, "other")]
    assert scored("greater", both, worlds=("plain",)).outcome == "held"
    assert scored("greater", both).outcome != "held"
    assert scored("greater", both, worlds=("none",)).outcome == "not run"


def test_equal_settings_are_means_over_the_trials_that_both_tried():
    """The trial c is of one arm alone; of a and b the mean difference is (1 + 3)/2."""
    found = [
        *rows("a", [2], phase="tuning", hyper="a"),
        *rows("b", [1], phase="tuning", hyper="a"),
        *rows("a", [4], phase="tuning", hyper="b"),
        *rows("b", [1], phase="tuning", hyper="b"),
        *rows("a", [99], phase="tuning", hyper="c"),
    ]
    assert scored("greater", found, equal=True).found.estimate == 2
    assert scored("greater", found).outcome == "not run"


def test_the_shipped_ones_are_about_what_is_measured():
    found, digest = read_predictions()
    assert len(digest) == 64
    assert len({each.id for each in found}) == len(found) >= 10
    measures = {*Measures.__dataclass_fields__, "loss", "chosen_displacement"}
    for each in found:
        assert each.measure in {*measures, "rejected_displacement"}
        assert each.because
    assert {each.arm for each in found} & set(KINDS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id = 'x'", "prediction 1: .*missing"),
        (
            "id='x'\nclaim=''\nbecause=''\nmeasure='kl'\narm='a'\nthan=1\nrelation='near'",
            "x: relation is 'near'; it has to be one of less, greater, same",
        ),
    ],
)
def test_what_says_nothing_is_refused(tmp_path, text, message):
    path = tmp_path / "p.toml"
    path.write_text(f"[[prediction]]\n{text}", encoding="utf-8")
    with pytest.raises(LabError, match=message):
        read_predictions(path)
