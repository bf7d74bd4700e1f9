"""Random pairs, equal by a law or nearly so: what the kernel proves of them holds in numbers."""

from __future__ import annotations

import pytest
from generators.trees.tower_laws import LAWS, pair
from oracles.trees.independent import compare

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient

pytestmark = pytest.mark.slow

SEED = 7
UNDEFINED = (OverflowError, ZeroDivisionError, ValueError)
REFUSED = (OutsideClassError, ZeroDenominatorError)


@pytest.mark.parametrize("law", range(len(LAWS)), ids=list(LAWS))
def test_pairs_that_are_equal_by_a_law_are_proved(law):
    """In surroundings drawn at random, and after other rewritings."""
    for number in range(law, law + 4 * len(LAWS), len(LAWS)):
        drawn = pair(SEED, number)
        try:
            assert compare(drawn.left, drawn.right)[0]
        except UNDEFINED:
            continue
        assert decide(drawn.left, drawn.right).answer is Answer.EQUAL, drawn


@pytest.mark.parametrize("law", range(len(LAWS)), ids=list(LAWS))
def test_pairs_with_a_slip_are_not_proved_unless_they_are_equal(law):
    """Nor are their gradients; what is called unequal is not equal."""
    for number in range(law, law + 8 * len(LAWS), len(LAWS)):
        drawn = pair(SEED, number, false=True)
        try:
            truths = compare(drawn.left, drawn.right, seeds=24)
            answers = [each(drawn.left, drawn.right).answer for each in (decide, decide_gradient)]
        except (*UNDEFINED, *REFUSED):
            continue
        for truth, answer in zip(truths, answers, strict=True):
            assert answer is not Answer.EQUAL or truth, drawn
            assert answer is not Answer.UNEQUAL or not truth, drawn
