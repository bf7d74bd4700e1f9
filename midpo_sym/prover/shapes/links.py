"""Facts about a link: whether it falls, whether it is convex and bounded below, its slope at zero.

*Yes* is proved by the form of the expression, as it stands or as the kernel proves it equal, from
rules that compose (`rules`), and for bounds by how it goes far out (`tails`). *No* is shown by
points: two at which a function that falls would not rise, or three at which a convex one lies below
its chord, in interval arithmetic; and for bounds by how it goes far out. Every *yes* is held
against those points, and every answer on a bound against values far out. What none decides is
undecided.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Theorem, decide, normal_form
from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE, Link
from midpo_sym.language.substitute import substitute, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import flows
from midpo_sym.prover.derivation.rebuild import NotReadableError, rational, rebuild
from midpo_sym.prover.shapes.points import (
    FAR,
    FARTHER,
    MORE,
    MOST,
    Point,
    Search,
    falls,
    rises,
    sags,
    settings,
)
from midpo_sym.prover.shapes.rules import (
    bend_of,
    direction_of,
    is_away_from_zero,
    is_free,
    is_line,
    is_never_negative,
    rational_number,
    sign_of,
)
from midpo_sym.prover.shapes.tails import is_above, tail
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.session import remembered

_CHECKS = 2  # choices of the parameters at which a *yes* is held against points
_CHOICES = 6  # and at which more points are tried where nothing else is known


class Answer(Enum):
    """Whether a fact holds of a link, for every value of its parameters."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Fact:
    """An answer, and the points that show a *no*: values of the parameters and of `a`.

    Attributes:
        answer: whether it holds.
        points: where it does not: the values of `a` in order, each with those of the parameters.
            A link without a bound for some parameters has two far out, between which it falls; for
            all parameters, none.
    """

    answer: Answer
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class LinkFacts:
    """What is known of a link.

    Attributes:
        decreasing: whether it never rises: a larger argument is never worse.
        convex: whether it is convex.
        bounded_below: whether some number is below all its values.
        slope_at_zero: its derivative at a = 0, if it has one that can be written.
    """

    decreasing: Fact
    convex: Fact
    bounded_below: Fact
    slope_at_zero: Expression | None


@remembered(64)
def link_facts(link: Link) -> LinkFacts:
    """Return the facts about a link.

    Raises:
        DisagreementError: the form shows what points contradict.
    """
    body = unfold(link.body)
    return LinkFacts(
        _fact(body, lambda each: direction_of(each) in (-1, 0), rises),
        _fact(body, lambda each: bend_of(each) in ("affine", "convex"), sags),
        _bounded_below(body),
        _slope_at_zero(body),
    )


@remembered(64)
def _other_forms(body: Expression) -> tuple[Expression, ...]:
    """Return ways to write a link that the kernel proves equal everywhere."""
    found = []
    for written in (_shortest, _collected, lambda each: _collected(_reflected(each))):
        with suppress(*_UNREADABLE):
            other = written(body)
            if other != body and _is_everywhere(decide(body, other).theorem):
                found.append(other)
    return tuple(found)


_UNREADABLE = (OutsideClassError, ZeroDenominatorError, NotReadableError, ValueError)


def _is_everywhere(theorem: Theorem | None) -> bool:
    """Return whether there is a theorem, which holds wherever parameters let two links be."""
    return theorem is not None and all(
        is_free(each.node) or each.node.positive for each in theorem.denominators
    )


def _shortest(node: Expression) -> Expression:
    return rebuild(normal_form(node), by_response=False)


