"""Finite differences in the logits of tabular policies, against derivatives known by hand."""

from __future__ import annotations

import pytest
from generators.trees.words import loss

from midpo_sym.judges import tabular
from midpo_sym.language import tree

LOGS = {s: tree.Log(tree.TokenProbability("pi", s)) for s in "wl"}
KL = tree.Statistic("kl_ref_pi", "w")
ONE = tree.Number(1)

RIGHT = [
    ("log(pi(w))", [("w", LOGS["w"], ONE)]),
    ("2*log(pi(w)) - log(pi(l))", [("w", LOGS["w"], loss("2")), ("l", LOGS["l"], loss("-1"))]),
    ("pi(w)", [("w", LOGS["w"], loss("pi(w)"))]),
    ("sum_t(mu(w, t)*log(pi(w, t)))", [("w", LOGS["w"], tree.Weight("mu", "w", "nonnegative"))]),
    ("sum_t(kl_ref_pi(w, t))", [("w", KL, ONE)]),
    ("sg(log(pi(w)))*log(pi(w))", [("w", LOGS["w"], loss("log(pi(w))"))]),
    ("log(ref(w)) + gamma", []),
]
WRONG = [
    ("log(pi(w))", [("l", LOGS["l"], ONE)]),
    ("log(pi(w))", []),
    ("log(pi(w))", [("w", LOGS["w"], loss("-1"))]),
    ("sum_t(kl_ref_pi(w, t))", [("w", LOGS["w"], ONE)]),
    ("log(pi(w))**2", [("w", LOGS["w"], loss("log(pi(w))"))]),
    ("sg(log(pi(w)))*log(pi(w))", [("w", LOGS["w"], loss("2*log(pi(w))"))]),
]


@pytest.mark.parametrize(("text", "claims"), RIGHT)
def test_right_coefficients_agree(text, claims):
    found = tabular.check(loss(text), claims)
    assert found.agree
    assert "logits" in found.said


@pytest.mark.parametrize(("text", "claims"), WRONG)
def test_wrong_coefficients_do_not(text, claims):
    found = tabular.check(loss(text), claims)
    assert not found.agree
    assert "and not" in found.said


def test_a_step_goes_down():
    """Minus log π(y_w) as the loss: the step raises log π(y_w) at the rate ‖∇log π(y_w)‖²."""
    for step in tabular.steps(loss("-log(pi(w))")):
        rate = float(step.rates["w"])
        assert rate == pytest.approx(float(step.products["w", "w"]), rel=1e-6)
        assert rate > 0


def test_a_step_changes_a_response_by_the_logits_of_its_prefixes():
    """The rate of log π(y_w) is −Σ_t (∂L/∂z(y_t) − Σ_u π(u) ∂L/∂z(u)), as ∇log π(v) = e_v − π."""
    node = loss("sum_t(mu(w, t)*log(pi(w, t))) - sum_t(kl_ref_pi(l, t)) + pi(l)")
    for number, step in enumerate(tabular.steps(node)):
        world = tabular.World(number)
        slopes = world.differences(node)
        rate = 0
        for t in range(world.lengths["w"]):
            where = world.prefix("w", t)
            policy = world.softmax(world.logits["pi"][where])
            mean = sum(p * slopes[where, u] for u, p in enumerate(policy))
            rate -= slopes[where, world.tokens["w", t]] - mean
        assert float(step.rates["w"]) == pytest.approx(float(rate), rel=1e-6)


def test_too_large_a_number_is_said():
    with pytest.raises(OverflowError):
        tabular.check(loss("exp(exp(1000*length(w)))*pi(w)"), [])


def test_what_is_nowhere_defined_is_compared_nowhere():
    found = tabular.check(loss("log(pi(w))/(gamma - gamma)"), [])
    assert found.said == "no point at which it can be compared"
