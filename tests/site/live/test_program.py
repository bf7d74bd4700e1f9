"""The program of the plots computes the loss."""

import math
from fractions import Fraction

import pytest

from midpo_sym import api
from midpo_sym.site.live import program as live


def value(id_: str, x: float, **moved: float) -> tuple[float, float]:
    derivation = api.derivation(id_)
    program = live.loss_program(derivation.statement)
    point = live.point(program, live.sliders(derivation, program), x)
    point |= {name: (number, 0.0) for name, number in moved.items()}
    return live.run(program, point)


def log_sigmoid_loss(m: float) -> float:
    return math.log1p(math.exp(-m))


def test_dpo():
    """β = 1/10, log-ratios 3 and 1: m = 0.2, and dℓ/d log π(y_w) = −β σ(−m)."""
    loss, slope = value("dpo", 3.0, logp_pi_l=live.REFERENCE + 1)
    assert loss == pytest.approx(log_sigmoid_loss(0.2))
    assert slope == pytest.approx(-0.1 / (1 + math.exp(0.2)))


def test_simpo():
    """β = 2, γ = 1/2, log π(y_w) = −18 over 6 tokens, log π(y_l) = −20 over 10 tokens.

    m = 2·(−18)/6 + 2·20/10 − 1/2 = −6 + 4 − 0.5 = −2.5.
    """
    loss, slope = value("simpo", 2.0, length_w=6.0, length_l=10.0)
    assert loss == pytest.approx(log_sigmoid_loss(-2.5))
    assert slope == pytest.approx(-(2 / 6) / (1 + math.exp(-2.5)))


def test_tdpo_sums_the_divergence_over_the_tokens():
    """β = 1/10; 7 tokens of 0.3 nats against 5 of 0.1: m = 0.1·(2 − (0.5 − 2.1)) = 0.36."""
    loss, _ = value("tdpo", 2.0, length_w=7.0, length_l=5.0, kl_ref_pi_w=0.3, kl_ref_pi_l=0.1)
    assert loss == pytest.approx(log_sigmoid_loss(0.36))


def test_sparsepo_weighs_every_token():
    """β = 1/10, μ1 = 1/2 on the chosen, no divergence: m = 0.1·(0.5·4) = 0.2."""
    loss, _ = value("sparsepo", 4.0, mu1_w=0.5, mu1_l=0.5, mu2_w=0.0, mu2_l=0.0)
    assert loss == pytest.approx(log_sigmoid_loss(0.2))


def test_a_statistic_of_next_token_distributions_is_moved(tmp_path):
    """ℓ = log(1 + e^−m), m = x − 4·h/2 with a slider of h at 1.5 for y_w, and 0 for y_l."""
    path = tmp_path / "own.toml"
    path.write_text(
        'title = "T"\nsummary = "S."\n[prior]\nscale = 1\n'
        'zeta = "ref(y)*exp(sum_t(entropy(y, t))/2)"\n[loss]\n'
        'argument = "log(pi(w)/ref(w)) - log(pi(l)/ref(l)) '
        '- (sum_t(entropy(w, t)) - sum_t(entropy(l, t)))/2"\n'
    )
    loss, slope = value(str(path), 5.0, length_w=4.0, entropy_w=1.5, entropy_l=0.0)
    assert loss == pytest.approx(log_sigmoid_loss(2.0))
    assert slope == pytest.approx(-1 / (1 + math.exp(2.0)))


@pytest.mark.parametrize("id_", api.ids("paper"))
def test_the_derivative_is_the_slope_of_the_value(id_):
    """Central differences of step 1e-5 agree with the derivative to six digits."""
    step = 1e-5
    for x in (-3.0, 0.5, 4.0):
        above, below = value(id_, x + step)[0], value(id_, x - step)[0]
        assert value(id_, x)[1] == pytest.approx((above - below) / (2 * step), rel=1e-6)


def test_every_quantity_of_a_loss_has_a_slider_or_is_said_to_be_fixed():
    for id_ in api.ids("paper"):
        derivation = api.derivation(id_)
        program = live.loss_program(derivation.statement)
        moved = {each.name for each in live.sliders(derivation, program)}
        rest = set(program.variables()) - moved - {live.VARIABLE}
        assert all(name.startswith(("logp_ref", "logp_prev")) for name in rest), id_


def test_a_slider_starts_at_the_default_of_the_specification():
    derivation = api.derivation("simpo")
    program = live.loss_program(derivation.statement)
    starts = {each.name: each.value for each in live.sliders(derivation, program)}
    for parameter in derivation.parameters:
        assert Fraction(starts[parameter.name]) == parameter.default


def test_the_script_calls_one_function_for_each_operation():
    """−α + |y_w| of the loss 'identity' would be: negate(add(negate(alpha), length))."""
    program = live.loss_program(api.derivation("dpo").statement)
    text = live.to_javascript(program, "dpo", "dpo.toml")
    assert text.startswith("// Generated from dpo.toml")
    assert 'window.midpoLosses["dpo"] = (d, v) =>' in text
    assert "d.multiply(v.alpha, d.add(v.logp_pi_w, d.negate(v.logp_ref_w)))" in text
