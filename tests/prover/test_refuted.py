"""Specifications that must fail, each with its residual worked out by hand in its notes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from oracles.trees.independent import WitnessPoint, compare, confirms, evaluate

from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language.build import exp, log, maximum
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.links import LINKS
from midpo_sym.prover.framework import framework_argument, sides
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import Proved, Refuted, Status
from midpo_sym.spec.reading.losses import load

FOLDER = Path(__file__).resolve().parent.parent / "refuted"

K = "sum_t(kl_ref_pi({0}, t))"
SPARSE = "sum_t((mu1({0}, t) - mu2({0}, t))*(log(pi({0}, t)/ref({0}, t)) - kl_ref_pi({0}, t)))"

# What has to be left over, worked out in the notes of each file and typed here a second time.
RESIDUALS = {
    "reversed_kl": "alpha*(sum_t(kl_pi_ref(w, t)) - sum_t(kl_pi_ref(l, t))"
    f" - {K.format('w')} + {K.format('l')})",
    "swapped_weights": f"alpha*{SPARSE.format('w')} - alpha*{SPARSE.format('l')}",
    "dropped_length": "alpha*log(pi(w))/length(w) - alpha*log(pi(l))/length(l)"
    " - alpha*log(pi(w)) + alpha*log(pi(l))",
    "wrong_sign": "2*c*length(w) - 2*c*length(l)",
    "dropped_factor": f"(alpha - 1)*{K.format('w')} - (alpha - 1)*{K.format('l')}",
    "pair_dependent": "length(l)*length(w)*c",
    "swapped_responses": "2*alpha*(log(pi(w)) - log(ref(w)) - log(pi(l)) + log(ref(l)))",
    "wrong_reference": "alpha*(log(ref(w)) - log(prev(w)) - log(ref(l)) + log(prev(l)))",
}
GRADIENT_RESIDUAL = f"-alpha*({K.format('w')} + {K.format('l')})"


def expression(derivation, text):
    scope = Scope(
        frozenset("wl"),
        {each.name: each.domain for each in derivation.parameters},
        {each.name: (each.domain, each.by_label) for each in derivation.weights},
    )
    return parse(text, scope)


@cache
def result_of(name):
    derivation = load(FOLDER / f"{name}.toml")
    (result,) = prove_derivation(derivation)
    return derivation, result


def test_every_file_is_tested():
    """No specification that must fail lies about without a test."""
    named = {*RESIDUALS, "stop_gradient_side", "wrong_link"}
    assert named == {path.stem for path in FOLDER.glob("*.toml")}
    assert len(named) >= 8


QUICK = ("reversed_kl", "dropped_length", "pair_dependent", "wrong_reference")


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in RESIDUALS],
)
def test_refuted_by_the_argument(name):
    """Verdict and residual are as worked out by hand, and the witness shows the difference."""
    derivation, result = result_of(name)
    assert isinstance(result.verdict, Refuted)
    assert result.verdict.part == "argument"
    assert result.gradient.status is Status.REFUTED
    expected = expression(derivation, RESIDUALS[name])
    assert decide(result.verdict.residual, expected).answer is Answer.EQUAL
    assert compare(result.verdict.residual, expected) == (True, True)
    assert result.as_expected
    left, right = sides(result.statement)
    assert confirms(result.witness, left, right)
    # The residual has the value that the witness shows: left − right.
    point = WitnessPoint(result.witness.models)
    gap = evaluate(left, point) - evaluate(right, point)
    assert gap.real == pytest.approx(evaluate(expected, point).real, rel=1e-9)


def test_stop_gradient_on_the_wrong_side():
    """The value is proved, the gradient refuted: left over is the gradient of −α(K(w) + K(l))."""
    derivation, result = result_of("stop_gradient_side")
    assert isinstance(result.verdict, Proved)
    assert isinstance(result.gradient, Refuted)
    assert result.gradient.part == "gradient"
    expected = expression(derivation, GRADIENT_RESIDUAL)
    assert decide_gradient(result.gradient.residual, expected).answer is Answer.EQUAL
    assert compare(result.gradient.residual, expected)[1]
    assert result.witness.of_gradient
    assert confirms(result.witness, *sides(result.statement))
    assert result.as_expected


def test_wrong_link():
    """The link alone is refuted; left over is log(1 + exp(−m)) − max(0, 1 − m)."""
    derivation, result = result_of("wrong_link")
    assert result.verdict.part == "link"
    m = expression(derivation, "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))")
    expected = log(1 + exp(-m)) - maximum(0, 1 - m)
    assert decide(result.verdict.residual, expected).answer is Answer.EQUAL
    assert compare(result.verdict.residual, expected) == (True, True)
    left, right = (
        LINKS["logsigmoid"].of(framework_argument(result.statement)),
        LINKS["hinge"].of(m),
    )
    assert confirms(result.witness, left, right)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dropped_factor", {"alpha": "1"}),
        ("wrong_sign", {"c": "0"}),
        ("pair_dependent", {"c": "0"}),
    ],
)
def test_cures(name, expected):
    """(α − 1)(K(w) − K(l)) vanishes at α = 1, and 2c(|y_w| − |y_l|) at c = 0."""
    derivation, result = result_of(name)
    cures = {cure.parameter: cure.value for cure in result.verdict.cures}
    assert cures == {key: expression(derivation, value) for key, value in expected.items()}


def test_no_cure_outside_the_domain():
    """2α(r(w) − r(l)) vanishes at α = 0 only, and α is positive."""
    assert result_of("swapped_responses")[1].verdict.cures == ()
