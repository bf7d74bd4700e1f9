"""What judges comparisons in tests can find fault with them."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from oracles.comparison import Pair, problems

import midpo_sym
from midpo_sym.targets.json.equivalence import comparison

CASES = Path(__file__).parents[2] / "cases" / "diff"


@pytest.fixture(scope="module")
def compared():
    """IPO by sums and by means: related on two subsets, and told apart by three points."""
    paths = [CASES / f"ipo_{each}.toml" for each in ("sums", "means")]
    said = comparison(midpo_sym.diff(*paths))
    return said, Pair.of(*(path.read_text(encoding="utf-8") for path in paths))


def found(said, pair):
    return " ".join(problems(said, pair, "s"))


@pytest.mark.slow
def test_what_is_right_is_let_through(compared):
    assert found(*compared) == ""


WRONG = [  # a change of what is said; a part of the complaint
    (lambda said: said["relations"][0].update(factor="length(w)"), "value:"),
    (lambda said: said["relations"][0]["values"].update(B_tau="-A_tau*length(w)"), "domain"),
    (lambda said: said["value"]["witness"].update(A="0"), "printed"),
    (lambda said: said["value"].update(witness=None), "without a witness"),
]
MORE = [
    (lambda said: said["relations"][0].update(where=""), "value:"),
    (lambda said: said["relations"][0].update(offset="1"), "value:"),
    (lambda said: said["relations"][1]["values"].update(B_tau="2*A_tau"), "value:"),
    (lambda said: said["gradient"].update(says="same", witness=None), "gradient:"),
    (lambda said: said["reward"].update(says="same", witness=None), "reward:"),
    (lambda said: said["identified"].update(B_tau="2*A_tau"), "printed"),
]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [*WRONG, *(pytest.param(*each, marks=pytest.mark.slow) for each in MORE)],
)
def test_what_is_wrong_is_caught(compared, change, complaint):
    said, pair = copy.deepcopy(compared[0]), compared[1]
    change(said)
    assert complaint in found(said, pair)
