"""Arithmetic that keeps expressions small, and says what is no expression."""

from fractions import Fraction

import pytest

from midpo_sym.code.tracing.algebra import (
    ONE,
    PI,
    ZERO,
    NotReadableError,
    angle,
    exp,
    log,
    log_sum_exp,
    minus,
    negative,
    number,
    over,
    plus,
    power,
    rational,
    times,
)
from midpo_sym.language import tree

A, B = tree.Parameter("a"), tree.Parameter("b")
P, N = tree.Parameter("p", "open unit"), tree.Parameter("n", "positive")


@pytest.mark.parametrize("value", [0, 1, -1, Fraction(2, 3), Fraction(-5, 7)])
def test_a_number_is_read_back(value):
    assert rational(number(value)) == value


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (plus(A, ZERO), A),
        (plus(ZERO, A), A),
        (times(A, ZERO), ZERO),
        (times(ONE, A), A),
        (times(A, number(-1)), tree.Neg(A)),
        (times(A, number(2)), tree.Mul((number(2), A))),
        (minus(A, ZERO), A),
        (negative(negative(A)), A),
        (over(A, ONE), A),
        (over(ZERO, A), ZERO),
        (over(number(1), number(3)), number(Fraction(1, 3))),
        (power(A, ZERO), ONE),
        (power(A, ONE), A),
        (power(number(2), number(-3)), number(Fraction(1, 8))),
        (exp(ZERO), ONE),
        (exp(tree.Log(P)), P),
        (exp(tree.Div(tree.Log(P), N)), tree.Pow(P, tree.Div(ONE, N))),
        (exp(tree.Add((tree.Log(P), tree.Neg(tree.Log(N))))), times(P, tree.Div(ONE, N))),
        (exp(times(N, tree.Log(P))), tree.Pow(P, N)),  # below one by its form
        (exp(times(A, tree.Log(P))), tree.Exp(tree.Mul((A, tree.Log(P))))),
        (over(times(N, A), N), A),
        (over(N, N), ONE),
        (over(minus(times(N, A), N), N), minus(A, ONE)),
        (log(minus(ONE, minus(ONE, P))), tree.Log(P)),
        (
            log_sum_exp([tree.Log(P), minus(tree.Log(N), A)]),
            tree.Log(tree.Add((P, tree.Mul((N, tree.Exp(tree.Neg(A))))))),
        ),
        (
            log_sum_exp([ZERO, log_sum_exp([A, B])]),
            tree.Log(tree.Add((ONE, tree.Add((tree.Exp(A), tree.Exp(B)))))),
        ),
        (angle(ONE, negative(A)), times(PI, tree.CauchyCdf(A))),
        (angle(N, A), times(PI, minus(ONE, tree.CauchyCdf(tree.Div(A, N))))),
        (angle(ONE, ZERO), times(number(Fraction(1, 2)), PI)),
        (log(tree.Exp(A)), A),
        (log(ONE), ZERO),
    ],
)
def test_what_is_there_is_as_it_is_written(found, wanted):
    assert found == wanted


def test_an_average_of_log_probabilities_is_the_logarithm_of_what_is_below_one():
    assert minus(ONE, exp(tree.Div(tree.Log(P), N))).positive


@pytest.mark.parametrize(
    "made",
    [
        lambda: log(A),
        lambda: power(A, number(Fraction(1, 2))),
        lambda: power(A, B),
        lambda: over(A, ZERO),
    ],
)
def test_what_may_be_no_number_is_refused(made):
    with pytest.raises(NotReadableError):
        made()


def test_minus_a_probability_less_one_is_positive_by_its_form():
    """-(p - 1), as -expm1(log p) is read, is 1 - p."""
    assert log(negative(minus(P, ONE))) == tree.Log(minus(ONE, P))
