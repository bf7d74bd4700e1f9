"""What the atlas needs of a file: where the formula was read, and what code does beside print."""

from fractions import Fraction

import pytest

from midpo_sym.prover.equivalence.sides import side
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.spec import SpecError, loads

SPEC = """
title = "Loss"
summary = "DPO, and what a library smooths."
checked = "paper"
[parameters]
beta = { domain = "positive", meaning = "scale" }
[prior]
zeta = "ref(y)"
scale = "beta"
[loss]
argument = "beta*log(pi(w)/ref(w)) - beta*log(pi(l)/ref(l))"
[[claim]]
id = "code"
work = "a library"
place = "loss.py"
status = "proved"
convention = "library 1.0"
zeta = "ref(y)*exp(-lam*length(y)/beta)"
argument = '''beta*log(pi(w)/ref(w)) - beta*log(pi(l)/ref(l))
+ lam*(length(w) - length(l))'''
[claim.parameters]
lam = { domain = "nonnegative", default = "1/100", meaning = "weight" }
"""
SECOND = SPEC[SPEC.index("[[claim]]") :].replace('"code"', '"again"')


def message(text):
    with pytest.raises(SpecError) as caught:
        loads(text, "loss.toml")
    return str(caught.value)


def test_a_claim_has_parameters_and_a_convention():
    """The library's loss is R-DPO by hand: ζ = ref exp(−λ n/β) adds λ n(w) − λ n(l)."""
    derivation = loads(SPEC, "loss.toml")
    (claim,) = derivation.claims
    assert derivation.checked == "paper"
    assert claim.convention == "library 1.0"
    assert [(each.name, each.default) for each in claim.parameters] == [("lam", Fraction(1, 100))]
    assert [each.name for each in derivation.parameters] == ["beta"]
    assert derivation.symbols["lam"].unicode == "lam"
    results = prove_derivation(derivation)
    assert [each.verdict.status.value for each in results] == ["proved", "proved"]


def test_a_parameter_of_a_claim_is_one_of_its_side():
    derivation = loads(SPEC, "loss.toml")
    assert {*side("A", derivation, derivation.claims[0]).declared} == {"A_beta", "A_lam"}
    assert {*side("A", derivation).declared} == {"A_beta"}


def test_two_claims_may_share_a_parameter_with_another_default():
    derivation = loads(SPEC + SECOND.replace("1/100", "1/2"), "loss.toml")
    assert [each.parameters[0].default for each in derivation.claims] == [
        Fraction(1, 100),
        Fraction(1, 2),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SPEC.replace('checked = "paper"', 'checked = "memory"'), "not one of the words allowed"),
        (SPEC + 'mu = { domain = "real", meaning = "nothing" }\n', "declared but never used"),
        (SPEC + 'beta = { domain = "real", meaning = "scale" }\n', "already declared"),
        (SPEC + 'mu = { domain = "real", meaning = "x", latex = "\\\\beta" }\n', "never used"),
        (SPEC.replace("lam =", "pi ="), "reserved word"),
        (SPEC.replace('domain = "nonnegative",', 'dominion = "real",'), "unknown key"),
        (SPEC.replace('"weight" }', '"weight", latex = "\\\\beta" }'), "is printed like beta"),
        (SPEC.replace("1/100", "-1"), "outside the domain"),
        (SPEC + SECOND.replace("nonnegative", "positive"), "declares it differently"),
        (
            SPEC + SECOND.partition("zeta")[0] + SECOND[SECOND.index("[claim.p") :],
            "declared but never used",
        ),
        (SPEC.partition("[claim.p")[0], "unknown name"),
    ],
)
def test_what_is_wrong_with_them_is_said(text, said):
    found = message(text)
    assert said in found
    assert found.startswith("loss.toml:")


def test_no_claim_sees_the_parameters_of_another():
    other = SECOND.partition("[claim.parameters]")[0]
    assert "unknown name" in message(SPEC + other)
