"""The expression tree: its facts, its checks, and the operators that build it."""

import doctest

import pytest
from generators.trees.strategies import SCOPE_OF_LOSS, SCOPE_OF_PRIOR, arguments, priors
from hypothesis import given, settings

from midpo_sym.language import build, tree
from midpo_sym.language.build import (
    by_label,
    exp,
    kl_pi_ref,
    kl_ref_pi,
    length,
    log,
    maximum,
    parameter,
    pi,
    prev,
    prod_t,
    ref,
    sg,
    sum_t,
    weight,
)
from midpo_sym.language.grammar.losses import parse
from midpo_sym.language.tree import Number

ALPHA = parameter("alpha", "positive")
C = parameter("c")
MU = weight("mu1", "w", "nonnegative")


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (ALPHA * log(pi("w") / ref("w")), "alpha*log(pi(w)/ref(w))"),
        (1 - ALPHA - 2, "1 - alpha - 2"),
        (ALPHA + 1 + C, "alpha + 1 + c"),
        (1 + ALPHA, "1 + alpha"),
        (2 * ALPHA * C, "2*alpha*c"),
        (1 / ALPHA / 2, "1/alpha/2"),
        (2**-ALPHA, "2**(-alpha)"),
        (ALPHA**C, "alpha**c"),
        (-ALPHA * C, "-alpha*c"),
        (-(ALPHA * C), "-(alpha*c)"),
        (C - (-2), "c - (-2)"),
        (length("l") * 3, "length(l)*3"),
        (sum_t("w", MU * kl_ref_pi("w")), "sum_t(mu1(w, t)*kl_ref_pi(w, t))"),
        (sum_t("l", kl_pi_ref("l")), "sum_t(kl_pi_ref(l, t))"),
        (prod_t("w", pi("w", "t") / prev("w", "t")), "prod_t(pi(w, t)/prev(w, t))"),
        (sg(exp(C)), "sg(exp(c))"),
        (maximum(0, 1 - C), "max(0, 1 - c)"),
    ],
)
def test_the_builder_gives_the_tree_of_the_text(built, text):
    """Python's operators and the specification's text have one grammar."""
    assert built == parse(text, SCOPE_OF_LOSS)


def test_the_builder_has_labels_and_weights_of_a_label():
    """`by_label` speaks of y; a weight may differ by label."""
    assert by_label(1, -2) == parse("by_label(1, -2)", SCOPE_OF_PRIOR)
    omega = weight("omega", "y", "positive", by_label=True)
    assert sum_t("y", omega) == parse("sum_t(omega(y, t))", SCOPE_OF_PRIOR)


def test_the_example_of_the_builder_runs():
    """The docstring is a test."""
    results = doctest.testmod(build)
    assert results.attempted >= 3
    assert results.failed == 0


@pytest.mark.parametrize("value", [0.5, True, "1", None])
def test_only_whole_numbers_become_nodes(value):
    """A float is not exact, and a truth value is no number."""
    with pytest.raises(TypeError, match="whole number"):
        C + value


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: log(C), "positive by its form"),
        (lambda: prod_t("w", C), "positive by its form"),
        (lambda: Number(-1), "negative literal"),
        (lambda: tree.Add((C,)), "two operands or more"),
        (lambda: tree.Mul(()), "two operands or more"),
        (lambda: tree.Add((C + 1, C)), "one longer chain"),
        (lambda: tree.Mul((C * 2, C)), "one longer chain"),
        (lambda: parameter("a", "integer"), "unknown domain"),
        (lambda: weight("a", "w", "integer"), "unknown domain"),
        (lambda: pi("w", "s"), "the position is 't'"),
    ],
)
def test_a_node_that_breaks_a_rule_is_refused(make, message):
    """The tree checks what the parser checks, for trees that are built in Python."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("0", False),
        ("1", True),
        ("alpha", True),
        ("eta", False),
        ("gamma", False),
        ("c", False),
        ("length(y)", True),
        ("pi(y)", True),
        ("K(y)", False),
        ("half", True),
        ("alpha + pi(y)", True),
        ("alpha + c", False),
        ("alpha - pi(y)", False),
        ("alpha*pi(y)", True),
        ("alpha*c", False),
        ("(-alpha)*(-alpha)", False),
        ("alpha/pi(y)", True),
        ("c/alpha", False),
        ("alpha**c", True),
        ("c**2", False),
        ("-alpha", False),
        ("log(alpha)", False),
        ("exp(c)", True),
        ("max(c, alpha)", True),
        ("max(c, 0)", False),
        ("by_label(alpha, 1)", True),
        ("by_label(alpha, c)", False),
        ("sg(alpha)", True),
        ("sum_t(pi(y, t))", True),
        ("sum_t(mu1(y, t))", False),
        ("sum_t(omega(y, t))", True),
        ("prod_t(q(y, t))", True),
        ("1 - alpha/(alpha + pi(y))", True),
        ("1 - (alpha + pi(y))/(alpha + pi(y) + ref(y))", True),
        ("1 - (alpha + pi(y))/(ref(y) + (alpha + pi(y)))", True),
        ("1 - (alpha + alpha)/(alpha + alpha)", False),
        ("1 - (alpha + alpha)/(alpha + pi(y))", False),
        ("1 - (alpha + pi(y))/(alpha + pi(y) + c)", False),
    ],
)
def test_positive_by_its_form(text, positive):
    """Worked out by hand; `false` only says that the form does not show it."""
    assert parse(text, SCOPE_OF_PRIOR).positive is positive


def test_depth_and_size_are_counted_through_definitions():
    """exp(K(w)): exp, K, sum, divergence are four levels of one node each."""
    node = parse("exp(K(w)) + 1", SCOPE_OF_LOSS)
    assert (node.depth, node.size) == (5, 6)


def test_a_tree_has_limits():
    """A node too many, or a level too many, is refused when it is built."""
    deep = Number(1)
    for _ in range(tree.MAX_DEPTH - 1):
        deep = -deep
    with pytest.raises(ValueError, match="levels"):
        tree.Neg(deep)
    tree.Add((C,) * (tree.MAX_SIZE - 1))
    with pytest.raises(ValueError, match="nodes"):
        tree.Add((C,) * tree.MAX_SIZE)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(arguments())
def test_nodes_can_be_taken_apart_and_put_together(node):
    """Over its own children a node is itself, and `walk` meets as many nodes as `size` says."""
    met = list(node.walk())
    assert len(met) == node.size
    for each in met:
        children = tuple(each.children())
        assert each.depth == 1 + max((child.depth for child in children), default=0)
        if children:
            assert each.with_children(children) == each


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(priors())
def test_renaming_the_response_and_back_changes_nothing(node):
    """y to w leaves no y; w to y brings it back; a form that is positive stays so."""
    moved = tree.at_responses(node, {"y": "w"})
    assert "y" not in tree.responses(moved)
    assert moved.positive is node.positive
    assert tree.at_responses(moved, {"w": "y"}) == node


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(arguments())
def test_responses_are_renamed_all_at_once(node):
    """Swapping w and l twice gives the tree back; one after the other would merge them."""
    swap = {"w": "l", "l": "w"}
    swapped = tree.at_responses(node, swap)
    assert tree.responses(swapped) == {swap[each] for each in tree.responses(node)}
    assert tree.at_responses(swapped, swap) == node


def test_tokens_outside_any_sum_are_found():
    """A sum binds the tokens inside it; a definition of one token does not."""
    free = tree.Mul((pi("w", "t"), sum_t("l", kl_ref_pi("l"))))
    assert tree.token_responses(free) == {"w"}
    assert tree.responses(free) == {"w", "l"}
