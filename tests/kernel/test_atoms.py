"""The atoms of nodes, and which expressions are well scoped."""

from __future__ import annotations

import pytest
from generators.trees.words import loss
from sympy import QQ, symbols
from sympy.polys.fields import FracField
from sympy.polys.orderings import lex

from midpo_sym.kernel.atoms import Opaque, check_scope, collect, is_from_zero, leaf_of, opaque_of
from midpo_sym.kernel.finite_atoms import Value
from midpo_sym.kernel.forms import CAUCHY, OutsideClassError
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import Answer, decide, normal_form
from midpo_sym.language import tree
from midpo_sym.language.build import (
    cauchy_cdf,
    datum,
    kl_ref_pi,
    log,
    parameter,
    pi,
    ref,
    sum_t,
    weight,
)

LEAVES = [  # a node; its name; whether it varies by token; whether a gradient flows from it
    (parameter("gamma"), "gamma", False, False),
    (tree.Length("w"), "|y_w|", False, False),
    (tree.Normaliser(), "log Z(x)", False, False),
    (datum("score", "w"), "Datum[score](w)", False, False),
    (datum("offset", "w", "l"), "Datum[offset](w, l)", False, False),
    (weight("mu", "w"), "mu(w, t)", True, False),
    (pi("w"), "log(pi(w, t))", True, True),
    (pi("w", "t"), "log(pi(w, t))", True, True),
    (ref("w"), "log(ref(w, t))", True, False),
]
FIELD = FracField(symbols("p z x"), QQ, lex)
P, Z, X = FIELD.gens
ATOMS = {  # of a positive parameter, of what is zero or more by its form, and of a real one
    "p": leaf_of(parameter("p", "positive"), frozen=False),
    "z": Opaque("z", "z", nonnegative=True),
    "x": leaf_of(parameter("x"), frozen=False),
}


@pytest.mark.parametrize(("node", "name", "token", "policy"), LEAVES)
def test_leaves(node, name, token, policy):
    """Inside sg an atom of the policy is another one, and a constant; others are what they were."""
    leaf = leaf_of(node, frozen=False)
    assert (leaf.name, leaf.thawed) == (name, name)
    assert (leaf.token, leaf.policy, leaf.frozen, leaf.opaque) == (token, policy, False, False)
    held = leaf_of(node, frozen=True)
    assert (held.thawed, held.token) == (name, token)
    assert (held.policy, held.frozen) == (False, policy)
    assert (held.name == name) is not policy
    assert (held == leaf) is not policy


def test_what_is_made_of_others_is_no_leaf():
    for node in (tree.Number(2), log(pi("w")), sum_t("w", weight("mu", "w"))):
        assert leaf_of(node, frozen=False) is None


def test_signs_by_form():
    """p ≥ 0 and z ≥ 0, so 2 p z + z ≥ 0 and 3 ≥ 0; p − z, and what x is in, may be negative."""
    for value in (P, Z, 2 * P * Z + Z, FIELD(3)):
        assert is_from_zero(value.numer, ATOMS)
    for value in (P - Z, -P, X, P + X, X**2):
        assert not is_from_zero(value.numer, ATOMS)


def test_nothing_is_known_of_the_sign_of_other_atoms():
    """Neither of a function, unless it is said, nor of one of a theory."""
    assert not is_from_zero(P.numer, {"p": Opaque("p", "p")})
    assert not is_from_zero(P.numer, {"p": Value("p", (), "positive")})


def test_the_sign_is_no_part_of_what_an_atom_is():
    """max(a, b) is one quantity, whether its sign was known where it was read or not."""
    assert Opaque("max", "max", nonnegative=True) == Opaque("max", "max")
    assert Opaque("max", "max") != Opaque("other", "max")


@pytest.mark.parametrize(
    ("function", "argument", "said", "known"),
    [
        ("exp", (X, {}), False, True),
        ("log", (P, {}), False, False),  # p = 1/2
        ("max", (P, {}), False, False),  # max(p, x) is not asked for its sides: who reads it says
        ("max", (X, {}), True, True),
        (CAUCHY, (X, {}), True, True),
        ("Σ", (FIELD.zero, {"w": P * Z / (P + 1)}), False, True),
        ("Σ", (FIELD.zero, {"w": X / P}), False, False),
        ("Σ", (FIELD.zero, {"w": P / X}), False, False),
        ("Σ", (FIELD.zero, {"w": (P - Z) / P}), False, False),
    ],
)
def test_functions_that_are_zero_or_more(function, argument, said, known):
    """An exponential is, and a sum over tokens of fractions of what is (A13)."""
    atom = opaque_of(function, (argument,), ATOMS, {}, from_zero=said)
    assert atom.nonnegative is known
    assert atom.name == atom.thawed


