"""Equations between parameters are solved, and values stay in their domains."""

from __future__ import annotations

import itertools

import pytest

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.language.build import log, parameter, pi, ref
from midpo_sym.prover.equivalence.equations import FACTOR, OFFSET, UNKNOWN, system
from midpo_sym.prover.equivalence.solutions import lies_in, solutions

A, B, C = (parameter(f"A_{name}", "positive") for name in "abc")
P, Q = (parameter(f"B_{name}", "positive") for name in "pq")
N, R = parameter("B_n", "nonnegative"), parameter("B_r", "real")
X, Y = log(pi("w")), log(ref("w"))
DOMAINS = {"B_p": "positive", "B_q": "positive", "B_n": "nonnegative", "B_r": "real"} | UNKNOWN


def solve(*equations, unknown=("B_p", "B_q", "B_n", "B_r"), **fixed):
    """Return the solutions as texts, at most five."""
    found = solutions(system(equations), unknown, DOMAINS, fixed)
    return [
        {name: str(value) for name, value in each.items()} for each in itertools.islice(found, 5)
    ]


@pytest.mark.parametrize(
    ("left", "right", "solution"),
    [
        (A * X, P * X, {"B_p": "A_a"}),
        (A * X + B * Y, P * X + P * Q * Y, {"B_p": "A_a", "B_q": "A_b/A_a"}),
        (A * X, X / P, {"B_p": "1/A_a"}),
        ((A * X - 1) ** 2, (P * X - Q) ** 2, {"B_p": "A_a", "B_q": "1"}),  # not −a and −1
        ((A + B) * X, (P + Q) * X, {"B_p": "A_a", "B_q": "A_b"}),  # a guess, one of many
        (A * X, R * X - R * Y + A * Y, {"B_r": "A_a"}),
    ],
)
def test_what_is_linear_in_an_unknown_is_solved(left, right, solution):
    assert solution in solve((left, right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (A * X, -(P * X)),  # p = −a is not positive
        (-(A * X), N * X),
        (A * X, P * Y),  # other quantities
        (A * X + Y, P * X),
        ((A + 1) * X + A * Y, P * X + P * Y),  # a + 1 = p = a
        (A * X, P**2 * X),  # a root: not solved for
    ],
)
def test_what_has_no_value_in_its_domain_is_not(left, right):
    assert solve((left, right)) == []


def test_a_maximum_may_have_a_scale():
    """max(0, a X) = k max(0, p X) with k p = a, and k is free: any p will do."""
    from midpo_sym.language.build import maximum  # noqa: PLC0415 - of this test alone

    factor = parameter(FACTOR, "positive")
    equation = (maximum(0, A - X), factor * maximum(0, 1 - P * X))
    found = solve(equation, unknown=("B_p", FACTOR, "_scale_0"))
    assert {"B_p": "1/A_a", FACTOR: "A_a", "_scale_0": "A_a"} in found


def test_a_factor_and_an_offset_are_unknown_too():
    factor, offset = parameter(FACTOR, "positive"), parameter(OFFSET)
    equation = (A * X + 2, factor * (X + 1) + offset)
    assert solve(equation, unknown=(FACTOR, OFFSET)) == [{FACTOR: "A_a", OFFSET: "2 - A_a"}]
    assert solve(equation, unknown=(FACTOR, OFFSET), **{OFFSET: 0}) == []  # a = 2 would have to be


def test_what_has_no_normal_form_is_refused():
    with pytest.raises(OutsideClassError):
        system([((X - Y) ** A if False else parameter("x y") * X, X)])


@pytest.mark.parametrize(
    ("node", "domain", "answer"),
    [
        (A / B, "positive", True),
        (A - B, "positive", False),
        (N * (1 + A) / (1 + B), "nonnegative", True),
        (-N, "nonnegative", False),
        (1 - A, "nonnegative", False),
        (A * 0, "nonnegative", True),
        (A * 0, "positive", False),
        (parameter("u", "unit"), "unit", True),
        (2 * parameter("u", "unit"), "unit", False),
        (parameter("u", "unit") / 2, "unit", True),
        (parameter("v", "open unit"), "open unit", True),
        (parameter("u", "unit"), "open unit", False),
        (A / (A + B), "open unit", True),
        (-A, "real", True),
    ],
)
def test_a_value_is_in_a_domain_by_its_form(node, domain, answer):
    assert lies_in(node, domain) is answer
