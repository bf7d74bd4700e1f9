"""Arithmetic on expressions that keeps them small: what a table of torch operations is made of.

Numbers are added up, zeros and ones left out. Nothing else is rewritten, but that exp undoes log:
an average log-probability is then a logarithm of what is below one by its form.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

ZERO, ONE, TWO = tree.Number(0), tree.Number(1), tree.Number(2)

# What code may move about and compare, and not compute with.
INFINITY, LESS = tree.Parameter("_infinity"), tree.Parameter("_minus_infinity")
NOT_A_NUMBER = tree.Parameter("_no_number")
NO_NUMBERS = frozenset({INFINITY, LESS, NOT_A_NUMBER})
# π, of which no more is known than that it is positive: what holds of any such number holds of it.
PI = tree.Parameter("π", "positive")


class NotReadableError(Exception):
    """Code computes something that is no expression of the language; says what."""


def rational(node: Expression) -> Fraction | None:
    """Return the value of a number as `number` writes it, and None of anything else."""
    match node:
        case tree.Number(value=value):
            return Fraction(value)
        case tree.Neg(body=body):
            inner = rational(body)
            return None if inner is None else -inner
        case tree.Div(numerator=tree.Number(value=above), denominator=tree.Number(value=below)):
            return Fraction(above, below)
    return None


def number(value: Fraction | int) -> Expression:
    """Return a rational number as an expression."""
    value = Fraction(value)
    size: Expression = tree.Number(abs(value.numerator))
    if value.denominator != 1:
        size = tree.Div(size, tree.Number(value.denominator))
    return tree.Neg(size) if value < 0 else size


def negative(a: Expression) -> Expression:
    """Return -a."""
    value = rational(a)
    if value is not None:
        return number(-value)
    return a.body if isinstance(a, tree.Neg) else tree.Neg(a)


def plus(a: Expression, b: Expression) -> Expression:
    """Return a + b."""
    left, right = rational(a), rational(b)
    if left is not None and right is not None:
        return number(left + right)
    if left == 0:
        return b
    return a if right == 0 else tree.add(a, b)


def minus(a: Expression, b: Expression) -> Expression:
    """Return a - b."""
    return plus(a, negative(b))


def times(a: Expression, b: Expression) -> Expression:
    """Return a*b."""
    left, right = rational(a), rational(b)
    if left is not None and right is not None:
        return number(left * right)
    if left is None and right is not None:
        a, b, left = b, a, right
    match left:
        case 0:
            return ZERO
        case 1:
            return b
        case -1:
            return negative(b)
    return tree.mul(a, b)


def over(a: Expression, b: Expression) -> Expression:
    """Return a/b.

    Raises:
        NotReadableError: b is zero.
    """
    left, right = rational(a), rational(b)
    if right == 0:
        raise NotReadableError("a division by zero")
    if left is not None and right is not None:
        return number(left / right)
    if left == 0 or right == 1:
        return a
    if b.positive and (cancelled := _cancelled(a, b)) is not None:
        return cancelled
    return negative(a) if right == -1 else tree.Div(a, b)


def _cancelled(a: Expression, b: Expression) -> Expression | None:
    """Return a/b if b is a factor of a, or of each of its terms, as it is written."""
    if a == b:
        return ONE
    match a:
        case tree.Mul(factors=factors) if b in factors:
            place = factors.index(b)
            return tree.product([*factors[:place], *factors[place + 1 :]])
        case tree.Neg(body=body):
            inner = _cancelled(body, b)
            return None if inner is None else negative(inner)
        case tree.Add(terms=terms):
            found = [_cancelled(each, b) for each in terms]
            return None if None in found else total([each for each in found if each is not None])
    return None


def power(a: Expression, b: Expression) -> Expression:
    """Return a**b.

    Raises:
        NotReadableError: it may be no number: a is not positive by its form, and b not whole.
    """
    base, exponent = rational(a), rational(b)
    if exponent is not None and exponent.denominator == 1:
        whole = int(exponent)
        if whole == 0:
            return ONE
        if whole == 1:
            return a
        if whole < 0:
            return over(ONE, power(a, number(-whole)))
        return number(base**whole) if base is not None else tree.Pow(a, b)
    if not a.positive:
        raise NotReadableError("a power of what is not positive by its form")
    return tree.Pow(a, b)


def exp(a: Expression) -> Expression:
    """Return the exponential; of a sum of logarithms it is a product."""
    if rational(a) == 0:
        return ONE
    undone = _undone(a)
    return tree.Exp(a) if undone is None else undone


def log(a: Expression) -> Expression:
    """Return the logarithm.

    Raises:
        NotReadableError: a is not positive by its form.
    """
    if rational(a) == 1:
        return ZERO
    if isinstance(a, tree.Exp):
        return a.body
    if not a.positive:  # -(p - 1) is 1 - p, and 1 - (1 - p) is p
        a = _opened(a)
    if not a.positive:
        raise NotReadableError("a logarithm of what is not positive by its form")
    return tree.Log(a)


def _opened(a: Expression) -> Expression:
    """Return a sum without brackets, its numbers added up."""
    rest: list[Expression] = []
    whole = Fraction(0)

    def take(node: Expression, sign: int) -> None:
        nonlocal whole
        value = rational(node)
        match node:
            case _ if value is not None:
                whole += sign * value
            case tree.Neg(body=body):
                take(body, -sign)
            case tree.Add(terms=terms):
                for each in terms:
                    take(each, sign)
            case _:
                rest.append(node if sign > 0 else tree.Neg(node))

    take(a, 1)
    return total([number(whole), *rest])


def total(terms: list[Expression]) -> Expression:
    """Return the sum of any number of terms."""
    result: Expression = ZERO
    for each in terms:
        result = plus(result, each)
    return result


def sigmoid(a: Expression) -> Expression:
    """Return 1/(1 + exp(-a))."""
    return over(ONE, plus(ONE, exp(negative(a))))


def softplus(a: Expression) -> Expression:
    """Return log(1 + exp(a))."""
    return log(plus(ONE, exp(a)))


def angle(y: Expression, x: Expression) -> Expression:
    """Return the angle of the point (x, y), for y above zero: π*cauchy_cdf(-x/y).

    One of cauchy_cdf(a) and cauchy_cdf(-a) is written by the other: they add up to 1.

    Raises:
        NotReadableError: y is not positive by its form.
    """
    if not y.positive:
        raise NotReadableError("an angle below the axis")
    slope = negative(over(x, y))
    if rational(slope) == 0:
        return times(PI, over(ONE, TWO))
    if isinstance(slope, tree.Neg):
        return times(PI, minus(ONE, tree.CauchyCdf(slope.body)))
    return times(PI, tree.CauchyCdf(slope))


def log_sum_exp(terms: Sequence[Expression]) -> Expression:
    """Return the logarithm of the sum of exponentials, which are not formed of logarithms.

    So log(p) beside log(q) - c is the logarithm of p + q*exp(-c), and one of these beside another
    the logarithm of a longer sum.
    """
    return log(total([_exponential(each) for each in terms]))


def _exponential(a: Expression) -> Expression:
    """Return exp(a) as a product, of what the terms of a are logarithms of and an exponential."""
    product: Expression = ONE
    rest: Expression = ZERO
    for each in a.terms if isinstance(a, tree.Add) else (a,):
        inner = _undone(each)
        if inner is None:
            rest = plus(rest, each)
        else:
            product = times(product, inner)
    return times(product, exp(rest))


def _undone(a: Expression) -> Expression | None:
    """Return exp(a) if a is made of logarithms, as log(p)/n and log(p) - log(q) are.

    Of what is below one, a multiple is a power that is below one as well: exp(1/n*log(p)).
    """
    match a:
        case tree.Log(body=body):
            return body
        case tree.Neg(body=body):
            inner = _undone(body)
            return None if inner is None else over(ONE, inner)
        case tree.Div(numerator=tree.Log(body=body), denominator=divisor):
            return tree.Pow(body, tree.Div(ONE, divisor))
        case tree.Mul(factors=(*rest, last)):
            inner, factor = _undone(last), tree.product(rest)
            if inner is not None and inner.below_one and factor.positive:
                return tree.Pow(inner, factor)
        case tree.Add(terms=terms):
            found = [_undone(each) for each in terms]
            result: Expression = ONE
            for each in found:
                if each is None:
                    return None
                result = times(result, each)
            return result
    return None