def _collected(body: Expression) -> Expression:
    """Return a link that is linear in what moves in it, as a sum of that with coefficients."""
    names: dict[Expression, tree.Parameter] = {}

    def named(part: Expression) -> Expression:
        if is_free(part):
            return part
        if isinstance(part, (tree.Neg, tree.Add, tree.Mul, tree.Div)):
            return tree.over(part, [named(child) for child in part.children()])
        return names.setdefault(part, tree.Parameter(f"_{len(names)}"))

    whole, zero = named(body), tree.Number(0)
    nothing = {name.name: zero for name in names.values()}
    rest = substitute(whole, nothing)
    terms = [_shortest(rest)]
    for part, name in names.items():
        alone = substitute(whole, nothing | {name.name: tree.Number(1)})
        terms.append(tree.mul(_shortest(tree.add(alone, tree.Neg(rest))), part))
    return tree.total([each for each in terms if each != zero])


def _reflected(node: Expression) -> Expression:
    """Return a link with b + log(1 + exp(-b)) for each log(1 + exp b) that rises, -log for log 1/.

    Raises:
        ValueError: what is in a logarithm is not positive by its form any more.
    """
    node = tree.over(node, [_reflected(child) for child in node.children()])
    match node:
        case tree.Neg(body=tree.Neg(body=inner)):
            return inner
        case tree.Log(body=tree.Div(numerator=tree.Number(value=1), denominator=under)):
            return tree.Neg(_reflected(tree.Log(under)))
        case tree.Log(body=tree.Add(terms=(tree.Number(value=1), tree.Exp(body=inner)))):
            if direction_of(inner) == 1:
                turned = tree.Exp(tree.Neg(inner))
                return tree.add(inner, tree.Log(tree.add(tree.Number(1), turned)))
    return node


def _fact(
    body: Expression,
    holds: Callable[[Expression], bool],
    against: Search,
) -> Fact:
    """Return whether a fact holds of a link.

    Args:
        body: the link.
        holds: whether the form of an expression shows it.
        against: finds points that show that it does not.

    Raises:
        DisagreementError: the form shows what points contradict.
    """
    shown = holds(body)
    points = against(body, _CHECKS if shown else MOST)
    if shown and points:
        raise DisagreementError("the form of a link shows what points contradict")
    if points:
        return Fact(Answer.NO, points)
    if shown or any(map(holds, _other_forms(body))):
        return Fact(Answer.YES)
    points = against(body, _CHOICES, MORE)
    return Fact(Answer.NO, points) if points else Fact(Answer.UNDECIDED)


def _bounded_below(body: Expression) -> Fact:
    """Return whether some number is below all values of a link."""
    first = next(settings(body))
    for form in (body, *_other_forms(body)):
        if is_bounded(form):
            return Fact(Answer.UNDECIDED if falls(body, first, FARTHER) else Answer.YES)
        if is_line(form) or falls_without_end(form):
            return Fact(Answer.NO if falls(body, first, FAR) else Answer.UNDECIDED)
    for parameters in (*settings(body), dict.fromkeys(first, Fraction(1, 4))):
        with suppress(ValueError):  # nothing that is positive by its form any more
            numbers = {name: rational_number(value) for name, value in parameters.items()}
            if parameters and falls_without_end(substitute(body, numbers)):
                points = falls(body, parameters, FAR)
                if points:
                    return Fact(Answer.NO, points)
    return Fact(Answer.UNDECIDED)


def weight_kind(weight: Expression) -> str:
    """Return what a weight is made of: a row of `WEIGHTS`."""
    if flows(weight):
        return "policy"
    nodes = list(weight.walk())
    of_models = (tree.Probability, tree.TokenProbability, tree.Statistic)
    if any(isinstance(node, of_models) for node in nodes):
        return "models"
    given = any(isinstance(node, tree.Datum) for node in nodes)
    return "data" if given or tree.responses(weight) else "constant"


WEIGHTS = {
    "constant": "a constant: numbers and parameters",
    "data": "given with the responses: lengths and numbers that come with the data",
    "models": "of probabilities, held still or of frozen models: no gradient flows through it",
    "policy": "of the policy, and a gradient flows through it",
}


