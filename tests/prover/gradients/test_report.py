"""What Python users get of a gradient; its coefficients against SymPy's own derivative."""

from __future__ import annotations

from pathlib import Path

import pytest
import sympy
from generators.trees.words import IDS, shipped

import midpo_sym
from midpo_sym.language import tree
from midpo_sym.language.printing.symbolic import to_sympy
from midpo_sym.prover.gradients.report import gradient_result
from midpo_sym.spec.reading.losses import load, loads

CASES = Path(__file__).parents[2] / "cases" / "losses"

KTO = """
title = "KTO"
summary = "Each response against an anchor."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
z0 = { domain = "real", meaning = "KL estimate" }
[prior]
zeta = "ref(y)"
gives = "scores"
[[loss.term]]
link = "1/(1 + exp(a))"
argument = "alpha*(log(pi(w)/ref(w)) - z0)"
[[loss.term]]
link = "1/(1 + exp(a))"
argument = "alpha*(z0 - log(pi(l)/ref(l)))"
"""


def result_of(name):
    if name == "kto":
        return gradient_result(loads(KTO, "kto.toml"))
    return gradient_result(shipped(name) if name in IDS else load(CASES / f"{name}.toml"))


def one_token(expression):
    """Return a SymPy expression for responses of one token each."""
    lengths = {sympy.Symbol(f"n_{s}", integer=True, positive=True): 1 for s in "wl"}
    t = sympy.Symbol("t", integer=True, positive=True)
    return expression.subs(lengths).doit().subs(t, 1)


NUMBERS = {"pi_w": 0.3, "pi_l": 0.6, "ref_w": 0.5, "ref_l": 0.2, "prev_w": 0.45, "prev_l": 0.7}


def valued(expression):
    """Return the number that an expression is at one point."""
    values = {}
    for symbol in expression.free_symbols | expression.atoms(sympy.Indexed):
        name = str(getattr(symbol, "base", symbol))
        values[symbol] = NUMBERS.get(name, 0.4 + 0.05 * len(name))
    return float(expression.xreplace(values).evalf())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["dpo", "simpo", "centropy", "kto", "bco", "inpo", "js", "orpo", "alphapo", "exo"]
)
def test_sympy_differentiates_to_the_same(name):
    """With u = log π, ∂L/∂u = π ∂L/∂π; SymPy's rules know nothing of the package's."""
    result = result_of(name)
    loss = one_token(to_sympy(result.derivation.statement.target.loss))
    for each in result.coefficients:
        assert each.coordinate == tree.Log(tree.TokenProbability("pi", each.response))
        policy = sympy.IndexedBase(f"pi_{each.response}", positive=True)[1]
        expected = valued(policy * sympy.diff(loss, policy))
        found = valued(one_token(result.to_sympy()[to_sympy(each.coordinate)]))
        assert found == pytest.approx(expected, rel=1e-9)


def test_a_notebook_shows_every_coefficient():
    shown = midpo_sym.gradient("simpo")._repr_latex_()
    assert shown.startswith("$")
    assert shown.endswith("$")
    assert shown.count(r"\frac{\partial L}{\partial \log \pi") == 2
    assert r"m &:= " in shown


@pytest.mark.slow
def test_a_result_says_what_it_is():
    result = midpo_sym.gradient("tdpo")
    assert repr(result) == "<GradientResult tdpo: proved>"
    assert (result.id, result.status) == ("tdpo", "proved")
    assert len(result.coefficients) == 4


@pytest.mark.slow
def test_a_claim_has_the_gradient_of_its_own_loss():
    """SimPO's middle line subtracts both offsets, which does not change its gradient."""
    derivation = shipped("simpo")
    claim = next(each for each in derivation.claims if each.id == "middle-line")
    found = gradient_result(derivation, claim)
    assert found.id == "simpo/middle-line"
    assert found.gradient.theorem.left == claim.statement.target.loss


def test_every_rule_below_a_line_is_a_theorem():
    result = midpo_sym.gradient("dpo")
    for line in result.gradient.lines:
        below = list(result.rules(line))
        assert below
        assert all(each.line.theorem.left == each.line.before for each in below)
