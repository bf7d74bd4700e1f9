"""Putting one expression in the place of another."""

import pytest
from generators.trees.strategies import SCOPE_OF_LOSS, SCOPE_OF_PRIOR, arguments
from hypothesis import given, settings

from midpo_sym.language import tree
from midpo_sym.language.grammar.losses import parse
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import resolve_labels, substitute, unfold
from midpo_sym.language.tree import over


def loss(text: str) -> tree.Expression:
    return parse(text, SCOPE_OF_LOSS)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("c + eta", {"c": "gamma"}, "gamma + eta"),
        ("c + eta", {"c": "eta", "eta": "c"}, "eta + c"),
        ("c + 1", {"c": "gamma + eta"}, "gamma + eta + 1"),
        ("c*2", {"c": "gamma*eta"}, "gamma*eta*2"),
        ("2*c", {"c": "gamma*eta"}, "2*(gamma*eta)"),
        ("-c", {"c": "gamma + eta"}, "-(gamma + eta)"),
        ("c**2", {"c": "-1"}, "(-1)**2"),
        ("sum_t(mu1(w, t)*c)", {"mu1": "1"}, "sum_t(1*c)"),
        ("alpha", {"c": "1"}, "alpha"),
    ],
)
def test_names_are_replaced_all_at_once(text, values, expected):
    """The result is what one would write by hand, with a chain that starts a chain flattened."""
    result = substitute(loss(text), {name: loss(value) for name, value in values.items()})
    assert to_text(result) == expected


def test_a_replacement_reaches_into_definitions():
    """half is alpha/2; with alpha = 4 its body is 4/2."""
    result = substitute(loss("half + 1"), {"alpha": tree.Number(4)})
    assert to_text(unfold(result)) == "4/2 + 1"


def test_a_logarithm_keeps_what_it_needs():
    """log(alpha) with alpha = c would have an argument of unknown sign."""
    with pytest.raises(ValueError, match="positive by its form"):
        substitute(loss("log(alpha)"), {"alpha": loss("c")})


def test_labels_give_way_to_the_value_at_their_response():
    """Of by_label(1, 2) the chosen response has 1 and the rejected one 2, inside or outside.

    A weight of each label's own gets a name that no file can declare, for it starts with `_`.
    """
    node = parse("by_label(1, by_label(3, 2)) + sum_t(omega(y, t))", SCOPE_OF_PRIOR)
    chosen, rejected = (
        to_text(resolve_labels(tree.at_responses(node, {"y": each}))) for each in "wl"
    )
    assert chosen == "1 + sum_t(_chosen_omega(w, t))"
    assert rejected == "2 + sum_t(_rejected_omega(l, t))"


def test_weights_shared_by_the_labels_keep_their_name():
    """mu1 is one weight for both responses."""
    assert resolve_labels(loss("sum_t(mu1(w, t))")) == loss("sum_t(mu1(w, t))")


def test_unfolding_goes_through_definitions_of_definitions():
    """K(w) + half is the sum over tokens plus alpha/2."""
    assert to_text(unfold(loss("K(w) + half"))) == "sum_t(kl_ref_pi(w, t)) + alpha/2"


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(arguments())
def test_nothing_to_replace_changes_nothing(node):
    """Substituting no name, or putting a node over its own children, gives the same tree."""
    assert substitute(node, {}) == node
    assert over(node, list(node.children())) == node
    assert not any(isinstance(each, tree.Defined) for each in unfold(node).walk())
