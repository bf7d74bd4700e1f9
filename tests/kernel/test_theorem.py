"""The kernel on identities and non-identities that were worked out by hand."""

from __future__ import annotations

import dataclasses

import pytest
from generators.trees.words import loss
from oracles.trees.independent import compare

from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import Answer, Mode, Theorem, decide, decide_gradient, normal_form
from midpo_sym.language import tree
from midpo_sym.language.build import (
    exp,
    kl_pi_ref,
    kl_ref_pi,
    length,
    log,
    maximum,
    parameter,
    pi,
    prod_t,
    ref,
    sg,
    sum_t,
    weight,
)

ZERO, ONE = tree.Number(0), tree.Number(1)

# One identity a row, with the hand work that makes it true for every policy, pair and parameter.
EQUAL = [
    # Sums of constants.
    ("sum_t(alpha + 0*pi(w, t)/pi(w, t))", "alpha*length(w)"),  # |y| times the same term
    ("sum_t(2 + 0*mu(w, t))", "2*length(w)"),
    ("sum_t(xi(w, t) + alpha) - sum_t(xi(w, t))", "alpha*length(w)"),  # A6
    ("sum_t(0*mu(w, t))", "0"),
    ("sum_t(1/length(w) + 0*mu(w, t))", "1"),  # |y| times 1/|y|
    ("sum_t(length(l) + 0*mu(w, t))", "length(w)*length(l)"),
    # Constants go out of a sum; a sum is linear.
    ("alpha*sum_t(mu(w, t))", "sum_t(mu(w, t)*alpha)"),
    ("sum_t(gamma*mu(w, t) + eta*xi(w, t))", "gamma*sum_t(mu(w, t)) + eta*sum_t(xi(w, t))"),
    ("sum_t(mu(w, t)/length(w))", "sum_t(mu(w, t))/length(w)"),
    # The same where everything is positive by its form.
    ("alpha*sum_t(nu(w, t))", "sum_t(alpha*nu(w, t))"),
    ("sum_t(nu(w, t))*alpha/beta", "sum_t(nu(w, t)/beta*alpha)"),
    ("exp(alpha*sum_t(nu(w, t)))*pi(w)", "exp(sum_t(alpha*nu(w, t) + log(pi(w, t))))"),
    ("alpha*log(prod_t(exp(nu(w, t))))", "alpha*sum_t(nu(w, t))"),
    # Rational in the weights: (w² − 1)/(w + 1) = w − 1.
    ("sum_t((nu(w, t)**2 - 1)/(nu(w, t) + 1))", "sum_t(nu(w, t)) - length(w)"),
    ("sum_t((nu(w, t)*alpha + alpha**2)/(nu(w, t) + alpha))", "alpha*length(w)"),
    ("sum_t(1/nu(w, t) - 1/(nu(w, t) + 1))", "sum_t(1/(nu(w, t)**2 + nu(w, t)))"),
    # Denominators that cancel.
    ("gamma*(eta/gamma)", "eta"),
    ("(gamma**2 - eta**2)/(gamma - eta)", "gamma + eta"),
    ("1/(1/gamma)", "gamma"),
    ("gamma/eta + eta/gamma", "(gamma**2 + eta**2)/(gamma*eta)"),
    ("gamma/2 + gamma/2", "gamma"),
    ("1/3 + 1/6", "1/2"),
    ("gamma/2 + eta", "(gamma + 2*eta)/2"),  # a fraction and a polynomial, in both orders
    ("eta + gamma/2", "(gamma + 2*eta)/2"),
    ("gamma/2*eta", "gamma*eta/2"),
    ("eta*(gamma/2)", "gamma*eta/2"),
    # The logarithm of a quotient of sums, A1.
    ("log(alpha/(alpha + beta))", "log(alpha) - log(alpha + beta)"),
    ("log((alpha + beta)/(2*alpha))", "log(alpha + beta) - log(2) - log(alpha)"),
    ("log((alpha + 1)/(beta + 1)) + log(beta + 1)", "log(alpha + 1)"),
    ("log((pi(w) + ref(w))/2)", "log(pi(w) + ref(w)) - log(2)"),
    # The chain rule of probability, A5.
    ("log(pi(w))", "sum_t(log(pi(w, t)))"),
    ("log(pi(w)/ref(w))", "sum_t(log(pi(w, t)/ref(w, t)))"),
    ("log(pi(w)**2)", "2*sum_t(log(pi(w, t)))"),
    # Products over tokens, A4.
    ("log(prod_t(pi(w, t)))", "log(pi(w))"),
    ("log(prod_t(pi(w, t)**mu(w, t)))", "sum_t(mu(w, t)*log(pi(w, t)))"),
    ("log(prod_t(exp(mu(w, t))))", "sum_t(mu(w, t))"),
    ("log(prod_t(exp(gamma + 0*mu(w, t))))", "gamma*length(w)"),
    ("prod_t(pi(w, t))", "pi(w)"),
    ("prod_t(pi(w, t)/ref(w, t))*ref(w)", "pi(w)"),
    # Powers, A1 to A3.
    ("log(pi(w)**gamma*ref(w)**(-gamma))", "gamma*log(pi(w)/ref(w))"),
    ("log(pi(w)**(gamma/eta))", "gamma*log(pi(w))/eta"),
    ("log((pi(w)**gamma)**eta)", "gamma*eta*log(pi(w))"),
    ("log((pi(w)**2)**(1/2))", "log(pi(w))"),
    ("log(exp(gamma)*exp(eta))", "gamma + eta"),
    ("log(1/exp(gamma))", "-gamma"),
    ("log(alpha**gamma)", "gamma*log(alpha)"),
    ("log(alpha*beta)", "log(beta) + log(alpha)"),
    ("log(alpha/beta)", "log(alpha) - log(beta)"),
    ("log(4)", "2*log(2)"),
    ("log(12)", "2*log(2) + log(3)"),
    ("log(2/3)", "log(2) - log(3)"),
    ("log(1)", "0"),
    ("log(1/(alpha + beta))", "log(2/(2*alpha + 2*beta))"),
    ("log(pi(w)**length(w))", "length(w)*log(pi(w))"),
    ("log(2*pi(w))", "log(2) + log(pi(w))"),
    ("exp(gamma)*exp(-gamma)", "1"),
    ("exp(0)", "1"),
    ("exp(log(pi(w)))", "pi(w)"),
    ("exp(log(pi(w)) - log(ref(w)))", "pi(w)/ref(w)"),
    ("gamma**0", "1"),
    ("gamma**2*gamma**(-1)", "gamma"),
    ("(gamma + 1)**2", "gamma**2 + 2*gamma + 1"),
    ("(gamma - 1)**3", "gamma**3 - 3*gamma**2 + 3*gamma - 1"),
    ("(-gamma)**2", "gamma**2"),
    ("(-gamma)**3", "-gamma**3"),
    ("pi(w)**0", "1"),
    ("pi(w)**(gamma - gamma)", "1"),
    ("alpha**2/alpha", "alpha"),
    ("1/alpha**2", "alpha**(-2)"),
    # sg is the identity on values, A8.
    ("sg(log(pi(w)))", "log(pi(w))"),
    ("log(sg(pi(w))/ref(w))", "log(pi(w)/ref(w))"),
    # Opaque atoms with equal arguments.
    ("max(gamma, 1 + eta)", "max(eta + 1, gamma)"),
    ("max(0, 2*gamma - gamma)", "max(gamma, 0)"),
    ("log(1 + exp(gamma))", "log(exp(2*gamma - gamma) + 1)"),
    ("log(1 + exp(gamma))", "log(1 + exp(-gamma)) + gamma"),  # exp(-γ) = 1/exp(γ)
    ("max(gamma, gamma)", "gamma"),
    ("(alpha**2)**(1/2)", "alpha"),
    ("exp(-log(length(w)))", "1/length(w)"),  # exp(k log a) = a^k
    ("exp(2*log(alpha) - log(3) + gamma)", "alpha**2/3*exp(gamma)"),
    ("sum_t(mu(w, t))*sum_t(mu(l, t))", "sum_t(mu(l, t))*sum_t(mu(w, t))"),
    ("sum_t(exp(mu(w, t) + 1))", "sum_t(exp(1 + mu(w, t)))"),
    ("sum_t(max(mu(w, t), 1)) + gamma", "gamma + sum_t(max(1, mu(w, t)))"),
    ("log(pi(w))*log(ref(w))", "sum_t(log(ref(w, t)))*sum_t(log(pi(w, t)))"),
    ("sum_t(mu(w, t)/(nu(w, t) + 1))**2", "sum_t(mu(w, t)/(1 + nu(w, t)))**2"),
    # (k Σ a + m |y|)² multiplied out: what has no token goes out of the opaque sum.
    (
        "sum_t(gamma*mu(w, t) + eta)**2 - sum_t(mu(w, t))**2*gamma**2",
        (
            "2*gamma*eta*length(w)*sum_t(mu(w, t))*sum_t(mu(l, t))/sum_t(mu(l, t))"
            " + (eta*length(w))**2"
        ),
    ),
    ("(sum_t(mu(w, t)/gamma) + 1)**2*gamma**2", "(sum_t(mu(w, t)) + gamma)**2"),
    ("(pi(w) + ref(w))*2", "2*ref(w) + 2*pi(w)"),
]

