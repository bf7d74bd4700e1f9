"""What the kernel refuses, what it records, and that nobody else makes a theorem."""

from __future__ import annotations

import dataclasses

import pytest
from generators.trees.words import loss
from oracles.trees.independent import compare

from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, Mode, Theorem, decide, decide_gradient, normal_form
from midpo_sym.language import tree
from midpo_sym.language.build import (
    kl_pi_ref,
    kl_ref_pi,
    length,
    log,
    parameter,
    pi,
    position,
    prod_t,
    sg,
    sum_t,
    weight,
)

ZERO, ONE = tree.Number(0), tree.Number(1)


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


def test_the_place_of_a_token_is_no_free_number():
    """Σ_t t = |y|(|y| + 1)/2, by no law of the kernel's: what it does not see it does not deny."""
    places, count = sum_t("w", position("w")), length("w")
    assert decide(places, count * (count + 1) / 2).answer is Answer.UNKNOWN
    assert decide(places, count).answer is Answer.UNKNOWN
    assert decide(places + count, count + places).answer is Answer.EQUAL


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
    (sum_t("w", tree.Statistic("kl_ref_pi", "w)")), ZERO),
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
    (sum_t("w", weight("Statistic", "w")), sum_t("w", kl_ref_pi("w"))),
    (sum_t("w", kl_pi_ref("w")), sum_t("w", kl_ref_pi("w"))),
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


@pytest.mark.slow
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
    """x^64/x^63 = x; x^65 is read as exp(65 log x), which the tower makes a power again."""
    x = parameter("x", "positive")
    assert decide(x**64 / x**63, x).answer is Answer.EQUAL
    assert decide(x**65, x**65).answer is Answer.EQUAL
    assert decide(x**65, x**64 * x).answer is Answer.EQUAL
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
