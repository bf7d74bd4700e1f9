"""Fractions of polynomials in many variables, cancelled by the factors below the line.

Trusted, like `theorem`. Denominators are products of factors that are known, so that no greatest
common divisor is ever looked for: with thirty variables it may take hours. Where a factor is not
split as far as it could be, equal fractions may come out as different ones, and nothing worse.
"""

from __future__ import annotations

from collections import Counter
from math import prod

from sympy import QQ, Rational, Symbol
from sympy.polys.fields import FracElement, FracField
from sympy.polys.orderings import lex
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.forms import (
    MAX_TERMS,
    OutsideClassError,
    Work,
    ZeroDenominatorError,
    bits,
)

_MAX_FACTORED = 24  # terms of a polynomial that is split into factors
_MAX_SPLIT_BITS = 64  # of its coefficients
_MAX_POWER = 1_000
_MAX_DEGREES = 2_000  # of it, in all variables, one more each, multiplied
Split = tuple[Rational, list[tuple[PolyElement, int]]]


class Elements:
    """The arithmetic of a field of fractions, within the limits of work."""

    def __init__(self, size: int, work: Work) -> None:
        self.field = FracField([Symbol(f"~{k}") for k in range(size)], QQ, lex)
        self.ring = self.field.ring
        self.zero, self.one = self.field.zero, self.field.one
        self.work = work
        self.split: dict[PolyElement, Split] = {}

    def number(self, value: object) -> FracElement:
        return self.field.raw_new(self.ring.ground_new(QQ.convert(value)))

    def polynomial(self, value: PolyElement) -> FracElement:
        return self.field.raw_new(value)

    def monomial(self, exponents: tuple[int, ...], coefficient: object = QQ.one) -> FracElement:
        return self.field.raw_new(self.ring.from_dict({exponents: coefficient}))

    def fraction(self, above: PolyElement, below: Counter[PolyElement]) -> FracElement:
        """Return a polynomial over a product of factors, cancelled."""
        if not above:
            return self.zero
        denominator = self.ring.one
        left = Counter[PolyElement]()
        for factor, count in below.items():
            for done in range(count):
                quotient = self.quotient(above, factor)
                if quotient is None:
                    left[factor] = count - done
                    denominator = self.product(denominator, factor ** (count - done))
                    break
                above = quotient
        if denominator not in self.split:
            self.split[denominator] = QQ.one, list(left.items())
        return self.field.raw_new(above, denominator)

    def quotient(self, above: PolyElement, factor: PolyElement) -> PolyElement | None:
        """Return a quotient of polynomials, if it is one."""
        if len(above) < len(factor) and len(above) == 1:
            return None
        degrees = zip(above.degrees(), factor.degrees(), strict=True)
        if any(over < under for over, under in degrees):
            return None
        quotient, rest = self.divided(above, factor)
        return None if rest else quotient

    def divided(self, above: PolyElement, below: PolyElement) -> tuple[PolyElement, PolyElement]:
        """Return a quotient and the rest."""
        if below == 1:
            return above, self.ring.zero
        whole, rest = above.div(below)
        self._spend(whole, below)
        return whole.copy(), rest.copy()  # SymPy has put them into a set before they were done

    def product(self, left: PolyElement, right: PolyElement) -> PolyElement:
        if left == 1 or right == 1:
            return right if left == 1 else left
        self._spend(left, right)
        result = left * right
        if len(result) > MAX_TERMS:
            raise OutsideClassError("too many terms")
        return result

    def _spend(self, left: PolyElement, right: PolyElement) -> None:
        self.work.spend(self.field.raw_new(left), self.field.raw_new(right))

    def plus(self, left: FracElement, right: FracElement) -> FracElement:
        if not left or not right:
            return left or right
        if left.denom == right.denom == 1:
            return self.field.raw_new(left.numer + right.numer)
        one, other = self.below(left), self.below(right)
        both = one | other  # the larger count of each
        total = sum(
            (
                self.product(value.numer, self.expand(both - below))
                for value, below in ((left, one), (right, other))
            ),
            self.ring.zero,
        )
        return self.fraction(total, both)

    def times(self, left: FracElement, right: FracElement) -> FracElement:
        if self.one in (left, right):
            return right if left == self.one else left
        if left.denom == right.denom == 1:
            return self.field.raw_new(self.product(left.numer, right.numer))
        one = self.fraction(left.numer, self.below(right))
        other = self.fraction(right.numer, self.below(left))
        below = self.below(one) + self.below(other)
        denominator = self.product(one.denom, other.denom)
        self.split.setdefault(denominator, (QQ.one, list(below.items())))
        return self.field.raw_new(self.product(one.numer, other.numer), denominator)

    def inverse(self, value: FracElement) -> FracElement:
        if not value:
            raise ZeroDenominatorError
        content, factors = self.factors(value.numer)
        return self.fraction(value.denom.mul_ground(1 / content), Counter(dict(factors)))

    def over(self, above: FracElement, below: FracElement) -> FracElement:
        return self.times(above, self.inverse(below))

    def power(self, base: FracElement, exponent: int) -> FracElement:
        if abs(exponent) > _MAX_POWER:
            raise OutsideClassError("too large a power")
        result = self.one
        if base.denom == 1 and len(base.numer) == 1 and base.numer.LC == 1:
            powers = tuple(abs(int(exponent)) * each for each in base.numer.LM)
            result = self.monomial(powers)
        else:
            for _ in range(abs(exponent)):
                result = self.times(result, base)
        return self.inverse(result) if exponent < 0 else result

    def slope(self, value: FracElement, place: int) -> FracElement:
        """Return a partial derivative, by the rules for products and quotients."""
        variable = self.ring.gens[place]
        total = self.fraction(value.numer.diff(variable), self.below(value))
        for factor, count in self.below(value).items():
            inner = self.polynomial(factor.diff(variable).mul_ground(-count))
            if inner:
                part = self.over(self.times(value, inner), self.polynomial(factor))
                total = self.plus(total, part)
        return total

    def below(self, value: FracElement) -> Counter[PolyElement]:
        """Return the factors of a denominator, whose constant is one."""
        return Counter(dict(self.factors(value.denom)[1]))

    def expand(self, factors: Counter[PolyElement]) -> PolyElement:
        result = self.ring.one
        for factor, count in factors.items():
            for _ in range(count):
                result = self.product(result, factor)
        return result

    def factors(self, polynomial: PolyElement) -> Split:
        """Return a constant, and factors with leading coefficients above zero, with powers."""
        if polynomial not in self.split:
            content, rest = polynomial.primitive()
            if rest.LC < 0:
                content, rest = -content, -rest
            shared = tuple(min(powers) for powers in zip(*rest.itermonoms(), strict=True))
            gens = zip(self.ring.gens, shared, strict=True)
            found = [(gen, power) for gen, power in gens if power]
            if found:
                rest, _ = self.divided(rest, self.ring.from_dict({shared: QQ.one}))
            if len(rest) > 1:
                found += _split(rest)
            self.split[polynomial] = content, found
        return self.split[polynomial]


def _split(polynomial: PolyElement) -> list[tuple[PolyElement, int]]:
    """Return the factors of a primitive polynomial without a monomial among them."""
    degrees = polynomial.degrees()
    large = len(polynomial) > _MAX_FACTORED or bits(polynomial) > _MAX_SPLIT_BITS
    if large or prod(d + 1 for d in degrees) > _MAX_DEGREES:
        return [(polynomial, 1)]
    for place, degree in enumerate(degrees):
        with_it = sum(monomial[place] > 0 for monomial in polynomial.itermonoms())
        # a x + b, with a or b of one term: without a monomial among its factors it has one only.
        if degree == 1 and min(with_it, len(polynomial) - with_it) == 1:
            return [(polynomial, 1)]
    _, factors = polynomial.factor_list()
    found = [(factor.primitive()[1], power) for factor, power in factors]
    # A product of primitive polynomials is one (Gauss), so that no constant is lost.
    return [(factor if factor.LC > 0 else -factor, power) for factor, power in found]
