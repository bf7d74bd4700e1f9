"""Values and derivatives of expressions in double precision, against torch."""

import math

import mpmath
import pytest
import torch

from midpo_sym.code.inputs.instance import Atom
from midpo_sym.code.inputs.points import solved
from midpo_sym.code.tracing.evaluate import logarithm_of, slopes_at, value_at
from midpo_sym.language import tree

P, Q = tree.Parameter("p", "open unit"), tree.Parameter("q", "open unit")
X = tree.Parameter("x", "real")
ATOMS = {"p": Atom(P, 1, is_probability=True), "x": Atom(X, 0)}


def test_a_logarithm_is_kept_of_what_is_too_small_for_a_float():
    """log(p/q**2) = log p - 2 log q, with p = exp(-2000) and q = exp(-3000)."""
    node = tree.Log(tree.Div(P, tree.Pow(Q, tree.Number(2))))
    point = {"p": 0.0, "q": 0.0, logarithm_of("p"): -2000.0, logarithm_of("q"): -3000.0}
    assert value_at(node, point) == 4000.0


def test_derivatives_are_those_of_torch():
    terms = [
        tree.Log(tree.add(tree.Number(1), tree.Exp(tree.mul(X, tree.Log(P))))),
        tree.Div(tree.Pow(Q, X), tree.Neg(P)),
        tree.Max(X, tree.Log(Q)),
        tree.StopGradient(tree.mul(X, P)),
    ]
    node = tree.total(terms)
    point = {"p": 0.25, "q": 0.5, "x": 0.75}
    p, q, x = (torch.tensor(point[name], requires_grad=True) for name in "pqx")
    value = (x * p.log()).exp().log1p() + q**x / -p + torch.maximum(x, q.log())
    wanted = torch.autograd.grad(value, [p, q, x])
    found = slopes_at(node, point, frozenset())
    assert [found[name] for name in "pqx"] == pytest.approx([each.item() for each in wanted])
    by_logarithm = slopes_at(node, point, {"p"})
    assert by_logarithm["p"] == pytest.approx(0.25 * wanted[0].item())


def test_a_point_is_found_at_which_a_difference_is_zero():
    """x - log p - 2 = 0 beside x = 1 and log p = -2: at x = 0."""
    node = tree.total([X, tree.Neg(tree.Log(P)), tree.Neg(tree.Number(2))])
    point = {"x": 1.0, "p": math.exp(-2), logarithm_of("p"): -2.0}
    assert solved(node, ATOMS, point, ["x"])["x"] == 0.0
    assert solved(node, ATOMS, point, ["p"])[logarithm_of("p")] == -1.0


def test_no_point_is_found_outside_of_a_domain():
    """log p - 1 is zero for no probability."""
    node = tree.add(tree.Log(P), tree.Neg(tree.Number(1)))
    assert solved(node, ATOMS, {"p": 0.5, logarithm_of("p"): math.log(0.5)}, ["p"]) is None


@pytest.mark.parametrize("a", [-1e6, -2.0, 0.0, 0.5, 40.0])
def test_cauchys_distribution_has_its_digits_in_the_lower_tail(a):
    """1/2 + atan(a)/π by mpmath, in 30 digits; its slope is 1/(π (1 + a²))."""
    node = tree.CauchyCdf(tree.Parameter("a"))
    with mpmath.workdps(30):
        wanted = mpmath.mpf(1) / 2 + mpmath.atan(mpmath.mpf(a)) / mpmath.pi
        slope = 1 / (mpmath.pi * (1 + mpmath.mpf(a) ** 2))
    assert value_at(node, {"a": a}) == pytest.approx(float(wanted), rel=1e-12)
    assert slopes_at(node, {"a": a}, set())["a"] == pytest.approx(float(slope), rel=1e-12)
