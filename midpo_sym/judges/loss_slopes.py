"""Derivatives of losses at a point: exact where they can be, else enclosed.

The derivative of f(a) is f′(a)·a′. With a and a′ exact, it is a polynomial in log 2 if f′ is
rational in a, or if e^a is rational; else ball arithmetic gives bounds that are proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from midpo_sym.judges.balls import Arithmetic, Ball, arithmetic, power
from midpo_sym.judges.exact import Exact, InexactError, Polynomial

_BITS = 256


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
    def ends(self) -> tuple[Fraction, Fraction]:
        """Return two numbers between which the derivative lies.

        Raises:
            UnclearError: the numbers are too large for that.
        """
        with arithmetic(_BITS) as balls:
            if self.exact is not None:
                return balls.ends(_enclosed(self.exact, balls))
            growth = balls.exp(_enclosed(self.argument, balls))
            outer = -1 / (1 + growth)
            if self.link == "sigmoid":
                outer = outer * growth / (1 + growth)
            return balls.ends(outer * _enclosed(self.slope, balls))


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


def _enclosed(value: Polynomial, balls: Arithmetic) -> Ball:
    log = balls.log(balls.of(2))
    total = balls.of(0)
    for exponent, coefficient in enumerate(value):
        total = total + balls.of(coefficient) * power(log, exponent, balls)
    return total
