"""A response beside the pair: where it may stand, what is decided of it, and who has none."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from midpo_sym.language.build import pi
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.priors.solve import Reach
from midpo_sym.prover.prove import prove_derivation, prove_statement
from midpo_sym.prover.shapes.scope import Unit
from midpo_sym.prover.verdict import Proved, Refuted
from midpo_sym.spec import loads
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.coq.emit import Outside, emit
from midpo_sym.targets.terminal.losses import story
from midpo_sym.targets.torch.errors import NotExpressibleError
from midpo_sym.targets.torch.files import render

LOSSES = Path(__file__).parents[2] / "cases" / "losses"
TEXT = """
title = "Other"
summary = "Something on another response."
parameters.alpha = {{ domain = "positive", meaning = "scale" }}
weights.mu = {{ domain = "positive", by_label = true, meaning = "weights" }}
data.r = {{ of = "y", domain = "real", by_label = true, meaning = "scores" }}
data.q = {{ of = "y", domain = "real", meaning = "scores" }}
definitions.K = {{ of = "y", is = "by_label(1, 2)*length(y)" }}
definitions.G = {{ of = "y", is = "sum_t(entropy(y, t)) + q(y)" }}
[prior]
zeta = "ref(y)*exp(0*(K(y) + G(y) + r(y)))*prod_t(mu(y, t)**0)"
gives = "{gives}"
[loss]
plus = "{plus}"
[[loss.term]]
argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi({l})/ref(l))"
"""


def proved(plus, gives="loss"):
    """Return what comes out of DPO and something added."""
    derivation = loads(TEXT.format(plus=plus, gives=gives, l="l"), "other.toml")
    return prove_statement(derivation.statement, derivation)


def test_it_is_printed_as_a_response():
    assert (to_text(pi("o")), to_unicode(pi("o"))) == ("pi(o)", "π(y_o)")
    assert to_latex(pi("o")) == r"\pi(y_o\mid x)"


@pytest.mark.parametrize(
    ("changes", "message", "cure"),
    [
        ({"l": "o"}, "the response o does not exist here", "is added to the terms, in plus"),
        ({"plus": "K(o)"}, "K goes by the label of a response", "what is meant of it by itself"),
        ({"plus": "r(o)"}, "r goes by the label of a response", "what is meant of it by itself"),
        ({"plus": "sum_t(mu(o, t))"}, "mu goes by the label of a response", "by itself"),
        ({"plus": "o"}, "the response o is not a number", ""),
        ({"plus": "sum_t(entropy(o, t)*pi(w, t))"}, "of two responses at once", ""),
    ],
)
def test_bad_input(changes, message, cure):
    with pytest.raises(SpecError, match=message) as raised:
        loads(TEXT.format(**({"plus": "G(o)", "gives": "terms", "l": "l"} | changes)), "t.toml")
    assert cure in raised.value.advice.cure


@pytest.mark.parametrize(
    ("plus", "value", "gradient"),
    [
        ("log(pi(o)) - sum_t(log(pi(o, t)))", Proved, Proved),  # 0
        pytest.param("0*G(o)", Proved, Proved, marks=pytest.mark.slow),
        pytest.param("-log(pi(o))", Refuted, Refuted, marks=pytest.mark.slow),
        ("-log(ref(o))", Refuted, Proved),  # a constant of the policy
        pytest.param("G(o) - G(w)", Refuted, Refuted, marks=pytest.mark.slow),
        ("log(pi(o)) - log(pi(w))", Refuted, Refuted),  # o and w need not be the same response
    ],
)
def test_verdicts_by_hand(plus, value, gradient):
    """DPO's loss and something added is DPO's loss just where that is zero."""
    result = proved(plus)
    assert isinstance(result.verdict, value)
    assert isinstance(result.gradient, gradient)


def test_a_witness_has_three_responses():
    verdict = proved("-log(pi(o))").verdict
    assert isinstance(verdict, Refuted)
    responses = verdict.witness.models.responses
    assert set(responses) == {"w", "l", "o"}
    assert len(set(responses.values())) == 3


def test_no_prior_is_asked_for_it():
    result = proved("-log(pi(o))")
    assert result.prior.reach is Reach.UNKNOWN
    assert "another response" in result.prior.reason


def test_what_it_is_said_to_need():
    (result,) = prove_derivation(load(LOSSES / "tpo.toml"))
    console = Console(width=200, record=True, file=StringIO())
    console.print(story(result))
    assert "another response" in console.export_text()
    assert result.scope.unit is Unit.PAIR
    assert proved("G(o)", "terms").scope.unit is Unit.PAIR


def test_who_has_none_says_so():
    with pytest.raises(NotExpressibleError, match="has a response beside the pair"):
        render(proved("-log(pi(o))", "terms"))
    certificate = emit(proved("-log(pi(o))"))
    assert isinstance(certificate, Outside)
    assert certificate.reason == (
        "certificates are about pairs, and this speaks of a third response, o"
    )
