"""What the shipped statements depend on, worked out by hand from the paper's formulas."""

from __future__ import annotations

import pytest
from generators.trees.words import IDS, loss, prior, shipped
from oracles.trees.independent import compare

from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.prover.framework import implicit_reward
from midpo_sym.prover.properties import compute_properties, simplest_reward
from midpo_sym.spec.model import Statement

# In this order: does the prior depend on the policy, the label, the length; has it sg; does the
# closed form of the optimal policy apply; is the loss reference-free; does it need divergences,
# lengths, weights; has it sg.
#
#   DPO, DICE: ζ is a frozen model.            cEntropy: ref π^(1−η), with π.
#   SimPO: π^(1−1/|y|) exp(±γ/2α): policy, label, length; the loss has no ref.
#   R-DPO: ref exp(−β|y|): length.             TDPO: ref exp(−KL(ref‖π)): π is in the KL.
#   TDPO₂: the same; the loss has sg.          TIS-DPO: weights by label, π and KL(π‖ref).
#   SparsePO: π, ref, masks and KL.
NAMES = (
    "prior_depends_on_policy",
    "prior_depends_on_label",
    "prior_depends_on_length",
    "prior_uses_stop_gradient",
    "closed_form_applies",
    "reference_free",
    "needs_divergence",
    "needs_length",
    "needs_weights",
    "uses_stop_gradient",
)
EXPECTED = {
    "dpo": "....x.....",
    "dice": "....x.....",
    "centropy": "x.........",
    "simpo": "xxx..x.x..",
    "r_dpo": "..x.x..x..",
    "tdpo": "x.....x...",
    "tdpo2": "x.....x..x",
    "tis_dpo": "xx....x.x.",
    "sparsepo": "x.....x.x.",
}
# α log π/ζ of a response, by hand.
RATIO = "alpha*log(pi({r})/ref({r}))"
KL = "sum_t(kl_ref_pi({r}, t))"
REWARDS = {
    "dpo": RATIO,
    "dice": "alpha*log(pi({r})/prev({r}))",
    "centropy": "alpha*(eta*log(pi({r})) - log(ref({r})))",
    "simpo": "alpha*log(pi({r}))/length({r}) - ({s})*gamma/2",
    "r_dpo": RATIO + " + alpha_tilde*length({r})",
    "tdpo": RATIO + " + alpha*" + KL,
    "tdpo2": RATIO + " + alpha*alpha2*" + KL,
    "tis_dpo": "alpha*sum_t(omega({r}, t)*(log(pi({r}, t)/ref({r}, t)) - kl_pi_ref({r}, t)))",
    "sparsepo": "alpha*sum_t(mu1({r}, t)*log(pi({r}, t)/ref({r}, t)))"
    " + alpha*sum_t(mu2({r}, t)*kl_ref_pi({r}, t))",
}


@pytest.mark.parametrize("name", IDS)
def test_shipped(name):
    """Each property of each algorithm is what its formula says."""
    found = compute_properties(shipped(name).statement)
    marks = "".join("x" if getattr(found, each) else "." for each in NAMES)
    assert marks == EXPECTED[name]


@pytest.mark.parametrize("name", IDS)
def test_rewards(name):
    """The implicit reward of each response is α log π/ζ with the logarithms taken."""
    derivation = shipped(name)
    scope = Scope(
        frozenset("wl"),
        {each.name: each.domain for each in derivation.parameters},
        {each.name: (each.domain, each.by_label) for each in derivation.weights},
    )
    for response, sign in (("w", "1"), ("l", "-1")):
        reward = simplest_reward(derivation.statement, response)
        expected = parse(REWARDS[name].format(r=response, s=sign), scope)
        assert decide(reward, expected).answer is Answer.EQUAL
        assert compare(reward, expected)[0]


def properties(zeta, argument):
    statement = Statement.of(loss("alpha"), prior(zeta), "logsigmoid", loss(argument))
    return compute_properties(statement)


def test_what_cancels_is_not_depended_on():
    """ref π/π is ref: no policy; |y| − |y| is no length; log ref − log ref no reference."""
    found = properties(
        "ref(y)*pi(y)/pi(y)*exp(length(y) - length(y))",
        "alpha*log(pi(w)) + log(ref(w)) - log(ref(w)) + 0*sum_t(kl_ref_pi(l, t))",
    )
    assert not found.prior_depends_on_policy
    assert not found.prior_depends_on_length
    assert found.closed_form_applies
    assert found.reference_free
    assert not found.needs_divergence


def test_a_sum_of_constants_depends_on_the_length():
    """Π_t exp(γ) = exp(γ|y|), and Σ_t α = α|y|."""
    found = properties("ref(y)*prod_t(exp(gamma))", "sum_t(alpha*pi(w, t)/pi(w, t))")
    assert found.prior_depends_on_length
    assert found.needs_length


def test_equal_labels_are_no_labels():
    """by_label(γ, γ) does not depend on the label; by_label(sg(a), a) does, by its gradient."""
    assert not properties("ref(y)*exp(by_label(gamma, gamma + 0))", "gamma").prior_depends_on_label
    assert not properties("by_label(ref(y)**2/ref(y), ref(y))", "gamma").prior_depends_on_label
    found = properties("by_label(sg(pi(y)), pi(y))", "gamma")
    assert found.prior_depends_on_label
    assert found.prior_uses_stop_gradient


def test_weights_by_label_are_labels():
    """Weights that chosen and rejected have apart make the prior know the label."""
    assert properties("exp(sum_t(omega(y, t)))", "gamma").prior_depends_on_label
    assert not properties("exp(sum_t(mu(y, t)))", "gamma").prior_depends_on_label


def test_what_is_hidden_counts():
    """Inside an opaque atom everything that is mentioned is taken to matter."""
    zeta, argument = "exp(max(log(pi(y)), 0))", "max(log(ref(w)), length(l))"
    found = properties(zeta, argument)
    assert found.prior_depends_on_policy
    assert not found.reference_free
    assert found.needs_length
    statement = Statement.of(loss("alpha"), prior(zeta), "logsigmoid", loss(argument))
    # log(π/exp(max(log π, 0))) has no shorter form, and is shown as it is written.
    assert simplest_reward(statement, "w") == unfold(at_labels(implicit_reward(statement, "w")))


def test_divergences_mention_both_models():
    """KL(ref‖π) makes a prior depend on the policy and a loss on the reference."""
    found = properties("exp(sum_t(kl_ref_pi(y, t)))", "sum_t(kl_pi_ref(w, t))")
    assert found.prior_depends_on_policy
    assert not found.reference_free
    assert found.needs_divergence
