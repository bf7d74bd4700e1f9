"""Factors of polynomials are those that SymPy finds, in its order."""

from __future__ import annotations

import random

import pytest
from sympy import QQ, ring

from midpo_sym.prover.derivation.factors import factor_list

RING, X, Y, Z = ring("x, y, z", QQ)


def drawn(chance: random.Random):
    """Return a polynomial of small degree, with few terms."""
    terms = {
        tuple(chance.choice((0, 0, 1, 1, 2)) for _ in "xyz"): QQ(chance.randint(-3, 3), 2)
        for _ in range(chance.randint(1, 3))
    }
    return RING.from_dict({monomial: number for monomial, number in terms.items() if number})


@pytest.mark.parametrize("number", range(60))
def test_products_of_random_polynomials_have_the_factors_that_sympy_finds(number):
    chance = random.Random(number)
    polynomial = RING.one
    for _ in range(chance.randint(1, 3)):
        polynomial *= drawn(chance) ** chance.randint(1, 2)
    assert factor_list(polynomial) == polynomial.factor_list()


def test_what_divides_both_coefficients_is_a_factor():
    """x y² z + x y² − y² z − y² = y² (x z + x − z − 1) = y² (x − 1)(z + 1), times −3/2."""
    product = -QQ(3, 2) * Y**2 * (X - 1) * (Z + 1)
    assert factor_list(product) == (-QQ(3, 2), [(Z + 1, 1), (Y, 2), (X - 1, 1)])


@pytest.mark.parametrize("whole", [RING.zero, RING.one, RING(QQ(-2, 3))])
def test_a_number_has_no_factors(whole):
    assert factor_list(whole) == whole.factor_list()
