"""Small files that once made the program state something wrong, each with what is right."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from oracles.trees.independent import compare, confirms

import midpo_sym
from midpo_sym.judges import intervals, witness
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.framework import framework_argument, sides
from midpo_sym.prover.priors.solve import Reach
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Proved, Refuted, Undecided
from midpo_sym.spec.reading.losses import load

CASES = Path(__file__).parents[1] / "cases"


def prove(name):
    return midpo_sym.prove(CASES / f"{name}.toml")


def prior(name):
    return midpo_sym.prior(CASES / f"{name}.toml")


# Value and gradient, by hand: the docstring of each file's kind says why.
VERDICTS = {
    "identity_offset": ("refuted", "proved"),  # L − g: ∇ of a constant is 0
    "surrogate": ("refuted", "proved"),  # −sg(σ(−A))·A: its gradient is −σ(−A)∇A, that of −log σ(A)
    "identity_proved": ("proved", "proved"),  # −log(1/(1 + e^−A)) is −log σ(A)
    "prior_sg": ("refuted", "refuted"),
    "max_swap": ("proved", "proved"),  # max(0, a) = max(a, 0), and so are the gradients off the tie
    "max00": ("proved", "proved"),  # max(a, a) = a
    "zero_scale": ("proved", "proved"),
    "r_dpo_spelled": ("proved", "proved"),
    "margin_label": ("proved", "proved"),
    "cure_zero": ("refuted", "refuted"),  # g·g/g is g, and σ(−A) is not σ(−A − g)
    "const3": ("refuted", "refuted"),  # 3π for π_ref: MI-DPO's argument is 0
    "log3": ("refuted", "refuted"),  # −α log 3 moves the sigmoid's slope too
    "h20n": ("proved", "proved"),  # log(1 + δ)^|y| is |y| log(1 + δ), also at δ = 0
    "jswrong": ("refuted", "refuted"),  # 2π/(π + ref) for π/ref
    "mixture": ("proved", "proved"),  # c p + d q = d q + p c, c + d = 1
    "mixture_swapped": ("refuted", "refuted"),  # equal at λ = 1/2 only
    "log_softplus": ("proved", "proved"),  # softplus(a) = log(1 + e^a)
    "steps_disagree_1": ("refuted", "refuted"),  # (α − |y|) for (αβ − |y|) at y_l
}


QUICK = ("surrogate", "prior_sg", "max_swap", "zero_scale", "cure_zero", "log3", "h20n", "mixture")


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in VERDICTS],
)
def test_verdicts(name):
    """Both verdicts are as worked out by hand, and as an evaluation apart finds them."""
    result = prove(name)
    assert (result.verdict.status.value, result.gradient.status.value) == VERDICTS[name]
    if result.statement.link == "identity":  # the sides are the losses
        expected = tuple(said == "proved" for said in VERDICTS[name])
        assert compare(*sides(result.statement)) == expected


@pytest.mark.slow
def test_what_may_be_zero_is_zero_in_some_case():
    """Each claim as worked out in its place."""
    results = prove_derivation(load(CASES / "from_zero.toml"))
    assert [each.as_expected for each in results] == [True] * 3
    witness = results[2].witness
    assert witness is not None
    assert witness.models.parameters["delta"] > 0


def test_the_gradient_at_a_tie_of_max_is_not_claimed():
    """max(0, log ref/π) has a kink where π = ref: a condition of the gradient, not of the value."""
    result = prove("max_swap")
    assert result.verdict.conditions == ()
    assert {to_text(each.expression) for each in result.gradient.conditions} == {
        "log(pi(w)) - log(ref(w))",
        "log(pi(l)) - log(ref(l))",
    }


def test_a_scale_that_may_be_zero_is_a_condition():
    """k is real: MI-DPO is defined for a positive scale only."""
    verdict = prove("zero_scale").verdict
    assert isinstance(verdict, Proved)
    assert verdict.assumptions == ("the scale k is positive",)


def test_a_cure_keeps_denominators_from_zero():
    """g·g/g is g where it has a value; at g = 0, where the residual −g vanishes, it has none."""
    verdict = prove("cure_zero").verdict
    assert to_text(verdict.residual) == "-g"
    assert verdict.cures == ()


PRIORS = {
    # file: what is known, the prior, whether MI-DPO has the loss and not its argument only
    "ipo_right_prior": (Reach.RESPONSE, "ref(y)", False),
    "hinge_prior": (Reach.RESPONSE, "ref(y)", False),
    "identity_proved": (Reach.RESPONSE, "ref(y)", True),
    # α log π/ζ at y_l is α(sg(log π) − log ref) for ζ = π·ref/sg(π)
    "prior_sg": (Reach.LABEL, "by_label(ref(y), pi(y)*sg(pi(y))**(-1)*ref(y))", True),
    "margin_label": (Reach.LABEL, "ref(y)*exp(by_label(-(g/2), g/2))", True),
    "const3": (Reach.RESPONSE, "ref(y)", True),
    "jswrong": (Reach.RESPONSE, "pi(y) + ref(y)", True),
}


@pytest.mark.parametrize("name", PRIORS)
def test_priors(name):
    """The prior, what it has to know, and whether it gives the loss or the argument of its link."""
    found = prior(name)
    reach, zeta, gives_loss = PRIORS[name]
    assert (found.reach, to_text(found.zeta), found.gives_loss) == (reach, zeta, gives_loss)
    assert (found.failure is not None) == (reach is Reach.LABEL)


@pytest.mark.parametrize("name", ["prior_sg", "tdpo2prior"])
def test_a_prior_has_the_gradient_too(name):
    """With the prior that is printed, value and gradient are the argument's, evaluated apart."""
    found = prior(name)
    assert found.stops_gradient
    statement = midpo_sym.prove(CASES / f"{name}.toml").statement
    framework = framework_argument(replace(statement, zeta=found.zeta))
    assert compare(framework, statement.argument) == (True, True)
    assert found.failure.of_gradient  # the value alone would not need the label


