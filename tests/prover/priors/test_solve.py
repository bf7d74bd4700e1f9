"""The prior that a loss needs, solved from the loss alone, against priors found by hand."""

from __future__ import annotations

import json

import pytest
from generators.trees.words import IDS, loss, prior, shipped
from oracles.trees.independent import compare

from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language import tree
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.prover.framework import framework_argument
from midpo_sym.prover.priors.solve import Reach, solve_prior
from midpo_sym.spec.model import Statement

ALPHA = loss("alpha")


def solve(argument, scale=ALPHA, link="logsigmoid"):
    """Return the prior of a loss; the statement's own prior has no say in it."""
    return solve_prior(Statement.of(scale, prior("prev(y)"), link, argument))


LR = "alpha*log(pi({0})/ref({0}))"
DPO = f"{LR.format('w')} - {LR.format('l')}"

RESPONSE, LABEL, PAIR = Reach.RESPONSE, Reach.LABEL, Reach.PAIR

# argument: what the prior has to know, and the prior if it knows its response only.
SOLVED = {
    "DPO": (DPO, RESPONSE, "ref(y)"),
    "twice DPO: log ζ = log π − 2 log π/ref": (f"2*({DPO})", RESPONSE, "ref(y)**2/pi(y)"),
    "R-DPO": (
        f"{DPO} + gamma*length(w) - gamma*length(l)",
        RESPONSE,
        "ref(y)*exp(-gamma*length(y)/alpha)",
    ),
    "reference-free: any constant prior": ("alpha*log(pi(w)) - alpha*log(pi(l))", RESPONSE, "1"),
    "TDPO": (
        f"{DPO} - alpha*(sum_t(kl_ref_pi(l, t)) - sum_t(kl_ref_pi(w, t)))",
        RESPONSE,
        "ref(y)*exp(-sum_t(kl_ref_pi(y, t)))",
    ),
    "length-normalised, γ = 0": (
        "alpha*log(pi(w))/length(w) - alpha*log(pi(l))/length(l)",
        RESPONSE,
        "pi(y)**(1 - 1/length(y))",
    ),
    "a squared length": (
        f"{DPO} + length(w)**2 - length(l)**2",
        RESPONSE,
        "ref(y)*exp(-length(y)**2/alpha)",
    ),
    "a margin that goes by label, m(a, b) + m(b, a) = −2γ": (f"{DPO} - gamma", LABEL, None),
    "SimPO": (
        "alpha*log(pi(w))/length(w) - alpha*log(pi(l))/length(l) - gamma",
        LABEL,
        None,
    ),
    "one side weighted": ("2*alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))", LABEL, None),
    "weights by label": (
        "alpha*sum_t(omega(w, t)*log(pi(w, t))) - alpha*sum_t(omega(l, t)*log(pi(l, t)))",
        LABEL,
        None,
    ),
    "divided by the other length": (
        "alpha*log(pi(w))/length(l) - alpha*log(pi(l))/length(w)",
        PAIR,
        None,
    ),
    "a product of lengths": (f"{DPO} - gamma*length(w)*length(l)", PAIR, None),
    "a quotient of lengths": (f"{DPO} - gamma*length(w)/length(l)", PAIR, None),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLVED)
def test_reach_and_prior(name):
    """The reach follows from m(a, b) by hand; the prior found gives the loss, and is the one
    worked out by log ζ = log π − g/α, up to a factor that depends on x only."""
    text, reach, expected = SOLVED[name]
    solution = solve(loss(text))
    assert solution.reach is reach
    if reach is PAIR:
        assert solution.zeta is None
        return
    statement = Statement.of(ALPHA, solution.zeta, "logsigmoid", loss(text))
    framework = framework_argument(statement)
    assert decide(framework, loss(text)).answer is Answer.EQUAL
    assert compare(framework, loss(text)) == (True, True)
    by_label = any(isinstance(node, tree.ByLabel) for node in solution.zeta.walk())
    by_weight = any(isinstance(node, tree.Weight) for node in solution.zeta.walk())
    assert (by_label or by_weight) == (reach is LABEL)
    if expected:
        known = tree.Log(prior(expected))
        assert decide(tree.Log(solution.zeta), known).answer is Answer.EQUAL


