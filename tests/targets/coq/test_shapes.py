"""Certificates of losses of other shapes: scores, links that are typed, data, maxima, exponents."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import Proved, Status
from midpo_sym.spec.reading.losses import load, loads
from midpo_sym.targets.coq.checking.outcome import prepare, settle
from midpo_sym.targets.coq.emit import Certificate, Kind, Outside, emit, emit_statement

CASES = Path(__file__).parents[2] / "cases"
SPEC = """
title = "t"
summary = "s"
[parameters]
alpha = {{ domain = "positive", meaning = "scale" }}
[data]
z = {{ of = "y", domain = "positive", meaning = "a number of a response" }}
[prior]
zeta = "{zeta}"
[loss]
link = "{link}"
argument = '''{argument}'''
"""
A = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"


def one(argument=A, *, link="logsigmoid", zeta="ref(y)"):
    """Return what comes out of checking one loss."""
    text = SPEC.format(zeta=zeta, link=link, argument=argument)
    if "z(" not in argument + zeta:
        text = text.replace("[data]\nz = {", "# {")
    (result,) = prove_derivation(loads(text, "own.toml"))
    return result


def outcomes(name):
    return [each for r in prove_derivation(load(CASES / name)) for each in prepare(r)]


@pytest.mark.slow
def test_a_score_is_stated_with_the_prior_known_exactly():
    """KTO: the score of y_w less α z₀ is what goes into its first link; no Z(x) is in it."""
    first, second = (each.certificate for each in outcomes("code/kto.toml"))
    said = " ".join(first.statement.split())
    args = "m_pi m_ref p_alpha p_z0"
    assert said.endswith(
        f"every D (fun x w l => scale {args} * ln (seq m_pi x w / zeta {args} x w)"
        f" = argument {args} x w l)."
    )
    assert "Z" not in said
    assert f"seq m_pi x l / zeta {args} x l" in " ".join(second.statement.split())


def test_a_loss_of_several_terms_is_stated_as_a_whole():
    """Half the log-sigmoid loss twice: minus the whole of it goes into the identity."""
    derivation = loads(
        SPEC.format(zeta="ref(y)", link="logsigmoid", argument=A)
        .replace("[data]\nz = {", "# {")
        .replace("[loss]", "[[loss.term]]\nweight = '1/2'")
        + f"\n[[loss.term]]\nweight = '1/2'\nargument = '''{A}'''\n",
        "own.toml",
    )
    (result,) = prove_derivation(derivation)
    assert result.verdict.status is Status.PROVED
    made = emit(result)
    assert isinstance(made, Certificate)
    assert "= mean loss_identity (argument" in made.statement
    assert made.definitions.count("1 / 2 *") == 2


@pytest.mark.slow
def test_what_no_anchor_gives_is_not_certified():
    """One counterexample excludes one anchor; the prover excludes all of them at several points."""
    (part,) = (p for p in one_score().parts if p.reading.score_of)
    assert emit(part.result) == Outside(
        part.result.id,
        "that no anchor makes it a score is shown by several points, and not certified",
    )


def one_score():
    text = SPEC.format(zeta="ref(y)", link="hinge", argument="alpha*log(pi(w)) - 1")
    text = text.replace("[data]\nz = {", "# {").replace("[loss]", 'gives = "scores"\n[loss]')
    (result,) = prove_derivation(loads(text, "own.toml"))
    return result


@pytest.mark.slow
def test_coq_proves_scores_and_not_against_another_anchor(workshop):
    first, _ = outcomes("code/kto.toml")
    assert settle(first, workshop).settled
    made = first.certificate
    wrong = made.definitions.replace("- p_z0", "- 2 * p_z0")
    assert wrong != made.definitions
    outcome = settle(replace(first, certificate=replace(made, definitions=wrong)), workshop)
    assert not outcome.settled


# What the prover refutes: a link that is typed, data in an argument.
REFUTED = {
    "a square that is typed": {"link": "(a - 1/(2*alpha))**2"},
    "a score in the argument": {"argument": f"{A} - z(w)"},
    "a score of both in another place": {"argument": f"{A} - z(w)*z(l)"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUTED)
def test_coq_refutes_them_at_a_tiny_language_model(workshop, name):
    result = one(**REFUTED[name])
    assert result.verdict.status is Status.REFUTED
    made = emit(result)
    assert isinstance(made, Certificate)
    assert made.kind is Kind.REFUTATION
    check = workshop.check(made.text)
    assert check.sound, check.message


# Each is the same number as what stands beside it, by one law of maxima or of powers.
MAXIMA = [
    ("max(ref(y), pi(y)**2)", "max(log(ref({0})), 2*log(pi({0})))"),
    ("ref(y)*max(1, ref(y)/pi(y))", "log(ref({0})) + max(0, log(ref({0})) - log(pi({0})))"),
    ("min(ref(y), pi(y)**2)", "log(ref({0})) - max(0, log(ref({0})) - 2*log(pi({0})))"),
]
POWERS = [
    "alpha**(2*alpha/alpha)/alpha*(log(pi(w)/ref(w)) - log(pi(l)/ref(l)))",
    "alpha*log((pi(w) + 0)/ref(w)) - alpha*log(pi(l)/(0 + ref(l)))",
    "alpha*sum_t(alpha**(alpha/alpha - 1)*log(pi(w, t)/ref(w, t))) - alpha*log(pi(l)/ref(l))",
    "alpha*sum_t(log(pi(w, t)/(ref(w, t)**2/ref(w, t) + 0))) - alpha*log(pi(l)/ref(l))",
]


def of_prior(zeta: str, log: str, *, off: str = ""):
    scores = [f"alpha*(log(pi({each})) - ({log.format(each)}))" for each in "wl"]
    return one(f"{scores[0]} - {scores[1]}{off}", zeta=zeta)


@pytest.mark.slow
def test_maxima_are_compared_by_their_logarithms(workshop):
    for zeta, log in MAXIMA:
        result = of_prior(zeta, log)
        assert result.verdict.status is Status.PROVED, zeta
        made = emit(result)
        assert isinstance(made, Certificate)
        check = workshop.check(made.text)
        assert check.sound, (zeta, check.message)
        wrong = made.definitions.replace("Rmax 0", "Rmax 1").replace("(2 * ln", "(3 * ln")
        assert wrong != made.definitions
        assert not workshop.check(replace(made, definitions=wrong, instances="").text).accepted


@pytest.mark.slow
def test_exponents_are_worked_out_and_zeros_left_out(workshop):
    for argument in POWERS:
        result = one(argument)
        assert result.verdict.status is Status.PROVED, argument
        check = workshop.check(emit(result).text)
        assert check.sound, (argument, check.message)


@pytest.mark.slow
def test_another_exponent_is_not_worked_out_to_the_same(workshop):
    """α^(3α/α)/α for α²/α is α² log-ratios: false, and not proved."""
    result = one(POWERS[0].replace("2*alpha", "3*alpha"))
    assert result.verdict.status is Status.REFUTED
    made = emit_statement("own", result.statement, Proved((), ()), path=PurePosixPath("own.v"))
    assert isinstance(made, Certificate)
    assert not workshop.check(replace(made, instances="").text).accepted