# One difference a row, with a point at which it is not zero in the comment.
UNEQUAL = [
    ("alpha", "beta"),  # 1 and 2
    ("gamma**2", "gamma"),  # 2
    ("2", "3"),
    ("gamma", "0"),  # 1
    ("sum_t(mu(w, t))", "sum_t(mu(l, t))"),  # another response
    ("sum_t(mu(w, t)**2)", "sum_t(mu(w, t))"),  # mu = 2
    ("sum_t(mu(w, t) + alpha)", "sum_t(mu(w, t)) + alpha"),  # |y| = 2
    ("sum_t(alpha + 0*mu(w, t))", "alpha*length(l)"),  # lengths 1 and 2
    ("sum_t(alpha + 0*mu(w, t))", "alpha"),  # |y| = 2
    ("sum_t(mu(w, t)/length(w))", "sum_t(mu(w, t))"),  # |y| = 2
    ("sum_t((nu(w, t) + alpha)/(nu(w, t) + 1))", "length(w)"),  # alpha = 2
    ("log(pi(w))", "log(ref(w))"),
    ("log(pi(w))", "log(pi(l))"),
    ("log(pi(w)**2)", "log(pi(w))"),
    ("log(pi(w)/ref(w))", "log(ref(w)/pi(w))"),
    ("log(pi(w))/length(w)", "log(pi(w))"),
    ("sum_t(mu(w, t)*log(pi(w, t)))", "log(pi(w))"),
    ("sum_t(kl_ref_pi(w, t))", "sum_t(kl_pi_ref(w, t))"),  # not symmetric
    ("sum_t(kl_ref_pi(w, t))", "0"),
    ("sum_t(omega(w, t))", "sum_t(mu(w, t))"),
    ("sum_t(xi(w, t)) - sum_t(xi(w, t)) + gamma", "0"),
    ("length(w)", "length(l)"),
    ("length(w)", "1"),
]

