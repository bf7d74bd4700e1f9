"""Logarithms of 1 − p: the kernel may pass, but proves nothing that is false.

1 − p is positive without being a sum of positive terms, so a quotient such as (1 − p)/(1 − q) may
stand in the normal form with both signs turned. Powers that are whole and not, exponentials of
halves, and products are where a lost sign would show.
"""

import random

import pytest
from oracles.trees.independent import compare

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.build import exp, log, parameter, pi, ref, sg

E, ALPHA = parameter("e", "open unit"), parameter("alpha", "positive")
BELOW = (pi("w"), ref("w"), pi("l"), E, pi("w") * E, sg(pi("w")))
EXPONENTS = (tree.Number(1), tree.Number(2), 1 / tree.lift(2), -(1 / tree.lift(2)), ALPHA)


def one_less(node: tree.Expression) -> tree.Expression:
    return tree.add(tree.Number(1), tree.Neg(node))


def drawn(chance: random.Random) -> list[tuple[tree.Expression, tree.Expression]]:
    """Return quotients of what is one less something, each with an exponent."""
    pairs = [chance.sample(BELOW, 2) for _ in range(chance.randint(1, 2))]
    return [(one_less(a) / one_less(b), chance.choice(EXPONENTS)) for a, b in pairs]


def sides(parts: list[tuple[tree.Expression, tree.Expression]]) -> list[tree.Expression]:
    """Return the product of powers in four spellings."""
    logs = tree.total([tree.mul(k, log(each)) for each, k in parts])
    halves = tree.total([(1 / tree.lift(2)) * k * log(each**2) for each, k in parts])
    powers = tree.product([each**k for each, k in parts])
    return [exp(logs), exp(halves), powers, exp(log(powers))]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_nothing_false_is_said_of_one_less_something(seed):
    """Each spelling against each other, and against its negative and its inverse."""
    spelled = sides(drawn(random.Random(seed)))
    wrong = [tree.Neg(spelled[2]), 1 / spelled[0] + 1]
    for one in spelled[:2]:
        for other in (*spelled[1:], *wrong):
            try:
                value, gradient = decide(one, other), decide_gradient(one, other)
            except OutsideClassError:
                continue
            values, slopes = compare(one, other)
            assert value.answer is Answer.UNKNOWN or (value.answer is Answer.EQUAL) == values
            assert gradient.answer is Answer.UNKNOWN or (gradient.answer is Answer.EQUAL) == slopes


def test_what_the_kernel_does_decide():
    """(1 − p)/(1 − p) = 1, and log of a quotient of such is no sum of what it is not."""
    p, q = pi("w"), pi("l")
    assert decide(one_less(p) / one_less(p), tree.Number(1)).answer is Answer.EQUAL
    quotient = one_less(p) / one_less(q)
    assert decide(log(quotient), log(quotient**2)).answer is not Answer.EQUAL
