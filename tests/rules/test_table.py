"""Each rule fires where its law applies, changes no value, and leaves the rest alone."""

from __future__ import annotations

import pytest
from generators.trees.words import loss
from oracles.trees.independent import compare

from midpo_sym.language import tree
from midpo_sym.rules.table import CANCELLATION, CHAIN, COLLECTION, RULES, SUBSTITUTION

_DEFINED = tree.Defined("K", "w", False, loss("gamma*eta"))
_ZETA = tree.Defined("zeta", "w", False, loss("ref(w)"))
_LABELS = [tree.ByLabel(response, loss("gamma"), loss("eta + 1")) for response in "wl"]

# rule: [(expression, what the rule makes of it)], written down from the law.
FIRES = {
    "definition of the prior": [
        (tree.Log(_ZETA), loss("log(ref(w))")),
        (tree.mul(_DEFINED, tree.Log(_ZETA)), tree.mul(_DEFINED, loss("log(ref(w))"))),
    ],
    "definition": [
        (_DEFINED, loss("gamma*eta")),
        (loss("2") + _DEFINED, loss("2 + gamma*eta")),
    ],
    "label of the response": [(_LABELS[0], loss("gamma")), (_LABELS[1], loss("eta + 1"))],
    "value of a stop-gradient": [
        (loss("sg(log(pi(w)))"), loss("log(pi(w))")),
        (loss("1 + sg(sg(gamma))"), loss("1 + gamma")),
    ],
    "logarithm of a product over tokens": [
        (loss("log(prod_t(pi(w, t)))"), loss("sum_t(log(pi(w, t)))")),
    ],
    "logarithm of a quotient": [
        (loss("log(pi(w)/ref(w))"), loss("log(pi(w)) - log(ref(w))")),
        (loss("log(alpha/beta/2)"), loss("log(alpha) - log(beta) - log(2)")),
    ],
    "logarithm of a product": [
        (loss("log(pi(w)*ref(w)*2)"), loss("log(pi(w)) + log(ref(w)) + log(2)")),
    ],
    "logarithm of a power": [
        (loss("log(pi(w)**gamma)"), loss("gamma*log(pi(w))")),
        (loss("log((alpha**2)**eta)"), loss("eta*(2*log(alpha))")),
    ],
    "logarithm of an exponential": [
        (loss("log(exp(gamma + eta))"), loss("gamma + eta")),
        (loss("log(exp(log(exp(gamma))))"), loss("gamma")),
    ],
    "expansion": [
        (loss("gamma*(eta + 1)"), loss("gamma*eta + gamma")),
        (loss("gamma*(eta - rho)"), loss("gamma*eta - gamma*rho")),
        (loss("-(gamma - eta)"), loss("-gamma + eta")),
        (loss("gamma + (eta + rho)"), loss("gamma + eta + rho")),
        (loss("(gamma + 2)*(eta + rho)"), loss("gamma*eta + gamma*rho + 2*eta + 2*rho")),
        (tree.Neg(tree.Neg(loss("gamma"))), loss("gamma")),
        (loss("gamma*(-eta)*rho"), loss("-(gamma*eta*rho)")),
    ],
    "linearity of a sum over tokens": [
        (
            loss("sum_t(mu(w, t) - nu(w, t))"),
            loss("sum_t(mu(w, t)) - sum_t(nu(w, t))"),
        ),
        (loss("sum_t(-mu(w, t))"), loss("-sum_t(mu(w, t))")),
        (
            loss("sum_t(gamma*mu(w, t)*eta*nu(w, t))"),
            loss("gamma*eta*sum_t(mu(w, t)*nu(w, t))"),
        ),
    ],
    "chain rule of probability": [
        (loss("alpha*log(pi(w))"), loss("alpha*sum_t(log(pi(w, t)))")),
        (loss("log(ref(l))"), loss("sum_t(log(ref(l, t)))")),
    ],
}
ROWS = [(name, *pair) for name, pairs in FIRES.items() for pair in pairs]
BY_NAME = {rule.name: rule for rule in (*RULES, CHAIN)}


def test_every_rule_has_a_row():
    """No rule without a test, and no test without a rule."""
    assert set(BY_NAME) == set(FIRES)


@pytest.mark.parametrize(("name", "before", "after"), ROWS)
def test_rules_follow_their_laws(name, before, after):
    """The rule makes of an expression what its law says, and both have the same value."""
    found = BY_NAME[name].apply(before)
    assert found == after
    assert found != before
    assert compare(before, found)[0]
    assert BY_NAME[name].apply(found) == found


TREES = [
    "log((pi(w)/ref(w))**gamma*exp(eta*(rho + 1)))",
    "alpha*log(prod_t((pi(w, t)/ref(w, t))**mu(w, t))*exp(-(gamma - sg(eta))))",
    "sum_t(mu(w, t)*(log(pi(w, t)/ref(w, t)) - kl_ref_pi(w, t))*gamma)",
    "log(pi(w)**2*ref(l)/alpha)*(gamma - (eta - rho)*2) + log(exp(gamma)/beta**eta)",
    "-(sum_t(-mu(w, t)*(gamma + nu(w, t))) - log(pi(l)*alpha))",
]


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("text", TREES)
def test_rules_keep_values(name, text):
    """Whatever a rule makes of a larger expression has the same value at random models."""
    node = tree.total([loss(text), tree.product([_DEFINED, *_LABELS, tree.Log(_ZETA)])])
    assert compare(node, BY_NAME[name].apply(node))[0]


@pytest.mark.parametrize(
    "text", ["log(pi(w) + ref(w))", "exp(gamma)", "max(gamma, eta)", "gamma/eta", "length(w)"]
)
def test_rules_leave_the_rest_alone(text):
    """log(a + b), exp, max and quotients fit no law, and stay as they are."""
    node = loss(text)
    assert all(rule.apply(node) == node for rule in BY_NAME.values())


def test_cancellation_drops_the_terms_with_the_normaliser():
    """α log π − α log Z − (α log ref − α log Z) loses its terms with Z, which cancel."""
    log_z = tree.Log(tree.Normaliser())
    one, other = (tree.add(loss(text), -log_z) for text in ("log(pi(w))", "log(ref(w))"))
    node = tree.add(one, tree.Neg(other))
    found = CANCELLATION.apply(node)
    assert found == loss("log(pi(w)) - log(ref(w))")
    assert compare(node, found)[0]
    assert CANCELLATION.apply(found) == found
    assert CANCELLATION.apply(log_z) == log_z


def test_rules_that_do_not_search():
    """Substitution and collection are made elsewhere: applied, they change nothing."""
    for rule in (SUBSTITUTION, COLLECTION):
        assert rule.apply(loss("gamma + gamma")) == loss("gamma + gamma")


def test_every_rule_says_its_law():
    """Names are distinct, and every law has words and LaTeX."""
    rules = (*RULES, CHAIN, CANCELLATION, SUBSTITUTION, COLLECTION)
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.law and rule.latex for rule in rules)
