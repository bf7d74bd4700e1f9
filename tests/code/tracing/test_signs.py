"""Branches: domains decide what they can, each other comparison is taken both ways."""

import math

import pytest

from midpo_sym.code.tracing.algebra import ONE, ZERO, NotReadableError, minus, number, times
from midpo_sym.code.tracing.signs import MAX_BRANCHES, Signs, Unbranched, bounds, is_off_zero
from midpo_sym.language import tree

A, B = tree.Parameter("a"), tree.Parameter("b")
POSITIVE, SHARE = tree.Parameter("k", "positive"), tree.Parameter("e", "nonnegative")
P = tree.Parameter("p", "open unit")
LENGTH = tree.Parameter("_length_w1", "positive")
HERE = {"a": 2.0, "b": 1.0, "k": 0.5, "e": 0.25, "p": 0.5, "_length_w1": 3.0}
THERE = {"a": -1.0, "b": 3.0, "k": 0.7, "e": 0.5, "p": 0.1, "_length_w1": 4.0}


def signs(*forced):
    return Signs((HERE, THERE), forced)


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (POSITIVE, (0, math.inf)),
        (tree.Log(P), (-math.inf, 0)),
        (tree.Neg(SHARE), (-math.inf, 0)),
        (minus(LENGTH, ONE), (0, math.inf)),
        (tree.Add((tree.Exp(A), ONE)), (1, math.inf)),
        (times(POSITIVE, tree.Log(P)), (-math.inf, 0)),
        (times(A, POSITIVE), (-math.inf, math.inf)),
        (times(times(A, B), times(A, B)), (0, math.inf)),
        (times(A, times(A, tree.Log(P))), (-math.inf, 0)),
        (A, (-math.inf, math.inf)),
    ],
)
def test_domains_bound_an_expression(node, wanted):
    assert bounds(node) == wanted


def test_the_first_path_goes_by_its_point_and_the_other_is_left():
    path = signs()
    assert path.sign(minus(A, B)) == 1
    assert path.alternatives() == [(False,)]
    other = signs(False)
    assert other.sign(minus(A, B)) == -1
    assert other.alternatives() == []


def test_one_comparison_is_one_branch_however_it_is_written():
    path = signs(False)
    assert path.sign(minus(A, B)) == -1
    assert path.sign(minus(B, A)) == 1
    assert path.larger(A, B) == B
    assert path.holds("lt", A, B)
    assert not path.holds("ge", A, B)
    assert len(path.branches) == 1


def test_a_multiple_is_the_same_branch():
    path = signs(False)
    assert path.sign(minus(A, B)) == -1
    assert path.sign(minus(times(number(2), A), times(number(2), B))) == -1
    assert path.sign(times(number(-3), minus(A, B))) == 1
    assert len(path.branches) == 1
    path.sign(minus(times(number(2), A), B))
    assert len(path.branches) == 2


def test_what_is_smaller_has_the_smaller_logarithm():
    """min(p, k) takes the side that max(0, log p - log k) says."""
    path = signs(False)
    assert path.sign(minus(tree.Log(P), tree.Log(POSITIVE))) == -1
    assert path.smaller(P, POSITIVE) == P
    assert len(path.branches) == 1


def test_what_is_zero_at_both_points_is_told_by_the_kernel():
    at = {**HERE, "b": HERE["a"]}
    path = Signs((at, HERE), (False,))
    assert path.sign(minus(A, B)) == path.sign(minus(A, B)) == -1
    assert len(path.branches) == 1


def test_what_is_no_number_at_a_point_is_on_no_path():
    """exp(1000) overflows, and nothing is known of what it is compared with."""
    path = signs(False)
    path.sign(minus(tree.Exp(A), tree.Exp(B)))
    assert path.fits({**HERE, "a": 1.0, "b": 2.0})
    assert not path.fits({**HERE, "a": 1000.0, "b": 1000.0})


def test_what_domains_decide_is_no_branch():
    path = signs()
    assert path.holds("gt", POSITIVE, ZERO)
    assert path.holds("ge", LENGTH, ONE)
    assert path.holds("lt", tree.Log(P), ZERO)
    assert (path.branches, path.edges) == ([], [])


def test_an_end_of_a_domain_that_code_looks_at_is_kept():
    """A share is zero or more: code that asks whether it is above zero may differ at zero."""
    path = signs()
    assert path.holds("gt", SHARE, ZERO)
    assert (path.branches, path.edges) == ([], [SHARE])


def test_what_is_always_zero_has_sign_zero():
    assert signs().sign(minus(times(A, B), times(B, A))) == 0


def test_a_point_is_on_a_path_or_not():
    path = signs()
    path.sign(minus(A, B))
    assert path.fits(HERE)
    assert not path.fits(THERE)


def test_there_is_a_limit():
    path = signs()
    for k in range(MAX_BRANCHES):
        path.sign(minus(A, number(k)))
    with pytest.raises(NotReadableError, match="branches"):
        path.sign(minus(A, number(MAX_BRANCHES)))


def test_numbers_far_from_zero_by_their_form():
    assert is_off_zero(LENGTH)
    assert is_off_zero(tree.Log(P))
    assert not is_off_zero(SHARE)
    assert not is_off_zero(minus(LENGTH, ONE))


def test_a_formula_has_maxima_where_a_run_has_branches():
    """Of a real a, a positive k: max(a, k) and |a| stay, max(k, 0) is k, a > 0 is refused."""
    signs = Unbranched((HERE, THERE))
    assert signs.larger(A, POSITIVE) == tree.Max(A, POSITIVE)
    assert signs.size(A) == tree.Max(A, tree.Neg(A))
    assert signs.smaller(A, POSITIVE) == tree.Neg(tree.Max(tree.Neg(A), tree.Neg(POSITIVE)))
    assert signs.larger(POSITIVE, ZERO) == POSITIVE
    with pytest.raises(NotReadableError, match="a branch"):
        signs.holds("gt", A, ZERO)
    assert signs.branches == []