def test_a_minimum_of_the_lengths_needs_the_pair():
    """LD-DPO shares out at the smaller length, −max(−|y_w|, −|y_l|): at lengths a, b, c, d the
    equation of the margin leaves min(a,b) − min(a,d) − min(c,b) + min(c,d), not zero everywhere."""
    solution = solve(loss(f"{DPO} - gamma*max(-length(w), -length(l))"))
    assert solution.reach is Reach.PAIR
    assert solution.zeta is None
    lengths = {name: len(tokens) for name, tokens in solution.failure.models.responses.items()}
    gamma = solution.failure.models.parameters["gamma"]
    left = sum(
        sign * min(lengths[one], lengths[other]) for sign, one, other, _ in solution.failure.margins
    )
    assert solution.failure.total == (gamma * left,)
    assert left


def test_a_zero_denominator_is_not_decided():
    """1/(γ − γ) has no prior, and raises nothing."""
    assert solve(loss("1/(gamma - gamma)")).reach is Reach.UNKNOWN


REACH = {
    "centropy": RESPONSE,
    "dice": RESPONSE,
    "dpo": RESPONSE,
    "r_dpo": RESPONSE,
    "simpo": LABEL,
    "sparsepo": RESPONSE,
    "tdpo": RESPONSE,
    "tdpo2": LABEL,  # for its gradient; by value the response alone would do
    "tis_dpo": LABEL,
}


QUICK = ("dpo", "simpo", "tdpo2")


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in IDS],
)
def test_shipped_priors_are_found(name):
    """The prior solved from each shipped loss is the printed one, up to a constant factor."""
    statement = shipped(name).statement
    solution = solve_prior(statement)
    assert solution.reach is REACH[name]
    for response in ("w", "l"):
        ours, printed = (
            tree.Log(tree.at_responses(zeta, {"y": response}))
            for zeta in (solution.zeta, statement.zeta)
        )
        assert decide(ours, printed).answer is Answer.EQUAL
        assert compare(ours, printed)[0]


def test_scale():
    """With scale 1, DPO's argument needs log ζ = log π − α log π/ref."""
    solution = solve(loss(DPO), tree.Number(1))
    known = parse("pi(y)**(1 - alpha)*ref(y)**alpha", Scope(frozenset("y"), {"alpha": "positive"}))
    assert decide(tree.Log(solution.zeta), tree.Log(known)).answer is Answer.EQUAL


@pytest.mark.slow
def test_the_margin_that_is_shown_is_the_one_that_fails(midpo, tmp_path):
    """A loss that writes −log σ(a) out under the identity: m is a, not the argument of the loss.

    With a = DPO's argument plus |y_w|, m(a, b) + m(b, c) − m(a, c) = |y_b|.
    """
    a = f"{DPO} + length(w)"
    file = tmp_path / "written_out.toml"
    file.write_text(
        'title = "T"\nsummary = "S"\n'
        '[parameters]\nalpha = { domain = "positive", meaning = "scale" }\n'
        '[prior]\nzeta = "ref(y)"\n'
        f'[loss]\nlink = "identity"\nargument = "log(1/(1 + exp(-({a}))))"\n'
    )
    printed = midpo("prior", str(file)).out
    assert "The loss writes −log σ(m) out; m(w, l) is α·log(π(y_w)/π_ref(y_w))" in printed
    assert "m(a, b) is the argument of the loss" not in printed
    failure = json.loads(midpo("prior", "--json", str(file)).out)["failure"]
    assert loss(failure["margin"]) == loss(a)
