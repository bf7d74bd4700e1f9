"""Small changes of the shipped specifications: kernel, exact search and numbers must agree."""

from __future__ import annotations

from collections import Counter

import pytest
from generators.trees.mutants import mutants, statements
from oracles.trees.independent import compare, confirms

from midpo_sym.judges import random_models, witness
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.prover.framework import framework_argument

pytestmark = pytest.mark.slow

BATCHES = 6
BATCH = 110
POINTS = 12  # where nothing may differ, if the kernel says equal
TRIES = 400  # among which something must, if it says different


def judge(statement):
    """Return the kernel's answers and what the search finds, which have to agree."""
    left, right = framework_argument(statement), statement.argument
    value = decide(left, right).answer
    found = witness.search(left, right, tries=POINTS if value is Answer.EQUAL else TRIES)
    return left, right, value, found


def test_the_originals_are_proved():
    """What is mutated is true to begin with."""
    for name, statement in statements():
        _, _, value, found = judge(statement)
        assert value is Answer.EQUAL, name
        assert found.value is None, name
        assert found.points, name


@pytest.mark.parametrize("batch", range(BATCHES))
def test_kernel_and_witness_never_disagree(batch):
    """Equal by the kernel: no witness. Different by the kernel: a witness, confirmed apart."""
    tally = Counter()
    for number, (name, statement) in enumerate(mutants(BATCH, seed=batch)):
        try:
            left, right, value, found = judge(statement)
        except OutsideClassError:
            tally["outside"] += 1
            continue
        tally[value] += 1
        if value is Answer.EQUAL:
            assert found.value is None, name
            slopes = decide_gradient(left, right).answer
            assert slopes is not Answer.UNKNOWN, name
            if slopes is Answer.UNEQUAL and found.gradient is None:
                found = witness.search(left, right, tries=TRIES)
            assert (found.gradient is None) == (slopes is Answer.EQUAL), name
            assert not found.gradient or confirms(found.gradient, left, right), name
            tally["gradient", slopes] += 1
        elif value is Answer.UNEQUAL:
            assert found.value, name
            assert confirms(found.value, left, right), name
            tally["tries"] = max(tally["tries"], found.points)
        if number % 10 == 0 and value is not Answer.UNKNOWN:
            numbers = random_models.compare(left, right, points=4)
            assert numbers.values_agree == (value is Answer.EQUAL), name
            assert compare(left, right, seeds=6)[0] == (value is Answer.EQUAL), name
    # Most are decided and wrong; some changes change nothing, such as the order of a sum.
    assert tally[Answer.UNEQUAL] + tally[Answer.EQUAL] > BATCH * 9 // 10
    assert tally[Answer.EQUAL] > BATCH // 20
    assert tally["gradient", Answer.EQUAL] > 0
    print(dict(tally))  # noqa: T201 - how many points a search needs, with pytest -s
