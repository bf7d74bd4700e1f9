"""Derivatives of expressions of variables, against differences of their values."""

import pytest

from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.code.tracing.signs import Signs
from midpo_sym.code.tracing.slopes import on_path, slope, without_stops
from midpo_sym.language import tree
from midpo_sym.language.build import call, exp, log, maximum, sg

A, K = tree.Parameter("a"), tree.Parameter("k", "positive")
P = tree.Parameter("p", "open unit")
POINT = {"a": 0.7, "k": 1.3, "p": 0.4}
STEP = 1e-6

EXPRESSIONS = [
    A * A * K - 3 * A,
    K / (1 + A**2),
    exp(A * K) / K,
    log(1 + exp(-A)),
    K**A,
    (A - K) ** 3,
    (1 + P) ** (1 / K),
    log(1 - P) * A,
    log(P ** (1 / K) / (1 - P ** (1 / K))),
    P * K / (1 - P),
    1 / (1 + P / K * exp(A)),
    (1 + P) ** A,
    log(K * exp(A * P) * (1 - P)),
    call("sigmoid", A * K),
]


def moved(node, name, by):
    return value_at(node, {**POINT, name: by})


@pytest.mark.parametrize("node", EXPRESSIONS, ids=str)
@pytest.mark.parametrize("by", [A, K, P], ids=str)
def test_a_slope_is_the_limit_of_differences(node, by):
    plain = on_path(
        tree.at_responses(node.body if isinstance(node, tree.Call) else node, {}),
        Signs((POINT, POINT)),
        value=True,
    )
    here = POINT[by.name]
    wanted = (moved(plain, by.name, here + STEP) - moved(plain, by.name, here - STEP)) / (2 * STEP)
    found = value_at(slope(plain, by, logarithmic=False), POINT)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-8)
    assert value_at(slope(plain, by, logarithmic=True), POINT) == pytest.approx(
        here * wanted, rel=1e-6, abs=1e-8
    )


def test_what_is_stopped_does_not_move():
    """(sg(a) · a)' = sg(a), and its value is a²."""
    node = sg(A) * A
    assert slope(node, A, logarithmic=False) == sg(A)
    assert value_at(without_stops(node), POINT) == pytest.approx(0.49)


def test_a_maximum_is_its_larger_side_on_the_path():
    """max(a, k) is k at a = 0.7, k = 1.3, and a on the other path."""
    first = Signs((POINT, POINT))
    assert on_path(maximum(A, K), first, value=True) == K
    other = Signs((POINT, POINT), first.alternatives()[0])
    assert on_path(maximum(A, K), other, value=True) == A