# The kernel does not decide these; some are equal, some are not.
UNKNOWN = [
    ("max(gamma, eta)", "gamma"),  # not equal
    ("exp(gamma)**2", "exp(gamma)*gamma"),  # not equal
    ("sum_t(mu(w, t))**2", "sum_t(mu(w, t)**2)"),  # not equal, |y| = 2
    ("pi(w)", "ref(w)"),  # not equal
    ("log(alpha)", "log(beta)"),  # not equal
    ("log(2)", "log(3)"),  # not equal
    ("sum_t(exp(mu(w, t)))", "sum_t(exp(xi(w, t)))"),  # not equal
    ("log(alpha + beta)", "log(alpha) + log(beta)"),  # not equal
    ("log(alpha + beta)", "log(alpha)"),  # not equal
    ("log(1/(alpha + beta))", "log(alpha + beta)"),  # not equal
    ("log(pi(w))**2/log(pi(w))", "log(pi(w))"),  # equal
    ("(1 + sum_t(mu(w, t)))**2", "1 + 2*sum_t(mu(w, t)) + sum_t(mu(w, t))**2"),  # equal
    ("prod_t(nu(w, t))", "prod_t(nu(l, t))"),  # not equal
    ("sum_t(max(mu(w, t), 1))", "sum_t(max(mu(l, t), 1))"),  # not equal
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_identities_are_theorems(left, right):
    """An identity is a theorem about its two sides, and numbers agree with the hand work."""
    decision = decide(loss(left), loss(right))
    assert decision.answer is Answer.EQUAL
    assert decision.theorem is not None
    assert decision.theorem.left == loss(left)
    assert decision.theorem.right == loss(right)
    assert decision.theorem.mode is Mode.VALUE
    assert decide(loss(right), loss(left)).answer is Answer.EQUAL
    assert compare(loss(left), loss(right))[0]


@pytest.mark.parametrize(("left", "right"), UNEQUAL)
def test_differences_are_told(left, right):
    """Sides that differ somewhere are told apart, without a theorem, and numbers differ."""
    decision = decide(loss(left), loss(right))
    assert decision.answer is Answer.UNEQUAL
    assert decision.theorem is None
    assert decide(loss(right), loss(left)).answer is Answer.UNEQUAL
    assert not compare(loss(left), loss(right), seeds=8)[0]


@pytest.mark.parametrize(("left", "right"), UNKNOWN)
def test_what_is_not_decided_is_not_guessed(left, right):
    """Where opaque atoms remain, the answer is neither equal nor unequal."""
    decision = decide(loss(left), loss(right))
    assert decision.answer is Answer.UNKNOWN
    assert decision.theorem is None


def test_cancelling_normaliser():
    """log(a/Z) − log(b/Z) = log a − log b, and with one Z only the difference is −log Z."""
    z = tree.Normaliser()
    equal = log(pi("w") / z) - log(pi("l") / z)
    assert decide(equal, log(pi("w")) - log(pi("l"))).answer is Answer.EQUAL
    once = log(pi("w") / z)
    assert decide(once, log(pi("w"))).answer is Answer.UNEQUAL
    assert decide(once + log(z), log(pi("w"))).answer is Answer.EQUAL
    assert decide(z, z).answer is Answer.EQUAL


def test_label():
    """by_label(a, b) is a at w and b at l, and has no meaning at y."""
    a, b = parameter("a"), parameter("b")
    chosen, rejected = (tree.ByLabel(s, a, b) for s in "wl")
    assert decide(chosen, a).answer is Answer.EQUAL
    assert decide(rejected, b).answer is Answer.EQUAL
    assert decide(chosen, b).answer is Answer.UNEQUAL
    positive = tree.ByLabel("l", pi("w"), ref("l"))
    assert decide(log(positive), log(ref("l"))).answer is Answer.EQUAL
    with pytest.raises(OutsideClassError, match="label"):
        decide(tree.ByLabel("y", a, b), a)


def test_definitions_of_one_name_are_their_bodies():
    """Two definitions called K with different bodies are different, whatever their name."""
    one, other = (tree.Defined("K", "w", False, body) for body in (log(pi("w")), log(ref("w"))))
    assert decide(one, other).answer is Answer.UNEQUAL
    assert decide(one, log(pi("w"))).answer is Answer.EQUAL
    assert decide(log(tree.Defined("p", "", False, pi("w"))), one).answer is Answer.EQUAL


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


def test_values_do_not_see_stop_gradients():
    """The normal form of sg(log π) is that of log π, with the same atom."""
    assert [atom.name for atom in normal_form(loss("sg(log(pi(w)))")).present()] == [
        "log(pi(w, t))"
    ]


def test_what_is_outside_sums_has_no_token_in_it():
    """(Σ μ/(ν + 1))² is a constant: no μ(t) or ν(t) stands in it outside an opaque sum."""
    form = normal_form(loss("sum_t(mu(w, t)/(nu(w, t) + 1))**2"))
    assert form.constant
    assert not any(atom.token for atom in form.atoms_of(form.constant))


def test_nothing_times_a_sum_is_a_whole_number():
    """γ^(0 Σ μ) = γ^0 = 1, for γ of any sign."""
    nothing = 0 * sum_t("w", weight("mu", "w"))
    assert decide(parameter("gamma") ** nothing, ONE).answer is Answer.EQUAL


def test_unknown_nodes_are_refused():
    """A node that the kernel has never heard of has no normal form."""

    class Strange(tree.Expression):
        def _is_positive(self):
            return False

    with pytest.raises(OutsideClassError, match="Strange"):
        decide(Strange(), ZERO)


def test_gradient_of_a_hidden_zero_denominator():
    """1/(a − sg(a)) divides by zero: its value does, and its slope once sg(a) = a is put in."""
    node = loss("sum_t(1/(log(pi(w, t)) - sg(log(pi(w, t)))))")
    with pytest.raises(ZeroDenominatorError):
        decide(node, ZERO)
    with pytest.raises(ZeroDenominatorError):
        decide_gradient(node, ZERO)


SCOPES = {
    "token outside a sum": log(pi("w", "t")),
    "divergence outside a sum": kl_ref_pi("w"),
    "weight outside a sum": weight("mu", "w"),
    "unbound exponent": log(pi("w") ** weight("mu", "w")),
    "token of the other response": sum_t("w", log(pi("l", "t"))),
    "weight of the other response": sum_t("w", weight("mu", "l")),
    "divergence of the other response": sum_t("w", kl_pi_ref("l")),
    "sum inside a sum": sum_t("w", sum_t("w", weight("mu", "w"))),
    "constant sum inside a sum": sum_t("w", sum_t("l", 1)),
    "product inside a sum": sum_t("w", log(prod_t("w", pi("w", "t")))),
    "whole response inside a sum": sum_t("w", log(pi("w"))),
    "whole response inside a product": log(prod_t("w", pi("w"))),
    "hidden by a definition": tree.Defined("d", "w", True, log(pi("w", "t"))),
    "hidden by a stop-gradient": sg(log(pi("w", "t"))),
    "on one side of a label": tree.ByLabel("w", ONE, weight("mu", "w")),
    "beside a sum": sum_t("w", weight("mu", "w")) * weight("mu", "w"),
}


@pytest.mark.parametrize("node", SCOPES.values(), ids=SCOPES)
def test_scoping_is_refused(node):
    """A token quantity stands under one sum over its own tokens, and nothing whole does."""
    for decider in (decide, decide_gradient):
        with pytest.raises(OutsideClassError):
            decider(node, node)
    with pytest.raises(OutsideClassError):
        normal_form(node)


def test_capture_by_another_response():
    """Σ_{t ≤ |y_w|} μ(y_l, t) has no meaning: it must not be read as a sum over y_l's tokens.

    In μ(w,1) = 1, μ(l,1) = μ(l,2) = 2 with |y_w| = 1 and |y_l| = 2 the reading would give 4.
    """
    captured = tree.TokenSum("w", weight("mu", "l"))
    with pytest.raises(OutsideClassError, match="own tokens"):
        decide(captured, sum_t("l", weight("mu", "l")))


def test_capture_by_renaming():
    """A definition of y taken at w has w's tokens: Σ_t a(w,t) b(w,t), never (Σ_t a) b(t).

    With a = (1, 2) and b = (3, 5), Σ a b = 13 and (Σ a)(Σ b) = 24: the product of sums is
    another quantity.
    """
    a, b = weight("a", "y"), weight("b", "y")
    at_w = tree.at_responses(sum_t("y", a * b), {"y": "w"})
    assert decide(at_w, sum_t("w", weight("b", "w") * weight("a", "w"))).answer is Answer.EQUAL
    apart = sum_t("w", weight("a", "w")) * sum_t("w", weight("b", "w"))
    assert decide(at_w, apart).answer is Answer.UNKNOWN
    assert not compare(at_w, apart)[0]


ZERO_DENOMINATORS = [
    "1/(gamma - gamma)",
    "gamma/((gamma + 1)**2 - gamma**2 - 2*gamma - 1)",
    "(gamma - gamma)**(-1)",
    "sum_t(mu(w, t)/(xi(w, t) - xi(w, t)))",
    "pi(w)**(1/(eta - eta))",
    "0*(1/(gamma - gamma))",
    "pi(w)**(0*(1/(gamma - gamma)))",
    "1/(log(pi(w)) - sum_t(log(pi(w, t))))",
    "max(1, 1/(gamma - gamma))",
    "1/(exp(gamma)*exp(-gamma) - 1)",
]


@pytest.mark.parametrize("text", ZERO_DENOMINATORS)
def test_zero_denominators(text):
    """Dividing by what is always zero is refused, wherever it stands, even when multiplied by 0."""
    with pytest.raises(ZeroDenominatorError):
        decide(loss(text), loss(text))


DENOMINATORS = [
    ("gamma/eta", ["eta"]),
    ("gamma", []),
    ("gamma/2", ["2"]),
    ("gamma/1", []),
    ("log(pi(w))/length(w)", ["|y_w|"]),
    ("pi(w)**(1/gamma)", ["gamma"]),
    ("gamma**(-2)", ["gamma**2"]),
    ("0/gamma", ["gamma"]),
    ("pi(w)**(0/gamma)", ["gamma"]),
    ("gamma*eta/gamma", ["gamma"]),
    ("max(1, 1/gamma)", ["gamma"]),
    ("1/gamma + 1/eta + 1/gamma", ["gamma", "eta"]),
]


@pytest.mark.parametrize(("text", "expected"), DENOMINATORS)
def test_denominators_are_recorded(text, expected):
    """A theorem records what it divides by, even where it cancels."""
    theorem = decide(loss(text), loss(text)).theorem
    assert [str(each.value) for each in theorem.denominators] == expected
    assert decide_gradient(loss(text), loss(text)).theorem.denominators == theorem.denominators


def test_denominators_of_both_sides():
    """γη/γ = η on the condition γ ≠ 0, whichever side it stands on."""
    for left, right in (("gamma*eta/gamma", "eta"), ("eta", "gamma*eta/gamma")):
        theorem = decide(loss(left), loss(right)).theorem
        assert [str(each.value) for each in theorem.denominators] == ["gamma"]


def test_theorems_are_made_by_the_kernel_only():
    """No caller, copy or subclass makes a theorem that the kernel has not decided."""
    x, five = parameter("x"), tree.Number(5)
    theorem = decide(x, x).theorem
    for seal in (None, object(), kernel.Theorem, "seal"):
        with pytest.raises(TypeError, match="only the kernel"):
            Theorem(x, five, Mode.VALUE, (), seal)
    with pytest.raises(TypeError):
        Theorem(x, five, Mode.VALUE, ())
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(theorem, right=five)
    with pytest.raises(dataclasses.FrozenInstanceError):
        theorem.right = five
    assert not hasattr(theorem, "seal")


COLLIDING_NAMES = [
    (parameter("|y_w|"), length("w")),
    (parameter("log Z(x)"), log(tree.Normaliser())),
    (sum_t("w", parameter("mu(w, t)")), sum_t("w", weight("mu", "w"))),
    (parameter("~"), parameter("~")),
    (sum_t("w", weight("log(pi", "w")), ZERO),
    (parameter("log(2)"), log(2)),
    (parameter("log(pi(w, t))°"), ZERO),
    (parameter(""), ZERO),
    (log(tree.TokenProbability("pi", "")), log(tree.TokenProbability("pi", ""))),
    (tree.Length("w|"), ZERO),
    (sum_t("", 1), ZERO),
    (sum_t("w", tree.Divergence("pi, w", "ref", "w")), ZERO),
    (log(tree.Probability("pi(", "w")), ZERO),
]


@pytest.mark.parametrize(("left", "right"), COLLIDING_NAMES)
def test_names_that_could_collide_are_refused(left, right):
    """A name is a plain word: with brackets or bars in it, it could be another atom's name."""
    with pytest.raises(OutsideClassError, match="plain word"):
        decide(left, right)


DISTINCT = [
    (sum_t("w", weight("kl_ref_pi", "w")), sum_t("w", kl_ref_pi("w"))),
    (sum_t("w", weight("KL", "w")), sum_t("w", kl_ref_pi("w"))),
    (sum_t("w", weight("pi", "w")), sum_t("w", log(pi("w", "t")))),
    (sum_t("w", weight("log", "w")), sum_t("w", log(pi("w", "t")))),
    (parameter("Z"), log(tree.Normaliser())),
    (parameter("log"), log(tree.Normaliser())),
    (parameter("w"), length("w")),
    (parameter("y_w"), length("w")),
    (parameter("w_chosen"), parameter("w_rejected")),
    (sum_t("w", tree.Divergence("a_b", "c", "w")), sum_t("w", tree.Divergence("a", "b_c", "w"))),
]


@pytest.mark.parametrize(("left", "right"), DISTINCT)
def test_strange_names_are_no_aliases(left, right):
    """A parameter or weight that is called like something else is a quantity of its own."""
    assert decide(left, right).answer is Answer.UNEQUAL
    assert decide(left, left).answer is Answer.EQUAL


def test_one_name_by_domain():
    """A parameter is known by its name: declared twice, it is the same number."""
    assert decide(parameter("p"), parameter("p", "positive")).answer is Answer.EQUAL


LARGE = [
    "(alpha + beta + gamma + eta + lam)**40",
    "((alpha + beta + gamma + eta + lam + rho)**5)**5",
]


@pytest.mark.parametrize("text", LARGE)
def test_large_expressions_are_refused_quickly(text):
    """(a + b + c + d + e)^40 has 135,751 terms: it is refused, not multiplied out."""
    with pytest.raises(OutsideClassError, match="too many"):
        decide(loss(text), ZERO)


def test_products_of_large_sums_are_refused():
    """(a+b+c+d+e)^7 has 330 terms, its square 3,060; 3,060 × 330 products are above 500²."""
    seventh = "(alpha + beta + gamma + eta + lam)**7"
    with pytest.raises(OutsideClassError, match="too many"):
        decide(loss(f"{seventh}*{seventh}*{seventh}"), ZERO)
    third = "(alpha + beta + gamma)**3"
    assert decide(loss(f"{third}*{third}"), loss("(alpha + beta + gamma)**6")).theorem


def test_products_with_many_terms_are_refused():
    """(Σ_i a_i)(Σ_j b_j) over 30 and 30 parameters has 900 terms."""
    sums = [tree.total([parameter(f"{each}{i}") for i in range(30)]) for each in "ab"]
    with pytest.raises(OutsideClassError, match="too many terms"):
        decide(sums[0] * sums[1], ZERO)


@pytest.mark.parametrize("join", [" + ", "*"])
def test_fractions_with_many_denominators_are_refused(join):
    """A common denominator of 19 sums of five terms would have thousands of terms.

    Putting the fractions together without a limit takes minutes.
    """
    fractions = (
        f"1/(alpha + {i}*beta + {i**2}*gamma + {i**3}*eta + {i}*lam)" for i in range(2, 21)
    )
    with pytest.raises(OutsideClassError, match="too many terms"):
        decide(loss(join.join(fractions)), ZERO)


def test_many_opaque_parts_are_refused():
    """Each of 40 maxima is an atom of its own, and each asks for a larger field."""
    maxima = " + ".join(f"max(gamma, {i})" for i in range(40))
    with pytest.raises(OutsideClassError, match="no normal form"):
        decide(loss(maxima), ZERO)
    few = " + ".join(f"max(gamma, {i})" for i in range(30))
    assert decide(loss(few), loss(few)).answer is Answer.EQUAL


def test_powers_up_to_the_limit():
    """x^64/x^63 = x; x^65 is read as exp(65 log x), which the kernel compares by its argument."""
    x = parameter("x", "positive")
    assert decide(x**64 / x**63, x).answer is Answer.EQUAL
    assert decide(x**65, x**65).answer is Answer.EQUAL
    assert decide(x**65, x**64 * x).answer is Answer.UNKNOWN
    assert decide(x ** tree.Neg(tree.Number(64)) * x**64, ONE).answer is Answer.EQUAL
    real = parameter("r")
    with pytest.raises(OutsideClassError, match="negative"):
        decide(real**65, real)
    with pytest.raises(OutsideClassError, match="negative"):
        decide(real ** (ONE / 2), real)
    with pytest.raises(OutsideClassError, match="negative"):
        decide(real ** parameter("n"), real)
    with pytest.raises(OutsideClassError, match="negative"):
        decide(real ** sum_t("w", 1), real)
    assert decide((real - real) ** 0, ONE).answer is Answer.EQUAL


def test_residual_form():
    """α log π(w) − β log ref(l) + γ: c = γ, r_w = α log π(w,t), r_l = −β log ref(l,t)."""
    form = normal_form(loss("alpha*log(pi(w)) - beta*log(ref(l)) + gamma"))
    assert str(form.constant) == "gamma"
    assert {key: str(r) for key, r in form.sums.items()} == {
        "w": "alpha*log(pi(w, t))",
        "l": "-beta*log(ref(l, t))",
    }
    assert {atom.name for atom in form.present()} == {
        "alpha",
        "beta",
        "gamma",
        "log(pi(w, t))",
        "log(ref(l, t))",
    }


def test_difference_is_left_minus_right():
    """The difference of (γ + log π(w)) and (2γ + log ref(l)) is −γ + log π(w) − log ref(l)."""
    difference = decide(loss("gamma + log(pi(w))"), loss("2*gamma + log(ref(l))")).difference
    assert str(difference.constant) == "-gamma"
    assert {key: str(r) for key, r in difference.sums.items()} == {
        "w": "log(pi(w, t))",
        "l": "-log(ref(l, t))",
    }


def test_what_atoms_are():
    """Log-probabilities, divergences, weights vary by token; of the policy are π and every KL."""
    node = loss(
        "sum_t(mu(w, t)*log(pi(w, t)) + kl_ref_pi(w, t)) + log(ref(w)) + gamma*length(w)"
        " + max(gamma, 0) + max(log(pi(w)), 0) + sum_t(exp(mu(w, t)))"
    )
    facts = [(atom.token, atom.policy, atom.opaque) for atom in normal_form(node).present()]
    assert sorted(facts) == sorted(
        [
            (True, False, False),  # mu(w, t)
            (True, True, False),  # log pi(w, t)
            (True, True, False),  # KL(ref, pi) at w
            (True, False, False),  # log ref(w, t)
            (False, False, False),  # gamma
            (False, False, False),  # |y_w|
            (False, False, True),  # max(gamma, 0)
            (False, True, True),  # max(log pi(w), 0)
            (True, False, True),  # exp(mu(w, t))
        ]
    )


def test_opaque_names_do_not_depend_on_the_rest():
    """The name of an opaque atom is the same whatever else stands beside it."""
    alone = normal_form(loss("exp(gamma/eta)"))
    beside = normal_form(loss("exp(gamma/eta) + alpha*beta*lam*rho + log(pi(w)) + log(ref(l))"))
    assert {a.name for a in alone.present()} <= {a.name for a in beside.present()}


def test_readings_share_a_field():
    """Two expressions read together can be subtracted: (γ + 1) − η has the form of γ + 1 − η."""
    one, other = read((loss("gamma + 1"), loss("eta"))).forms
    assert str(one.constant - other.constant) == str(normal_form(loss("gamma + 1 - eta")).constant)


def test_maximum_of_sums_and_exponentials_of_token_sums():
    """exp Σ_t a is opaque by Σ_t a; the same sum written otherwise is the same atom."""
    one = exp(sum_t("w", weight("mu", "w") * 2))
    other = exp(2 * sum_t("w", weight("mu", "w")))
    assert decide(one, other).answer is Answer.EQUAL
    assert decide(maximum(one, ref("w")), maximum(ref("w"), other)).answer is Answer.EQUAL
