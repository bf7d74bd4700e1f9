"""Facts about a link: whether it falls, whether it is convex and bounded below, its slope at zero.

*Yes* is proved by the form of the expression, from rules that compose: a sum of convex functions is
convex, log Σ exp of affine ones too, and so on. *No* is shown by points: two at which a function
that falls would not rise, or three at which a convex one lies below its chord, in interval
arithmetic. What neither decides is undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import normal_form
from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE, Link
from midpo_sym.language.sign import can_be_positive
from midpo_sym.language.substitute import substitute, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import flows
from midpo_sym.prover.derivation.rebuild import NotReadableError, rational
from midpo_sym.prover.shapes.points import Point, rises, sags
from midpo_sym.session import remembered


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
    """Return the facts about a link."""
    body = unfold(link.body)
    falls = _direction(body) in (-1, 0)
    bends = _bend(body) in ("affine", "convex")
    low = _never_negative(body)
    return LinkFacts(
        Fact(Answer.YES) if falls else _shown(rises(body)),
        Fact(Answer.YES) if bends else _shown(sags(body)),
        Fact(Answer.YES if low else Answer.NO if is_line(body) else Answer.UNDECIDED),
        _slope_at_zero(body),
    )


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


def _shown(points: tuple[Point, ...]) -> Fact:
    return Fact(Answer.NO, points) if points else Fact(Answer.UNDECIDED)


def _is_free(node: Expression) -> bool:
    """Return whether a node does not depend on the variable."""
    return VARIABLE not in set(node.walk())


def _sign(node: Expression) -> int:
    """Return 1 or -1 if a node that is free of the variable is never below or above zero."""
    if not can_be_positive(tree.Neg(node)):
        return 1
    return 0 if can_be_positive(node) else -1


def _direction(node: Expression) -> int | None:  # noqa: PLR0911 - one case for each kind of node
    """Return 1 if a node never falls in the variable, -1 if it never rises, 0 if it is free."""
    if _is_free(node):
        return 0
    match node:
        case tree.Parameter():
            return 1
        case tree.Neg(body=body):
            return _times(-1, _direction(body))
        case tree.Add(terms=terms):
            return _same([_direction(each) for each in terms])
        case tree.Mul(factors=factors):
            direction: int | None = _scaled(factors, _direction)
            return direction
        case tree.Div(numerator=over, denominator=under) if _is_free(under):
            return _times(_sign(under), _direction(over))
        case tree.Div(numerator=over, denominator=under) if _is_free(over) and under.positive:
            return _times(-_sign(over), _direction(under))
        case tree.Log(body=body) | tree.Exp(body=body) | tree.CauchyCdf(body=body):
            return _direction(body)
        case tree.Max(left=left, right=right):
            return _same([_direction(left), _direction(right)])
        case tree.Pow(base=base, exponent=power) if _is_free(power) and base.positive:
            return _times(_sign(power), _direction(base))
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power % 2 == 1 and power > 0:
            return _direction(base)
    return None


def is_steep(node: Expression) -> bool:
    """Return whether the form of a node shows that its slope in the variable is never zero."""
    if _direction(node) not in (1, -1):
        return False
    match node:
        case tree.Parameter():
            return True
        case (
            tree.Neg(body=body)
            | tree.Exp(body=body)
            | tree.Log(body=body)
            | tree.CauchyCdf(body=body)
        ):
            return is_steep(body)
        case tree.Add(terms=parts):  # all rise, or all fall
            return any(map(is_steep, parts))
        case tree.Mul(factors=parts):
            moving = [each for each in parts if not _is_free(each)]
            rest = [each for each in parts if _is_free(each)]
            return is_steep(moving[0]) and all(map(_is_not_zero, rest))
        case tree.Div(numerator=over, denominator=under):
            free, other = (over, under) if _is_free(over) else (under, over)
            return _is_not_zero(free) and is_steep(other)
        case tree.Pow(base=base, exponent=power):
            return base.positive and _is_not_zero(power) and is_steep(base)
    return False


def _same(found: list[int | None]) -> int | None:
    """Return the direction that all that have one share."""
    if None in found:
        return None
    moving = {each for each in found if each}
    return None if len(moving) > 1 else next(iter(moving), 0)


def _times(sign: int, direction: int | None) -> int | None:
    return sign * direction if sign and direction is not None else None


def _scaled(factors: tuple[Expression, ...], of: Any) -> Any:
    """Return what a product has by its one factor that moves, if the sign of the rest is known."""
    moving = [each for each in factors if not _is_free(each)]
    if len(moving) > 1:
        return None
    found = of(moving[0])
    if found == "affine":
        return found
    sign = _sign(tree.product([each for each in factors if _is_free(each)]))
    if not sign or found is None:
        return None
    if isinstance(found, int):
        return sign * found
    return found if sign > 0 else _TURNED[found]


_TURNED = {"affine": "affine", "convex": "concave", "concave": "convex"}


def _bend(node: Expression) -> str | None:  # noqa: C901, PLR0911 - one case for each kind of node
    """Return `affine`, `convex` or `concave`, where the form shows it."""
    if _is_free(node) or node == VARIABLE:
        return "affine"
    match node:
        case tree.Neg(body=body):
            return _TURNED.get(_bend(body) or "")
        case tree.Add(terms=terms):
            return _together([_bend(each) for each in terms])
        case tree.Mul(factors=factors):
            found: str | None = _scaled(factors, _bend)
            return found
        case tree.Div(numerator=over, denominator=under) if _is_free(under):
            sign, bend = _sign(under), _bend(over)
            if bend == "affine":
                return bend
            return bend if sign > 0 else _TURNED.get(bend or "") if sign else None
        case tree.Div(numerator=over, denominator=under) if _is_free(over) and under.positive:
            return "convex" if _sign(over) > 0 and _bend(under) in ("affine", "concave") else None
        case tree.Exp(body=body):
            return "convex" if _bend(body) in ("affine", "convex") else None
        case tree.Log(body=body):
            if _bend(body) in ("affine", "concave"):
                return "concave"
            return "convex" if _is_sum_of_exponentials(body) else None
        case tree.Max(left=left, right=right):
            sides = {_bend(left), _bend(right)}
            return "convex" if sides <= {"affine", "convex"} else None
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power % 2 == 0 < power:
            bend = _bend(base)
            return (
                "convex"
                if bend == "affine" or (bend == "convex" and _never_negative(base))
                else None
            )
    return None


def _together(found: list[str | None]) -> str | None:
    bent = {each for each in found if each != "affine"}
    if not bent:
        return "affine"
    return bent.pop() if len(bent) == 1 else None


def _is_sum_of_exponentials(node: Expression) -> bool:
    """Return whether a node is Σ kᵢ exp(affine), all kᵢ positive: its logarithm is convex."""
    match node:
        case tree.Exp(body=body):
            return _bend(body) in ("affine", "convex")
        case tree.Add(terms=terms):
            return all(map(_is_sum_of_exponentials, terms))
        case tree.Mul(factors=factors):
            return all(map(_is_sum_of_exponentials, factors))
    return _is_free(node) and node.positive


def _never_negative(node: Expression) -> bool:
    if node.positive or not can_be_positive(tree.Neg(node)):
        return True
    match node:
        case tree.Add(terms=terms) | tree.Mul(factors=terms):
            return all(map(_never_negative, terms))
        case tree.Div(numerator=over, denominator=under):
            return under.positive and _never_negative(over)
        case tree.Max(left=left, right=right):
            return _never_negative(left) or _never_negative(right)
        case tree.Pow(exponent=tree.Number(value=power)):
            return power % 2 == 0
        case tree.Log(body=tree.Add(terms=terms)):  # log(1 + b), b ≥ 0
            return tree.Number(1) in terms and all(map(_never_negative, terms))
        case tree.Neg(body=tree.Log(body=inner)):  # -log p, p below 1
            return inner.below_one
    return False


def is_line(node: Expression) -> bool:
    """Return whether a node is k a + c with k not zero: no number is below all its values."""
    match node:
        case tree.Parameter():
            return node == VARIABLE
        case tree.Neg(body=body):
            return is_line(body)
        case tree.Add(terms=parts) | tree.Mul(factors=parts):
            moving = [each for each in parts if not _is_free(each)]
            rest = [each for each in parts if _is_free(each)]
            whole = isinstance(node, tree.Add) or all(map(_is_not_zero, rest))
            return len(moving) == 1 and whole and is_line(moving[0])
        case tree.Div(numerator=over, denominator=under):
            return _is_free(under) and _is_not_zero(under) and is_line(over)
    return False


def _is_not_zero(node: Expression) -> bool:
    return node.positive or (isinstance(node, tree.Neg) and node.body.positive)


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
    if _is_free(node):
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
        case tree.Pow(base=base, exponent=power) if _is_free(power):
            lower = tree.Pow(base, tree.add(power, tree.Neg(one)))
            if isinstance(power, tree.Number):
                lower = tree.Pow(base, tree.Number(power.value - 1))
            return tree.product([power, lower, derivative(base)])
    message = f"{type(node).__name__} has no derivative here"
    raise ValueError(message)