def falls_without_end(body: Expression) -> bool:
    """Return whether a link, for all values of its parameters, has values below every number."""
    return any(is_above(tail(body, end)) is False for end in (1, -1))


def is_bounded(body: Expression, side: int = 1) -> bool:  # noqa: C901, PLR0911 - a case for each node
    """Return whether a link is shown to be bounded below, or above if `side` is -1."""
    signed = body if side > 0 else tree.Neg(body)
    if is_free(body) or is_never_negative(signed):
        return True
    if _is_continuous(body) and all(is_above(tail(signed, end)) for end in (1, -1)):
        return True
    match body:
        case tree.Neg(body=inner):
            return is_bounded(inner, -side)
        case tree.Add(terms=terms):
            return all(is_bounded(each, side) for each in terms)
        case tree.Max(left=left, right=right):
            return (any if side > 0 else all)(is_bounded(each, side) for each in (left, right))
        case tree.Exp(body=inner):
            return is_bounded(inner, side)
        case tree.CauchyCdf():
            return True
        case tree.Log(body=inner):
            return is_away_from_zero(inner) if side > 0 else is_bounded(inner, side)
        case tree.Mul(factors=factors):
            return all(is_bounded(each, end) for each in factors for end in (1, -1))
        case tree.Div(numerator=over, denominator=under) if is_free(under) or (
            is_away_from_zero(under)
        ):
            return is_bounded(over) and is_bounded(over, -1)
        case tree.Pow(base=base, exponent=power) if is_free(power):
            if isinstance(power, tree.Number) or (base.positive and sign_of(power) > 0):
                return is_bounded(base) and is_bounded(base, -1)
    return False


def _is_continuous(body: Expression) -> bool:
    """Return whether the form of a link shows that it has a value everywhere, and no jump."""
    for node in body.walk():
        match node:
            case tree.Div(denominator=under) if not (is_free(under) or under.positive):
                return False
            case tree.Pow(base=base, exponent=power):
                if not (isinstance(power, tree.Number) or base.positive):
                    return False
    return True


def _slope_at_zero(body: Expression) -> Expression | None:
    """Return f′(0), if it can be written."""
    try:
        slope = substitute(derivative(body), {VARIABLE.name: tree.Number(0)})
        form = normal_form(slope)
        return rational(form.constant, form.atoms)
    except (ValueError, OutsideClassError, ZeroDenominatorError, NotReadableError):
        return None


def derivative(node: Expression) -> Expression:  # noqa: PLR0911 - one case for each kind of node
    """Return the derivative of an expression in the variable of a link.

    Raises:
        ValueError: it has a maximum, which has no derivative that is an expression.
    """
    one, nothing = tree.Number(1), tree.Number(0)
    if is_free(node):
        return nothing
    match node:
        case tree.Parameter():
            return one
        case tree.Neg(body=body):
            return tree.Neg(derivative(body))
        case tree.Add(terms=terms):
            return tree.total([derivative(each) for each in terms])
        case tree.Mul(factors=factors):
            return tree.total(
                [
                    tree.product([*factors[:k], derivative(each), *factors[k + 1 :]])
                    for k, each in enumerate(factors)
                ]
            )
        case tree.Div(numerator=over, denominator=under):
            rise = tree.mul(derivative(over), under) - tree.mul(over, derivative(under))
            return tree.Div(rise, tree.mul(under, under))
        case tree.Log(body=body):
            return tree.Div(derivative(body), body)
        case tree.Exp(body=body):
            return tree.mul(node, derivative(body))
        case tree.Pow(base=base, exponent=power) if is_free(power):
            lower = tree.Pow(base, tree.add(power, tree.Neg(one)))
            if isinstance(power, tree.Number):
                lower = tree.Pow(base, tree.Number(power.value - 1))
            return tree.product([power, lower, derivative(base)])
    message = f"{type(node).__name__} has no derivative here"
    raise ValueError(message)
