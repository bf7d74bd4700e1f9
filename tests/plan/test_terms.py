"""The passes over the terms of a sum, each worked out by hand."""

import pytest

from midpo_sym.plan.operations import (
    Add,
    Column,
    Detached,
    Exp,
    Expm1,
    Filled,
    Kind,
    Number,
    Parameter,
    Statistic,
    Sum,
)
from midpo_sym.plan.terms import add, cancelled, negated, with_expm1, with_log_ratios

ONE, A, B = Number(1), Parameter("a"), Parameter("b")


def log_probability(model: str, response: str = "w", *, by_token: bool = False) -> Statistic:
    return Statistic(Kind.LOG_PROBABILITY, (model,), response, by_token)


def log_ratio(response: str = "w", *, by_token: bool = False) -> Statistic:
    return Statistic(Kind.LOG_RATIO, ("ref",), response, by_token)


PI, REF, RATIO = log_probability("pi"), log_probability("ref"), log_ratio()


def test_a_sum_of_nothing_is_0_and_of_one_term_that_term():
    assert add([]) == Number(0)
    assert add([(1, A)]) == A
    assert add([(-1, A)]) == Add(((-1, A),))


def test_what_occurs_with_both_signs_cancels_once_for_each_pair():
    """a − b + b − b = a − b."""
    assert cancelled([(1, A), (-1, B), (1, B), (-1, B)]) == [(1, A), (-1, B)]
    assert cancelled([(1, A), (1, A)]) == [(1, A), (1, A)]


def test_a_negative_turns_every_sign():
    assert negated([(1, A), (-1, B)]) == [(-1, A), (1, B)]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([(1, PI), (-1, REF)], [(1, RATIO)]),
        ([(1, REF), (1, A), (-1, PI)], [(-1, RATIO), (1, A)]),
        ([(1, PI), (1, PI), (-1, REF), (-1, REF)], [(1, RATIO), (1, RATIO)]),
        ([(1, PI), (1, PI), (-1, REF)], [(1, RATIO), (1, PI)]),
        ([(1, PI), (1, REF)], [(1, PI), (1, REF)]),
        ([(1, PI), (-1, log_probability("ref", "l"))],) * 2,
        ([(1, PI), (-1, log_probability("prev"))],) * 2,
    ],
    ids=["w", "negative", "twice", "one left", "same sign", "other response", "other model"],
)
def test_a_difference_of_two_logarithms_is_a_log_ratio(terms, expected):
    assert with_log_ratios(terms, "ref") == expected


@pytest.mark.parametrize(
    "occurring",
    [
        lambda each: each,
        Filled,
        lambda each: Sum("w", each, masked=False),
        lambda each: Column(Sum("w", each, masked=False)),
    ],
    ids=["of a token", "filled", "summed", "beside tokens"],
)
def test_log_ratios_of_tokens_are_found_wherever_they_occur(occurring):
    policy, frozen = (occurring(log_probability(each, by_token=True)) for each in ("pi", "ref"))
    found = with_log_ratios([(1, policy), (-1, frozen)], "ref")
    assert found == [(1, occurring(log_ratio(by_token=True)))]


def test_logarithms_in_different_places_are_no_log_ratio():
    """log π of a token less the sum of log π_ref over all of them is no measured quantity."""
    token, other = (log_probability(each, by_token=True) for each in ("pi", "ref"))
    terms = [(1, token), (-1, Column(Sum("w", other, masked=False)))]
    assert with_log_ratios(terms, "ref") == terms


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([(1, Exp(PI)), (-1, ONE)], [(1, Expm1(PI))]),
        ([(1, ONE), (1, A), (-1, Exp(PI))], [(1, A), (-1, Expm1(PI))]),
        ([(1, Detached(Exp(PI))), (-1, ONE)], [(1, Detached(Expm1(PI)))]),
        ([(1, Exp(A)), (-1, ONE)],) * 2,
        ([(1, Exp(PI)), (1, ONE)],) * 2,
        ([(1, Exp(PI)), (-1, Number(2))],) * 2,
    ],
    ids=["after", "before", "detached", "of a number", "same sign", "not one"],
)
def test_an_exponential_less_one_keeps_its_digits(terms, expected):
    assert with_expm1(terms) == expected
