"""What generated code is held against: literal values and derivatives, worked out by hand."""

import math

import pytest

from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.torch.check import duals, literal
from midpo_sym.targets.torch.check.duals import CONTEXT, Dual, constant, variable
from midpo_sym.targets.torch.check.pairs import Pair

HEAD = """
title = "One"
summary = "One."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
"""

# log-ratios: of y_w 0.25 + 0.5 = 0.75, of y_l −1; divergences 0.5 and 0.25; weights 2, 3 and 5.
PAIR = Pair(
    parameters={"alpha": 2.0},
    lengths={"w": 2, "l": 1},
    logps={
        ("pi", "w"): [-1.0, -0.5],
        ("ref", "w"): [-1.25, -1.0],
        ("prev", "w"): [-1.0, -1.0],
        ("pi", "l"): [-2.0],
        ("ref", "l"): [-1.0],
        ("prev", "l"): [-1.0],
    },
    statistics={
        ("kl_ref_pi", "w"): [0.5, 0.25],
        ("kl_pi_ref", "w"): [1.0, 1.0],
        ("kl_ref_pi", "l"): [0.125],
        ("kl_pi_ref", "l"): [1.0],
    },
    weights={("mu", "w"): [2.0, 3.0], ("mu", "l"): [5.0]},
)


def evaluated(zeta: str, argument: str, link: str = "logsigmoid", weights: str = ""):
    text = f'{HEAD}{weights}[prior]\nzeta = "{zeta}"\n[loss]\nlink = "{link}"\n'
    statement = loads(f'{text}argument = "{argument}"\n', "one.toml").statement
    return literal.evaluate(statement, PAIR)


DPO = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
MU = '[weights]\nmu = { domain = "nonnegative", meaning = "weight" }\n'


def test_dpo():
    """At α = 2 the rewards are 1.5 and −2, the argument 3.5; the loss falls by 2σ(−3.5)."""
    found = evaluated("ref(y)", DPO)
    slope = 2 / (1 + math.exp(3.5))
    assert (float(found.chosen), float(found.rejected)) == pytest.approx((1.5, -2.0), rel=1e-15)
    assert float(found.loss) == pytest.approx(math.log1p(math.exp(-3.5)), rel=1e-15)
    assert {place: float(value) for place, value in found.slopes.items()} == pytest.approx(
        {("logps", "w", 0): -slope, ("logps", "w", 1): -slope, ("logps", "l", 0): slope}
    )


@pytest.mark.parametrize(
    ("link", "loss", "slope"),
    [
        ("identity", -3.5, -1.0),
        ("hinge", 0.0, 0.0),
        ("square", 6.25, 5.0),
        ("sigmoid", 1 / (1 + math.exp(3.5)), -math.exp(3.5) / (1 + math.exp(3.5)) ** 2),
    ],
)
def test_links(link, loss, slope):
    """At a = 3.5: −a, max(0, −2.5), 2.5² and 1 − σ(3.5); their derivatives times da/dlog π = 2."""
    found = evaluated("ref(y)", DPO, link)
    assert float(found.loss) == pytest.approx(loss, rel=1e-15)
    assert float(found.slopes.get(("logps", "w", 0), 0)) == pytest.approx(2 * slope, rel=1e-12)


def test_weights_and_divergences_are_taken_token_by_token():
    """Σ μ KL = 2·0.5 + 3·0.25 = 1.75 for y_w and 5·0.125 = 0.625 for y_l; α times their difference
    is 2.25. Under the identity the loss is −2.25, and its slope by KL(y_w, 2) −2·3.
    """
    argument = "alpha*sum_t(mu(w, t)*kl_ref_pi(w, t)) - alpha*sum_t(mu(l, t)*kl_ref_pi(l, t))"
    prior = "pi(y)*exp(-sum_t(mu(y, t)*kl_ref_pi(y, t)))"
    found = evaluated(prior, argument, "identity", MU)
    assert float(found.loss) == pytest.approx(-2.25, rel=1e-15)
    assert float(found.chosen) == pytest.approx(3.5, rel=1e-15)
    assert float(found.slopes["kl_ref_pi", "w", 1]) == pytest.approx(-6.0, rel=1e-15)


def test_what_a_stop_gradient_holds_has_no_slope():
    """Of sg(log π(w))·log π(w) the slope is log π(w) = −1.5, not twice that."""
    found = evaluated("ref(y)", "sg(log(pi(w)))*log(pi(w)) - log(pi(l))", "identity")
    assert float(found.loss) == pytest.approx(-2.25 - 2.0, rel=1e-15)
    assert float(found.slopes["logps", "w", 0]) == pytest.approx(1.5, rel=1e-15)


def test_a_value_by_label_is_that_of_its_response():
    found = evaluated("ref(y)*by_label(exp(3), exp(5))", DPO)
    assert (float(found.chosen), float(found.rejected)) == pytest.approx((1.5 - 6, -2.0 - 10))


def test_a_maximum_of_two_equal_things_has_a_kink_unless_they_grow_alike():
    assert evaluated("ref(y)", "max(log(pi(w)), -3/2) - log(pi(l))").kinked
    assert not evaluated("ref(y)", "max(log(pi(w)), log(pi(w))) - log(pi(l))").kinked
    assert not evaluated("ref(y)", "max(log(pi(w)), -2) - log(pi(l))").kinked
    assert not evaluated("ref(y)", "sg(max(log(pi(w)), -3/2)) - log(pi(l))").kinked


@pytest.mark.parametrize(
    ("function", "plain", "at"),
    [
        (lambda x: x * x / (x + constant(2)), lambda x: x * x / (x + 2), 0.7),
        (lambda x: duals.exp(-x) - x, lambda x: math.exp(-x) - x, 0.3),
        (lambda x: duals.log(x) ** constant(3), lambda x: math.log(x) ** 3, 0.4),
        (lambda x: x**x, lambda x: x**x, 1.7),
        (lambda x: x ** constant(-2), lambda x: x**-2.0, -1.3),
        (lambda x: x ** constant(0), lambda _: 1.0, -1.3),
        (lambda x: duals.maximum(x, constant(1)), lambda x: max(x, 1), 1.5),
        (lambda x: duals.product([x, x, x]), lambda x: x**3, 0.9),
        (lambda x: duals.total([x, x, -x]), lambda x: x, 0.9),
    ],
)
def test_slopes_are_those_of_differences(function, plain, at):
    found = function(variable(at, "x"))
    step = 1e-5
    assert float(found.value) == pytest.approx(plain(at), rel=1e-12)
    slope = (plain(at + step) - plain(at - step)) / (2 * step)
    assert float(found.slopes.get("x", 0)) == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (lambda: constant(1) / constant(0), ZeroDivisionError),
        (lambda: constant(0) ** constant(-1), ZeroDivisionError),
        (lambda: duals.log(constant(0)), ValueError),
        (lambda: constant(-1) ** constant(0.5), ValueError),
        (lambda: duals.exp(constant(10**6)), OverflowError),
        (lambda: constant(10) ** constant(10**9), OverflowError),
    ],
)
def test_what_is_not_defined_or_too_large_is_an_error(function, error):
    with pytest.raises(error):
        function()


def test_forty_digits():
    third: Dual = constant(1) / constant(3)
    assert abs(3 * third.value - 1) < CONTEXT.mpf(10) ** -39
