"""Gradients of terms whose arguments are nothing that MI-DPO has.

A refuted argument is silent about the gradient, which goes by the link and the weight around it.
Under the identity the gradients of a and a + 1 are equal, under the square they are not, and under
a link that is constant all are. So the gradient of a term is that of MI-DPO, if the kernel proves
it of one of the quantities that the argument may be read as; and not, if of each of them points
show that it is not: of the pair, and of a score against every anchor (`every_anchor`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from midpo_sym.judges import intervals, random_models, witness
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.links import LINKS, Link
from midpo_sym.language.objective import Term
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import conditions, flows
from midpo_sym.prover.framework import FRAMEWORK_LINK, framework_argument
from midpo_sym.prover.judge import assumptions
from midpo_sym.prover.shapes.every_anchor import no_anchor_fits
from midpo_sym.prover.shapes.rules import is_line
from midpo_sym.prover.verdict import Proved, Refuted, Undecided, Verdict
from midpo_sym.session import remembered
from midpo_sym.spec.model import Statement

_TRIES = 200  # points among which one is looked for that tells two gradients apart
_ZERO = tree.Number(0)
_IDENTITY, _BENT = LINKS["identity"], LINKS[FRAMEWORK_LINK]


@dataclass(frozen=True, slots=True)
class _Quantity:
    """What a term of MI-DPO may have in the place of an argument: sign × (q − anchor).

    Attributes:
        statement: which has the prior, and says whose score q is.
        of: q.
        sign: 1 or -1.
        anchor: 0 for the argument of a pair.
    """

    statement: Statement
    of: Expression
    sign: int
    anchor: Expression = _ZERO

    @property
    def argument(self) -> Expression:
        """Return it as an expression."""
        quantity = self.of
        if self.anchor != _ZERO:
            quantity = tree.add(quantity, tree.Neg(self.anchor))
        return quantity if self.sign > 0 else tree.Neg(quantity)


def gradient_of_other(
    statement: Statement, shown: Statement, anchor: Expression, term: Term
) -> Verdict:
    """Return the verdict of the gradient of a term whose argument has no reading.

    Args:
        statement: of the loss.
        shown: with the quantity of MI-DPO that the argument is shown to differ from.
        anchor: of that quantity.
        term: the term.
    """
    of = ("",) if statement.gives == "argument" else ("", "w", "l")
    quantities = []
    for response in sorted(of, key=lambda each: each != shown.score_of):
        judged = replace(shown, score_of=response)
        against = anchor if response == shown.score_of else _ZERO
        score = framework_argument(judged)
        quantities += [_Quantity(judged, score, sign, against) for sign in (1, -1)]
    for quantity in quantities:
        proved = _proved(quantity, term)
        if proved is not None:
            return proved
    found = _refuted(quantities, term)
    sides = (term.link.body, term.argument, term.weight, quantities[0].of)
    if found is None and any(map(_has_tie, sides)):
        link = replace(term.link, body=_without_ties(term.link.body))
        plain = Term(link, _without_ties(term.argument), _without_ties(term.weight))
        quantities = [replace(each, of=_without_ties(each.of)) for each in quantities]
        found = _refuted(quantities, plain)
    if found is None:
        return Undecided("the value is refuted, and no point shows that the gradient differs")
    return found


def _refuted(quantities: Sequence[_Quantity], term: Term) -> Refuted | None:
    """Return that the gradient of a term is that of no quantity, if points show it."""
    first = _difference(quantities[0], term.link if not term.link.is_any else _BENT, term)
    if first is None or not all(_is_told_apart(quantity, term) for quantity in quantities):
        return None
    return Refuted("gradient", None, first)


@remembered(64)
def _without_ties(node: Expression) -> Expression:
    """Return a tree with one side for each maximum whose sides are one: no point is off its kink.

    It is equal in value and in gradient, so that a point that tells it apart will do.
    """
    return _one_side(unfold(node))


def _has_tie(node: Expression) -> bool:
    return _without_ties(node) != unfold(node)


def _one_side(node: Expression) -> Expression:
    node = tree.over(node, [_one_side(each) for each in node.children()])
    if isinstance(node, tree.Max) and _are_one(node.left, node.right):
        if tree.Neg(node.left) == node.right or node.left == tree.Neg(node.right):
            return _ZERO  # the one number that is its own opposite
        return next((side for side in (node.left, node.right) if _keeps(side, node)), node)
    return node


def _keeps(side: Expression, whole: Expression) -> bool:
    """Return whether a side shows the sign that the maximum shows, which a logarithm may need."""
    return side.positive >= whole.positive and side.nonnegative >= whole.nonnegative


def _are_one(left: Expression, right: Expression) -> bool:
    """Return whether two expressions are one, everywhere, in value and in gradient."""
    if left == right:
        return True
    with suppress(OutsideClassError, ZeroDenominatorError):
        theorems = [decides(left, right).theorem for decides in (decide, decide_gradient)]
        return all(each is not None and not each.denominators for each in theorems)
    return False


def _proved(quantity: _Quantity, term: Term) -> Proved | None:
    """Return that the gradient is that of a quantity, if the kernel proves it."""
    argument = quantity.argument
    with suppress(OutsideClassError):
        if not flows(term.weight) and _is_still(argument) and _is_still(term.argument):
            return _equal(argument, term.argument, quantity.statement)
        if not term.link.is_any:
            ours = Term(term.link, argument, term.weight).loss
            return _equal(ours, term.loss, quantity.statement)
    return None


def _is_still(node: Expression) -> bool:
    return decide_gradient(node, _ZERO).answer is Answer.EQUAL


def _equal(left: Expression, right: Expression, statement: Statement) -> Proved | None:
    with suppress(OverflowError, ZeroDivisionError):
        if not random_models.compare(left, right).slopes_agree:
            return None  # nothing to prove, which takes longer to find out
        decision = decide_gradient(left, right)
        if decision.theorem is None:
            return None
        needed = conditions(decision.theorem.denominators, decision.difference.atoms)
        return Proved(needed, assumptions(statement))
    return None


def _is_told_apart(quantity: _Quantity, term: Term) -> bool:
    """Return whether points show that the gradient is not that of a quantity, of any anchor."""
    if not quantity.statement.score_of:
        link = _BENT if term.link.is_any else term.link
        return _difference(quantity, link, term) is not None
    link = _IDENTITY if term.link.is_any else term.link
    if is_line(unfold(link.body)) and not flows(term.weight):  # indifferent to anchors
        if _difference(quantity, link, term) is not None:
            return True
        if not term.link.is_any:
            return False
    link = _BENT if term.link.is_any else term.link
    return no_anchor_fits(quantity.of, Term(link, term.argument, term.weight))


@remembered(64)
def _difference(quantity: _Quantity, link: Link, term: Term) -> witness.Witness | None:
    """Return a point at which the gradients differ under a link, if one is found."""
    left, right = (
        Term(link, argument, term.weight).loss for argument in (quantity.argument, term.argument)
    )
    sides = ("identity", tree.Neg(left)), ("identity", tree.Neg(right))
    found = witness.search_losses(sides, tries=_TRIES)
    if found.gradient is None:
        found = intervals.search(found, left, right, of="gradient", of_losses=True)
    return found.gradient
