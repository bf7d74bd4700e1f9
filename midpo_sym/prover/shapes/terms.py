"""Losses of any shape, term by term: what of MI-DPO the argument of each link is.

An argument is read as sign × (q − c): with q the argument of MI-DPO's own log-sigmoid and c = 0, or
with q its score of one response and c an anchor, which is free of the responses. Each reading is
a statement of its own, and judged as any other; the shape of the whole loss follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from midpo_sym.judges import random_models
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language import tree
from midpo_sym.language.links import LINKS
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import NoGradientError, kinks
from midpo_sym.prover.framework import FRAMEWORK_LINK, framework_argument, implicit_reward, sides
from midpo_sym.prover.priors.margin import negative, part_without_responses
from midpo_sym.prover.shapes.anchors import (
    depends_on_responses,
    differ,
    written_without_responses,
)
from midpo_sym.prover.shapes.slopes import gradient_of_other
from midpo_sym.prover.shapes.whole import denominators_of
from midpo_sym.prover.verdict import (
    Condition,
    DisagreementError,
    Opinion,
    Proved,
    Refuted,
    Undecided,
    Verdict,
)
from midpo_sym.spec.model import Statement

if TYPE_CHECKING:
    from midpo_sym.prover.prove import Result

_ZERO = tree.Number(0)


@dataclass(frozen=True, slots=True)
class Reading:
    """The argument of a link as sign × (q − anchor), q being MI-DPO's argument or a score of it.

    Attributes:
        sign: 1 or -1.
        anchor: what the score of a response is measured against; 0 for the argument of a pair.
        statement: that sign × argument + anchor is q.
    """

    sign: int
    anchor: Expression
    statement: Statement

    @property
    def score_of(self) -> str:
        """Return the response whose score q is; "" if it is the argument of a pair."""
        return self.statement.score_of

    @property
    def argument(self) -> Expression:
        """Return sign × (q − anchor)."""
        quantity = framework_argument(self.statement)
        apart = quantity if self.anchor == _ZERO else tree.add(quantity, tree.Neg(self.anchor))
        return apart if self.sign > 0 else tree.Neg(apart)


@dataclass(frozen=True, slots=True)
class Part:
    """A term of a loss, with what its argument is.

    Attributes:
        number: its place among the terms, from 1.
        term: the term.
        reading: what its argument is read as.
        result: what came out of judging that.
        alone: whether it was shown that no other reading holds, where this one does not.
        statement: of the loss.
    """

    number: int
    term: Term
    reading: Reading
    result: Result
    alone: bool
    statement: Statement

    @property
    def verdict(self) -> Verdict:
        """Return the verdict on the term: refuted only if every reading of it is."""
        found = self.result.verdict
        if isinstance(found, Refuted) and not self.alone:
            return Undecided("as read it is refuted, and another reading is not")
        return found

    @property
    def gradient(self) -> Verdict:
        """Return the verdict of its gradient; without a reading, that of what is around it."""
        match self.verdict:
            case Proved():
                return self.result.gradient
            case Refuted():
                shown = self.reading.statement
                return gradient_of_other(self.statement, shown, self.reading.anchor, self.term)
        return Undecided("the value of the term is undecided")


def read_term(statement: Statement, argument: Expression) -> tuple[Reading, ...]:
    """Return what an argument may be read as; the first that the kernel confirms comes first."""
    spoken = tree.responses(unfold(argument)) & {"w", "l"}
    one = min(spoken) if len(spoken) == 1 and statement.gives != "argument" else ""
    alone = part_without_responses(argument) if one else _ZERO
    found = [_reading(statement, argument, one, sign, alone) for sign in (1, -1)]
    if not any(map(_holds, found)) and statement.gives != "argument":
        found += _as_scores(statement, argument, one)
    return tuple(sorted(found, key=lambda reading: not _holds(reading)))


def _as_scores(statement: Statement, argument: Expression, first: str) -> Iterator[Reading]:
    """Yield the readings as a score that the kernel confirms, whatever the argument speaks of.

    Args:
        statement: what is judged.
        argument: of the term.
        first: the response that is tried before the other.
    """
    for response in sorted("wl", key=lambda each: each != first):
        for sign in (1, -1):
            apart = _missing(statement, argument, response, sign)
            if depends_on_responses(apart):
                continue
            for anchor in written_without_responses(apart):
                if tree.responses(anchor):
                    continue
                of = replace(statement, score_of=response)
                reading = _read_against(of, argument, sign, anchor)
                if _holds(reading):
                    yield reading
                    return


def _missing(statement: Statement, argument: Expression, response: str, sign: int) -> Expression:
    """Return the anchor that a score would have, with whatever responses it is written in."""
    read = argument if sign < 0 else negative(argument)
    return tree.add(implicit_reward(statement, response), read)


def _reading(
    statement: Statement, argument: Expression, one: str, sign: int, alone: Expression
) -> Reading:
    if alone != _ZERO and _is_zero(alone):
        alone = _ZERO
    anchor = negative(alone) if sign > 0 and alone != _ZERO else alone
    return _read_against(replace(statement, score_of=one), argument, sign, anchor)


def _is_zero(node: Expression) -> bool:
    try:
        return decide(node, _ZERO).answer is Answer.EQUAL
    except OutsideClassError:
        return False


def _read_against(
    statement: Statement, argument: Expression, sign: int, anchor: Expression
) -> Reading:
    read = argument if sign > 0 else negative(argument)
    whole = read if anchor == _ZERO else tree.add(read, anchor)
    target = Objective((Term(LINKS[FRAMEWORK_LINK], whole),))
    judged = Statement(statement.scale, statement.zeta, target, score_of=statement.score_of)
    return Reading(sign, anchor, judged)


def _holds(reading: Reading) -> bool:
    try:
        return decide(*sides(reading.statement)).answer is Answer.EQUAL
    except OutsideClassError:
        return False


def no_other(statement: Statement, argument: Expression) -> bool:
    """Return whether points show that an argument is nothing that MI-DPO has.

    It is neither q nor -q of the pair; and, where scores may be given, neither q - c nor c - q of
    one response for any anchor c, as that would not be the same for all responses.
    """
    whole = framework_argument(replace(statement, score_of=""))
    if not all(differ(signed, argument) for signed in (whole, tree.Neg(whole))):
        return False
    return statement.gives == "argument" or all(
        depends_on_responses(_missing(statement, argument, response, sign))
        for response in ("w", "l")
        for sign in (1, -1)
    )


def framework_loss(statement: Statement, readings: Sequence[Reading]) -> Expression:
    """Return the loss with what MI-DPO has for each argument in its place."""
    terms = tuple(
        Term(term.link, reading.argument, term.weight)
        for term, reading in zip(statement.target.terms, readings, strict=True)
    )
    return Objective(terms, statement.target.additive).loss


def combined(
    statement: Statement, parts: Sequence[Part]
) -> tuple[Verdict, Verdict, tuple[Opinion, ...]]:
    """Return the verdicts of value and gradient on a loss, from those on its terms.

    Raises:
        DisagreementError: every term is proved, and random models contradict the whole.
        ZeroDenominatorError: a link, a weight or what is added divides by what is always zero.
    """
    needed = denominators_of(statement.target)
    value = _joint(parts, [part.verdict for part in parts], needed)
    gradient = _joint(parts, [part.gradient for part in parts], needed)
    gradient = _where_smooth(gradient, statement)
    if not isinstance(value, Proved):
        return value, gradient, ()
    left = framework_loss(statement, [part.reading for part in parts])
    try:
        numbers = random_models.compare(left, statement.target.loss)
    except ZeroDivisionError:  # hidden from the kernel, as in max(a, b) - max(b, a)
        raise ZeroDenominatorError from None
    except OverflowError as error:
        undecided = Undecided(f"too large a number for the numerical check, in {error}")
        return undecided, undecided, ()
    if not numbers.values_agree:
        raise DisagreementError("every term is proved, and random models contradict the loss")
    if isinstance(gradient, Proved) and not numbers.slopes_agree:
        raise DisagreementError("every gradient is proved, and random models contradict the loss")
    any_link = any(term.link.is_any for term in statement.target.terms)
    what = "the arguments together" if any_link else "the whole loss"
    where = f"{what}, on {numbers.points} random language models, {numbers.digits} digits"
    opinions = [Opinion("numbers", "value", "equal", where)]
    agrees = "equal" if numbers.slopes_agree else "different"
    return value, gradient, (*opinions, Opinion("numbers", "gradient", agrees, where))


def _where_smooth(gradient: Verdict, statement: Statement) -> Verdict:
    """Return the verdict of a gradient, with the kinks of links, weights and additive terms."""
    if not isinstance(gradient, Proved):
        return gradient
    terms = [
        Term(LINKS["identity"], term.argument, term.weight) if term.link.is_any else term
        for term in statement.target.terms
    ]
    try:
        where = kinks(Objective(tuple(terms), statement.target.additive).loss)
    except (OutsideClassError, NoGradientError) as error:
        return Undecided(f"the gradient is outside the class that is decided: {error}")
    known = {each.expression for each in gradient.conditions}
    more = tuple(each for each in where if each.expression not in known)
    return Proved((*gradient.conditions, *more), gradient.assumptions)


def _joint(
    parts: Sequence[Part], verdicts: Sequence[Verdict], needed: Sequence[Condition]
) -> Verdict:
    """Return the verdict that all of some verdicts make together, with what the loss needs."""
    for part, verdict in zip(parts, verdicts, strict=True):
        if isinstance(verdict, Refuted):
            name = verdict.part if len(parts) == 1 else f"{verdict.part} of term {part.number}"
            return Refuted(name, verdict.residual if len(parts) == 1 else None, verdict.witness)
    for part, verdict in zip(parts, verdicts, strict=True):
        if isinstance(verdict, Undecided):
            return Undecided(f"term {part.number}: {verdict.reason}")
    conditions: dict[Expression, Condition] = {}
    assumptions: dict[str, None] = {}
    for verdict in verdicts:
        assert isinstance(verdict, Proved)
        conditions.update((each.expression, each) for each in verdict.conditions)
        assumptions.update(dict.fromkeys(verdict.assumptions))
    for each in needed:
        conditions.setdefault(each.expression, each)
    return Proved(tuple(conditions.values()), tuple(assumptions))
