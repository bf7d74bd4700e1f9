"""What a call is: its body for who evaluates it, its name and arguments for who prints it."""

import pickle
from dataclasses import replace

import pytest
from generators.trees.strategies import arguments, priors
from hypothesis import given, settings
from oracles.trees.independent import FUNCTIONS, Point, evaluate

from midpo_sym.language import tree
from midpo_sym.language.build import call, exp, kl_ref_pi, log, parameter, pi, ref
from midpo_sym.language.functions.table import DERIVED
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import resolve_labels, substitute, unfold

A, B, P = parameter("a"), parameter("b"), parameter("p", "positive")


def test_the_node_below_a_call_is_its_body():
    """Sizes, responses and leaves are those of 1/(1 + exp(−a)): 7 nodes, and the call."""
    node = call("sigmoid", log(pi("w")))
    assert [*node.children()] == [1 / (1 + exp(-log(pi("w"))))]
    assert node.size == node.body.size + 1 == 9
    assert tree.responses(node) == {"w"}


def test_a_mean_is_of_the_tokens_of_its_response():
    """Σ_t a(t)/|y|: no token is free in it, and a renaming of responses reaches all of it."""
    node = call("mean_t", kl_ref_pi("w"), response="w")
    assert not tree.token_responses(node)
    swapped = tree.at_responses(node, {"w": "l", "l": "w"})
    assert swapped == call("mean_t", kl_ref_pi("l"), response="l")
    assert to_text(swapped.body) == "sum_t(kl_ref_pi(l, t))/length(l)"


@pytest.mark.parametrize("name", DERIVED)
def test_a_call_over_its_own_body_is_that_call(name):
    """Arguments that are sums and products themselves come back whole: a·b·c, a + b + c."""
    tokens = {"response": "w"} if DERIVED[name].of_token else {}
    for argument in (A, A + B + 1, P * P * P, -A, A * B * P, P + P):
        node = call(name, *[argument] * len(DERIVED[name].variables), **tokens)
        assert tree.over(node, [*node.children()]) == node


def test_another_body_of_the_form_of_the_definition_is_another_call():
    """σ(a) with b for a is σ(b); min of positive numbers too, by whichever of its two forms."""
    assert substitute(call("sigmoid", A), {"a": B}) == call("sigmoid", B)
    assert substitute(call("min", P, 2), {"p": P * P}) == call("min", P * P, 2)
    assert substitute(call("min", P, 2), {"p": A}) == call("min", A, 2)
    labelled = call("abs", tree.ByLabel("w", A, B))
    assert resolve_labels(labelled) == call("abs", A)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("sigmoid", 1 / (1 + exp(A))),
        ("sigmoid", 2 / (1 + exp(-A))),
        ("sigmoid", 1 / (1 + exp(-A) + 1)),
        ("abs", tree.Max(A, -B)),
        ("min", -tree.Max(-A, B)),
        ("min", P * B / tree.Max(P, A)),
        ("softplus", log(2 + exp(A))),
        ("logsigmoid", log(1 / (1 + exp(-A)))),
        ("clip", tree.Max(A, tree.Max(A, B))),
    ],
)
def test_a_body_of_another_form_is_no_call(name, body):
    """A name never stands for what it is not: the body stays as it is."""
    node = call(name, *[A] * len(DERIVED[name].variables))
    assert tree.over(node, [body]) == body


def test_a_mean_over_one_response_by_the_length_of_another_is_no_call():
    """Σ_t a(t)/|y_l| over the tokens of y_w is no mean."""
    node = call("mean_t", kl_ref_pi("w"), response="w")
    wrong = replace(node.body, denominator=tree.Length("l"))
    assert tree.over(node, [wrong]) == wrong


def test_unfolding_leaves_no_call_or_keeps_those_that_are_more_than_arithmetic():
    """mean_t is arithmetic; σ of it stays with its argument unfolded."""
    node = call("sigmoid", call("mean_t", kl_ref_pi("w"), response="w"))
    assert not any(isinstance(each, tree.Call) for each in unfold(node).walk())
    kept = unfold(node, keep_functions=True)
    assert to_text(kept) == "sigmoid(sum_t(kl_ref_pi(w, t))/length(w))"


def test_calls_are_equal_by_name_and_arguments():
    """One that was written to a file and read again is the same."""
    node = call("clip", A, -1, 1)
    assert pickle.loads(pickle.dumps(node)) == node
    assert hash(pickle.loads(pickle.dumps(node))) == hash(node)
    assert node != call("clip", A, -1, 2)
    assert call("sigmoid", A) != call("softplus", A)


@pytest.mark.parametrize(
    ("name", "arguments_", "response"),
    [("min", (A,), ""), ("sigmoid", (), ""), ("sigmoid", (A,), "w"), ("mean_t", (A,), "")],
)
def test_what_a_function_does_not_take_is_refused(name, arguments_, response):
    """Another number of arguments, a response where there is none, none where there is one."""
    with pytest.raises(ValueError, match=r"argument|tokens of a response"):
        call(name, *arguments_, response=response)


def test_a_body_that_is_too_large_is_refused():
    """abs doubles its argument: after a dozen of them there are more nodes than trees may have."""
    node = A + B
    for _ in range(9):
        node = call("abs", node)
    with pytest.raises(ValueError, match="more than"):
        call("min", node, node)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(arguments(3) | priors(3))
def test_definitions_are_what_the_names_say(node):
    """Random trees by the names of their functions, and with the definitions in their places.

    The evaluator knows the functions by their names alone, and each by another formula.
    """
    node = resolve_labels(tree.at_responses(node, {"y": "w"}))
    for seed in range(2):
        try:
            one, other = (evaluate(each, Point(seed)) for each in (node, unfold(node)))
        except (OverflowError, ZeroDivisionError):
            continue
        size = 1e-7 * (1 + abs(one.real))
        assert abs(one.real - other.real) <= size


def test_each_function_has_a_formula_of_its_own_in_the_evaluator():
    """A row without one would be judged by nothing."""
    assert {*DERIVED} == {*FUNCTIONS, "mean_t"}
    assert ref("w").below_one
