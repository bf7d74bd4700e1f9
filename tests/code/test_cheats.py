"""Functions that are the loss almost everywhere are not proved to be, for all inputs.

Each was called proved once, or is an attack of the kind of one that was.
"""

import pytest
from generators.code import cheats

import midpo_sym
from midpo_sym.code.verdicts import Status

QUICK = ("numpy_in_backward", "by_dlpack", "printed", "in_a_thread")
NAMES = [
    pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in cheats.CHEATS
]
# Where hyper-parameters lose their names, the answer speaks of the values that it was shown at.
LOSE_NAMES = {
    "close_to_one_value", "far_in_mathematics", "by_numpy", "by_text", "by_percent", "by_the_class",
    "by_hexadecimals", "floored", "in_a_counter",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_cheat_is_not_proved_for_all(name):
    found = midpo_sym.verify(cheats.CHEATS[name], "dpo")
    assert not (found.proved and found.holds_for_all), str(found)
    if name not in LOSE_NAMES:
        assert not found.proved, str(found)


def test_there_are_thirty_ways_to_cheat():
    assert len(cheats.CHEATS) >= 30


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("tolist_in_backward", ".tolist()"),
        ("reads_a_clock", "a clock is read"),
        ("pickled", "what is pickled is not followed"),
    ],
)
def test_what_leaves_torch_is_named_with_its_line(name, what):
    found = midpo_sym.verify(cheats.CHEATS[name], "dpo")
    assert found.value.status is Status.UNREADABLE
    assert what in found.value.reason
    assert "cheats.py:" in found.value.reason


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("alone", "in a batch of one pair"),
        ("of_four", "in a batch of 4 pairs"),
        ("at_one_value", "at this hyper-parameter"),
        ("at_zero", "where its branches meet"),
        ("without_gradients", "without gradients"),
    ],
)
def test_it_is_said_where_a_function_differs(name, where):
    found = midpo_sym.verify(cheats.CHEATS[name], "dpo")
    assert found.value.status is Status.DIFFERS
    assert found.value.reason == where
    shown = found.value.counterexample
    assert shown.found != pytest.approx(shown.wanted)


@pytest.mark.slow
def test_a_low_precision_proves_nothing_and_refutes_nothing():
    found = midpo_sym.verify(cheats.CHEATS["in_double_only"], "dpo")
    assert found.value.status is Status.UNDECIDED
    assert "on arguments of float32" in found.value.reason
