"""Gradients of two responses, against derivatives that were worked out by hand."""

from __future__ import annotations

import pytest
from generators.trees.words import loss
from oracles.trees.independent import compare

from midpo_sym.kernel import theorem
from midpo_sym.kernel.forms import ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, Mode, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.build import (
    log,
    pi,
)

ZERO, ONE = tree.Number(0), tree.Number(1)


# Gradients: [left, right, answer], the hand work beside each.
GRADIENTS = [
    ("log(pi(w))", "log(pi(w))", Answer.EQUAL),
    ("log(pi(w)) + gamma", "log(pi(w))", Answer.EQUAL),  # a constant has no gradient
    ("log(pi(w)/ref(w))", "log(pi(w))", Answer.EQUAL),  # nor has the reference
    ("log(pi(w)/prev(w))", "log(pi(w))", Answer.EQUAL),
    ("sg(log(pi(w)))", "0", Answer.EQUAL),
    ("sg(log(pi(w)))", "log(pi(w))", Answer.UNEQUAL),
    ("sum_t(kl_ref_pi(w, t))", "sum_t(sg(kl_ref_pi(w, t)))", Answer.UNEQUAL),
    ("sum_t(kl_pi_ref(w, t))", "0", Answer.UNEQUAL),
    ("sum_t(mu(w, t))", "0", Answer.EQUAL),
    ("sum_t(mu(w, t)*log(pi(w, t)))", "sum_t(log(pi(w, t)))", Answer.UNEQUAL),
    # d(a²) = 2a da, as d(2 sg(a) a); d(a sg(a)) is half of it.
    ("sum_t(log(pi(w, t))**2)", "sum_t(2*sg(log(pi(w, t)))*log(pi(w, t)))", Answer.EQUAL),
    ("sum_t(log(pi(w, t))**2)", "sum_t(sg(log(pi(w, t)))*log(pi(w, t)))", Answer.UNEQUAL),
    # d(1/a) = −da/a², as d(−a/sg(a)²).
    ("sum_t(1/log(pi(w, t)))", "-sum_t(log(pi(w, t))/sg(log(pi(w, t)))**2)", Answer.EQUAL),
    # d(a/sg(a)) = da/a = d(−sg(a)/a).
    (
        "sum_t(log(pi(w, t))/sg(log(pi(w, t))))",
        "-sum_t(sg(log(pi(w, t)))/log(pi(w, t)))",
        Answer.EQUAL,
    ),
    ("sum_t(log(pi(w, t))/sg(log(pi(w, t))))", "length(w)", Answer.UNEQUAL),
    ("log(sg(pi(w))*pi(w))", "log(pi(w))", Answer.EQUAL),
    ("log(sg(pi(w)*pi(l)))", "0", Answer.EQUAL),
    # Opaque: the same atom on both sides; and one that hides the policy.
    ("exp(log(pi(w)))", "pi(w) + gamma", Answer.EQUAL),
    ("max(gamma, log(pi(w)))", "max(log(pi(w)), gamma) + 1", Answer.EQUAL),
    ("max(gamma, eta)", "0", Answer.EQUAL),
    ("max(gamma, log(ref(w)))", "0", Answer.EQUAL),
    ("max(gamma, log(pi(w)))", "0", Answer.UNKNOWN),
    ("max(gamma, sg(log(pi(w))))", "0", Answer.EQUAL),
    ("exp(sg(log(pi(w))))", "pi(w)", Answer.UNKNOWN),
    ("sg(pi(w))*log(pi(w))", "pi(w)", Answer.EQUAL),  # ∇e^a = e^a ∇a
    ("sg(1/(1 + exp(log(pi(w)))))*log(pi(w))", "-log(1 + 1/pi(w))", Answer.EQUAL),  # σ(−a)∇a
    ("sg(1/(1 + exp(log(pi(w)))))*log(pi(w))", "log(1 + 1/pi(w))", Answer.UNKNOWN),  # its negative
    # ∇Σ_t π_t = Σ_t π_t ∇log π_t, also where it is under a logarithm: ∇log Σ = ∇Σ/Σ
    ("sum_t(sg(pi(w, t))*log(pi(w, t)))", "sum_t(pi(w, t))", Answer.EQUAL),
    ("sg(1/sum_t(pi(w, t)))*sum_t(pi(w, t))", "log(sum_t(pi(w, t)))", Answer.EQUAL),
    # Σ_t k E = k |y| E, whichever way it is written, with E = π(w) = exp Σ_t x_t
    ("sum_t(2*pi(w, t)/pi(w, t))*pi(w)", "2*length(w)*pi(w)", Answer.EQUAL),
    ("sum_t(2*pi(w, t)/pi(w, t))*pi(w)", "2*pi(w)", Answer.UNKNOWN),
    ("sum_t(2*pi(w, t)/pi(w, t))*pi(w)", "0", Answer.UNKNOWN),
    # Σ_t x_t E has the gradient E (1 + Σ_t x_t) Σ_u ∇x_u: not E ∇x_u alone, nor with |y| x_u in it
    ("sum_t(log(pi(w, t)))*pi(w)", "sg(pi(w))*sum_t(log(pi(w, t)))", Answer.UNKNOWN),
    (
        "sum_t(log(pi(w, t)))*pi(w)",
        "sg(pi(w))*sum_t(log(pi(w, t)) + length(w)*log(pi(w, t))**2/2)",
        Answer.UNKNOWN,
    ),
    # S²/2 with S = Σ_t x_t has the gradient S ∇S, and not x_t ∇S
    ("sg(log(pi(w)))*log(pi(w))", "log(pi(w))**2/2", Answer.EQUAL),
    ("sum_t(sg(log(pi(w, t)))*log(pi(w, t)))", "log(pi(w))**2/2", Answer.UNKNOWN),
    ("log(pi(w))*log(pi(l))", "0", Answer.UNKNOWN),
    ("sg(log(pi(w)))*sg(log(pi(l)))", "0", Answer.EQUAL),
    ("sum_t(sg(kl_ref_pi(w, t))*log(pi(w, t)))", "0", Answer.UNEQUAL),
    # The reference is a constant with and without sg.
    ("max(0, sg(log(ref(w))) + log(pi(w)))", "max(0, log(ref(w)) + log(pi(w)))", Answer.EQUAL),
    ("sg(log(pi(w)))*sg(log(pi(w)))", "log(pi(w))*sg(log(pi(w)))", Answer.UNKNOWN),
]


