"""Equal expressions, however they are written, are proved equal."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from generators.trees.mutants import statements
from generators.trees.rewritings import rewrite
from generators.trees.tower_laws import LAWS, pair
from oracles.trees.independent import compare

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.prover.framework import framework_argument, prior

pytestmark = pytest.mark.slow

BATCHES = 6
BATCH = 70
STATEMENTS = statements()
SEED = 7
UNDEFINED = (OverflowError, ZeroDivisionError, ValueError)
REFUSED = (OutsideClassError, ZeroDenominatorError)


def rewritten(node, chance, times):
    """Rewrite a node a few times; say by which laws."""
    laws = []
    while len(laws) < times:
        try:
            law, node = rewrite(node, chance)
        except ValueError:  # not every law fits every place
            continue
        laws.append(law)
    return laws, node


def has_stop_gradient(node):
    return any(isinstance(inner, tree.StopGradient) for inner in node.walk())


@pytest.mark.parametrize("batch", range(BATCHES))
def test_rewritten_targets_are_proved(batch):
    """The framework equals the target of each algorithm after one to four laws were applied."""
    chance = random.Random(f"targets {batch}")
    seen = Counter()
    for number in range(BATCH):
        name, statement = chance.choice(STATEMENTS)
        laws, target = rewritten(statement.argument, chance, chance.randint(1, 4))
        seen.update(laws)
        framework = framework_argument(statement)
        assert decide(framework, target).answer is Answer.EQUAL, (name, laws)
        if not has_stop_gradient(target) and not has_stop_gradient(framework):
            assert decide_gradient(framework, target).answer is Answer.EQUAL, (name, laws)
        if number % 5 == 0:
            assert compare(framework, target)[0], (name, laws)
    assert len(seen) > 20


def test_rewritten_priors_are_proved():
    """log ζ keeps its value when ζ is written otherwise, and is proved to."""
    chance = random.Random("priors")
    for _ in range(BATCH):
        name, statement = chance.choice(STATEMENTS)
        zeta = tree.Log(prior(statement, "w"))
        laws, other = rewritten(zeta, chance, chance.randint(1, 3))
        assert decide(zeta, other).answer is Answer.EQUAL, (name, laws)


def test_a_wrong_law_is_not_proved():
    """Twice the target, after right steps, is never proved: the tests above can fail."""
    chance = random.Random("wrong")
    for _ in range(20):
        _, statement = chance.choice(STATEMENTS)
        _, target = rewritten(statement.argument, chance, 3)
        wrong = tree.mul(tree.Number(2), target)
        assert decide(framework_argument(statement), wrong).answer is not Answer.EQUAL


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
