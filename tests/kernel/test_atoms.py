"""The atoms of nodes, and which expressions are well scoped."""

from __future__ import annotations

import pytest
from generators.trees.words import loss

from midpo_sym.kernel.atoms import check_scope, collect, leaf_of
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.theorem import Answer, decide, normal_form
from midpo_sym.language import tree
from midpo_sym.language.build import datum, kl_ref_pi, log, parameter, pi, ref, sum_t, weight

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
