"""Certificates of statements with functions in them: Coq is told what they stand for."""

from pathlib import PurePosixPath

import pytest

from midpo_sym import prove
from midpo_sym.prover.verdict import Status
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.coq.emit import Certificate, emit_statement

SPEC = """
title = "t"
summary = "s"
[parameters]
alpha = {{ domain = "positive", meaning = "scale" }}
e = {{ domain = "open unit", meaning = "a number below one" }}
[prior]
zeta = "{zeta}"
[loss]
link = "{link}"
argument = '''{argument}'''
"""
DPO = "alpha*log(pi(w)/{w}) - alpha*log(pi(l)/{l})"
A = DPO.format(w="ref(w)", l="ref(l)")

# prior, link, argument, and words of the certificate
CASES = {
    "the log-sigmoid under the identity": (
        "ref(y)**(1 - e + e)",
        "identity",
        f"logsigmoid({A})",
        "ln (1 / (1 + exp (- (",
    ),
    "a smaller probability": (
        "min(ref(y), e)",
        "logsigmoid",
        DPO.format(w="min(ref(w), e)", l="min(ref(l), e)"),
        "Rmax (seq m_ref x y) p_e",
    ),
    "a power of one less": (
        "ref(y)**(1/(1 - e))",
        "logsigmoid",
        (
            "alpha*log(pi(w)) - alpha/(1 - e)*log(ref(w)) - alpha*log(pi(l)) "
            "+ alpha/(1 - e)*log(ref(l))"
        ),
        "0 < p_e < 1",
    ),
}


def certificate(name: str) -> Certificate:
    zeta, link, argument, _ = CASES[name]
    derivation = loads(SPEC.format(zeta=zeta, link=link, argument=argument), "own.toml")
    result = prove(derivation)
    assert result.verdict.status is result.gradient.status is Status.PROVED
    path = PurePosixPath("own.v")
    made = emit_statement("own", result.statement, result.verdict, path=path)
    assert isinstance(made, Certificate)
    return made


@pytest.mark.parametrize("name", CASES)
def test_a_certificate_says_what_a_function_stands_for(name):
    """No word of the library is needed for it; a domain between 0 and 1 is a hypothesis."""
    made = certificate(name)
    assert CASES[name][-1] in " ".join(made.body.split())
    assert all(each.name.isidentifier() for each in made.hypotheses)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_coq_accepts_it(name, workshop):
    """Value only, as all certificates are."""
    check = workshop.check(certificate(name).text)
    assert check.sound, check.message
