"""Floating-point numbers in code, read as what was typed.

0.1 is read as 1/10, the shortest decimal that is this float. Where it has fifteen digits or more it
was computed: if it is π, or came out of `math.log` and the like, it is read as that; else a
quotient of small whole numbers within two units in the last place is tried. The answer says what
was read otherwise than it was typed.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from fractions import Fraction

from midpo_sym.code.tracing.algebra import (
    INFINITY,
    LESS,
    NOT_A_NUMBER,
    PI,
    negative,
    number,
)
from midpo_sym.language.tree import Expression

_COMPUTED = 15  # digits that nobody types
# The largest denominators of quotients that are tried: few of these are near any given number.
_SHORT, _SHORT_IN_SINGLE = 10_000, 100
_UNITS = 2  # in the last place


@dataclass
class Literals:
    """Reads numbers, and keeps what was read as a quotient.

    Attributes:
        quotients: each float that was read as a quotient of small numbers, and that quotient.
        infinite: whether there was an infinity, or what is no number.
        computed: what floats stand for that functions of `math` have given, and π.
        constants: those of them that were read.
    """

    quotients: dict[float, Fraction] = field(default_factory=dict)
    computed: dict[float, Expression] = field(default_factory=lambda: {math.pi: PI})
    constants: dict[float, Expression] = field(default_factory=dict)
    infinite: bool = False

    def read(self, value: float, *, single: bool = False) -> Expression:
        """Return a number as an expression, or what stands for an infinity.

        Args:
            value: the number.
            single: whether it comes from a tensor of single precision.
        """
        if isinstance(value, int):
            return number(value)
        if not math.isfinite(value):
            self.infinite = True
            return NOT_A_NUMBER if math.isnan(value) else INFINITY if value > 0 else LESS
        typed = Fraction(_shortest(value) if single else repr(value))
        digits = len(str(abs(typed.numerator)).rstrip("0"))
        if typed.denominator == 1 or digits < (_COMPUTED // 2 if single else _COMPUTED):
            return number(typed)
        if not single and abs(value) in self.computed:
            self.constants[abs(value)] = known = self.computed[abs(value)]
            return known if value > 0 else negative(known)
        short = Fraction(value).limit_denominator(_SHORT_IN_SINGLE if single else _SHORT)
        unit = math.ulp(value) * (2**29 if single else 1)
        if abs(short - Fraction(value)) <= _UNITS * Fraction(unit):
            self.quotients[value] = short
            return number(short)
        return number(typed)

    def note(self, value: float, expression: Expression) -> None:
        """Note what a float stands for that was computed of numbers."""
        self.computed[abs(value)] = expression if value > 0 else negative(expression)


def _shortest(value: float) -> str:
    """Return the shortest decimal that is the same number in single precision."""
    for digits in range(6, 10):
        text = f"{value:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == value:
            return text
    return repr(value)
