"""Three judges that must agree: whichever of them lies, and about what, it is found out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from generators.trees.words import loss, prior, shipped

from midpo_sym.judges import intervals, random_models, witness
from midpo_sym.judges.balls import Enclosure
from midpo_sym.judges.witness import Search, Witness
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.prover import judge as module
from midpo_sym.prover import refutation
from midpo_sym.prover.judge import judge
from midpo_sym.prover.prove import prove_derivation, prove_statement
from midpo_sym.prover.verdict import DisagreementError, Proved, Refuted, Status, Undecided
from midpo_sym.spec.model import Statement

TRUE = shipped("dpo").statement  # equal values, equal gradients
FALSE = replace(TRUE, zeta=prior("prev(y)"))  # different values
HALF = next(c for c in shipped("tdpo2").claims if c.id == "label-free-prior").statement  # gradient


def check(statement):
    return prove_statement(statement, shipped("dpo"))


def point():
    """Return some witness, to lie with."""
    return witness.search(loss("gamma"), loss("gamma + 1"), tries=5).value


def opposite(decision):
    """Return the decision that says the opposite, theorem and all."""
    if decision.answer is Answer.EQUAL:
        return replace(decision, answer=Answer.UNEQUAL, theorem=None)
    true = decide(loss("gamma"), loss("gamma")).theorem
    return replace(decision, answer=Answer.EQUAL, theorem=true, slopes={})


def test_the_honest_verdicts():
    """Without a lie: proved; refuted; proved with a refuted gradient."""
    assert check(TRUE).verdict.status is check(TRUE).gradient.status is Status.PROVED
    assert check(FALSE).verdict.status is check(FALSE).gradient.status is Status.REFUTED
    assert isinstance(check(HALF).verdict, Proved)
    assert isinstance(check(HALF).gradient, Refuted)


@pytest.mark.slow
@pytest.mark.parametrize("statement", [TRUE, FALSE], ids=["true", "false"])
def test_the_kernel_lies_about_the_value(monkeypatch, statement):
    """Equal called different, and different called equal, contradict the numbers."""
    monkeypatch.setattr(module, "decide", lambda *sides, **__: opposite(decide(*sides)))
    with pytest.raises(DisagreementError):
        check(statement)


@pytest.mark.slow
@pytest.mark.parametrize("statement", [TRUE, HALF], ids=["true", "false"])
def test_the_kernel_lies_about_the_gradient(monkeypatch, statement):
    """Equal gradients called different, and different ones called equal, are found out."""
    lie = lambda *sides, **__: opposite(decide_gradient(*sides))  # noqa: E731 - as short as a lie
    monkeypatch.setattr(module, "decide_gradient", lie)
    with pytest.raises(DisagreementError):
        check(statement)


def test_the_witness_lies_about_the_value(monkeypatch):
    """A witness against what the kernel proves is a contradiction."""
    found = point()
    monkeypatch.setattr(witness, "search", lambda *_, tries, **__: Search(tries, found, None))
    with pytest.raises(DisagreementError, match="a witness refutes it"):
        check(TRUE)


def test_intervals_lie(monkeypatch):
    """So is one in certified intervals, where no exact point confirms what the kernel proves."""
    found = replace(point(), enclosures=(Enclosure("0", "1"), Enclosure("2", "3")))
    nothing = Search(0, None, None)
    monkeypatch.setattr(witness, "search", lambda *_, **__: nothing)
    monkeypatch.setattr(intervals, "search", lambda *_, **__: replace(nothing, value=found))
    with pytest.raises(DisagreementError, match="a witness refutes it"):
        check(TRUE)


def test_the_witness_lies_about_the_gradient(monkeypatch):
    """So is a witness against a gradient that the kernel proves."""
    found = replace(point(), of_gradient=True)
    monkeypatch.setattr(witness, "search", lambda *_, tries, **__: Search(tries, None, found))
    with pytest.raises(DisagreementError, match="a witness refutes it"):
        check(TRUE)


@pytest.mark.parametrize("statement", [FALSE, HALF], ids=["value", "gradient"])
def test_a_witness_that_finds_nothing(monkeypatch, statement):
    """Finding nothing refutes nothing: what the kernel tells apart is then undecided."""
    monkeypatch.setattr(witness, "search", lambda *_, tries, **__: Search(tries, None, None, tries))
    monkeypatch.setattr(intervals, "search", lambda found, *_, **__: found)
    result = check(statement)
    assert isinstance(result.gradient, Undecided)
    assert isinstance(result.verdict, Proved if statement is HALF else Undecided)


def test_intervals_find_what_the_exact_search_does_not(monkeypatch):
    monkeypatch.setattr(witness, "search", lambda *_, tries, **__: Search(tries, None, None, tries))
    verdict = check(FALSE).verdict
    assert isinstance(verdict, Refuted)
    assert verdict.witness.kind == "enclosure"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        (TRUE, {"values_agree": False}),
        (TRUE, {"slopes_agree": False}),
        (FALSE, {"values_agree": True}),
        (HALF, {"slopes_agree": True}),
    ],
    ids=["equal values", "equal gradients", "different values", "different gradients"],
)
def test_the_numbers_lie(monkeypatch, statement, changes):
    """Numbers that deny what the kernel says, either way, of value or gradient, are heard."""
    honest = random_models.compare
    monkeypatch.setattr(
        random_models, "compare", lambda *sides, **more: replace(honest(*sides, **more), **changes)
    )
    with pytest.raises(DisagreementError):
        check(statement)


def test_a_wrong_residual_is_rejected(monkeypatch):
    """A residual that is not the difference is not shown."""
    monkeypatch.setattr(refutation, "rebuild", lambda *_, **__: loss("gamma"))
    with pytest.raises(DisagreementError, match="residual"):
        check(FALSE)


def test_a_wrong_residual_of_the_gradient_is_rejected(monkeypatch):
    """Neither is one whose gradient is not the difference of the gradients."""
    monkeypatch.setattr(module, "residual_of_gradient", lambda _: loss("log(pi(w))"))
    with pytest.raises(DisagreementError, match="residual"):
        check(HALF)


def test_opinions_are_recorded():
    """Three judges are named for the value and three for the gradient, each with its answer."""
    said = [(each.judge, each.of, each.says) for each in check(TRUE).opinions]
    assert said == [
        (judge, of, "equal")
        for of in ("value", "gradient")
        for judge in ("kernel", "witness", "numbers")
    ]
    said = [(each.judge, each.of, each.says) for each in check(FALSE).opinions]
    assert said == [
        *((judge, "value", "different") for judge in ("kernel", "witness", "numbers")),
        ("kernel", "gradient", "unknown"),  # weights σ(−A) differ, and so do the gradients
        ("witness", "gradient", "different"),
        ("numbers", "gradient", "different"),
    ]
    said = {(each.judge, each.of): each.says for each in check(HALF).opinions}
    assert {of: said["kernel", of] for of in ("value", "gradient")} == {
        "value": "equal",
        "gradient": "different",
    }


def test_outside_the_class_is_undecided():
    """γ^η with γ of any sign is outside the class; equal numbers alone prove nothing."""
    odd = loss("gamma") ** loss("eta")
    statement = Statement.of(loss("alpha"), prior("ref(y)"), "logsigmoid", odd)
    odd_sides = loss("max(ref(w), 2)"), loss("2")  # the kernel knows no bound of a probability
    verdict, gradient, opinions = judge(*odd_sides, statement=TRUE)
    assert isinstance(verdict, Undecided)
    assert isinstance(gradient, Proved)  # the policy is in neither side
    assert opinions[0].says == "unknown"
    assert "no difference" in verdict.reason
    left = loss("lam") ** loss("lam")
    verdict, _, _ = judge(left, left, statement=statement)
    assert isinstance(verdict, Undecided)
    assert "outside the class" in verdict.reason


def test_a_witness_decides_what_the_kernel_cannot():
    """max(γ, η) = γ is not decided by the kernel, and refuted by a point with η > γ."""
    verdict, _, opinions = judge(loss("max(gamma, eta)"), loss("gamma"), statement=TRUE)
    assert isinstance(verdict, Refuted)
    assert verdict.residual is None
    assert isinstance(verdict.witness, Witness)
    assert opinions[0].says == "unknown"


def test_a_statement_without_a_claim_is_checked():
    """Where no claim repeats [prior] and [loss], they are checked first, as the file's own."""
    derivation = replace(shipped("centropy"), claims=shipped("centropy").claims[1:])
    first, *rest = prove_derivation(derivation)
    assert first.claim is None
    assert first.id == "centropy"
    assert first.as_expected
    assert [result.claim.id for result in rest] == [claim.id for claim in derivation.claims]


@pytest.mark.slow
def test_an_unexpected_outcome_is_said():
    """A claim that expects another verdict, or another residual, is not as expected."""
    derivation = shipped("centropy")
    claims = {claim.id: claim for claim in derivation.claims}
    wrong = claims["section-4"]
    for changed in (
        replace(wrong, status="proved", gradient="proved"),
        replace(wrong, gradient="undecided"),
        replace(wrong, residual=loss("alpha")),
    ):
        assert not prove_statement(wrong.statement, derivation, changed).as_expected
    assert prove_statement(wrong.statement, derivation, wrong).as_expected
    link = next(c for c in shipped("sparsepo").claims if c.id == "as-printed")
    other = replace(link, residual=loss("gamma"))
    assert not prove_statement(link.statement, shipped("sparsepo"), other).as_expected
