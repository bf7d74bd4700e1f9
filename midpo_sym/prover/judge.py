"""The three judges of a statement, who have to agree.

In order: the kernel decides by normal forms (`kernel`); the witness search looks for a tiny
language model on which the sides differ, in exact arithmetic (`witness`); the numerical check
compares value and gradient on random language models in 40 digits (`numeric`). A contradiction
raises `DisagreementError`: there is no vote.
"""

from __future__ import annotations

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover import numeric, witness
from midpo_sym.prover.conditions import conditions
from midpo_sym.prover.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.prover.framework import FRAMEWORK_LINK
from midpo_sym.prover.kernel import Answer, Decision, Theorem, decide, decide_gradient
from midpo_sym.prover.properties import depends_on_label
from midpo_sym.prover.refutation import refutation, residual_of_gradient
from midpo_sym.prover.verdict import (
    LABELS_ASSUMPTION,
    DisagreementError,
    Opinion,
    Proved,
    Refuted,
    Undecided,
    Verdict,
)
from midpo_sym.spec.model import Statement

CONFIRMING_POINTS = 8  # exact points at which a proved statement is tried
# Random points and digits, where the usual ones do not show a difference that there has to be.
MORE_POINTS, MORE_DIGITS = 4, 800
SEARCH_POINTS = 400  # exact points among which a counterexample is looked for


def judge(
    left: Expression, right: Expression, *, statement: Statement
) -> tuple[Verdict, Verdict, tuple[Opinion, ...]]:
    """Return the verdicts of value and gradient, and the opinions behind them.

    Raises:
        DisagreementError: two judges contradict each other.
        ZeroDenominatorError: a side divides by something that is always zero.
    """
    decision, reason = _decided(left, right)
    answer = decision.answer if decision else Answer.UNKNOWN
    equal = answer is Answer.EQUAL
    tries = CONFIRMING_POINTS if equal else SEARCH_POINTS
    found = witness.search(left, right, tries=tries)
    opinions = [
        Opinion("kernel", "value", _word(answer), reason or "normal forms"),
        _of_witness(found, "value", differs=found.value is not None),
    ]
    try:
        numbers = _compared(left, right)
        if answer is Answer.UNEQUAL and numbers.values_agree:  # lengths, or a very small number
            numbers = _compared(left, right, points=MORE_POINTS, digits=MORE_DIGITS)
    except OverflowError:
        undecided = Undecided("a number on the way is too large for the numerical check")
        return undecided, undecided, tuple(opinions)
    opinions.append(_of_numbers(numbers, "value", agree=numbers.values_agree))
    if equal and found.value:
        raise DisagreementError("the kernel proves the statement, and a witness refutes it")
    if equal and not numbers.values_agree:
        raise DisagreementError("the kernel proves the statement, and random models contradict it")
    if answer is Answer.UNEQUAL and numbers.values_agree:
        raise DisagreementError("the kernel tells the sides apart, and random models do not")
    if found.value:
        verdict = refutation(decision, found.value, statement)
        if verdict.residual is not None and statement.link == FRAMEWORK_LINK:
            _check_residual(decide(left, tree.add(right, verdict.residual)))
        return verdict, verdict, tuple(opinions)
    if not equal or decision is None or decision.theorem is None:
        undecided = Undecided(_undecided(reason, found, numbers))
        return undecided, undecided, tuple(opinions)
    proved = _proved(decision, decision.theorem, statement)
    gradient, more = _judge_gradient(left, right, proved, found, numbers)
    return proved, gradient, (*opinions, *more)


def _judge_gradient(
    left: Expression,
    right: Expression,
    proved: Proved,
    found: witness.Search,
    numbers: numeric.Comparison,
) -> tuple[Verdict, list[Opinion]]:
    """Return the verdict of the gradient of two sides whose values are equal."""
    try:
        decision = decide_gradient(left, right)
    except OutsideClassError as error:  # atoms inside sg and outside may be too many together
        return Undecided(f"outside the class that is decided: {error}"), []
    if decision.answer is Answer.UNEQUAL and numbers.slopes_agree:
        numbers = _compared(left, right, points=MORE_POINTS, digits=MORE_DIGITS)
    if decision.answer is not Answer.EQUAL and not found.gradient:
        found = witness.search(left, right, tries=SEARCH_POINTS)
    opinions = [
        Opinion("kernel", "gradient", _word(decision.answer), "slopes of the normal forms"),
        _of_witness(found, "gradient", differs=found.gradient is not None),
        _of_numbers(numbers, "gradient", agree=numbers.slopes_agree),
    ]
    if decision.answer is Answer.EQUAL:
        if found.gradient:
            raise DisagreementError("the kernel proves the gradients equal, a witness refutes it")
        if not numbers.slopes_agree:
            raise DisagreementError("the kernel proves the gradients equal, random models differ")
        return proved, opinions
    if decision.answer is Answer.UNEQUAL and numbers.slopes_agree:
        raise DisagreementError("the kernel tells the gradients apart, random models do not")
    if found.gradient is None:
        return Undecided(_undecided("", found, numbers)), opinions
    residual = residual_of_gradient(decision)
    if residual is not None:
        _check_residual(decide_gradient(left, tree.add(right, residual)))
    return Refuted("gradient", residual, found.gradient), opinions


def _check_residual(decision: Decision) -> None:
    if decision.answer is not Answer.EQUAL:
        raise DisagreementError("the kernel rejects the residual")


def _decided(left: Expression, right: Expression) -> tuple[Decision | None, str]:
    try:
        return decide(left, right), ""
    except OutsideClassError as error:
        return None, f"outside the class that is decided: {error}"


def _compared(
    left: Expression,
    right: Expression,
    *,
    points: int = numeric.POINTS,
    digits: int = numeric.DIGITS,
) -> numeric.Comparison:
    try:
        return numeric.compare(left, right, points=points, digits=digits)
    except ZeroDivisionError:  # hidden from the kernel in an opaque atom: max(a, a) - a
        raise ZeroDenominatorError from None


def _proved(decision: Decision, theorem: Theorem, statement: Statement) -> Proved:
    atoms = decision.difference.atoms
    assumptions = (LABELS_ASSUMPTION,) if depends_on_label(statement) else ()
    return Proved(conditions(theorem.denominators, atoms), assumptions)


def _word(answer: Answer) -> str:
    return {Answer.EQUAL: "equal", Answer.UNEQUAL: "different"}.get(answer, "unknown")


def _of_witness(found: witness.Search, of: str, *, differs: bool) -> Opinion:
    says = "different" if differs else "equal" if found.points else "unknown"
    where = "a tiny language model, exactly" if differs else f"{found.points} tiny language models"
    return Opinion("witness", of, says, where)


def _of_numbers(numbers: numeric.Comparison, of: str, *, agree: bool) -> Opinion:
    detail = f"{numbers.points} random language models, {numbers.digits} digits"
    return Opinion("numbers", of, "equal" if agree else "different", detail)


def _undecided(reason: str, found: witness.Search, numbers: numeric.Comparison) -> str:
    first = reason or "the sides have parts whose equality the kernel does not decide"
    seen = (
        "random language models show no difference"
        if numbers.values_agree and numbers.slopes_agree
        else f"random language models differ, {numbers.left} against {numbers.right}"
    )
    return f"{first}; no exact counterexample at {found.points} points; {seen}"
