"""What is said of the gradient of a term, and what a whole loss asks besides its arguments.

The verdict on an argument is silent about the link and the weight around it. These may divide by
something, or have a kink; and where the argument is not MI-DPO's, they decide whether the gradients
of the losses differ: under the identity those of a and a + 1 are equal, under the square they are
not, and under a link that is constant all are.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from midpo_sym.judges import intervals, witness
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import Answer, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.links import LINKS
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import conditions, flows
from midpo_sym.prover.framework import FRAMEWORK_LINK, framework_argument
from midpo_sym.prover.shapes.links import is_line
from midpo_sym.prover.verdict import Condition, Refuted, Undecided, Verdict
from midpo_sym.spec.model import Statement

_TRIES = 200  # points among which one is looked for that tells two gradients apart


def denominators_of(target: Objective) -> tuple[Condition, ...]:
    """Return what must not be zero for a loss to be a number.

    Raises:
        ZeroDenominatorError: it divides by something that is always zero.
    """
    parts: list[Expression] = [*target.additive]
    for term in target.terms:
        parts += [term.weight, term.argument] if term.link.is_any else [term.weight, term.loss]
    found = {each.expression: each for part in parts for each in _conditions(part)}
    return tuple(found.values())


def _conditions(node: Expression) -> Iterable[Condition]:
    try:
        reading = read((node,))
    except OutsideClassError:
        under = [each.denominator for each in unfold(node).walk() if isinstance(each, tree.Div)]
        return [Condition(each, "") for each in under if not each.positive]
    return conditions(reading.denominators, reading.forms[0].atoms)


def gradient_of_other(statement: Statement, term: Term) -> Verdict:
    """Return the verdict of the gradient of a term whose argument has no reading.

    It is refuted where a point shows that the gradient of the term is not that of the same link and
    weight around what MI-DPO has, for either sign. A score may have any anchor, which only a link
    that is a line, or every link, is indifferent to.

    Args:
        statement: with the quantity of MI-DPO that the argument is compared with.
        term: the term.
    """
    if statement.score_of and not term.link.is_any and not _ignores_anchors(term):
        why = "the gradient under this link goes by the anchor, and the argument is no score minus"
        return Undecided(f"{why} an anchor")
    name = "identity" if statement.score_of else FRAMEWORK_LINK
    link = LINKS[name] if term.link.is_any else term.link
    ours = framework_argument(statement)
    first: witness.Witness | None = None
    theirs = Term(link, term.argument, term.weight).loss
    for quantity in (ours, tree.Neg(ours)):
        found = _difference(Term(link, quantity, term.weight).loss, theirs)
        if found is None:
            return Undecided("the value is refuted, and no point shows that the gradient differs")
        first = first or found
    assert first is not None
    return Refuted("gradient", None, first)


def _ignores_anchors(term: Term) -> bool:
    return is_line(unfold(term.link.body)) and not flows(term.weight)


def _difference(left: Expression, right: Expression) -> witness.Witness | None:
    """Return a point at which the gradients of two losses differ, if one is found."""
    with suppress(OutsideClassError):
        if decide_gradient(left, right).answer is Answer.EQUAL:
            return None
    sides = ("identity", tree.Neg(left)), ("identity", tree.Neg(right))
    found = witness.search_losses(sides, tries=_TRIES)
    if found.gradient is None:
        found = intervals.search(found, left, right, of="gradient", of_losses=True)
    return found.gradient
