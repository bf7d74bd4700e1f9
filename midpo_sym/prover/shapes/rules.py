"""What the form of a link shows: the way it goes, how it bends, where it is not negative.

Rules that compose: a sum of convex functions is convex, log Σ exp of affine ones too, and so on.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.links import VARIABLE
from midpo_sym.language.sign import can_be_positive
from midpo_sym.language.tree import Expression


def is_free(node: Expression) -> bool:
    """Return whether a node does not depend on the variable."""
    return VARIABLE not in set(node.walk())


def sign_of(node: Expression) -> int:
    """Return 1 or -1 if a node that is free of the variable is never below or above zero."""
    if not can_be_positive(tree.Neg(node)):
        return 1
    return 0 if can_be_positive(node) else -1


def strict_sign_of(node: Expression) -> int:
    """Return 1 or -1 if a node is above or below zero for all parameters; 0 if not known."""
    if node.positive:
        return 1
    value = number_of(node)
    if value is not None:
        return (value > 0) - (value < 0)
    match node:
        case tree.Neg(body=body):
            return -strict_sign_of(body)
        case tree.Mul(factors=factors):
            return prod(map(strict_sign_of, factors))
        case tree.Div(numerator=over, denominator=under):
            return strict_sign_of(over) * strict_sign_of(under)
        case tree.Log(body=body) if (value := number_of(body)) is not None:
            return (value > 1) - (value < 1)
        case tree.Add(terms=terms):
            return next((s for s in (1, -1) if _all_of(terms, s)), 0)
    return 0


def _all_of(terms: tuple[Expression, ...], sign: int) -> bool:
    """Return whether terms are all of a sign or zero, and one of them is not zero."""
    signed = terms if sign > 0 else tuple(tree.Neg(each) for each in terms)
    return any(strict_sign_of(each) == sign for each in terms) and all(
        strict_sign_of(each) > 0 or sign_of(each) > 0 for each in signed
    )


def number_of(node: Expression) -> Fraction | None:
    """Return the value of a node that is made of numbers alone; None if it is not, or has none."""
    try:
        return constant(node)
    except (OverflowError, ZeroDivisionError):
        return None


def rational_number(value: Fraction | float) -> Expression:
    """Return a node for a rational number.

    >>> rational_number(Fraction(-1, 2))
    Neg(body=Div(numerator=Number(value=1), denominator=Number(value=2)))
    """
    value = Fraction(value)
    size: Expression = tree.Number(abs(value.numerator))
    whole = size if value.denominator == 1 else tree.Div(size, tree.Number(value.denominator))
    return whole if value >= 0 else tree.Neg(whole)


def direction_of(node: Expression) -> int | None:  # noqa: C901, PLR0911 - one case for each kind of node
    """Return 1 if a node never falls in the variable, -1 if it never rises, 0 if it is free."""
    if is_free(node):
        return 0
    match node:
        case tree.Parameter():
            return 1
        case tree.Neg(body=body):
            return _times(-1, direction_of(body))
        case tree.Add(terms=terms):
            return _same([direction_of(each) for each in terms])
        case tree.Mul(factors=factors):
            direction: int | None = _scaled(factors, direction_of)
            return direction if direction is not None else _of_product(factors)
        case tree.Div(numerator=over, denominator=under) if is_free(under):
            return _times(sign_of(under), direction_of(over))
        case tree.Div(numerator=over, denominator=under) if is_free(over) and under.positive:
            return _times(-sign_of(over), direction_of(under))
        case tree.Div(numerator=over, denominator=under) if under.positive:
            falling = _times(-1, direction_of(under))
            return _same([direction_of(over), falling]) if is_never_negative(over) else None
        case tree.Log(body=body) | tree.Exp(body=body) | tree.CauchyCdf(body=body):
            return direction_of(body)
        case tree.Max(left=left, right=right):
            return _same([direction_of(left), direction_of(right)])
        case tree.Pow(base=base, exponent=power) if is_free(power) and base.positive:
            return _times(sign_of(power), direction_of(base))
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power % 2 == 1 and power > 0:
            return direction_of(base)
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power % 2 == 0 < power:
            sign = 1 if is_never_negative(base) else -1
            return _times(sign, direction_of(base)) if is_never_negative(base, sign) else None
    return None


def _of_product(factors: tuple[Expression, ...]) -> int | None:
    """Return the direction of a product whose factors have signs, from that of their sizes."""
    sign, found = 1, list[int | None]()
    for each in factors:
        its = next((sign for sign in (1, -1) if is_never_negative(each, sign)), 0)
        found.append(_times(its, direction_of(each)))
        sign *= its
    return _times(sign, _same(found))


def is_steep(node: Expression) -> bool:
    """Return whether the form of a node shows that its slope in the variable is never zero."""
    if direction_of(node) not in (1, -1):
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
            moving = [each for each in parts if not is_free(each)]
            rest = [each for each in parts if is_free(each)]
            alone = len(moving) == 1 and is_steep(moving[0])
            return alone and all(map(_is_not_zero, rest))
        case tree.Div(numerator=over, denominator=under) if is_free(over) or is_free(under):
            free, other = (over, under) if is_free(over) else (under, over)
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
    moving = [each for each in factors if not is_free(each)]
    if len(moving) > 1:
        return None
    found = of(moving[0])
    if found == "affine":
        return found
    sign = sign_of(tree.product([each for each in factors if is_free(each)]))
    if not sign or found is None:
        return None
    if isinstance(found, int):
        return sign * found
    return found if sign > 0 else _TURNED[found]


_TURNED = {"affine": "affine", "convex": "concave", "concave": "convex"}


def bend_of(node: Expression) -> str | None:  # noqa: PLR0911 - one case for each kind of node
    """Return `affine`, `convex` or `concave`, where the form shows it."""
    if is_free(node) or node == VARIABLE:
        return "affine"
    match node:
        case tree.Neg(body=body):
            return _TURNED.get(bend_of(body) or "")
        case tree.Add(terms=terms):
            return _together([bend_of(each) for each in terms])
        case tree.Mul(factors=factors):
            found: str | None = _scaled(factors, bend_of)
            return found
        case tree.Div(numerator=over, denominator=under) if is_free(under):
            sign, bend = sign_of(under), bend_of(over)
            if bend == "affine":
                return bend
            return bend if sign > 0 else _TURNED.get(bend or "") if sign else None
        case tree.Div(numerator=over, denominator=under) if is_free(over) and under.positive:
            return "convex" if sign_of(over) > 0 and _is_convex_below_one(under) else None
        case tree.Exp(body=body):
            return "convex" if bend_of(body) in ("affine", "convex") else None
        case tree.Log(body=body):
            return _bend_of_logarithm(body)
        case tree.Max(left=left, right=right):
            sides = {bend_of(left), bend_of(right)}
            return "convex" if sides <= {"affine", "convex"} else None
        case tree.Pow(base=base, exponent=power) if is_free(power):
            return _bend_of_power(base, power)
    return None


def _is_convex_below_one(node: Expression) -> bool:
    """Return whether one over a positive node is convex.

    It is exp(-log b), convex where log b is concave. Cauchy's F has no concave logarithm, and 1/F
    is convex all the same: with the density g, (1/F)'' has the sign of 2g² - F g', where g' > 0 at
    -z only, and there F g' = 2z arctan(1/z)/(π(1 + z²))² is at most 2g², as z arctan(1/z) ≤ 1.
    """
    if isinstance(node, tree.CauchyCdf) and bend_of(node.body) == "affine":
        return True
    return _bend_of_logarithm(node) in ("affine", "concave")


def _bend_of_logarithm(node: Expression) -> str | None:
    """Return how the logarithm of a positive node bends."""
    match node:
        case tree.Exp(body=body):
            return bend_of(body)
        case tree.Div(numerator=over, denominator=under) if over.positive and under.positive:
            down = _TURNED.get(_bend_of_logarithm(under) or "")
            return _together([_bend_of_logarithm(over), down])
        case tree.Mul(factors=factors) if all(each.positive for each in factors):
            return _together([_bend_of_logarithm(each) for each in factors])
        case tree.Pow(base=base, exponent=power) if is_free(power) and base.positive:
            sign, bend = sign_of(power), _bend_of_logarithm(base)
            return bend if sign > 0 else _TURNED.get(bend or "") if sign else None
    if bend_of(node) in ("affine", "concave"):
        return "concave" if not is_free(node) else "affine"
    return "convex" if _is_log_convex(node) else None


def _bend_of_power(base: Expression, power: Expression) -> str | None:
    """Return how a power bends whose exponent is free of the variable."""
    bend = bend_of(base)
    number = number_of(power)
    if number is not None:
        if number % 2 == 0 < number:
            sign = -1 if bend == "concave" else 1
            convex = bend == "affine" or (bend is not None and is_never_negative(base, sign))
            if convex:
                return "convex"
        if 2 * number >= 1 and _is_sum_of_squares(base):  # a power, of 1 or more, of a norm
            return "convex"
        if number >= 1 and bend in ("affine", "convex") and is_never_negative(base):
            return "convex"
        if 0 <= number <= 1 and bend in ("affine", "concave") and base.positive:
            return "concave"
    if base.positive:  # exp(power · log base)
        of_logarithm, sign = _bend_of_logarithm(base), sign_of(power)
        if of_logarithm == "affine":
            return "convex"
        if (sign > 0 and of_logarithm == "convex") or (sign < 0 and of_logarithm == "concave"):
            return "convex"
    return None


def _is_sum_of_squares(node: Expression) -> bool:
    """Return whether a node is a sum of squares of affine ones, and of numbers from zero on."""
    match node:
        case tree.Add(terms=terms):
            return all(map(_is_sum_of_squares, terms))
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power == 2:  # noqa: PLR2004
            return bend_of(base) == "affine"
    return is_free(node) and sign_of(node) > 0


def _together(found: list[str | None]) -> str | None:
    bent = {each for each in found if each != "affine"}
    if not bent:
        return "affine"
    return bent.pop() if len(bent) == 1 else None


def _is_log_convex(node: Expression) -> bool:
    """Return whether a node is Σ kᵢ exp(cᵢ), all kᵢ positive and all cᵢ convex, or a product."""
    match node:
        case tree.Exp(body=body):
            return bend_of(body) in ("affine", "convex")
        case tree.Add(terms=terms):
            return all(map(_is_log_convex, terms))
        case tree.Mul(factors=factors):
            return all(map(_is_log_convex, factors))
    return is_free(node) and node.positive


def is_never_negative(node: Expression, sign: int = 1) -> bool:  # noqa: PLR0911 - as above
    """Return whether the form of a node shows that it is never below zero; above, if sign is -1."""
    node = node if sign > 0 else tree.Neg(node)
    if node.nonnegative or not can_be_positive(tree.Neg(node)):
        return True
    match node:
        case tree.Add(terms=terms) | tree.Mul(factors=terms):
            return all(map(is_never_negative, terms))
        case tree.Neg(body=tree.Neg(body=inner)):
            return is_never_negative(inner)
        case tree.Div(numerator=over, denominator=under):
            return under.positive and is_never_negative(over)
        case tree.Max(left=left, right=right):
            return is_never_negative(left) or is_never_negative(right)
        case tree.Pow(exponent=tree.Number(value=power)):
            return power % 2 == 0
        case tree.Log(body=tree.Add(terms=terms)):  # log(1 + b), b ≥ 0
            return tree.Number(1) in terms and all(map(is_never_negative, terms))
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
            moving = [each for each in parts if not is_free(each)]
            rest = [each for each in parts if is_free(each)]
            whole = isinstance(node, tree.Add) or all(map(_is_not_zero, rest))
            return len(moving) == 1 and whole and is_line(moving[0])
        case tree.Div(numerator=over, denominator=under):
            return is_free(under) and _is_not_zero(under) and is_line(over)
    return False


def _is_not_zero(node: Expression) -> bool:
    return node.positive or (isinstance(node, tree.Neg) and node.body.positive)


def is_away_from_zero(node: Expression) -> bool:
    """Return whether a number above zero, free of the variable, is in a sum of what is not below.

    >>> from midpo_sym.language import build
    >>> is_away_from_zero(1 + build.exp(VARIABLE)), is_away_from_zero(build.exp(VARIABLE))
    (True, False)
    """
    if not isinstance(node, tree.Add):
        return False
    return all(each.nonnegative for each in node.terms) and any(
        is_free(each) and each.positive for each in node.terms
    )
