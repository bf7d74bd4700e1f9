"""What is written back from a normal form equals what was read, by kernel and by numbers."""

from __future__ import annotations

import random

import pytest
from generators.trees.mutants import mutants, statements
from generators.trees.words import loss
from oracles.trees.independent import compare

from midpo_sym.judges import random_models
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient, normal_form
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.derivation.rebuild import NotReadableError, rebuild

TEXTS = [
    "0",
    "gamma",
    "-gamma",
    "gamma/2 - 3/4",
    "(gamma**2 - 1)/(eta + 2)",
    "length(w)*gamma - length(l)",
    "sum_t(gamma + 0*mu(w, t))",
    "sum_t((gamma + mu(w, t))/(nu(w, t) + 1))",
    "sum_t(1/nu(w, t)) - sum_t(mu(l, t)**2*log(pi(l, t)))/gamma",
    "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))",
    "log(pi(w))/length(w) - 2*log(ref(l))/length(l)",
    "(1 - 1/length(w))*log(pi(w)) + gamma*sum_t(kl_ref_pi(w, t) - kl_pi_ref(w, t))",
    "sum_t(mu(w, t)*(log(pi(w, t)) - log(ref(w, t)))*gamma) - sum_t(nu(w, t) + 1)",
    "log(prev(w)) - log(prev(l)) + 7",
    "sum_t(log(pi(w, t))**2/3)",
    "-(alpha - 1)*(sum_t(kl_ref_pi(w, t)) - sum_t(kl_ref_pi(l, t)))",
]


@pytest.mark.parametrize("by_response", [True, False])
@pytest.mark.parametrize("text", TEXTS)
def test_written_back(text, by_response):
    """The tree rebuilt from a form has the form's value, for the kernel and for two numbers."""
    node = loss(text)
    found = rebuild(normal_form(node), by_response=by_response)
    assert decide(found, node).answer is Answer.EQUAL
    assert decide_gradient(found, node).answer is Answer.EQUAL
    assert random_models.compare(found, node).values_agree
    assert compare(found, node) == (True, True)
    assert rebuild(normal_form(found), by_response=by_response) == found


@pytest.mark.slow
@pytest.mark.parametrize("by_response", [True, False])
def test_mutants_are_written_back(by_response):
    """So it is for the arguments of a hundred mutants of the shipped losses."""
    arguments = [statement.argument for _, statement in (*statements(), *mutants(100, seed=7))]
    for node in arguments:
        found = rebuild(normal_form(node), by_response=by_response)
        assert decide(found, node).answer is Answer.EQUAL
        assert compare(found, node, seeds=1)[0]


WORDING = [
    ("log(pi(w)) - log(ref(w))", "log(pi(w)/ref(w))"),
    ("sum_t(log(pi(w, t)))", "log(pi(w))"),
    ("gamma*sum_t(2 + 0*mu(w, t))", "2*gamma*length(w)"),
    ("eta - eta", "0"),
    ("gamma + gamma", "2*gamma"),
    ("-log(ref(l)) + log(pi(w))", "log(pi(w)) - log(ref(l))"),
]


@pytest.mark.parametrize(("text", "expected"), WORDING)
def test_wording(text, expected):
    """What has a short name is written by it."""
    assert to_text(rebuild(normal_form(loss(text)), by_response=True)) == expected


@pytest.mark.parametrize("text", ["max(gamma, 1)", "exp(gamma)", "log(pi(w))**2", "log(2)"])
def test_what_has_no_words(text):
    """An opaque atom is not written back; nothing is made up for it."""
    for by_response in (True, False):
        with pytest.raises(NotReadableError):
            rebuild(normal_form(loss(text)), by_response=by_response)


def test_order_does_not_matter():
    """However the terms of a sum are shuffled, the same text comes back."""
    terms = ["alpha*log(pi(w))", "-gamma*log(ref(l))", "length(w)/2", "-sum_t(mu(l, t))", "eta"]
    chance = random.Random(0)
    found = {
        to_text(rebuild(normal_form(loss(" + ".join(shuffled))), by_response=True))
        for shuffled in (chance.sample(terms, len(terms)) for _ in range(10))
    }
    assert len(found) == 1