def test_of_what_is_read_the_sign_is_known_by_its_form():
    """log(α + β) is below zero at α = β = 1/4; of Cauchy's distribution function nothing is."""
    a, b = parameter("a", "positive"), parameter("b", "positive")
    for node, known in ((log(a + b), False), (cauchy_cdf(a), True)):
        (atom,) = normal_form(node).present()
        assert atom.nonnegative is known


def test_cauchy_s_distribution_function_is_a_function():
    """Equal arguments have equal values; of others nothing is known."""
    a, b = parameter("a"), parameter("b")
    assert decide(cauchy_cdf(a + b), cauchy_cdf(b + a)).answer is Answer.EQUAL
    assert decide(cauchy_cdf(a), cauchy_cdf(b)).answer is Answer.UNKNOWN


def test_a_definition_is_divided_by_as_its_body_is():
    """log(π(w)/K), K = π(l), is a difference of logarithms: there is no divisor to be checked."""
    named = tree.Defined("K", "", False, pi("l"))
    assert read((log(pi("w") / named),)).denominators == ()
    assert read((log(pi("w")) / named,)).denominators


def test_the_logarithm_of_a_number_is_the_same_at_each_token():
    """Σ_t log 2 = |y| log 2, and it has no gradient."""
    node = loss("sum_t(log(2) + 0*mu(w, t)) - length(w)*log(2)")
    (atom,) = normal_form(log(tree.Number(2))).present()
    assert (atom.token, atom.policy, atom.opaque) == (False, False, True)
    assert decide(node, tree.Number(0)).answer is Answer.EQUAL


def test_atoms_are_collected():
    """Those of all parts, and the length of each response."""
    atoms = {}
    collect(loss("gamma*sum_t(mu(w, t)*log(pi(w, t)/ref(w, t)))/alpha + log(pi(l))"), atoms)
    assert {*atoms} - {"|y_|"} == {
        "gamma",
        "alpha",
        "mu(w, t)",
        "log(pi(w, t))",
        "log(ref(w, t))",
        "log(pi(l, t))",
        "|y_w|",
        "|y_l|",
    }
    assert atoms["|y_w|"].leaf == tree.Length("w")


SCOPES = [  # a node, and what is wrong with it, if anything
    (sum_t("w", weight("mu", "w")), ""),
    (sum_t("w", weight("mu", "w")) + sum_t("l", weight("mu", "l")), ""),
    (tree.TokenProduct("w", pi("w", "t")), ""),
    (weight("mu", "w"), "outside the sum"),
    (pi("w", "t"), "outside the sum"),
    (kl_ref_pi("w"), "outside the sum"),
    (sum_t("l", weight("mu", "w")), "outside the sum"),
    (tree.TokenProduct("l", pi("w", "t")), "outside the sum"),
    (sum_t("w", weight("mu", "w")) * weight("mu", "w"), "outside the sum"),
    (sum_t("w", sum_t("w", weight("mu", "w"))), "inside another"),
    (sum_t("w", tree.TokenProduct("w", pi("w", "t"))), "inside another"),
    (sum_t("w", pi("w")), "whole response"),
    (tree.TokenProduct("w", pi("w")), "whole response"),
    (parameter("a b"), "plain word"),
    (sum_t("w", weight("mu[", "w")), "plain word"),
    (tree.Length("w)"), "plain word"),
    (tree.Probability("pi ", "w"), "plain word"),
    (datum("score", "w"), ""),
    (datum("score", "w)"), "plain word"),
    (tree.Defined("any name", "", False, parameter("a")), ""),
    (tree.Defined("any name", "", False, parameter("a b")), "plain word"),
]


@pytest.mark.parametrize(("node", "wrong"), SCOPES)
def test_scopes(node, wrong):
    """A quantity of a token stands under one sum over its own tokens; names are words."""
    if not wrong:
        check_scope(node, "")
        return
    with pytest.raises(OutsideClassError, match=wrong):
        check_scope(node, "")
