"""A loss beside DPO's: curves against formulas worked out by hand."""

import math
import re

import pytest

from midpo_sym.site.live.beside import _ticks, beside, curves_of
from midpo_sym.spec import library


def test_dpo_is_the_softplus_of_minus_its_margin():
    """L = log(1 + e^(−αx)) and −dL/dx = α σ(−αx), of a rejected response at log-ratio 0."""
    found = curves_of(library.get("dpo"))
    alpha = float(found.at.removeprefix("α = "))
    for x, value, weight in zip(found.places, found.values, found.weights, strict=True):
        assert math.isclose(value, math.log1p(math.exp(-alpha * x)), rel_tol=1e-9)
        assert math.isclose(weight, alpha / (1 + math.exp(alpha * x)), rel_tol=1e-9)


def test_ipo_weighs_by_how_far_its_argument_is_from_its_target():
    """L = (x − 1/(2τ))², so −dL/dx = −2 (x − 1/(2τ))."""
    found = curves_of(library.get("ipo"))
    tau = float(found.at.removeprefix("τ = "))
    for x, weight in zip(found.places, found.weights, strict=True):
        assert math.isclose(weight, -2 * (x - 1 / (2 * tau)), abs_tol=1e-9)


@pytest.mark.parametrize(
    ("id_", "why"),
    [("npo", "no chosen response"), ("tpo", "a third response"), ("ld_dpo", "places of tokens")],
)
def test_what_has_no_such_curve_is_not_drawn(id_, why):
    assert beside(library.get(id_)) is None, why


def test_dpo_is_not_beside_itself():
    assert beside(library.get("dpo")) is None


def test_nothing_is_drawn_outside_the_axes():
    """IPO's square is far above its own lower quarter, and DPO's largest loss, at the ends."""
    svg = beside(library.get("ipo")).loss
    (path,) = re.findall(r'class="ours" d="([^"]*)"', svg)
    heights = [float(each) for each in re.findall(r"[ML][\d.]+ (-?[\d.]+)", path)]
    assert len(heights) == 49
    assert min(heights) < 0
    (clipped,) = re.findall(r'<svg x="46.0" y="10"[^>]*overflow="hidden">(.*?)</svg>', svg)
    assert clipped.count("<path") == 2


def test_ticks_are_round_and_inside():
    assert _ticks(0, 1.5) == [0, 0.5, 1, 1.5]
    assert _ticks(-40, 55) == [0, 50]


def test_of_a_loss_that_is_large_everywhere_a_quarter_is_to_be_seen():
    """SLiC-HF adds a likelihood of 20 nats: its least value lies far above DPO's largest."""
    svg = beside(library.get("slic_hf")).loss
    (path,) = re.findall(r'class="ours" d="([^"]*)"', svg)
    heights = [float(each) for each in re.findall(r"[ML][\d.]+ (-?[\d.]+)", path)]
    assert sum(10 <= each <= 172 for each in heights) >= 12
