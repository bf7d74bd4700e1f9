"""Certificates of losses with statistics of next-token distributions, or why there are none."""

from dataclasses import replace

import pytest

from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import Status
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.coq.checking.outcome import Outcome, settle
from midpo_sym.targets.coq.emit import Certificate, Outside, emit


def emitted(name, *, sign="-"):
    more = f"{sign} (sum_t({name}(w, t)) - sum_t({name}(l, t)))"
    text = f"""
title = "T"
summary = "S."
[prior]
scale = 1
zeta = "ref(y)*exp(sum_t({name}(y, t)))"
[loss]
argument = "log(pi(w)/ref(w)) - log(pi(l)/ref(l)) {more}"
"""
    return emitted_text(text)


def emitted_text(text):
    (result,) = prove_derivation(loads(text, "one.toml"))
    return emit(result)


DATA = """
title = "T"
summary = "S."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
[data]
score = { of = "y", domain = "positive", by_label = true, meaning = "s" }
delta = { of = "batch", domain = "nonnegative", meaning = "d" }
[prior]
zeta = "ref(y)*score(y)*exp(delta)**delta"
[loss]
argument = "alpha*(log(pi(w)/ref(w)) - log(pi(l)/ref(l))) - alpha*(log(score(w)) - log(score(l)))"
"""


def test_a_statistic_is_defined_in_the_certificate_by_its_row():
    found = emitted("entropy")
    assert isinstance(found, Certificate)
    assert found.definitions.startswith(
        "Definition q_entropy {V : vocab} (m_pi : policy V) (x y : list V) (t : nat) : R :=\n"
        "  let context := x ++ firstn t y in\n"
        "  sum_over (tokens V) (fun v => - (m_pi context v * ln (m_pi context v))).\n"
    )
    assert "q_entropy m_pi x y t" in found.definitions


def test_a_divergence_is_that_of_the_library():
    found = emitted("kl_prev_pi")
    assert isinstance(found, Certificate)
    assert "q_" not in found.definitions
    assert "kl m_prev m_pi x y t" in found.definitions
    assert found.agreements


def test_data_are_functions_of_texts_or_numbers():
    found = emitted_text(DATA)
    assert isinstance(found, Certificate)
    assert "(d_delta : R)\n    (d_score : bool -> list V -> list V -> R)" in found.definitions
    assert "d_score true x w" in found.definitions
    assert "d_score (label x y) x y" in found.definitions
    assert {each.name: each.proposition for each in found.hypotheses} == {
        "hp_alpha_positive": "0 < p_alpha",
        "hd_delta_nonnegative": "0 <= d_delta",
        "hd_score_positive": "forall chosen x y, 0 < d_score chosen x y",
        "h_labels": "labels label D",
    }


def test_what_the_library_cannot_do_is_said():
    assert emitted("entropy", sign="+") == Outside(
        "one", "the Coq library has values of divergences only, not of entropy"
    )
    assert emitted("sum_of_squares") == Outside(
        "one", "no lemma of the Coq library says that sum_of_squares is positive"
    )


@pytest.mark.slow
def test_coq_proves_what_is_so_and_not_what_is_not(workshop):
    """With a minus before one of the entropies nothing is proved."""
    found = emitted("entropy")
    assert settle(Outcome(found.id, Status.PROVED, found, None), workshop).settled
    definitions = found.definitions.replace("exp (sum_t", "exp (- sum_t", 1)
    assert definitions != found.definitions
    wrong = replace(found, definitions=definitions)
    assert not settle(Outcome(found.id, Status.PROVED, wrong, None), workshop).settled


@pytest.mark.slow
def test_coq_proves_what_is_so_of_data(workshop):
    found = emitted_text(DATA)
    assert settle(Outcome(found.id, Status.PROVED, found, None), workshop).settled
    definitions = found.definitions.replace("(d_score true x w)", "(d_score false x w)")
    assert definitions != found.definitions
    wrong = replace(found, definitions=definitions)
    assert not settle(Outcome(found.id, Status.PROVED, wrong, None), workshop).settled
