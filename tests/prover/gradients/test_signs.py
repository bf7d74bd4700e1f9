"""Signs of coefficients: certain by their form, or decided by a factor."""

from __future__ import annotations

import pytest
from generators.trees.words import loss

from midpo_sym.language import tree
from midpo_sym.prover.gradients.products import Product
from midpo_sym.prover.gradients.signs import sign_of, sign_of_sum

# alpha and beta are positive, lam is nonnegative, rho from 0 to 1, gamma any number
STRICT = [
    ("alpha*sigmoid(-gamma)", 1),
    ("-alpha/length(w)*sigmoid(gamma)", -1),
    ("alpha*(1 + lam)", 1),
    ("-(1 + exp(gamma))*(-2)", 1),
    ("log(pi(w))", -1),
    ("alpha*(-log(sigmoid(gamma)) + 1)", 1),
    ("alpha/(1 - pi(w))", 1),
]


@pytest.mark.parametrize(("text", "direction"), STRICT)
def test_a_sign_that_the_form_shows(text, direction):
    found = sign_of(Product.of(loss(text)))
    assert found.is_strict
    assert found.direction == direction


def test_a_factor_that_may_be_zero_is_named():
    found = sign_of(Product.of(loss("-alpha*lam")))
    assert (found.direction, found.decides) == (-1, None)
    assert found.zeros == (tree.Parameter("lam", "nonnegative"),)


def test_a_factor_of_either_sign_decides():
    """Both occur: γ = 1 and γ = −1 are both in its domain."""
    found = sign_of(Product.of(loss("-alpha*(gamma - 1/2)")))
    assert found.direction == -1
    assert found.decides == loss("gamma - 1/2")
    assert found.changes


def test_signs_that_agree_are_the_sign_of_a_sum():
    terms = [Product.of(loss(text)) for text in ("-alpha", "-lam*beta")]
    assert sign_of_sum(terms).is_strict
    assert sign_of_sum(terms).direction == -1


def test_a_sum_of_two_signs_decides_itself():
    found = sign_of_sum([Product.of(loss(text)) for text in ("alpha", "-beta")])
    assert found.decides == loss("alpha - beta")


def test_nothing_is_zero():
    assert sign_of(Product.of(tree.Number(0))).direction == 0
