"""Polynomials in log 2 with a derivative, against values worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from math import log

import pytest

from midpo_sym.judges.exact import Exact, InexactError, format_polynomial

Q = Fraction


def test_arithmetic():
    """(1 + 2 log 2)(3 − log 2) = 3 + 5 log 2 − 2 (log 2)²; (uv)' = u'v + uv'."""
    u = Exact((Q(1), Q(2)), (Q(5),))
    v = Exact((Q(3), Q(-1)), (Q(0), Q(7)))
    product = u * v
    assert product.value == (3, 5, -2)
    # 5 (3 − log 2) + (1 + 2 log 2) 7 log 2 = 15 + 2 log 2 + 14 (log 2)²
    assert product.slope == (15, 2, 14)
    assert (u + v).value == (4, 1)
    assert (u - v).value == (-2, 3)
    assert (u - u) == Exact(())
    assert (-u).slope == (-5,)


def test_division():
    """(4 + 6 log 2)/2 = 2 + 3 log 2; (u/v)' = u'/v − u v'/v²: 1/2 − (4 + 6 log 2) 3/4."""
    quotient = Exact((Q(4), Q(6)), (Q(1),)) / Exact((Q(2),), (Q(3),))
    assert quotient.value == (2, 3)
    assert quotient.slope == (Q(-5, 2), Q(-9, 2))
    with pytest.raises(InexactError):
        Exact.of(1) / Exact.log_of_power(1)
    with pytest.raises(ZeroDivisionError):
        Exact.of(1) / Exact.of(0)


def test_exponential_and_logarithm():
    """exp(3 log 2) = 8 with derivative 8 u'; log(1/4) = −2 log 2 with derivative u'/u = 4 u'."""
    assert Exact((Q(0), Q(3)), (Q(1, 2),)).exp() == Exact((Q(8),), (Q(4),))
    assert Exact((Q(1, 4),), (Q(5),)).log() == Exact((Q(0), Q(-2)), (Q(20),))
    assert Exact(()).exp() == Exact.of(1)
    assert Exact.of(1).log() == Exact(())


@pytest.mark.parametrize(
    "value",
    [
        (Q(1),),
        (Q(0), Q(1, 2)),
        (Q(0), Q(0), Q(1)),
        (Q(0), Q(513)),
    ],
)
def test_exponentials_that_are_not_exact(value):
    """exp 1, √2, 2^log 2 and 2^513 are no fractions to work with."""
    with pytest.raises(InexactError):
        Exact(value).exp()


@pytest.mark.parametrize("value", [Q(3), Q(0), Q(-2), Q(3, 2), Q(5, 4)])
def test_logarithms_that_are_not_exact(value):
    """Of 3, 0, −2, 3/2 and 5/4 there is no logarithm that is a multiple of log 2."""
    with pytest.raises(InexactError):
        Exact.of(value).log()


def test_constant_forgets_the_derivative():
    """sg(u) has the value of u and derivative 0."""
    assert Exact((Q(1), Q(2)), (Q(3),)).constant() == Exact((Q(1), Q(2)))


@pytest.mark.parametrize(
    ("value", "sign"),
    [
        ((), 0),
        ((Q(1),), 1),
        ((Q(0), Q(-1)), -1),
        ((Q(-7, 10), Q(1)), -1),  # log 2 = 0.6931...
        ((Q(-69, 100), Q(1)), 1),
        ((Q(-12, 25), Q(0), Q(1)), 1),  # (log 2)² = 0.48045...
        ((Q(-481, 1000), Q(0), Q(1)), -1),
        # 0.69314718055994530941723212145817 is log 2 cut off after 32 digits: less than log 2.
        ((Q(-69314718055994530941723212145817, 10**32), Q(1)), 1),
        ((Q(-69314718055994530941723212145818, 10**32), Q(1)), -1),
        ((Q(1), Q(-3), Q(1)), -1),  # 1 − 2.079 + 0.480
    ],
)
def test_signs(value, sign):
    """Signs follow from log 2 = 0.693147180559945309417232121458176..., by hand."""
    assert Exact(value).sign() == sign


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((), "0"),
        ((Q(1, 2), Q(-3)), "1/2 − 3 log 2"),
        ((Q(0), Q(1)), "log 2"),
        ((Q(0), Q(-1)), "−log 2"),
        ((Q(-2),), "−2"),
        ((Q(1),), "1"),
        ((Q(0), Q(0), Q(5, 3)), "5/3 (log 2)^2"),
        ((Q(-1), Q(1), Q(-1)), "−1 + log 2 − (log 2)^2"),
    ],
)
def test_format(value, text):
    """Numbers are written as people write them."""
    assert format_polynomial(value) == text


def test_equality_is_equality_of_coefficients():
    """log 2 is no fraction: q₀ + q₁ log 2 is zero only where both are, however close it comes."""
    close = Exact((Q(-693147180559945, 10**15), Q(1)))
    assert close != Exact(())
    assert abs(float(close.value[0]) + log(2)) < 1e-14
