"""What a loss looks at together, worked out by hand from its formula."""

from __future__ import annotations

from pathlib import Path

import pytest

from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.shapes.scope import Scope, Unit, scope_of
from midpo_sym.spec import loads
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.json.report import report
from midpo_sym.targets.wording.shapes import scope

LOSSES = Path(__file__).parents[2] / "cases" / "losses"
TEXT = """
title = "Scope"
summary = "A loss."
parameters.alpha = {{ domain = "positive", meaning = "scale" }}
data.z = {{ of = "batch", domain = "real", meaning = "an anchor" }}
data.m = {{ of = "pair", domain = "real", meaning = "a margin" }}
data.r = {{ of = "y", domain = "real", meaning = "a score" }}
prior = {{ zeta = "ref(y)*exp(0*r(y))", gives = "terms" }}
[loss]
{}
[[loss.term]]
link = "identity"
weight = "0*z*m"
argument = "0"
"""
W, L = "alpha*log(pi(w)/ref(w))", "alpha*log(pi(l)/ref(l))"


def term(argument, link="logsigmoid", weight="1"):
    return f'[[loss.term]]\nlink = "{link}"\nargument = "{argument}"\nweight = "{weight}"\n'


BY_HAND = [
    (term(f"{W} - {L}"), Unit.PAIR, ()),
    (term(f"{W} - z") + term(f"z - {L}"), Unit.RESPONSE, ("z",)),  # BCO
    (term(f"{W} - {L}", "identity"), Unit.RESPONSE, ()),  # minus one, plus the other
    (term(f"{W} - {L}", "-2*a + 1"), Unit.RESPONSE, ()),
    (term(f"{W} - {L}", "identity", "m"), Unit.PAIR, ()),
    (term(f"{W} - {L}", "(a - 1)**2"), Unit.PAIR, ()),
    (term(f"{W} + 0*r(l)"), Unit.RESPONSE, ()),
    (term(f"{W} - {L} - z", weight="z"), Unit.PAIR, ("z",)),
    (term(f"{W} - z + z"), Unit.RESPONSE, ()),
    (term(W, weight="r(l)"), Unit.PAIR, ()),
    (term(f"max({W} - z, 0)"), Unit.RESPONSE, ("z",)),
    (f'plus = "log(pi(w)) - log(pi(l)) + z"\n{term(W)}', Unit.RESPONSE, ("z",)),
    (f'plus = "log(pi(w))*log(pi(l))"\n{term(W)}', Unit.PAIR, ()),
    (f'plus = "log(length(w)/length(l))"\n{term(W)}', Unit.PAIR, ()),
]


@pytest.mark.parametrize(("written", "unit", "of_batch"), BY_HAND)
def test_by_hand(written, unit, of_batch):
    target = loads(TEXT.format(written), "scope.toml").statement.target
    assert scope_of(target) == Scope(unit, of_batch)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "unit", "of_batch"),
    [
        ("bco", "response", ["delta"]),
        ("hypo", "pair", []),
        ("simper", "response", []),
        ("lddpo", "pair", []),
        ("d2po", "pair", []),
    ],
)
def test_it_is_in_the_report(name, unit, of_batch):
    (result, *_) = prove_derivation(load(LOSSES / f"{name}.toml"))
    assert report([result], {})["results"][0]["scope"] == {"unit": unit, "of_batch": of_batch}


def test_in_words():
    assert scope(Scope(Unit.PAIR, ()), {}) == "a pair"
    assert (
        scope(Scope(Unit.RESPONSE, ("z0",)), {}) == "each response by itself, and of the batch z0"
    )
