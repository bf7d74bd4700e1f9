"""What is said of gradients: conditions worked out by hand, in Unicode and in LaTeX.

With c_w = −p, c_l = q the rate of log π(y_w) is p ‖g_w‖² − q ⟨g_w, g_l⟩. Of IPO in the form
(m − 1/(2η))², p = q = 2(m − 1/(2η)): where m has passed 1/(2η) the step turns back.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from midpo_sym.pipeline import Pipeline
from midpo_sym.spec.reading.losses import load, loads
from midpo_sym.targets.wording import gradients as wording
from midpo_sym.targets.wording.gradients import PLAIN, TEX

CASES = Path(__file__).parents[1] / "cases" / "losses"
HEAD = """
title = "A loss"
summary = "Any."
[parameters]
alpha = { domain = "positive", meaning = "m" }
[prior]
zeta = "ref(y)"
gives = "terms"
"""


def own(text, *, lam=False):
    more = 'lam = { domain = "nonnegative", meaning = "m" }\n[prior]'
    head = HEAD.replace("[prior]", more) if lam else HEAD
    return Pipeline().differentiate(loads(head + text, "own.toml"))


def of(result, response, calculus=PLAIN):
    (found,) = [each for each in result.motions if each.response == response]
    symbols = result.symbols
    return (
        wording.motion(found, symbols, calculus),
        wording.of_tabular(found, symbols, calculus),
    )


@pytest.mark.slow
def test_ipo_turns_back_where_its_margin_is_reached():
    result = Pipeline().differentiate(load(CASES / "inpo.toml"))
    general, tabular = of(result, "w")
    assert general == (
        "log π(y_w) falls if and only if "
        "(m − 1/(2·η))·(⟨∇log π(y_w), ∇log π(y_l)⟩ − ‖∇log π(y_w)‖²) < 0"
    )
    assert tabular == "log π(y_w) falls if and only if m − 1/(2·η) > 0"
    assert of(result, "l")[1] == "log π(y_l) falls if and only if m − 1/(2·η) < 0"


def test_where_a_coefficient_may_be_zero_nothing_moves():
    """λ(log π(y_l) − log π(y_w)): c_l = λ, which is zero where λ is."""
    result = own(
        '[[loss.term]]\nlink = "identity"\nweight = "lam"\nargument = "log(pi(w)/pi(l))"', lam=True
    )
    general, tabular = of(result, "l")
    assert general.endswith("⟨∇log π(y_l), ∇log π(y_w)⟩ < ‖∇log π(y_l)‖² and lam ≠ 0")
    assert tabular == "log π(y_l) falls if and only if lam ≠ 0"
    assert of(result, "w")[1] == "log π(y_w) never falls"


def test_nothing_is_divided_by_what_may_be_zero():
    """log π(y_w) + λ log π(y_l), λ ≥ 0: at λ = 0 log π(y_w) falls, whatever the product is."""
    result = own(
        '[[loss.term]]\nlink = "identity"\nargument = "-log(pi(w))"\n'
        '[[loss.term]]\nlink = "identity"\nweight = "lam"\nargument = "-log(pi(l))"',
        lam=True,
    )
    general, tabular = of(result, "w")
    assert general == (
        "log π(y_w) falls if and only if ‖∇log π(y_w)‖² + lam·⟨∇log π(y_w), ∇log π(y_l)⟩ > 0"
    )
    assert tabular == ""


@pytest.mark.slow
def test_lengths_are_compared():
    result = own('[loss]\nargument = "log(pi(w))/length(w) - log(pi(l))/length(l)"')
    assert of(result, "w")[1] == "log π(y_w) never falls where |y_l| ≥ |y_w|"
    assert of(result, "w", TEX)[1] == (r"$\log \pi(y_w\mid x)$ never falls where $|y_l| \ge |y_w|$")


def test_one_response_alone():
    """Of −log π(y_w) the coefficient is −1: it rises; of its opposite it falls."""
    falls = '[loss]\nlink = "identity"\nargument = "-log(pi(w))"'
    assert of(own(falls), "w")[1] == "log π(y_w) falls, always"
    general, tabular = of(own(falls), "l")
    assert general == "log π(y_l) falls if and only if ⟨∇log π(y_l), ∇log π(y_w)⟩ > 0"
    assert tabular == ""


def test_weights_of_tokens_stand_in_the_sum():
    text = HEAD + (
        '[loss]\nlink = "identity"\nargument = "sum_t(mu(w, t)*log(pi(w, t)))"\n'
        '[weights]\nmu = { domain = "positive", meaning = "m" }'
    )
    result = Pipeline().differentiate(loads(text, "own.toml"))
    assert wording.general(result.gradient, "w", result.symbols, PLAIN) == (
        "log π(y_w) falls if and only if −Σ_t μ(y_w,t)·⟨∇log π(y_w), ∇log π(y_w,t)⟩ > 0"
    )


@pytest.mark.parametrize(
    ("calculus", "said"),
    [
        (PLAIN, "−1[1 − m > 0]"),
        (TEX, r"-\mathbf{1}[1 - m > 0]"),
    ],
)
def test_a_switch_is_written_as_a_condition(calculus, said):
    result = own('[loss]\nlink = "hinge"\nargument = "log(pi(w)/pi(l))"')
    found = result.gradient.of("w")
    assert wording.coefficient(found, result.symbols, calculus)[1] == said
