"""Logarithms of 1 − p and of 1 + d, d ≥ 0: the kernel may pass, but proves nothing that is false.

1 − p is positive without being a sum of positive terms, so a quotient such as (1 − p)/(1 − q) may
stand in the normal form with both signs turned; and in 1 + d the variable d may be zero, in 1 + x²
and 1 + |x| negative. Powers that are whole and not, exponentials of halves, and products are where
a lost sign would show.
"""

import random

import pytest
from oracles.trees.independent import compare

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.build import (
    call,
    exp,
    kl_ref_pi,
    log,
    maximum,
    parameter,
    pi,
    ref,
    sg,
    sum_t,
    weight,
)
from midpo_sym.language.substitute import substitute

E, ALPHA = parameter("e", "open unit"), parameter("alpha", "positive")
BELOW = (pi("w"), ref("w"), pi("l"), E, pi("w") * E, sg(pi("w")))
D, X = parameter("d", "nonnegative"), parameter("x")
FROM_ZERO = (
    D,
    D * pi("w"),
    D / (1 + D),
    X**2,
    (X + pi("w")) ** 2,
    maximum(0, X),
    call("abs", X - D),
    sum_t("w", weight("mu", "w", "nonnegative") * kl_ref_pi("w")),
)
EXPONENTS = (tree.Number(1), tree.Number(2), 1 / tree.lift(2), -(1 / tree.lift(2)), ALPHA)


def one_less(node: tree.Expression) -> tree.Expression:
    return tree.add(tree.Number(1), tree.Neg(node))


POSITIVE = {
    "one less": [one_less(each) for each in BELOW],
    "from one": [*[1 + each for each in FROM_ZERO], one_less(D / (1 + D)), ALPHA + D],
}


def drawn(of: str, chance: random.Random) -> list[tuple[tree.Expression, tree.Expression]]:
    """Return quotients of what is positive, each with an exponent."""
    pairs = [chance.sample(POSITIVE[of], 2) for _ in range(chance.randint(1, 2))]
    return [(a / b, chance.choice(EXPONENTS)) for a, b in pairs]


def sides(parts: list[tuple[tree.Expression, tree.Expression]]) -> list[tree.Expression]:
    """Return the product of powers in four spellings."""
    logs = tree.total([tree.mul(k, log(each)) for each, k in parts])
    halves = tree.total([(1 / tree.lift(2)) * k * log(each**2) for each, k in parts])
    powers = tree.product([each**k for each, k in parts])
    return [exp(logs), exp(halves), powers, exp(log(powers))]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("of", POSITIVE)
def test_nothing_false_is_said_of_what_is_positive_by_its_form(of, seed):
    """Each spelling against each other, and against its negative and its inverse; also at d = 0."""
    spelled = sides(drawn(of, random.Random(seed)))
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
            at_zero = [substitute(each, {"d": tree.Number(0)}) for each in (one, other)]
            if value.answer is Answer.EQUAL:
                assert compare(*at_zero)[0]


def test_what_the_kernel_does_decide():
    """(1 − p)/(1 − p) = 1, and log of a quotient of such is no sum of what it is not."""
    p, q = pi("w"), pi("l")
    assert decide(one_less(p) / one_less(p), tree.Number(1)).answer is Answer.EQUAL
    quotient = one_less(p) / one_less(q)
    assert decide(log(quotient), log(quotient**2)).answer is not Answer.EQUAL


def test_what_may_be_zero_or_negative_has_no_logarithm_of_its_own():
    """log α(1 + x²) = log α + log(1 + x²), and in it x² is one thing: 2 log x needs x > 0.

    log(d² + 2d + 1) is 2 log(1 + d), whatever d ≥ 0 is; log(1 + d) is no log d.
    """
    square = 1 + X**2
    assert decide(log(ALPHA * square), log(ALPHA) + log(square)).answer is Answer.EQUAL
    assert decide(log(square**2), 2 * log(square)).answer is Answer.EQUAL
    assert decide(log(D**2 + 2 * D + 1), 2 * log(1 + D)).answer is Answer.EQUAL
    assert decide((1 + D) ** ALPHA, exp(ALPHA * log(1 + D))).answer is Answer.EQUAL
    assert decide(log(one_less(D / (1 + D))), -log(1 + D)).answer is Answer.EQUAL
    assert decide(maximum(D, -D), D).answer is Answer.EQUAL
    assert decide(maximum(X, -X), X).answer is Answer.UNKNOWN
    for other in (X, D, 1 - D, X * D, D / (ALPHA + D), X**2):
        with pytest.raises(ValueError, match="positive by its form"):
            log(other)


@pytest.mark.parametrize("zero", [D, D * pi("w"), maximum(0, X), X**2, call("abs", X)])
def test_a_quotient_by_what_may_be_zero_is_not_known_to_be_from_zero(zero):
    """1 + 1/d has no value at d = 0, where a logarithm of it would be claimed."""
    assert zero.nonnegative
    assert not (1 / zero).nonnegative
    assert not (1 + 1 / zero).positive
