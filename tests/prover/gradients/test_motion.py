"""What a step does to log π(y_w), against hand work and softmax steps in NumPy.

A tabular policy has logits for each prefix. With e the unit vector of a token, ∇log π(v) = e_v − π
at its prefix, so that ‖e_v − π‖² = 1 − 2π(v) + S₂ and ⟨e_v − π, e_u − π⟩ = S₂ − π(v) − π(u), with
S₂ = Σ π².
Decision 28 has the sums over prefixes.
"""

from __future__ import annotations

import numpy as np
import pytest
from generators.trees.words import shipped

from midpo_sym.judges import tabular
from midpo_sym.kernel.theorem import decide
from midpo_sym.language import tree
from midpo_sym.prover.gradients import motion as module
from midpo_sym.prover.gradients.report import gradient_result
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.spec.reading.losses import loads

LENGTHS = tree.Div(tree.Length("l"), tree.Length("w"))


def of(name):
    return {each.response: each for each in gradient_result(shipped(name)).motions}


def test_dpo_never_lowers_the_chosen_response_of_a_tabular_policy():
    """c_w = −c_l, so the rate is c_l (‖g_w‖² − ⟨g_w, g_l⟩), c_l > 0, and ⟨g_w, g_l⟩ < ‖g_w‖²."""
    found = of("dpo")
    assert found["w"].ratio == found["l"].ratio == tree.Number(1)
    assert (found["w"].tabular, found["l"].tabular) == ("rises", "falls")
    assert found["w"].unless is None


@pytest.mark.slow
def test_simpo_may_lower_it_where_the_rejected_response_is_shorter():
    """c_w/c_l = −|y_l|/|y_w|: it falls where ⟨g_w, g_l⟩ > (|y_l|/|y_w|) ‖g_w‖²."""
    found = of("simpo")["w"]
    assert decide(found.ratio, LENGTHS).theorem is not None
    assert (found.tabular, found.unless) == ("rises", found.ratio)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tdpo", "tis_dpo", "sparsepo"])
def test_nothing_is_said_of_whole_responses_where_tokens_differ(name):
    assert gradient_result(shipped(name)).motions == ()


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
    return gradient_result(loads(HEAD + text, "own.toml"))


def test_the_sign_decides_under_a_link_that_turns():
    """(m − 1/(2α))²: c_l = −2(m − 1/(2α)) α; log π(y_w) falls where that is below zero."""
    result = own('[[loss.term]]\nlink = "(a - 1/(2*alpha))**2"\nargument = "log(pi(w)/pi(l))"')
    chosen, rejected = result.motions
    assert chosen.tabular == rejected.tabular == "as the sign"
    assert chosen.sign.direction == -1
    assert chosen.sign.decides is not None


def test_a_loss_of_one_response_moves_it_alone():
    loss = '[loss]\nlink = "identity"\nargument = "log(pi(w))"'
    chosen, rejected = own(loss).motions
    assert (chosen.other, chosen.tabular) == (None, "rises")
    assert rejected.own is None


def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


class Table:
    """Logits by prefix, and two responses that share `shared` tokens and then differ."""

    def __init__(self, tokens, logits_of):
        self.tokens = tokens
        self.logits = {
            tuple(row[:t]): logits_of(tuple(row[:t]))
            for row in tokens.values()
            for t in range(len(row))
        }

    def log_of(self, response, logits):
        row = self.tokens[response]
        return sum(np.log(softmax(logits[tuple(row[:t])])[row[t]]) for t in range(len(row)))

    def gradient(self, response):
        found = {prefix: np.zeros(5) for prefix in self.logits}
        row = self.tokens[response]
        for t in range(len(row)):
            found[tuple(row[:t])] -= softmax(self.logits[tuple(row[:t])])
            found[tuple(row[:t])][row[t]] += 1
        return found

    def products(self):
        """Return ⟨g_w, g_l⟩ and ‖g_w‖²."""
        g = {s: self.gradient(s) for s in self.tokens}
        return tuple(
            sum(float(g["w"][prefix] @ g[s][prefix]) for prefix in self.logits) for s in ("l", "w")
        )

    def rate(self, chosen, rejected):
        """Return how log π(y_w) grows along chosen·g_w − rejected·g_l, by a small step."""
        g = {s: self.gradient(s) for s in self.tokens}
        after = {
            prefix: row + 1e-7 * (chosen * g["w"][prefix] - rejected * g["l"][prefix])
            for prefix, row in self.logits.items()
        }
        return (self.log_of("w", after) - self.log_of("w", self.logits)) / 1e-7


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dpo", "simpo"])
@pytest.mark.parametrize("seed", range(12))
def test_softmax_steps_do_what_is_said(name, seed):
    """DPO's gradient is a positive multiple of g_l − g_w, SimPO's of g_l/|y_l| − g_w/|y_w|."""
    chance = np.random.default_rng(seed)
    lengths = {"w": int(chance.integers(2, 9)), "l": int(chance.integers(2, 9))}
    shared = int(chance.integers(0, min(lengths.values())))
    first = chance.integers(0, 5, 9)
    tokens = {s: [*first[:shared], *chance.integers(0, 5, n - shared)] for s, n in lengths.items()}
    tokens["l"][shared] = (tokens["w"][shared] + 1) % 5
    table = Table(tokens, lambda _: chance.normal(0, 2, 5))
    product, square = table.products()
    assert product < square
    ratio = 1.0 if name == "dpo" else lengths["l"] / lengths["w"]
    rate = table.rate(1.0, 1.0) if name == "dpo" else table.rate(1 / lengths["w"], 1 / lengths["l"])
    if abs(rate) > 1e-4:
        assert (rate < 0) == (product > ratio * square)
        found = of(name)["w"]
        if found.unless is None or ratio >= 1:
            assert rate > 0


def test_simpo_does_lower_it_after_unlikely_shared_tokens():
    """Three shared tokens of small probability, then y_l ends and y_w goes on for 37 likely ones.

    Where π is near a unit vector of another token, ‖e_v − π‖² is near 2; of a token whose own
    probability is near one it is near 0. So ‖g_w‖² and ⟨g_w, g_l⟩ are both near 3·2, and
    |y_l|/|y_w| = 4/40: it falls. Under DPO it does not.
    """
    shared = [0, 0, 0]
    tokens = {"w": [*shared, 1, *[1] * 36], "l": [*shared, 2]}
    likely = np.array([0.0, 5.0, 0.0, 0.0, 0.0])
    table = Table(tokens, lambda _: likely)
    product, square = table.products()
    assert product > 4 / 40 * square
    assert table.rate(1 / 40, 1 / 4) < -1e-2
    assert table.rate(1.0, 1.0) > 0


@pytest.mark.slow
def test_a_step_that_contradicts_stops_the_program(monkeypatch):
    result = gradient_result(shipped("dpo"))
    steps = tabular.steps(result.gradient.loss)
    wrong = [
        tabular.Step(
            each.number,
            {s: -rate for s, rate in each.rates.items()},
            each.products,
            each.laboratory,
            each.point,
        )
        for each in steps
    ]
    monkeypatch.setattr(tabular, "steps", lambda *_: wrong)
    with pytest.raises(DisagreementError, match="tabular"):
        module.motions(result.gradient)
