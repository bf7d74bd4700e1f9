"""Where two branches meet a loss has no derivative, and none is held against it."""

from __future__ import annotations

import math

import pytest

import midpo_sym
from midpo_sym.code.tracing.evaluate import slopes_at
from midpo_sym.language.tree import Max, Neg, Number, Parameter

torch = pytest.importorskip("torch")

X = Parameter("x", "real")


def test_an_absolute_value_has_no_slope_at_zero():
    """|x| is max(x, −x): +1 right of zero, −1 left of it, and neither at zero."""
    size = Max(X, Neg(X))
    assert slopes_at(size, {"x": 2.0}, frozenset()) == {"x": 1.0}
    assert slopes_at(size, {"x": -2.0}, frozenset()) == {"x": -1.0}
    assert math.isnan(slopes_at(size, {"x": 0.0}, frozenset())["x"])


def test_a_maximum_of_one_thing_has_its_slope_everywhere():
    same = Max(X, X)
    assert slopes_at(same, {"x": 0.0}, frozenset()) == {"x": 1.0}
    assert slopes_at(Max(Number(1), X), {"x": 3.0}, frozenset()) == {"x": 1.0}


SPEC = """
title = "t"
summary = "s"
parameters.beta = { domain = "positive", meaning = "m", default = "1" }
prior = { zeta = "ref(y)", gives = "argument", scale = "1" }
loss = { link = "abs(a - 1/(2*beta))", argument = "log(pi(w)/ref(w)) - log(pi(l)/ref(l))" }
"""


@pytest.mark.slow
def test_a_loss_of_sizes_is_not_refuted_where_it_has_a_kink(tmp_path):
    """|Δ − 1/(2β)|, whose argument is zero at some of the numbers tried: torch's derivative is 0
    there, which no one-sided derivative of the formula is."""

    def loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta):
        logits = chosen_logps - ref_chosen_logps - (rejected_logps - ref_rejected_logps)
        return torch.abs(logits - 1 / (2 * beta))

    path = tmp_path / "sizes.toml"
    path.write_text(SPEC, encoding="utf-8")
    found = midpo_sym.verify(loss, path)
    assert "differs" not in {each.status.value for each in found.findings.values()}
