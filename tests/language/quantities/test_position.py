"""The place of a token in its response: what is proved of it, what is not, and who refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from oracles.trees.independent import compare

from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.lab.priors.reading import LabError, read_algorithm
from midpo_sym.language import tree
from midpo_sym.language.build import (
    call,
    length,
    log,
    maximum,
    parameter,
    pi,
    position,
    prod_t,
    sum_t,
)
from midpo_sym.language.errors import LanguageError
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.coq.emit import Certificate, emit
from midpo_sym.targets.javascript.lower import lower_alike
from midpo_sym.targets.torch.files import render
from midpo_sym.tensor import ResponseStatistics

LOSSES = Path(__file__).parents[2] / "cases" / "losses"
GAMMA = parameter("gamma", "positive")
T, LOG = position("w"), log(pi("w", "t"))
TRIANGLE = length("w") * (length("w") + 1) / 2


def test_it_is_read_and_printed():
    scope = Scope(frozenset("wl"), {"gamma": "positive"})
    node = parse("sum_t(gamma**position(w, t)*log(pi(w, t)))", scope)
    assert node == sum_t("w", GAMMA**T * LOG)
    assert to_text(node) == "sum_t(gamma**position(w, t)*log(pi(w, t)))"
    assert to_unicode(T) == "t"
    assert r"\gamma^{t}" in to_latex(node)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("position(w, t)", "the token position t outside a sum or product over tokens"),
        ("position(w)", "position is not called this way"),
        ("sum_t(position(w, t)*position(l, t))", "a sum over the tokens of two responses at once"),
        ("position", "position is called without its argument"),
        ("sum_t(2**t*log(pi(w, t)))", "the token position t stands only inside a quantity"),
    ],
)
def test_bad_input(text, says):
    with pytest.raises(LanguageError, match=says):
        parse(text, Scope(frozenset("wl")))


TRUE = [
    (prod_t("w", pi("w", "t") ** T), tree.Exp(sum_t("w", T * LOG))),
    (sum_t("w", maximum(T, 0)), sum_t("w", T)),
    (sum_t("w", log(GAMMA**T)), log(GAMMA) * sum_t("w", T)),
    (sum_t("w", (T + 1) * LOG), sum_t("w", T * LOG) + log(pi("w"))),
]
FALSE = [
    (sum_t("w", T), length("w")),
    (sum_t("w", T * T), TRIANGLE),
    (sum_t("w", T * LOG), log(pi("w"))),
    (sum_t("w", GAMMA**T * LOG), GAMMA * log(pi("w"))),
]


@pytest.mark.parametrize(("one", "other"), TRUE)
def test_what_holds_whatever_the_places_are_is_proved(one, other):
    assert decide(one, other).answer is Answer.EQUAL
    assert decide_gradient(one, other).answer is Answer.EQUAL
    assert compare(one, other) == (True, True)


@pytest.mark.parametrize(("one", "other"), [*FALSE, (sum_t("w", T), TRIANGLE)])
def test_another_normal_form_proves_nothing(one, other):
    """Σ_t t is |y|(|y| + 1)/2, by no law of the kernel: of places it never says "unequal"."""
    assert decide(one, other).answer is Answer.UNKNOWN
    assert decide_gradient(one, other).answer is not Answer.UNEQUAL or not compare(one, other)[1]


def test_what_follows_from_the_places_themselves_is_left_undecided():
    """The place of a token is at least 1, and no witness says otherwise."""
    clipped = call("clip", T, 1, 2)
    assert compare(sum_t("w", maximum(T, 1)), sum_t("w", T)) == (True, True)
    assert decide(sum_t("w", maximum(T, 1)), sum_t("w", T)).answer is Answer.UNKNOWN
    assert decide(sum_t("w", clipped), sum_t("w", T)).answer is Answer.UNKNOWN


def test_the_weight_of_ld_dpo():
    """1 up to the length of the shorter response, 0 behind it: Σ_t of it is that length."""
    shorter = call("min", length("w"), length("l"))
    weight = call("clip", shorter + 1 - T, 0, 1)
    assert compare(sum_t("w", weight), shorter)[0]


def test_places_are_counted_from_the_first_live_token():
    mask = torch.tensor([[False, True, True, False], [False, False, True, False]])
    logps = torch.zeros(2, 4)
    found = ResponseStatistics(logps, mask).positions
    assert found.dtype == logps.dtype
    assert found.tolist() == [[0, 1, 2, 0], [0, 0, 1, 0]]


@pytest.mark.slow
def test_who_has_no_places_says_so():
    (result,) = prove_derivation(load(LOSSES / "d2po.toml"))
    assert "chosen_positions" in render(result)
    certificate = emit(result)
    assert isinstance(certificate, Certificate)
    assert certificate.definitions.count("p_gamma (INR (S t))") == 3, "places count from 1"
    with pytest.raises(LabError, match="write a weight in its place"):
        read_algorithm(result.derivation)
    with pytest.raises(ValueError, match="no places"):
        lower_alike(result.statement.target.loss)
