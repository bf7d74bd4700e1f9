"""The chain rule, node by node: every rule is a theorem of the kernel and true at random points."""

from __future__ import annotations

import pytest
from generators.trees.words import loss
from oracles.trees.independent import compare

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.language import tree
from midpo_sym.prover.gradients.chain_rule import LAWS_OF_DERIVATIVES, chain_rule, flows_from
from midpo_sym.prover.gradients.gradient import surrogate
from midpo_sym.prover.gradients.report import proved_rule

# a node for each law
NODES = {
    "sum": "log(pi(w)) - 2*log(pi(l))",
    "negative": "-log(pi(w))",
    "product": "log(pi(w))*log(pi(l))*alpha",
    "quotient": "log(pi(w))/pi(l)",
    "power": "pi(w)**3 + pi(l)**log(pi(w))",
    "logarithm of a quotient": "log(pi(w)/pi(l))",
    "logarithm of a product": "log(pi(w)*pi(l))",
    "logarithm of a power": "log(pi(w)**log(pi(l)))",
    "logarithm of an exponential": "log(exp(pi(w)))",
    "logarithm": "log(pi(w) + 1)",
    "exponential": "exp(log(pi(w))**2)",
    "softplus": "log(1 + exp(log(pi(w)))) + softplus(log(pi(l)))",
    "sigmoid": "sigmoid(log(pi(w))) + 1/(1 + exp(log(pi(l))))",
    "log-sigmoid": "logsigmoid(log(pi(w)))",
    "maximum": "max(log(pi(w)), gamma) + min(0, log(pi(l))) + abs(log(pi(l)) + 1)",
    "probability": "pi(w)",
    "response": "log(pi(w))",
    "product over tokens": "prod_t(pi(w, t)**2 + 1)",
}


@pytest.mark.parametrize("law", NODES)
def test_a_rule_is_proved_and_true(law):
    node = loss(NODES[law])
    used = []
    found = flows_from(node, trace=used)
    assert law in {each.law for each in used}
    for each in used:
        line = proved_rule(each)
        assert line is not None, each.law
        assert compare(line.before, line.theorem.right)[1]
    assert compare(node, surrogate(found))[1]


def test_every_law_has_a_node():
    assert set(NODES) | {"definition"} == set(LAWS_OF_DERIVATIVES)


def test_what_does_not_move_has_no_flow():
    assert flows_from(loss("sg(log(pi(w))) + log(ref(w)) + gamma")) == []


@pytest.mark.parametrize("text", ["max(log(pi(w)), log(pi(w)))", "min(pi(w)*2, pi(w)*2)"])
def test_a_maximum_of_equal_sides_is_either(text):
    """It has no switch, which would divide by zero."""
    node = loss(text)
    found = flows_from(node)
    assert compare(node, surrogate(found))[1]


def test_a_whole_power_of_any_base_has_a_rule():
    """(log π)^(4/2) is (log π)², whose derivative is 2 log π."""
    node = loss("log(pi(w))**(4/2)")
    assert compare(node, surrogate(flows_from(node)))[1]


def test_a_power_of_what_may_be_negative_has_no_rule():
    base = tree.Log(tree.Probability("pi", "w"))
    with pytest.raises(OutsideClassError, match="no rule"):
        chain_rule(tree.Pow(base, base))