def test_a_margin_of_the_pair_comes_with_a_point():
    """HyPO: max(0, log ref(l)/ref(w)) is no g(w) − g(l); m(a,b) − m(a,d) − m(c,b) + m(c,d) ≠ 0."""
    found = prior("hypo_pair")
    assert found.reach is Reach.PAIR
    assert found.zeta is None
    assert [each[:3] for each in found.failure.margins] == [
        (1, "a", "b"),
        (-1, "a", "d"),
        (-1, "c", "b"),
        (1, "c", "d"),
    ]
    assert found.failure.total


PROVED = [name for name, verdicts in VERDICTS.items() if verdicts[0] == "proved"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PROVED, "tdpo2prior", "wlog", "cert_weights_real"])
def test_every_proved_statement_has_a_derivation(name):
    """Its lines lead from one side to the other, and each line is true, evaluated apart."""
    result = prove(name)
    lines = (*result.steps.framework, *result.steps.target)
    assert (lines[0].before, lines[-1].after) == sides(result.statement)
    for one, other in pairwise(lines):
        assert one.after == other.before
    for line in (*result.steps.reward, *lines):
        if not tree.responses(line.before) - {"w", "l"}:
            assert compare(line.before, line.after)[0]


def test_what_the_kernel_alone_sees_is_said_to_be():
    """Under another link there is one step, from loss to loss, under the name of what it is."""
    steps = prove("identity_proved").steps
    assert steps.of_losses
    assert [line.rule.name for line in steps.framework] == ["equality of normal forms"]


TOO_MUCH = {"pow_hang": "64)**64"}


@pytest.mark.slow
@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_takes_too_much_is_undecided_and_named(name):
    """Nested powers: an answer, with the part in it."""
    verdict = prove(name).verdict
    assert isinstance(verdict, Undecided)
    assert TOO_MUCH[name] in verdict.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pow_log_hang", "factor_hang"])
def test_what_the_kernel_does_not_read_is_refuted_by_points(name):
    """A power of a sum, and a number of two primes of 34 digits: a point tells the sides apart."""
    verdict = prove(name).verdict
    assert isinstance(verdict, Refuted)
    left, right, _ = verdict.witness.sides
    assert left != right


def test_the_search_is_counted_in_nodes():
    """Where the limit is reached the search says so, with what it saw; twice is the same."""
    left, right = sides(prove("max_swap").statement)
    few = [witness.search(left, right, tries=400, work=200) for _ in range(2)]
    assert few[0] == few[1]
    assert few[0].stopped
    assert 0 < few[0].points < 400


def test_a_residual_that_cannot_be_read_again_is_not_shown():
    """(g^64)^2 is g^128, more than the kernel reads: refuted, with no residual."""
    verdict = prove("outside_crash").verdict
    assert verdict.status.value == "refuted"
    assert verdict.residual is None


@pytest.mark.slow
def test_undecided_does_not_contradict_its_judges(monkeypatch):
    """3π against ref, with no counterexample: the kernel tells the sides apart, and says so."""
    monkeypatch.setattr(intervals, "search", lambda found, *_, **__: found)
    result = prove("const3")
    kernel = result.opinions[0]
    assert (kernel.judge, kernel.says) == ("kernel", "different")
    assert "tells the sides apart" in result.verdict.reason
    assert "does not decide" not in result.verdict.reason
    assert LABELS_ASSUMPTION not in result.verdict.reason


@pytest.mark.parametrize("name", ["const3", "log3", "jswrong"])
def test_a_witness_in_certified_intervals(name):
    """What has log 3 or a mixture in it has no exact values here; the enclosures are confirmed."""
    result = prove(name)
    witness_ = result.verdict.witness
    assert witness_.kind == "enclosure"
    assert confirms(witness_, *sides(result.statement))
    one, other = (each.ends for each in witness_.enclosures)
    assert one[1] < other[0] or other[1] < one[0]


@pytest.mark.parametrize("name", ["js_b", "bt_softmax"])
def test_a_truth_is_not_refuted(name):
    """True, as worked out in tests/judges/test_intervals.py."""
    result = prove(name)
    assert not isinstance(result.verdict, Refuted)
    assert not isinstance(result.gradient, Refuted)
