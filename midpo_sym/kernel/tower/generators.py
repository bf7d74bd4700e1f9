"""The tower: exponentials, logarithms and sums over tokens as rational functions of generators.

Trusted, like `theorem`, which states the axioms cited here. A generator is a leaf, or an
exponential, logarithm, root or sum over tokens of an element over the generators before it. A new
exponential is a monomial in generators where its exponent is a rational combination of exponents
and logarithms that are there, and so on (see the methods): equal quantities come out as equal
elements, as a rule. That they do not is no proof of anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import lcm

from sympy import QQ, Rational
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.forms import (
    Atom,
    OutsideClassError,
    Work,
    primes,
)
from midpo_sym.kernel.tower.elements import Elements

SIZES = (16, 24, 32, 48, 64, 96, 128)  # of the field: the fewer variables it has, the faster it is
MAX_ROOT = 360
Roots = dict[str, int]
Place = int  # of a generator among the variables of the field


@dataclass(frozen=True, slots=True)
class Generator:
    """A variable of the tower.

    Attributes:
        kind: "leaf", "exp", "log", "root", "Σ" or "step".
        of: what it is the exponential (or logarithm, root, sum) of; none for a leaf.
        name: of a leaf; the response, for a sum over tokens.
        root: n, where it is exp(of / n), or the n-th root of `of`.
        token: whether it varies from token to token.
        policy: whether a gradient flows from it into the policy.
        frozen: whether something inside sg is in it.
        positive: whether it is positive by its form.
        nonnegative: whether it is positive or zero by its form.
    """

    kind: str
    of: FracElement | None = None
    name: str = ""
    root: int = 1
    token: bool = False
    policy: bool = False
    frozen: bool = False
    positive: bool = False
    nonnegative: bool = False


class Restart(Exception):  # noqa: N818 - not an error: asks for a new tower
    """Asks for a tower with finer roots, which have to be there from the start."""


class TooSmall(Restart):
    """Asks for a tower over a larger field."""


class Tower(Elements):
    """Makes generators, and elements of the field over them.

    Attributes:
        roots: which roots of exponentials and of what is under logarithms are generators.
    """

    def __init__(self, atoms: dict[str, Atom], size: int, roots: Roots, work: Work) -> None:
        super().__init__(size, work)
        self.atoms = atoms
        self.roots = roots
        self.generators: list[Generator] = []
        self.known: dict[tuple[str, FracElement | None, str], Place] = {}
        self.leaves: dict[str, Atom] = {}

    def value(self, of: FracElement, image: Callable[[Place], FracElement]) -> FracElement:
        """Return a fraction with an element in the place of each variable."""
        above = self._value(of.numer, image)
        return above if of.denom == 1 else self.over(above, self._value(of.denom, image))

    def _value(self, of: PolyElement, image: Callable[[Place], FracElement]) -> FracElement:
        total = self.zero
        for monomial, coefficient in of.terms():
            term = self.number(coefficient)
            for place, exponent in enumerate(monomial):
                if exponent:
                    term = self.times(term, self.power(image(place), exponent))
            total = self.plus(total, term)
        return total

    # Generators

    def generator(self, made: Generator) -> FracElement:
        """Return the variable of a generator; a new one, if there is none like it.

        What it varies with follows from what is inside it.
        """
        key = made.kind, made.of, made.name
        place = self.known.get(key, len(self.generators))
        if place == len(self.generators):
            if place == len(self.field.gens):
                raise TooSmall
            if made.of is not None:
                inner = list(self.inside(made.of))
                token = made.token or (made.kind != "Σ" and any(each.token for each in inner))
                policy = made.kind != "step" and any(each.policy for each in inner)
                frozen = any(each.frozen for each in inner)
                made = replace(made, token=token, policy=policy, frozen=frozen)
            self.known[key] = place
            self.generators.append(made)
        return self.field.gens[place]

    def inside(self, value: FracElement) -> Iterator[Generator]:
        """Yield the generators that an element depends on."""
        return (self.generators[place] for place in self.places(value))

    def places(self, value: FracElement) -> list[Place]:
        both = zip(value.numer.degrees(), value.denom.degrees(), strict=True)
        return [place for place, degrees in enumerate(both) if max(degrees) > 0]

    def leaf(self, atom: Atom) -> FracElement:
        """Return what an atom stands for; if it is positive, the exponential of its logarithm."""
        positive = atom.leaf is not None and atom.leaf.positive
        made = Generator(
            "leaf",
            name=f"log {atom.name}" if positive else atom.name,
            token=atom.token,
            policy=atom.policy,
            frozen=atom.name != atom.thawed,
            nonnegative=not positive and atom.leaf is not None and atom.leaf.nonnegative,
        )
        self.leaves[made.name] = atom
        return self.exp(self.generator(made)) if positive else self.generator(made)

    def thawed(self, value: FracElement) -> FracElement:
        """Return an element with sg(a) = a (A8)."""
        if not any(each.frozen for each in self.inside(value)):
            return value
        return self.value(value, self._thawed)

    def _thawed(self, place: Place) -> FracElement:
        made = self.generators[place]
        if not made.frozen or made.kind == "step":
            return self.field.gens[place]
        if made.of is None:
            atom = self.leaves[made.name]
            value = self.leaf(self.atoms[atom.thawed])
            return self.log(value) if atom.name != made.name else value  # log X, not X
        inner = self.thawed(made.of)
        match made.kind:
            case "exp":
                return self.exp(self.part(inner, made.root))
            case "log":
                return self.log(inner)
            case "root":
                return self.exp(self.part(self.log(inner), made.root))
        return self.sum(made.name, inner)

    # Exponentials

    def exp(self, exponent: FracElement) -> FracElement:
        """Return exp of a sum as the product of exp of its terms (A11)."""
        result = self.one
        for size, unit in self.terms(exponent):
            result = self.times(result, self._exp(size, unit))
        return result

    def terms(self, value: FracElement) -> Iterator[tuple[Rational, FracElement]]:
        """Yield numbers and fractions of one term above the line; the products add up to a value.

        N/D is taken as the quotient and the remainder of N by D, so that what is a combination of
        others over the same D is one of their fractions.
        """
        whole, rest = self.divided(value.numer, value.denom)
        for monomial, size in whole.terms():
            yield size, self.monomial(monomial)
        for monomial, size in rest.terms():
            unit = self.fraction(self.monomial(monomial).numer, self.below(value))
            yield size * unit.numer.LC, self.field.raw_new(unit.numer.monic(), unit.denom)

    def _exp(self, size: Rational, unit: FracElement) -> FracElement:
        made = self.single(unit)
        if made is None or made.kind != "log":
            return self._power_of(Generator("exp", unit, positive=True, nonnegative=True), size)
        of = made.of  # exp(k log a) = a^k (A2, A3)
        assert of is not None
        whole = int(size.numerator // size.denominator)
        result = self.power(of, whole)
        part = size - whole
        if part:
            root = Generator("root", of, positive=True, nonnegative=True)
            result = self.times(result, self._power_of(root, part))
        return result

    def _power_of(self, made: Generator, size: Rational) -> FracElement:
        """Return a power of what a generator is without its root: of an n-th root, with n enough.

        Raises:
            Restart: there is a generator, and with a root that is too coarse.
        """
        assert made.of is not None
        key = f"{made.kind} {_key(made.of)}"
        n = self.roots[key] = lcm(self.roots.get(key, 1), int(size.denominator))
        if n > MAX_ROOT:
            raise OutsideClassError("too fine a root")
        variable = self.generator(replace(made, root=n))
        if self.generators[variable.numer.LM.index(1)].root != n:
            raise Restart
        return self.power(variable, int(size * n))

    def single(self, value: FracElement) -> Generator | None:
        """Return the generator that an element is, if it is one."""
        numer = value.numer
        alone = value.denom == 1 and len(numer) == 1 and numer.LC == 1 and sum(numer.LM) == 1
        return self.generators[numer.LM.index(1)] if alone else None

    # Logarithms

    def log(self, value: FracElement) -> FracElement:
        """Return log of what is positive: of its primes and positive factors, and of the rest (A1).

        Factors that are not positive by their form stay together: their product is positive.
        """
        total, rest = self.zero, self.one
        for polynomial, sign in ((value.numer, 1), (value.denom, -1)):
            content, factors = self.factors(polynomial)
            rest = -rest if content < 0 else rest
            for number, turn in ((content.numerator, sign), (content.denominator, -sign)):
                for prime, count in primes(abs(int(number))).items():
                    made = Generator("log", self.number(prime), positive=True, nonnegative=True)
                    log = self.generator(made)
                    total = self.plus(total, self.times(self.number(turn * count), log))
            for factor, count in factors:
                if self.is_positive(factor):
                    total = self.plus(
                        total, self.times(self.number(sign * count), self._log(factor))
                    )
                else:
                    rest = self.times(rest, self.power(self.polynomial(factor), sign * count))
        if rest == self.one:
            return total
        if rest.numer.is_ground and rest.denom.is_ground:
            raise OutsideClassError("the logarithm of something that may be negative")
        return self.plus(total, self.generator(Generator("log", rest)))

    def _log(self, factor: PolyElement) -> FracElement:
        value = self.polynomial(factor)
        made = self.single(value)
        if made is None or made.kind not in ("exp", "root"):
            return self.generator(Generator("log", value))
        assert made.of is not None
        log = made.of if made.kind == "exp" else self.log(made.of)
        return self.part(log, made.root)

    def part(self, value: FracElement, n: int) -> FracElement:
        return self.times(self.number(QQ(1, n)), value)

    # Signs by form

    def is_positive(self, polynomial: PolyElement) -> bool:
        """Return whether a polynomial is positive by its form (A13)."""
        return self.is_nonnegative(polynomial) and any(
            all(self.generators[place].positive for place, e in enumerate(monomial) if e)
            for monomial in polynomial.itermonoms()
        )

    def is_nonnegative(self, polynomial: PolyElement) -> bool:
        """Return whether a polynomial has positive coefficients, and no negative term (A13)."""
        return all(c > 0 for c in polynomial.itercoeffs()) and all(
            e % 2 == 0 or self.generators[place].nonnegative
            for monomial in polynomial.itermonoms()
            for place, e in enumerate(monomial)
            if e
        )

    # Sums over tokens

    def sum(self, response: str, value: FracElement) -> FracElement:
        """Return Σ_t of an element: what does not vary with t goes out of it (A6)."""
        outside, inside = Counter[PolyElement](), Counter[PolyElement]()
        for factor, count in self.below(value).items():
            token = any(each.token for each in self.inside(self.polynomial(factor)))
            (inside if token else outside)[factor] = count
        whole, rest = self.divided(value.numer, self.expand(inside))
        total = self.zero
        for polynomial, below in ((whole, Counter[PolyElement]()), (rest, inside)):
            for monomial, coefficient in polynomial.terms():
                here = [e > 0 and self.generators[k].token for k, e in enumerate(monomial)]
                inner = tuple(e * h for e, h in zip(monomial, here, strict=True))
                outer = tuple(e * (not h) for e, h in zip(monomial, here, strict=True))
                unit = self.fraction(self.monomial(inner).numer, below)
                factor = self.monomial(outer, coefficient * unit.numer.LC)
                unit = self.field.raw_new(unit.numer.monic(), unit.denom)
                total = self.plus(total, self.times(factor, self._sum(response, unit)))
        return self.times(total, self.fraction(self.ring.one, outside))

    def _sum(self, response: str, unit: FracElement) -> FracElement:
        if unit == self.one:
            return self.leaf(self.atoms[f"|y_{response}|"])
        parts = unit.numer, unit.denom
        made = Generator(
            "Σ",
            unit,
            response,
            positive=all(map(self.is_positive, parts)),
            nonnegative=self.is_nonnegative(parts[0]) and self.is_positive(parts[1]),
        )
        return self.generator(made)

    # Zero

    def is_zero(self, value: FracElement) -> bool:
        """Return whether an element is zero, with the n-th power of each n-th root put in (A12)."""
        rest = self.polynomial(value.numer)
        for place in reversed(range(len(self.generators))):
            made = self.generators[place]
            if made.kind == "root" and rest.numer.degree(place) >= made.root:
                rest = self._with_powers(rest, place, made)
        return not rest

    def _with_powers(self, value: FracElement, place: Place, made: Generator) -> FracElement:
        assert made.of is not None
        total = self.zero
        for monomial, coefficient in value.numer.terms():
            whole, part = divmod(monomial[place], made.root)
            left = (*monomial[:place], part, *monomial[place + 1 :])
            term = self.monomial(left, coefficient)
            total = self.plus(total, self.times(term, self.power(made.of, whole)))
        return self.polynomial(total.numer)


def _key(value: FracElement) -> str:
    """Return a text that is equal for equal elements, however large the field is."""
    parts = [
        sorted(
            (str(c), [(k, e) for k, e in enumerate(monomial) if e]) for monomial, c in part.terms()
        )
        for part in (value.numer, value.denom)
    ]
    return str(parts)
