"""Products, their factors kept apart: what they are written as, and that it is the same number."""

from __future__ import annotations

import pytest
from generators.trees.words import loss
from oracles.trees.independent import Point, evaluate

from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.gradients.products import Product, factored, shortest

WRITTEN = [
    ("2*alpha*(beta/2)", "alpha*beta"),
    ("-(alpha/length(w))*sigmoid(gamma)", "-(alpha/length(w)*sigmoid(gamma))"),
    ("sigmoid(gamma)/length(w)", "sigmoid(gamma)/length(w)"),
    ("alpha*exp(gamma)/alpha", "exp(gamma)"),
    ("(-1)*(-gamma)/3", "gamma/3"),
    ("gamma**1", "gamma"),
    ("0*gamma", "0"),
]


@pytest.mark.parametrize(("text", "written"), WRITTEN)
def test_a_product_is_written_as_people_write_it(text, written):
    node = loss(text)
    found = Product.of(node).tree
    assert to_text(found) == written
    assert evaluate(found, Point(1)) == pytest.approx(evaluate(node, Point(1)))


def test_a_name_cancels_what_it_stands_for():
    """p stands for π(y_w)/π_ref(y_w): π(y_w)/p is π_ref(y_w)."""
    policy, reference = tree.Probability("pi", "w"), tree.Probability("ref", "w")
    name = tree.Defined("p", "w", token=False, body=tree.Div(policy, reference))
    assert Product.of(tree.Div(policy, name)).shortened().tree == reference


SHORTER = [
    ("1/alpha - 1/(1 + alpha)", "1/(alpha*(1 + alpha))"),
    ("1/alpha + 1/alpha", "2/alpha"),
    ("1/alpha + gamma", "1/alpha + gamma"),  # as it is: no shorter
    ("alpha - gamma", "alpha - gamma"),
]


@pytest.mark.parametrize(("text", "written"), SHORTER)
def test_fractions_are_added_where_that_is_shorter(text, written):
    assert to_text(shortest(loss(text))) == written


def test_factors_are_found():
    node = loss("exp(gamma)**2 - exp(gamma)*alpha")
    found = factored(node)
    assert isinstance(found, tree.Mul | tree.Neg)
    assert evaluate(found, Point(2)) == pytest.approx(evaluate(node, Point(2)))
