"""Random pairs of losses: nothing that `midpo diff` says of them may be wrong.

Hundreds of pairs are for `benchmarks/attack.py --diff`.
"""

from __future__ import annotations

import tomllib

import pytest
from attacks.comparisons import attack
from generators.pairs import PLANTED, pair

SEED = 7
FEW = 6
MANY = range(FEW, 40)


def test_half_of_the_pairs_are_planted_and_all_are_specifications():
    """The even ones are; each kind of relation is among them."""
    drawn = [pair(SEED, number) for number in range(60)]
    families = [one.family for one, _ in drawn]
    assert families[1::2] == ["other"] * 30
    assert set(families[::2]) == {*PLANTED}
    for one, other in drawn:
        assert tomllib.loads(one.text)["loss"]
        assert one.text != other.text


@pytest.mark.slow
@pytest.mark.parametrize("number", range(FEW))
def test_nothing_said_of_a_few_pairs_is_wrong(tmp_path, number):
    (found,) = attack(pair(SEED, number), tmp_path)
    assert found.kind in ("right", "unknown"), found.detail


@pytest.mark.slow
def test_nothing_said_is_wrong_and_what_is_planted_is_found(tmp_path):
    found = [attack(pair(SEED, number), tmp_path)[0] for number in MANY]
    bad = [each.detail for each in found if each.kind in ("wrong", "exception")]
    assert bad == []
    missed = sum("missed" in each.detail for each in found)
    assert missed <= 1
