"""The kernel on identities and non-identities that were worked out by hand."""

from __future__ import annotations

import pytest
from generators.trees.words import loss
from oracles.trees.independent import compare

from midpo_sym.kernel import theorem
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import Answer, Mode, decide, normal_form
from midpo_sym.language import tree
from midpo_sym.language.build import (
    exp,
    log,
    maximum,
    parameter,
    pi,
    ref,
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
    # The logarithm of what is positive though its factors may be negative by their forms.
    ("log(1/(1 - pi(w)))", "-log(1 - pi(w))"),
    ("log((1 - pi(w))/2)", "log(1 - pi(w)) - log(2)"),
    ("log((1 - pi(w))/(1 + ref(w)))", "log(1 - pi(w)) - log(1 + ref(w))"),
    ("log((1 + alpha)/(1 - pi(w)))", "log(1 + alpha) - log(1 - pi(w))"),  # (−1 − α)/(p − 1)
    ("exp(3*log(1 + alpha))", "(alpha + 1)**3"),
    ("exp(gamma - 2*log(1 + alpha))", "exp(gamma)/(alpha**2 + 2*alpha + 1)"),
    ("alpha**2*exp(1/gamma)", "alpha*exp(1/gamma)*alpha"),
]

# Products of sums over tokens, and of what may be negative, have no normal form: the tower tells.
PRODUCTS = [
    ("max(sum_t(kl_pi_ref(w, t)), 0)", "sum_t(kl_pi_ref(w, t))"),  # Gibbs' inequality
    ("log(alpha*(1 - pi(w)))", "log(alpha) + log(1 - pi(w))"),
    ("log(pi(w))**2/log(pi(w))", "log(pi(w))"),
    ("(1 + sum_t(mu(w, t)))**2", "1 + 2*sum_t(mu(w, t)) + sum_t(mu(w, t))**2"),
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
    ("log(1/(1 - pi(w)))", "log(1 - pi(w))"),  # not equal
    ("max(pi(w), 2)", "2"),  # equal, since a probability is at most 1
    ("prod_t(nu(w, t))", "prod_t(nu(l, t))"),  # not equal
    ("sum_t(max(mu(w, t), 1))", "sum_t(max(mu(l, t), 1))"),  # not equal
]


@pytest.mark.parametrize(("left", "right"), [*EQUAL, *PRODUCTS])
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


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_sides_have_equal_forms(left, right, monkeypatch):
    """The normal forms alone tell: the tower, which knows more, is not asked."""
    monkeypatch.setattr(theorem, "in_every_case", lambda *_: False)
    assert decide(loss(left), loss(right)).answer is Answer.EQUAL


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


def test_a_power_of_a_long_number_is_refused():
    """(2⁷⁰ a)⁶⁴ has a coefficient of 4 481 bits."""
    with pytest.raises(OutsideClassError, match="too long a number"):
        normal_form((2**70 * parameter("a")) ** 64)


@pytest.mark.parametrize(
    ("node", "part"),
    [
        (1 + exp(3 * parameter("a") ** parameter("b")), "a**b"),
        (log(2 + exp(parameter("a") ** parameter("b")) / 3), "a**b"),
        (2 * tree.ByLabel("y", parameter("a"), parameter("b")), "2*by_label(a, b)"),
        (tree.ByLabel("y", parameter("a"), parameter("b")) + 1, ""),
    ],
)
def test_what_has_no_form_is_named(node, part):
    """The smallest product, quotient, power or exponential that has none."""
    with pytest.raises(OutsideClassError) as caught:
        normal_form(node)
    assert caught.value.part == part


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
