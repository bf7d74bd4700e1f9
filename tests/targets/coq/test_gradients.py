"""Certificates of gradients: what they say, that Coq proves them, and rejects wrong ones."""

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from midpo_sym.api import gradient
from midpo_sym.pipeline import Pipeline
from midpo_sym.prover.verdict import Status
from midpo_sym.spec import library
from midpo_sym.spec.reading.losses import load, loads
from midpo_sym.targets.coq.checking import checker, lock
from midpo_sym.targets.coq.checking.outcome import prepare_gradient, settle
from midpo_sym.targets.coq.emit import REQUIRE_GRADIENT, Certificate, Kind, Outside
from midpo_sym.targets.coq.gradients import emit_gradient

CASES = Path(__file__).parents[2] / "cases"
SPEC = """
title = "t"
summary = "s"
[parameters]
alpha = {{ domain = "positive", meaning = "scale" }}
[prior]
zeta = "ref(y)"
{more}
"""


def certificate(spec) -> Certificate:
    result = gradient(spec)
    made = emit_gradient(result.id, result.gradient, PurePosixPath("own.v"))
    assert isinstance(made, Certificate)
    return made


@pytest.fixture(scope="module")
def dpo():
    return certificate("dpo")


@pytest.fixture(scope="module")
def tdpo2():
    return certificate("tdpo2")


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_gradient_of_dpo_is_that_of_its_paper(dpo):
    """-α σ(−m) for each token of y_w and α σ(−m) for each of y_l, along any family of policies."""
    assert "- (p_alpha * (1 / (1 + exp (- (- argument m_pi m_ref p_alpha x w l)))))" in (
        words(dpo.definitions)
    )
    assert words(dpo.statement) == (
        "Definition statement : Prop := forall (V : vocab) (m_pi m_ref : policy V) (p_alpha : R)"
        " (D : data V) (hp_alpha_positive : 0 < p_alpha), every D (fun x w l =>"
        " forall (family : R -> policy V) (s : R) (v_w v_l : nat -> R)"
        " (h_family : family s = m_pi)"
        " (h_w : moves_by_token w (fun r t => ln (tok (family r) x w t)) s v_w)"
        " (h_l : moves_by_token l (fun r t => ln (tok (family r) x l t)) s v_l),"
        " derivable_pt_lim (fun r => loss (family r) m_ref p_alpha x w l) s"
        " (sum_t (length w) (fun t => coefficient_w m_pi m_ref p_alpha x w l t * v_w t)"
        " + sum_t (length l) (fun t => coefficient_l m_pi m_ref p_alpha x w l t * v_l t)))."
    )


@pytest.mark.slow
def test_what_stands_under_a_stop_gradient_is_of_the_policy_that_does_not_move(tdpo2):
    """TDPO₂ holds the divergence of y_w still: it is of `m_still`, and has no coefficient."""
    assert "sg (sum_t (length w) (fun t => kl m_ref m_still x w t))" in words(tdpo2.definitions)
    assert "sum_t (length l) (fun t => kl m_ref m_pi x l t)" in words(tdpo2.definitions)
    assert "loss (family r) m_pi m_ref" in words(tdpo2.statement)
    assert "coefficient_kl_ref_pi_l" in tdpo2.definitions
    assert "coefficient_kl_ref_pi_w" not in tdpo2.definitions


A = 'argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"'


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (f'gives = "argument"\n[loss]\nlink = "any"\n{A}', "its link stands for every function"),
        (
            f'gives = "terms"\n[loss]\nplus = "-log(pi(o))"\n{A}',
            "it speaks of a third response",
        ),
    ],
)
def test_what_has_no_gradient_has_no_certificate(more, reason):
    derivation = loads(SPEC.format(more=more), "own.toml")
    outcome = prepare_gradient(Pipeline().differentiate(derivation))
    assert outcome.expected is Status.UNDECIDED
    assert isinstance(outcome.certificate, Outside)
    assert outcome.reason.startswith("the prover has no gradient: ")
    assert reason in outcome.reason
    assert outcome.settled


@pytest.mark.slow
def test_the_lock_vouches_for_the_gradient_of_each_shipped_loss(gradients):
    """On the four axioms; the ids are in an order of their own, and no claim has such a one."""
    for id_, made in zip(library.paper_ids(), gradients, strict=True):
        assert isinstance(made, Certificate), id_
        entry = lock.checked(made)
        assert entry is not None, id_
        assert entry.file == f"{id_}/gradient.v"
        assert set(entry.axioms) == checker.ALLOWED_AXIOMS
    assert list(lock.shipped()["gradients"]) == [
        f"gradient of {each}" for each in library.paper_ids()
    ]


def changed(made: Certificate, part: str, old: str, new: str) -> Certificate:
    """Return a certificate with a slip in it."""
    text = getattr(made, part)
    assert re.search(old, text), old
    return replace(made, **{part: re.sub(old, new, text, count=1)}, instances="")


SLIPS = {
    "the sign of the chosen response": ("definitions", r":=\n  - \(p_alpha \*", ":=\n  (p_alpha *"),
    "a factor": ("definitions", r":=\n  - \(p_alpha \*", ":=\n  - (2 * p_alpha *"),
    "σ(m) for σ(−m)": ("definitions", r"exp \(- \(- argument", "exp (- (argument"),
    "the loss": ("definitions", r":=\n  - ln", ":=\n  - 2 * ln"),
    "one response for the other": ("statement", r"\* v_w t\)", "* v_l t)"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_coq_rejects_a_wrong_gradient(workshop, dpo, slip):
    wrong = changed(dpo, *SLIPS[slip])
    assert not workshop.check(wrong.text).accepted
    assert workshop.check(replace(dpo, instances="").text).sound


def test_coq_rejects_a_gradient_through_what_stands_still(workshop, tdpo2):
    """With the divergence of y_w taken of the policy that moves, the derivative is another."""
    right = replace(tdpo2, instances="")
    assert workshop.check(right.text).sound
    text = re.sub("kl m_ref m_still", "kl m_ref m_pi", tdpo2.definitions)
    assert text != tdpo2.definitions
    assert not workshop.check(replace(right, definitions=text).text).accepted


@pytest.mark.slow
@pytest.mark.parametrize("name", ["code/hinge", "code/orpo", "code/kto", "losses/d2po"])
def test_coq_proves_gradients_of_other_shapes(workshop, name):
    """A maximum, one less a probability, scores of one response, places of tokens."""
    result = Pipeline().differentiate(load(CASES / f"{name}.toml"))
    outcome = settle(prepare_gradient(result), workshop)
    assert outcome.settled, outcome.reason
    assert outcome.certificate.kind is Kind.PROOF
    assert outcome.certificate.text.startswith("(* gradient of ")
    assert REQUIRE_GRADIENT in outcome.certificate.text


def test_a_standalone_file_of_a_gradient_needs_nothing(workshop, dpo):
    text = dpo.standalone(checker.needed(dpo.requires))
    check = workshop.check(text, with_library=False)
    assert check.sound, check.message
