"""Statements under other links than the log-sigmoid, refuted values, and lines left out, by Coq."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from midpo_sym.prover.prove import prove_derivation, prove_statement
from midpo_sym.prover.verdict import Proved, Status, Undecided
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.coq.checking.golden import golden
from midpo_sym.targets.coq.checking.outcome import Outcome, settle
from midpo_sym.targets.coq.emit import Certificate, Kind, Outside, emit, emit_statement
from midpo_sym.targets.coq.instance import refutation

pytestmark = pytest.mark.slow

SPEC = """
title = "t"
summary = "s"
[parameters]
alpha = {{ domain = "positive", meaning = "scale" }}
g = {{ domain = "real", meaning = "a constant" }}
[prior]
zeta = "ref(y)*exp(g)"
[loss]
link = "{link}"
argument = '''{argument}'''
"""
A = "(alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l)))"
P, Q = "(pi(w)/ref(w))**alpha", "(pi(l)/ref(l))**alpha"


def statement(argument: str, link: str = "identity"):
    text = SPEC.format(link=link, argument=argument)
    if "g" not in argument.replace("log", ""):
        text = text.replace("g = {", "# g = {", 1).replace("*exp(g)", "")
    return loads(text, "own.toml")


def certificate(derivation, verdict=None) -> Certificate:
    made = emit_statement(
        "own", derivation.statement, verdict or Proved((), ()), path=PurePosixPath("own.v")
    )
    assert isinstance(made, Certificate)
    return made


# −loss is log σ(A), spelled in these ways: by hand, σ(A) = 1/(1 + e^−A) = P/(P + Q).
TRUE = [
    f"log(1/(1 + exp(-{A})))",
    f"-log(1 + exp(-{A}))",
    f"{A} - log(1 + exp({A}))",
    f"log(exp({A})/(1 + exp({A})))",
    f"log({P}/({P} + {Q}))",
    f"-log(1 + {Q}/{P})",
    f"log(3/(3 + 3*exp(-{A})))",
]
FALSE = [f"log(1/(1 + exp({A})))", f"log(1/(2 + exp(-{A})))", f"{A} - log(1 + exp(-{A}))", A]


def test_a_loss_that_is_the_log_sigmoid_s_under_another_link_is_certified(workshop):
    """The statement is about the loss of the specification's own link, and not about another's."""
    for argument in TRUE:
        each = certificate(statement(argument))
        assert "= mean loss_identity (argument" in each.statement
        assert "loss_logsigmoid" not in each.definitions
        check = workshop.check(each.text)
        assert check.sound, (argument, check.message)


def test_what_is_no_such_loss_is_not_certified(workshop):
    """Four that are false, and a true one under each of the links that it is not true for."""
    wrong = [statement(each) for each in FALSE]
    wrong += [statement(TRUE[0], link) for link in ("logsigmoid", "hinge", "square", "sigmoid")]
    for derivation in wrong:
        each = certificate(derivation)
        outcome = settle(Outcome("own", Status.PROVED, each, None), workshop)
        assert (outcome.verdict, outcome.settled) == ("not certified", False)
        assert outcome.reason.startswith("the procedure finds no proof in Coq")


def test_golden_vectors_are_of_losses_under_the_log_sigmoid_only():
    each = certificate(statement(A, "logsigmoid"))
    assert '"statement": "own"' in golden([each])
    assert '"statement": "own"' not in golden([replace(each, link="identity")])


@pytest.mark.parametrize(
    ("link", "argument"),
    [
        ("identity", f"log(1/(1 + exp(-{A}))) + g"),  # the value alone differs, by a constant
        ("identity", f"sg(1/(1 + exp({A})))*{A} + 0*g"),  # and with the gradient of MI-DPO
        ("hinge", f"{A} + g - g"),
        ("square", f"{A} + g"),
        ("sigmoid", f"{A} + g - g"),
        ("logsigmoid", f"{A} + g"),
        ("logsigmoid", f"max({A}, g + {A} - 1)"),
    ],
)
def test_a_value_is_refuted_whatever_its_gradient(workshop, link, argument):
    """Where MI-DPO's argument is zero its loss is log 2; the others' −g, 1, (1 − g)², 1/2."""
    derivation = statement(argument, link)
    result = prove_statement(derivation.statement, derivation)
    assert result.verdict.status is Status.REFUTED
    for gradient in (result.gradient, Proved((), ()), Undecided("")):
        each = emit(replace(result, gradient=gradient))
        assert isinstance(each, Certificate)
        assert each.kind is Kind.REFUTATION
    check = workshop.check(each.text)
    assert check.sound, check.message


def test_what_no_tiny_model_tells_apart_is_outside(workshop):
    """log 3 is no multiple of log 2: the kernel of certificates has no number for it."""
    derivation = statement(f"log(1/(1 + exp(-{A}))) + log(3) + g - g")
    assert refutation(derivation.statement) is None
    result = prove_derivation(derivation)[0]
    each = emit(result)
    assert isinstance(each, Outside)
    assert settle(Outcome("own", Status.PROVED, each, None), workshop).reason == each.reason


def test_a_line_that_coq_does_not_replay_is_left_out(workshop, results):
    """Of DPO's lines the third is made false: the others stay, and the file says which is gone."""
    result = next(each for each in results if each.id == "dpo/section-4")
    each = emit(result)
    assert len(each.derivation.equations) >= 4
    rows = list(each.derivation.equations)
    rows[2] = rows[2].replace("\n    = ", "\n    = 1 + ", 1)
    wrong = replace(each, derivation=replace(each.derivation, equations=tuple(rows)))
    assert not workshop.check(wrong.text).accepted
    outcome = settle(Outcome(each.id, Status.PROVED, wrong, None), workshop)
    assert (outcome.verdict, outcome.settled) == ("proved", True)
    assert outcome.certificate.derivation.left_out == (3,)
    assert rows[2] not in outcome.certificate.text
    assert all(row in outcome.certificate.text for k, row in enumerate(rows) if k != 2)
    said = f"lines 3 of {len(rows)}."
    assert f"Not replayed by the procedure, and left out: {said}" in outcome.certificate.text
    assert outcome.note.startswith(f"1 of {len(rows)} lines of the derivation are left out")
    assert settle(Outcome(each.id, Status.PROVED, each, None), workshop).note == ""
