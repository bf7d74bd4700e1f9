"""The three judges of a statement, who have to agree.

In order: the kernel decides by normal forms (`kernel`); the witness search looks for a tiny
language model on which the sides differ, in exact arithmetic, and where it finds none, in certified
intervals (`witness`); the numerical check
compares value and gradient on random language models in 40 digits (`numeric`). A contradiction
raises `DisagreementError`: there is no vote.

The verdict of the gradient is its own (decision 3): it compares the gradients of the losses,
whatever came out for the values. Where the arguments of two log-sigmoids are proved equal, the
gradients of the losses are equal if and only if those of the arguments are, and these are compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from midpo_sym.judges import intervals, random_models, witness
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, Decision, Theorem, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.links import LINKS
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import NoGradientError, conditions, flows, kinks
from midpo_sym.prover.framework import FRAMEWORK_LINK, framework_argument
from midpo_sym.prover.opaque import opaque_part
from midpo_sym.prover.properties import depends_on_label
from midpo_sym.prover.refutation import refutation, residual_of_gradient
from midpo_sym.prover.verdict import (
    EXACT_PRIOR_ASSUMPTION,
    LABELS_ASSUMPTION,
    Condition,
    DisagreementError,
    Opinion,
    Proved,
    Refuted,
    Undecided,
    Verdict,
)
from midpo_sym.spec.model import Statement

CONFIRMING_POINTS = 8  # exact points at which a proved statement is tried
# Random points and digits, where the usual ones contradict the kernel: it may be that they are too
# few for a small difference, or for large numbers that cancel.
MORE = ((4, 800), (1, 3_000))
SEARCH_POINTS = 400  # exact points among which a counterexample is looked for
_SHOWN = 60  # characters of a part that a reason names


@dataclass(frozen=True, slots=True)
class _Sides:
    """What is compared, and as the losses that it stands for.

    Attributes:
        left: of the framework.
        right: of the target.
        losses: link and argument of both losses.
        statement: what they are sides of.
        work: how many times the usual limits of work it may take.
    """

    left: Expression
    right: Expression
    losses: tuple[tuple[str, Expression], tuple[str, Expression]]
    statement: Statement
    work: int


def judge(
    left: Expression, right: Expression, *, statement: Statement, work: int = 1
) -> tuple[Verdict, Verdict, tuple[Opinion, ...]]:
    """Return the verdicts of value and gradient, and the opinions behind them.

    Args:
        left: the framework's side, as `framework.sides` gives it.
        right: the target's side.
        statement: what the two are sides of.
        work: how many times the usual limits of work the kernel and the search may take.

    Raises:
        DisagreementError: two judges contradict each other.
        ZeroDenominatorError: a side divides by something that is always zero.
    """
    verdict, opinions, numbers, found = _judge_value(left, right, statement, work)
    if numbers is None:
        return verdict, verdict, tuple(opinions)
    term = statement.target.as_term()
    both = framework_argument(statement), term.argument
    if term.link.name == FRAMEWORK_LINK:
        both = left, right
    losses = (FRAMEWORK_LINK, both[0]), (term.link.name, both[1])
    compared = _Sides(left, right, losses, statement, work)
    gradient, more = _judge_gradient(compared, verdict, numbers, found)
    return verdict, gradient, (*opinions, *more)


def _judge_value(
    left: Expression, right: Expression, statement: Statement, work: int
) -> tuple[Verdict, list[Opinion], random_models.Comparison | None, witness.Search]:
    """Return the verdict of the value, the opinions behind it, and what they go back to."""
    decision, reason = _decided(left, right, work)
    answer = decision.answer if decision else Answer.UNKNOWN
    equal = answer is Answer.EQUAL
    tries = CONFIRMING_POINTS if equal else SEARCH_POINTS
    found = witness.search(left, right, tries=tries, work=work * witness.WORK)
    kernel = Opinion("kernel", "value", _word(answer), reason or "normal forms")
    try:
        numbers = _compared(left, right)
        for points, digits in MORE:
            if not _contradict(answer, agree=numbers.values_agree):
                break
            numbers = _compared(left, right, points=points, digits=digits)
    except OverflowError as error:
        verdict: Verdict = Undecided(_too_large(error))
        return verdict, [kernel, _of_witness(found, "value")], None, found
    agree = numbers.values_agree
    found = intervals.search_further(
        found, (left, right), of="value", equal=equal, agree=agree, work=work
    )
    opinions = [kernel, _of_witness(found, "value"), _of_numbers(numbers, "value")]
    if equal and found.value:
        raise DisagreementError("the kernel proves the statement, and a witness refutes it")
    if equal and not numbers.values_agree:
        raise DisagreementError("the kernel proves the statement, and random models contradict it")
    if answer is Answer.UNEQUAL and numbers.values_agree:
        raise DisagreementError("the kernel tells the sides apart, and random models do not")
    if found.value:
        refuted = refutation(decision, found.value, statement)
        verdict = _with_checked_residual(refuted, left, right)
    elif equal and decision is not None and decision.theorem is not None:
        verdict = _proved(decision, decision.theorem, statement)
    else:
        why = reason or _open(decision, left, right)
        verdict = Undecided(_undecided(why, found, numbers, of="value"))
    return verdict, opinions, numbers, found


def _judge_gradient(
    compared: _Sides, value: Verdict, numbers: random_models.Comparison, found: witness.Search
) -> tuple[Verdict, list[Opinion]]:
    """Return the verdict of the gradient of two losses, and the opinions behind it."""
    left, right = compared.left, compared.right
    links = {link for link, _ in compared.losses}
    of_arguments = links == {FRAMEWORK_LINK} and isinstance(value, Proved)
    try:
        if links == {FRAMEWORK_LINK} and not of_arguments:
            left, right = (LINKS[link].of(argument) for link, argument in compared.losses)
            numbers = _compared(left, right)
            answer, decisions = _decided_apart(compared)
        else:
            decisions = [decide_gradient(left, right, work=compared.work)]
            answer = decisions[0].answer
        where = kinks(left, right)
    except (OutsideClassError, NoGradientError) as error:
        return Undecided(f"the gradient is outside the class that is decided: {error}"), []
    except OverflowError as error:
        return Undecided(_too_large(error)), []
    for points, digits in MORE:
        if not _contradict(answer, agree=numbers.slopes_agree):
            break
        numbers = _compared(left, right, points=points, digits=digits)
    work = compared.work * witness.WORK
    if not of_arguments:
        tries = CONFIRMING_POINTS if answer is Answer.EQUAL else SEARCH_POINTS
        # Where equal arguments were met only, their derivatives tell those of the losses apart.
        # Where their arguments have no exact values, neither have their derivatives.
        if links != {FRAMEWORK_LINK} or (isinstance(value, Refuted) and found.points):
            found = witness.search_losses(compared.losses, tries=tries, work=work)
    elif answer is not Answer.EQUAL and not found.gradient:
        found = witness.search(left, right, tries=SEARCH_POINTS, work=work, of="gradient")
    found = intervals.search_further(
        found,
        (left, right),
        of="gradient",
        of_losses=not of_arguments,
        equal=answer is Answer.EQUAL,
        agree=numbers.slopes_agree,
        work=compared.work,
    )
    opinions = [
        Opinion("kernel", "gradient", _word(answer), "slopes of the normal forms"),
        _of_witness(found, "gradient"),
        _of_numbers(numbers, "gradient"),
    ]
    _check_agreement(answer, found, numbers)
    if answer is Answer.EQUAL:
        return _proved_gradient(decisions, compared, value, where), opinions
    if found.gradient is None:
        why = _open(decisions[0], left, right)
        if links == {FRAMEWORK_LINK} and not of_arguments:
            why = "the kernel does not compare the gradients of log-sigmoids of two arguments"
        return Undecided(_undecided(why, found, numbers, of="gradient")), opinions
    residual = _residual(decisions[0], left, right) if isinstance(value, Proved) else None
    return Refuted("gradient", residual, found.gradient), opinions


def _check_agreement(
    answer: Answer, found: witness.Search, numbers: random_models.Comparison
) -> None:
    """Check that nobody contradicts what the kernel says of the gradients.

    Raises:
        DisagreementError: somebody does.
    """
    if answer is Answer.EQUAL and found.gradient:
        raise DisagreementError("the kernel proves the gradients equal, a witness refutes it")
    if answer is Answer.EQUAL and not numbers.slopes_agree:
        raise DisagreementError("the kernel proves the gradients equal, random models differ")
    if answer is Answer.UNEQUAL and numbers.slopes_agree:
        raise DisagreementError("the kernel tells the gradients apart, random models do not")


def _residual(decision: Decision, left: Expression, right: Expression) -> Expression | None:
    """Return what the gradients differ by, if the kernel can add it to one and get the other."""
    residual = residual_of_gradient(decision)
    if residual is None:
        return None
    try:
        _check_residual(decide_gradient(left, tree.add(right, residual)))
    except OutsideClassError:
        return None
    return residual


def _decided_apart(compared: _Sides) -> tuple[Answer, list[Decision]]:
    """Compare the gradients of two log-sigmoids whose arguments are not proved equal.

    The kernel knows only whether each is zero: the weights before them differ.
    """
    (_, framework), (_, target) = compared.losses
    nothing, work = tree.Number(0), compared.work
    decisions = [decide_gradient(framework, nothing, work=work)]
    if decisions[0].answer is Answer.UNKNOWN or (
        decisions[0].answer is Answer.UNEQUAL and flows(target)
    ):
        return Answer.UNKNOWN, decisions
    decisions.append(decide_gradient(target, nothing, work=work))
    answers = {decision.answer for decision in decisions}
    if answers == {Answer.EQUAL}:
        return Answer.EQUAL, decisions
    apart = answers == {Answer.EQUAL, Answer.UNEQUAL}
    return Answer.UNEQUAL if apart else Answer.UNKNOWN, decisions


def _with_checked_residual(refuted: Refuted, left: Expression, right: Expression) -> Refuted:
    """Return a refutation; its residual, added to the target by the kernel, gives the framework.

    Raises:
        DisagreementError: it does not.
    """
    if refuted.residual is None:
        return refuted
    try:
        _check_residual(decide(left, tree.add(right, refuted.residual)))
    except (OutsideClassError, ValueError):  # too large to be read again: then it is not shown
        return replace(refuted, residual=None)
    return refuted


def _check_residual(decision: Decision) -> None:
    if decision.answer is not Answer.EQUAL:
        raise DisagreementError("the kernel rejects the residual")


def _decided(left: Expression, right: Expression, work: int) -> tuple[Decision | None, str]:
    try:
        return decide(left, right, work=work), ""
    except OutsideClassError as error:
        return None, f"outside the class that is decided: {error}"


def _compared(
    left: Expression,
    right: Expression,
    *,
    points: int = random_models.POINTS,
    digits: int = random_models.DIGITS,
) -> random_models.Comparison:
    try:
        return random_models.compare(left, right, points=points, digits=digits)
    except ZeroDivisionError:  # hidden from the kernel in an opaque atom: max(a, b) - max(b, a)
        raise ZeroDenominatorError from None


def _proved(decision: Decision, theorem: Theorem, statement: Statement) -> Proved:
    needs = conditions(theorem.denominators, decision.difference.atoms)
    return Proved(needs, assumptions(statement))


def assumptions(statement: Statement) -> tuple[str, ...]:
    """Return what MI-DPO itself asks of a prior and a scale like these."""
    found = [LABELS_ASSUMPTION] if depends_on_label(statement) else []
    if statement.score_of:
        found.append(EXACT_PRIOR_ASSUMPTION)
    if not statement.scale.positive:
        found.append(f"the scale {to_text(statement.scale)} is positive")
    return tuple(found)


def _proved_gradient(
    decisions: list[Decision], compared: _Sides, value: Verdict, where: tuple[Condition, ...]
) -> Proved:
    """Return that the gradients are equal where they exist, under the conditions of the value."""
    if isinstance(value, Proved):
        return Proved((*value.conditions, *where), value.assumptions)
    own = {
        to_text(each.expression): each
        for decision in decisions
        if decision.theorem is not None
        for each in conditions(decision.theorem.denominators, decision.difference.atoms)
    }
    return Proved((*own.values(), *where), assumptions(compared.statement))


def _too_large(error: OverflowError) -> str:
    return f"too large a number for the numerical check, in {error}"


def _contradict(answer: Answer, *, agree: bool) -> bool:
    """Return whether numbers contradict the kernel."""
    return answer is not Answer.UNKNOWN and agree is not (answer is Answer.EQUAL)


def _word(answer: Answer) -> str:
    return {Answer.EQUAL: "equal", Answer.UNEQUAL: "different"}.get(answer, "unknown")


def _of_witness(found: witness.Search, of: str) -> Opinion:
    seen, difference = found.of(of)
    if difference is not None:
        how = "exactly" if difference.kind == "exact" else "in certified intervals"
        return Opinion("witness", of, "different", f"a tiny language model, {how}")
    where = f"{seen} tiny language models"
    if found.enclosed and not seen:
        where = f"enclosures meet on {found.enclosed} tiny language models"
    return Opinion("witness", of, "equal" if seen else "unknown", where)


def _of_numbers(numbers: random_models.Comparison, of: str) -> Opinion:
    agree = numbers.values_agree if of == "value" else numbers.slopes_agree
    detail = f"{numbers.points} random language models, {numbers.digits} digits"
    return Opinion("numbers", of, "equal" if agree else "different", detail)


def _open(decision: Decision | None, left: Expression, right: Expression) -> str:
    """Return what keeps the kernel from an answer, in words."""
    if decision is not None and decision.answer is Answer.UNEQUAL:
        return "the kernel tells the sides apart, and a counterexample is missing"
    part = opaque_part(decision, left, right) if decision is not None else None
    if part is None:
        return "the sides have parts whose equality the kernel does not decide"
    text = to_text(part)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return f"the kernel does not decide equations with a part such as {shown}"


def _undecided(
    first: str, found: witness.Search, numbers: random_models.Comparison, *, of: str
) -> str:
    points, _ = found.of(of)
    agree, left, right = (
        (numbers.values_agree, numbers.left, numbers.right)
        if of == "value"
        else (numbers.slopes_agree, numbers.left_slope, numbers.right_slope)
    )
    what = "" if of == "value" else " in their derivatives"
    searched = f"none of {points} exact points shows a difference"
    if found.stopped:
        searched += " (too much work: the search has a limit)"
    if not points:
        searched = "no tiny language model has exact values of both sides"
    if found.enclosed:
        searched += f"; certified intervals at {found.enclosed} points show none"
    seen = (
        f"random language models show no difference{what}"
        if agree
        else f"random language models differ{what}, {left} against {right}, which is no proof"
    )
    return f"{first}; {searched}; {seen}"
