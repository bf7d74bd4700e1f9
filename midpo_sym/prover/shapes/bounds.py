"""The slope of a link over an interval of its variable, which may be without end.

Intervals are mpmath's, rounded outwards. What is steep and flat at once, a logistic function, is
evaluated as that, so that its slope is known far out as well, and so is the logarithm of Cauchy's
distribution function. Where a maximum may be either of its sides, the slope is anything between
theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from mpmath.ctx_iv import MPIntervalContext

from midpo_sym.judges.balls import atan_of_interval
from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE
from midpo_sym.language.tree import Expression

DIGITS = 40
Interval = Any  # mpmath's, which has no type stubs
_Jet = tuple[Interval, Interval]  # a value and its derivative


class Slopes:
    """Bounds of the slope of a link.

    Args:
        body: the link, unfolded.
        parameters: values of those in it.
    """

    def __init__(self, body: Expression, parameters: Mapping[str, Fraction]) -> None:
        self._body = body
        self._context = context = MPIntervalContext()
        context.dps = DIGITS
        self._known = {name: self.of(value, value) for name, value in parameters.items()}
        self._at = context.mpf(0)

    def of(self, low: Fraction | float, high: Fraction | float) -> Interval:
        """Return an interval around two numbers."""
        ends = [
            self._context.mpf(each.numerator) / each.denominator
            if isinstance(each, Fraction)
            else self._context.mpf(each)
            for each in (low, high)
        ]
        return self._context.mpf([ends[0].a, ends[1].b])

    def over(self, interval: Interval) -> Interval | None:
        """Return bounds of the slope over an interval; None if there are none."""
        found = self.with_value(interval)
        return None if found is None else found[1]

    def with_value(self, interval: Interval) -> tuple[Interval, Interval] | None:
        """Return bounds of the value over an interval, and of the slope; None if there are none."""
        self._at = interval
        try:
            return self._jet(self._body)
        except (ZeroDivisionError, ValueError, OverflowError):
            return None

    def _jet(self, node: Expression) -> _Jet:  # noqa: C901, PLR0911 - one case for each kind of node
        zero, one = self._context.mpf(0), self._context.mpf(1)
        match node:
            case tree.Parameter():
                return (self._at, one) if node == VARIABLE else (self._known[node.name], zero)
            case tree.Number(value=value):
                return self._context.mpf(value), zero
            case tree.Neg(body=body):
                value, slope = self._jet(body)
                return -value, -slope
            case tree.Add(terms=terms):
                jets = [self._jet(each) for each in terms]
                return sum((v for v, _ in jets), zero), sum((s for _, s in jets), zero)
            case tree.Mul(factors=factors):
                result = one, zero
                for each in factors:
                    result = self._times(result, self._jet(each))
                return result
            case tree.Div(numerator=over, denominator=under):
                return self._times(self._jet(over), self._inverse(under))
            case tree.Exp(body=body):
                value, slope = self._jet(body)
                value = self._context.exp(value)
                return value, value * slope
            case tree.Log(body=body):
                return self._log(body)
            case tree.CauchyCdf(body=body):
                value, slope = self._jet(body)
                return self._cauchy_cdf(value), self._cauchy_density(value) * slope
            case tree.Max(left=left, right=right):
                return self._larger(self._jet(left), self._jet(right))
            case tree.Pow(base=base, exponent=power):
                return self._power(self._jet(base), power)
        raise ValueError

    def _times(self, one: _Jet, other: _Jet) -> _Jet:
        """Return a product; a slope that is zero is so even where the other value has no end."""
        rise, climb = (
            slope * value if slope != 0 else self._context.mpf(0)
            for slope, value in ((one[1], other[0]), (other[1], one[0]))
        )
        return one[0] * other[0], rise + climb

    def _inverse(self, node: Expression) -> _Jet:
        """Return one over a node; of k + exp b it is σ(log k − b)/k."""
        logistic = self._logistic(node)
        if logistic is not None:
            k, x, slope = logistic
            value, rest = self._sigmoid(-x), self._sigmoid(x)
            return value / k, -value * rest * slope / k
        value, slope = self._jet(node)
        _check_apart_from_zero(value)
        return 1 / value, -slope / value**2

    def _log(self, node: Expression) -> _Jet:
        """Return the logarithm of a node; that of k + exp b has the slope σ(b − log k) b′."""
        match node:
            case tree.Div(numerator=over, denominator=under):
                (one, rise), (other, fall) = self._log(over), self._log(under)
                return one - other, rise - fall
            case tree.Exp(body=body):
                return self._jet(body)
            case tree.CauchyCdf(body=body):
                return self._log_cauchy_cdf(*self._jet(body))
        value, slope = self._jet(node)
        if not value.a > 0:
            raise ValueError
        logistic = self._logistic(node)
        if logistic is not None:
            _, x, rise = logistic
            return self._context.log(value), self._sigmoid(x) * rise
        return self._context.log(value), slope / value

    def _logistic(self, node: Expression) -> tuple[Interval, Interval, Interval] | None:
        """Return k, b − log k and b′ of a sum k + exp b, k positive and free."""
        if not isinstance(node, tree.Add):
            return None
        moving = [each for each in node.terms if VARIABLE in set(each.walk())]
        if len(moving) != 1 or not isinstance(moving[0], tree.Exp):
            return None
        rest = [self._jet(each)[0] for each in node.terms if each is not moving[0]]
        k = sum(rest, self._context.mpf(0))
        if not k.a > 0:
            return None
        value, slope = self._jet(moving[0].body)
        return k, value - self._context.log(k), slope

    def _cauchy_cdf(self, x: Interval) -> Interval:
        return atan_of_interval(x, self._context) / self._context.pi + self._context.mpf(1) / 2

    def _cauchy_density(self, x: Interval) -> Interval:
        return 1 / (self._context.pi * (1 + x**2))

    def _log_cauchy_cdf(self, x: Interval, slope: Interval) -> _Jet:
        """Return the logarithm of Cauchy's distribution function of x, which falls without end.

        Its slope at −z, z positive, is 1/((1 + z²) arctan(1/z)), from z/(1 + z²) to 1/z.
        """
        context, size = self._context, self._cauchy_cdf(x)
        if size.a > 0:
            return context.log(size), self._cauchy_density(x) / size * slope
        if not (size.b > 0 > x.b):
            raise ValueError
        steepest = context.mpf(1) / -x.b
        value = context.mpf([context.mpf("-inf").a, context.log(context.mpf(size.b)).b])
        return value, context.mpf([0, steepest.b]) * slope

    def _sigmoid(self, x: Interval) -> Interval:
        return 1 / (1 + self._context.exp(-x))

    def _larger(self, one: _Jet, other: _Jet) -> _Jet:
        (left, rise), (right, climb) = one, other
        if left.a > right.b:
            return one
        if right.a > left.b:
            return other
        value = self._context.mpf([max(left.a, right.a), max(left.b, right.b)])
        return value, self._context.mpf([min(rise.a, climb.a), max(rise.b, climb.b)])

    def _power(self, base: _Jet, power: Expression) -> _Jet:
        value, slope = base
        exponent, moves = self._jet(power)
        if moves != 0:
            raise ValueError
        if isinstance(power, tree.Number):
            whole = power.value
            return value**whole, whole * value ** max(whole - 1, 0) * slope
        if not value.a > 0:
            raise ValueError
        log = self._context.log(value)
        lower = self._context.exp((exponent - 1) * log)
        return self._context.exp(exponent * log), exponent * lower * slope


def _check_apart_from_zero(value: Interval) -> None:
    if not (value.a > 0 or value.b < 0):
        raise ZeroDivisionError
