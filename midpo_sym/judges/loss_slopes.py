"""Derivatives of losses at a point: exact where they can be, else enclosed.

The derivative of f(a) is f′(a)·a′. With a and a′ exact, it is a polynomial in log 2 if f′ is
rational in a, or if e^a is rational; else interval arithmetic gives bounds that are proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mpmath.ctx_iv import MPIntervalContext

from midpo_sym.judges.exact import Exact, InexactError, Polynomial, format_polynomial
from midpo_sym.session import remembered

_DIGITS = 40
_SHOWN = 12

Interval = Any  # mpmath's, which has no type stubs


class KinkError(Exception):
    """The derivative does not exist."""


@dataclass(frozen=True)
class LossSlope:
    """The derivative of a loss in a coordinate of the policy.

    Attributes:
        link: the outer function of the loss.
        argument: the value of its argument.
        slope: the derivative of its argument.
    """

    link: str
    argument: Polynomial
    slope: Polynomial

    @cached_property
    def exact(self) -> Polynomial | None:
        """Return the derivative as a polynomial in log 2; None if it is none.

        Raises:
            KinkError: there is no derivative here.
        """
        if not self.slope:
            return ()
        try:
            return (_outer(self.link, Exact(self.argument)) * Exact(self.slope)).value
        except InexactError:
            return None

    @cached_property
    def bounds(self) -> Interval:
        """Return an interval that has the derivative in it."""
        context = _intervals()
        if self.exact is not None:
            return _enclosed(self.exact, context)
        power = context.exp(_enclosed(self.argument, context))
        outer = -1 / (1 + power)
        if self.link == "sigmoid":
            outer *= power / (1 + power)
        return outer * _enclosed(self.slope, context)

    def differs_from(self, other: LossSlope) -> bool:
        """Return whether two derivatives are proved to be different numbers."""
        if self.exact is not None and other.exact is not None:
            return self.exact != other.exact
        return bool(self.bounds.b < other.bounds.a or other.bounds.b < self.bounds.a)

    def __str__(self) -> str:
        """Return the derivative, exact, or else in decimals, the last of them rounded."""
        if self.exact is not None:
            return format_polynomial(self.exact)
        return f"{float(self.bounds.mid):.{_SHOWN}g}…".replace("-", "−")


def _outer(link: str, a: Exact) -> Exact:
    """Return f′(a) of the loss of a link.

    Raises:
        InexactError: it is no polynomial in log 2.
        KinkError: there is none.
    """
    one = Exact.of(1)
    match link:
        case "identity":
            return -one
        case "square":
            return Exact.of(-2) * (one - a)
        case "hinge":
            sign = (one - a).sign()
            if not sign:
                raise KinkError
            return Exact.of(-1 if sign > 0 else 0)
        case "logsigmoid":
            return -(one / (one + a.exp()))
        case "sigmoid":
            power = a.exp()
            return -(power / ((one + power) * (one + power)))
    raise InexactError


def _enclosed(value: Polynomial, context: MPIntervalContext) -> Interval:
    log = context.log(context.mpf(2))
    total = context.mpf(0)
    for power, coefficient in enumerate(value):
        total += context.mpf(coefficient.numerator) / coefficient.denominator * log**power
    return total


@remembered(1)
def _intervals() -> MPIntervalContext:
    context = MPIntervalContext()
    context.dps = _DIGITS
    return context
