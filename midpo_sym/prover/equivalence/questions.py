"""The three questions about two losses under given changes: value, gradient, logged reward.

*Same* is a theorem of the kernel, which random models have not contradicted. *Differs* comes with a
point in exact arithmetic or certified intervals. Anything else is undecided.
"""

from __future__ import annotations

from midpo_sym.judges import intervals, random_models, witness
from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.language import links, tree
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import NoGradientError, conditions, kinks
from midpo_sym.prover.equivalence.answers import ONE, Answer
from midpo_sym.prover.equivalence.changes import ANYWHERE, EQUAL_LENGTHS, ONE_TOKEN, Changes
from midpo_sym.prover.equivalence.sides import Side

TRIES = 200  # exact points among which one is looked for that tells the sides apart
_ONE_TO_ONE = ("logsigmoid", "sigmoid", "identity")  # links of which arguments are compared
_DECIDE = {"value": kernel.decide, "gradient": kernel.decide_gradient}
_OUTSIDE = "it is outside the class that is decided"


def changed(side: Side, changes: Changes) -> Objective:
    """Return the loss of a side under changes.

    Raises:
        ValueError: it has none.
    """
    terms = []
    for term in side.objective.terms:
        argument, weight, body = (
            changes.of(side.label, each) for each in (term.argument, term.weight, term.link.body)
        )
        link = term.link if body == term.link.body else links.typed(body)
        terms.append(Term(link, argument, weight))
    added = tuple(changes.of(side.label, each) for each in side.objective.additive)
    return Objective(tuple(terms), added)


def scaled(loss: Expression, factor: Expression, offset: Expression) -> Expression:
    """Return factor × loss + offset, without what is nothing."""
    times = loss if factor == ONE else tree.mul(factor, loss)
    return times if offset == tree.Number(0) else tree.add(times, offset)


def prove(of: str, left: Expression, right: Expression) -> Answer | None:
    """Return that two expressions are the same, or None if the kernel does not prove it.

    Args:
        of: `value` or `gradient`.
        left: one side.
        right: the other side.

    Raises:
        OutsideClassError: the kernel does not decide about them.
        ZeroDenominatorError: one divides by something that is always zero.
        NoGradientError: the gradient exists nowhere.
    """
    try:
        numbers = random_models.compare(left, right)
    except ZeroDivisionError:  # hidden from the kernel, as in max(a, b) - max(b, a)
        raise ZeroDenominatorError from None
    except OverflowError:
        return None
    if not (numbers.values_agree if of == "value" else numbers.slopes_agree):
        return None  # it is not so, or too close to tell: the kernel would take longer
    decision = _DECIDE[of](left, right)
    if decision.theorem is None:
        return None
    where = conditions(decision.theorem.denominators, decision.difference.atoms)
    if of == "gradient":
        known = {each.expression for each in where}
        where += tuple(each for each in kinks(left, right) if each.expression not in known)
    return Answer(of, "same", (decision.theorem,), conditions=where)


def ask_value(left: Objective, right: Objective) -> Answer:
    """Return whether the values of two losses are the same."""
    try:
        proved = prove("value", left.loss, right.loss)
    except (OutsideClassError, ZeroDenominatorError):
        proved = None
    if proved is not None:
        return proved
    one, other = compared(left, right)
    what = "loss" if one == left.loss else "argument"
    found = _value_point(one, other)
    if found is None:
        why = "the kernel does not prove the losses equal, and no point tells them apart"
        return Answer("value", "undecided", reason=why)
    return Answer("value", "differs", witness=found, what=what, sides=(one, other))


def compared(left: Objective, right: Objective) -> tuple[Expression, Expression]:
    """Return the losses, or their arguments if they are the same where the arguments are."""
    if left.is_one_term and right.is_one_term:
        one, other = left.only_term(), right.only_term()
        if one.link == other.link and one.link.name in _ONE_TO_ONE:
            return one.argument, other.argument
    return left.loss, right.loss


def ask_gradient(
    left: Objective, right: Objective, factor: Expression = ONE, where: str = ANYWHERE
) -> Answer:
    """Return whether the gradients of left and of factor × right are the same.

    Args:
        left: one loss.
        right: the other loss.
        factor: a number.
        where: which pairs it is about. Of one token there are no two tiny responses that differ,
            and so no points.
    """
    sides = left.loss, scaled(right.loss, factor, tree.Number(0))
    try:
        proved = prove("gradient", *sides)
    except (OutsideClassError, ZeroDenominatorError, NoGradientError) as error:
        proved = None
        if isinstance(error, NoGradientError):
            return Answer("gradient", "undecided", reason=str(error))
    if proved is not None:
        return proved
    found = _gradient_point(left, right, sides, where)
    if found is None:
        why = "the kernel does not prove the gradients equal, and no point tells them apart"
        return Answer("gradient", "undecided", reason=why)
    return Answer("gradient", "differs", witness=found, sides=sides)


def ask_reward(left: Side, right: Side, changes: Changes) -> Answer:
    """Return whether the logged rewards of both responses are the same.

    A reward is α log π/ζ with the ζ of the specification, which is known up to what depends on the
    prompt only.
    """
    proved: list[Answer] = []
    for response, one, other in zip(("w", "l"), left.rewards, right.rewards, strict=True):
        try:
            sides = changes.of(left.label, one), changes.of(right.label, other)
            found = prove("value", *sides)
        except (ValueError, OutsideClassError, ZeroDenominatorError):
            return Answer("reward", "undecided", reason=_OUTSIDE)
        if found is not None:
            proved.append(found)
            continue
        point = _value_point(*sides, changes.where)
        if point is None:
            why = "the kernel does not prove the rewards equal, and no point tells them apart"
            return Answer("reward", "undecided", reason=why)
        what = f"reward of y_{response}"
        return Answer("reward", "differs", witness=point, what=what, sides=sides)
    theorems = tuple(each for answer in proved for each in answer.theorems)
    where = {each.expression: each for answer in proved for each in answer.conditions}
    return Answer("reward", "same", theorems, conditions=tuple(where.values()))


def _value_point(
    left: Expression, right: Expression, where: str = ANYWHERE
) -> witness.Witness | None:
    """Return a point at which the values of two expressions differ."""
    if where == ONE_TOKEN:
        return None
    as_long = where == EQUAL_LENGTHS
    found = witness.search(left, right, tries=TRIES, as_long=as_long)
    if found.value is None:
        found = intervals.search(found, left, right, of="value", as_long=as_long)
    return found.value


def _gradient_point(
    left: Objective, right: Objective, sides: tuple[Expression, Expression], where: str
) -> witness.Witness | None:
    """Return a point at which the derivatives of two losses differ.

    Args:
        left: one loss.
        right: the other loss.
        sides: the two, with the factor.
        where: which pairs it is about.
    """
    if where == ONE_TOKEN:
        return None
    as_long = where == EQUAL_LENGTHS
    one, other = left.as_term(), right.as_term()
    if sides != (left.loss, right.loss):
        one, other = (Term(links.LINKS["identity"], tree.Neg(each)) for each in sides)
    arguments = (one.link.name, one.argument), (other.link.name, other.argument)
    found = witness.search_losses(arguments, tries=TRIES, as_long=as_long)
    if found.gradient is None:
        found = intervals.search(found, *sides, of="gradient", of_losses=True, as_long=as_long)
    return found.gradient