@pytest.mark.parametrize(("left", "right", "answer"), GRADIENTS)
def test_gradients(left, right, answer):
    """The gradient treats sg as a constant; the hand work stands beside each row."""
    decision = decide_gradient(loss(left), loss(right))
    assert decision.answer is answer
    assert (decision.theorem is not None) == (answer is Answer.EQUAL)
    assert bool(decision.slopes) == (answer is not Answer.EQUAL)
    if decision.theorem:
        assert decision.theorem.mode is Mode.GRADIENT
    if answer is not Answer.UNKNOWN:
        assert compare(loss(left), loss(right))[1] == (answer is Answer.EQUAL)


@pytest.mark.parametrize(("left", "right", "answer"), GRADIENTS)
def test_gradients_without_the_tower(left, right, answer, monkeypatch):
    """The slopes of the normal forms tell by themselves."""
    monkeypatch.setattr(theorem, "in_every_case", lambda *_: False)
    assert decide_gradient(loss(left), loss(right)).answer is answer


@pytest.mark.parametrize(
    ("text", "slopes"),
    [
        ("log(1 + pi(w))", {"log(pi(w, t))"}),
        ("exp(2*log(1 + pi(w)) + gamma)", {"log(pi(w, t))"}),
        ("sum_t(log(1 + pi(w, t)))", {"log(pi(w, t))"}),
        ("max(gamma, 0) + log(ref(w))", set()),
        ("exp(max(log(pi(w)), 0))", {"max"}),
        ("sum_t(exp(max(log(pi(w, t)), 0)))", {"max"}),
    ],
)
def test_slopes_go_down_to_leaves_and_maxima(text, slopes):
    """Through exponentials, logarithms and sums over tokens, for which there is a rule."""
    found = decide_gradient(loss(text), ZERO).slopes
    assert {atom.name if atom.leaf else atom.name.partition("(")[0] for atom in found} == slopes


def test_slopes():
    """∂/∂log π(y_t) of α Σ_t μ(t) log π(y_t) − 0 is α μ(t)."""
    decision = decide_gradient(loss("alpha*sum_t(mu(w, t)*log(pi(w, t)))"), ZERO)
    ((atom, slope),) = decision.slopes.items()
    assert atom.name == "log(pi(w, t))"
    assert atom.leaf == log(pi("w", "t"))
    assert str(slope) in ("alpha*mu(w, t)", "mu(w, t)*alpha")


def test_slopes_are_not_only_zero_or_not():
    """∂/∂log π of Σ_t log π/(γ + 1) is 1/(γ + 1), and of Σ_t sg(log π) log π it is log π."""
    for text, expected in (
        ("sum_t(log(pi(w, t))/(gamma + 1))", "1/(gamma + 1)"),
        ("sum_t(sg(log(pi(w, t)))*log(pi(w, t)))", "log(pi(w, t))"),
    ):
        (slope,) = decide_gradient(loss(text), ZERO).slopes.values()
        assert str(slope) == expected


def test_gradient_of_a_hidden_zero_denominator():
    """1/(a − sg(a)) divides by zero: its value does, and its slope once sg(a) = a is put in."""
    node = loss("sum_t(1/(log(pi(w, t)) - sg(log(pi(w, t)))))")
    with pytest.raises(ZeroDenominatorError):
        decide(node, ZERO)
    with pytest.raises(ZeroDenominatorError):
        decide_gradient(node, ZERO)
