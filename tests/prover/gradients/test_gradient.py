"""Gradients of losses, against formulas derived by hand or printed in the losses' own papers.

Of every loss below, m is the argument of its link (m1, m2 of two), so that with
∇m = Σ_s k_s ∇log π(y_s) the chain rule gives ∂L/∂log π(y_s,t) = f′(m) k_s. Of DPO, f = −log σ has
f′(m) = −σ(−m) and k = ±β: that is equation 7 of Rafailov et al. 2023, its σ(r̂(y_l) − r̂(y_w))
being σ(−m).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from generators.trees.words import IDS, shipped
from oracles.trees.gradients import disagreements

from midpo_sym.judges import tabular
from midpo_sym.kernel.theorem import Mode, decide
from midpo_sym.language import tree
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.links import ANY
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.substitute import substitute
from midpo_sym.prover.gradients import gradient as module
from midpo_sym.prover.gradients.report import gradient_result
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.spec.reading.losses import load, loads

CASES = Path(__file__).parents[2] / "cases" / "losses"

# by hand: file, response, coefficient of its log-probabilities
BY_HAND = [
    ("dpo", "w", "-alpha*sigmoid(-m)"),
    ("dpo", "l", "alpha*sigmoid(-m)"),
    ("dice", "w", "-alpha*sigmoid(-m)"),
    ("centropy", "w", "-alpha*eta*sigmoid(-m)"),
    ("simpo", "w", "-alpha/length(w)*sigmoid(-m)"),
    ("simpo", "l", "alpha/length(l)*sigmoid(-m)"),
    ("tdpo", "w", "-alpha*sigmoid(-m)"),
    ("r_dpo", "l", "alpha*sigmoid(-m)"),
    # (a − 1/(2η))² has the slope 2(a − 1/(2η))
    ("inpo", "w", "2*(m - 1/(2*eta))"),
    # BCO: −log σ(m1) − log σ(m2), m1 = β log-ratio − δ, m2 = −(β log-ratio − δ)
    ("bco", "w", "-beta*sigmoid(-m1)"),
    ("bco", "l", "beta*sigmoid(-m2)"),
    # f = log(2u/(1 + u)), u = π/π_ref: df/dlog u = 1/(1 + u)
    ("js", "w", "-beta*sigmoid(-m)/(1 + pi(w)/ref(w))"),
    # f = u + log u: df/dlog u = u + 1
    ("chipo", "l", "beta*sigmoid(-m)*(1 + pi(l)/ref(l))"),
    # log(p/(1 − p)), p = π^(1/|y|): d/dlog π = 1/(|y| (1 − p)); and the NLL's −1/|y|
    ("orpo", "w", "-(1 + lam*sigmoid(-m)/(1 - pi(w)**(1/length(w))))/length(w)"),
    ("orpo", "l", "lam*sigmoid(-m)/(length(l)*(1 - pi(l)**(1/length(l))))"),
    # minus p(w) plus p(l), p = π^(1/|y|)
    ("simper", "w", "-pi(w)**(1/length(w))/length(w)"),
    ("simper", "l", "pi(l)**(1/length(l))/length(l)"),
    # detached weights do not move
    ("modpo", "w", "-beta*sigmoid(-m)"),
]


def result_of(name):
    return gradient_result(shipped(name) if name in IDS else load(CASES / f"{name}.toml"))


def by_hand(text, result):
    """Read a coefficient, its names in the place of the arguments of links."""
    domains = {each.name: each.domain for each in result.derivation.parameters}
    names = {each.name: each for each in result.gradient.names}
    scope = Scope(frozenset("wl"), {**domains, **dict.fromkeys(names, "real")})
    return substitute(parse(text, scope), names)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "response", "text"), BY_HAND)
def test_a_coefficient_is_the_one_derived_by_hand(name, response, text):
    result = result_of(name)
    found = result.gradient.of(response)
    assert not found.by_token
    assert decide(found.value, by_hand(text, result)).theorem is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "coefficients"),
    [
        # −log σ(u − αΔ), Δ = Σ KL(y_l) − Σ KL(y_w): the divergences of y_w count like its tokens
        ("tdpo", {"w": "-alpha*sigmoid(-m)", "l": "alpha*sigmoid(-m)"}),
        # TDPO₂ detaches those of y_w
        ("tdpo2", {"l": "alpha*alpha2*sigmoid(-m)"}),
    ],
)
def test_gradients_flow_through_divergences(name, coefficients):
    result = result_of(name)
    found = {
        each.response: each
        for each in result.gradient.coefficients
        if isinstance(each.coordinate, tree.Statistic)
    }
    assert found.keys() == coefficients.keys()
    for response, text in coefficients.items():
        assert found[response].coordinate.name == "kl_ref_pi"
        assert decide(found[response].value, by_hand(text, result)).theorem is not None


@pytest.mark.slow
def test_coefficients_go_by_the_token_where_weights_do():
    """TIS-DPO weighs token t by w(y,t), and its divergence by minus that."""
    found = {
        (each.response, isinstance(each.coordinate, tree.Log)): each
        for each in result_of("tis_dpo").gradient.coefficients
    }
    assert len(found) == 4
    for (response, is_log), each in found.items():
        assert each.by_token
        ((outer, inner),) = each.terms
        assert inner.tree == tree.Weight("omega", response, "nonnegative", by_label=True)
        assert outer.number == (-1 if (response == "w") is is_log else 1)


# The slope of Cauchy's function is 1/(π(1 + a²)), and π is the policy here.
UNDECIDED = {
    "cauchy": "no rule of differentiation for cauchy_cdf(m)",
    **dict.fromkeys(("slic", "tpo", "xpo"), "it speaks of a third response, o"),
}


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_has_no_derivation_says_why(name):
    gradient = result_of(name).gradient
    assert not gradient.is_proved
    assert not gradient.coefficients
    assert UNDECIDED[name] in gradient.reason


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [*IDS, *sorted({path.stem for path in CASES.glob("*.toml")} - {*UNDECIDED})]
)
def test_every_loss_has_a_proved_gradient(name):
    result = result_of(name)
    gradient = result.gradient
    target = result.derivation.statement.target
    assert gradient.is_proved
    assert gradient.theorem.mode is Mode.GRADIENT
    assert gradient.theorem.left == target.loss
    assert not disagreements(gradient, target.loss)
    for line in gradient.lines:
        assert line.theorem.mode is Mode.GRADIENT
        assert (line.theorem.left, line.theorem.right) == (
            line.before,
            module.surrogate(line.flows),
        )


HEAD = """
title = "A loss"
summary = "Any."
[parameters]
alpha = { domain = "positive", meaning = "m" }
[prior]
zeta = "ref(y)"
gives = "terms"
"""


def own(text):
    return gradient_result(loads(HEAD + text, "own.toml")).gradient


def test_a_stop_gradient_holds_a_factor_still():
    """Of sg(log π(y_w))·log π(y_w) the derivative is log π(y_w), not twice that."""
    gradient = own('[loss]\nlink = "identity"\nargument = "sg(log(pi(w)))*log(pi(w))"')
    whole = tree.Log(tree.Probability("pi", "w"))
    assert decide(gradient.of("w").value, tree.Neg(whole)).theorem is not None
    assert gradient.of("l") is None


def test_a_weight_of_the_policy_is_differentiated():
    """Of π(y_w)·(−log π(y_w)) the derivative by log π(y_w) is −π(y_w)(1 + log π(y_w))."""
    gradient = own('[[loss.term]]\nlink = "identity"\nweight = "pi(w)"\nargument = "log(pi(w))"')
    policy = tree.Probability("pi", "w")
    expected = tree.Neg(tree.mul(policy, tree.add(tree.Number(1), tree.Log(policy))))
    assert decide(gradient.of("w").value, expected).theorem is not None


def test_a_hinge_has_a_switch_and_a_condition():
    """max(0, 1 − m) has the slope −1 where 1 − m > 0, and 0 where it is below: at m = 1 none."""
    gradient = own('[loss]\nlink = "hinge"\nargument = "alpha*log(pi(w)/pi(l))"')
    ((outer, _),) = gradient.of("w").terms
    (switch,) = [each for each in outer.over if isinstance(each, tree.Defined)]
    apart = switch.body.denominator
    assert switch.body == tree.Div(tree.Max(tree.Number(0), apart), apart)
    (condition,) = gradient.conditions
    assert any(decide(condition.expression, each).theorem for each in (apart, tree.Neg(apart)))


def test_terms_of_one_argument_are_added():
    """exp(−a) and a² of one argument: the coefficient is (−exp(−a) + 2a)·k."""
    gradient = own(
        '[[loss.term]]\nlink = "exp(-a)"\nargument = "log(pi(w))"\n'
        '[[loss.term]]\nlink = "a**2"\nargument = "log(pi(w))"'
    )
    log = tree.Log(tree.Probability("pi", "w"))
    expected = tree.add(tree.Neg(tree.Exp(tree.Neg(log))), 2 * log)
    assert decide(gradient.of("w").value, expected).theorem is not None


def test_nothing_is_said_of_a_link_that_is_any():
    target = Objective((Term(ANY, tree.Log(tree.Probability("pi", "w"))),))
    gradient = module.gradient_of(target)
    assert not gradient.is_proved
    assert not gradient.coefficients
    assert "every function" in gradient.reason


def test_a_maximum_of_equal_sides_that_move_apart_has_no_gradient():
    gradient = own('[loss]\nlink = "identity"\nargument = "max(log(pi(w)), sg(log(pi(w))))"')
    assert not gradient.is_proved
    assert not gradient.coefficients


def test_finite_differences_that_contradict_stop_the_program(monkeypatch):
    monkeypatch.setattr(
        tabular, "check", lambda *_: tabular.Numbers(agree=False, said="1, and not 2")
    )
    with pytest.raises(DisagreementError, match="finite differences"):
        own('[loss]\nargument = "alpha*log(pi(w)) - 3*log(pi(l))"')


def test_a_wrong_coefficient_is_not_proved(monkeypatch):
    """With a rule of differentiation that is wrong, nothing is said."""
    right = module.flows_from
    monkeypatch.setattr(
        module,
        "flows_from",
        lambda *arguments: [
            module.Flow(each.outer.times(each.outer), each.inner, each.coordinate, each.response)
            for each in right(*arguments)
        ],
    )
    gradient = own('[loss]\nargument = "alpha*log(pi(w)) - 5*log(pi(l))"')
    assert not gradient.is_proved
    assert not gradient.coefficients


def test_the_name_of_an_argument_is_not_taken():
    more = HEAD.replace("[prior]", 'm = { domain = "positive", meaning = "m" }\n[prior]')
    result = gradient_result(loads(more + '[loss]\nargument = "m*log(pi(w)/pi(l))"', "own.toml"))
    assert [each.name for each in result.gradient.names] == ["a"]
