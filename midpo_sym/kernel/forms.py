"""What normal forms are made of, and their arithmetic. Trusted, like `kernel` and `normal_form`.

A form (c, {s: r_s}) stands for c + Σ_s Σ_t r_s(t), over a field of rational functions in SymPy's
`polys.fields`; an `Atom` says what a variable of that field is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from sympy import factorint
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.language.tree import Expression

MAX_TERMS = 500
MAX_BITS = 4_096  # of a coefficient
MAX_WORK = 400_000  # products of terms in one reading
CAUCHY = "cauchy_cdf"  # the name of an opaque function: equal arguments, equal values
_SMALL_PRIMES = 10_000  # what is left of a number without them is taken as it is


class OutsideClassError(Exception):
    """The expression is outside the class that the kernel decides; says why, and which part is.

    Attributes:
        part: the smallest part that is outside it, in the words of the language.
    """

    part: str = ""

    def __str__(self) -> str:
        """Return the reason, with the part."""
        return f"{self.args[0]}, in {self.part}" if self.part else str(self.args[0])


class ZeroDenominatorError(Exception):
    """A denominator is zero whatever its variables are."""


class Atom(Protocol):
    """A variable of a normal form. Equal atoms are equal quantities.

    Attributes:
        name: labels it in a field, where no two atoms share one; nothing is read from it.
        thawed: the name of the same quantity with nothing in it inside sg.
        token: whether it varies from token to token.
        policy: whether a gradient flows from it into the policy.
        opaque: whether other atoms hide in it.
        leaf: the node it stands for, unless it is opaque.
    """

    @property
    def name(self) -> str: ...
    @property
    def thawed(self) -> str: ...
    @property
    def token(self) -> bool: ...
    @property
    def policy(self) -> bool: ...
    @property
    def opaque(self) -> bool: ...
    @property
    def leaf(self) -> Expression | None: ...


@dataclass(frozen=True, slots=True)
class NormalForm:
    """c + Σ_s Σ_t r_s(t); `atoms` says what each variable of the field is."""

    constant: FracElement
    sums: dict[str, FracElement]
    atoms: dict[str, Atom]

    def atoms_of(self, value: FracElement) -> list[Atom]:
        """Return the atoms that a fraction, kept in lowest terms, depends on."""
        present = {*variables(value.numer), *variables(value.denom)}
        return [self.atoms[name] for name in sorted(present)]

    def present(self) -> list[Atom]:
        """Return the atoms of all parts."""
        parts = (self.constant, *self.sums.values())
        return [atom for part in parts for atom in self.atoms_of(part)]


Form = tuple[FracElement, dict[str, FracElement]]  # c and r_s
Inside = dict[str, tuple[str, tuple[Form, ...]]]  # name of an opaque atom: function, arguments


@dataclass(frozen=True, slots=True)
class Denominator:
    """What an expression is divided by: its value, and the node it was read from."""

    value: FracElement
    node: Expression


@dataclass(frozen=True, slots=True)
class Reading:
    """Expressions in normal form, over one field, what they were divided by, and what is opaque."""

    forms: tuple[NormalForm, ...]
    denominators: tuple[Denominator, ...]
    inside: Inside


def plus(left: FracElement, right: FracElement) -> FracElement:
    """Return a sum.

    Raises:
        OutsideClassError: it would have too many terms.
    """
    if left.denom == right.denom == left.field.ring.one:  # nothing to cancel
        return left.raw_new(left.numer + right.numer)
    if left.denom == right.denom:
        _check_size(len(left.numer), len(right.numer), len(left.denom))
        return left + right
    crossed = len(left.numer) * len(right.denom) + len(right.numer) * len(left.denom)
    _check_size(crossed, len(left.denom) * len(right.denom))
    return left + right


def times(left: FracElement, right: FracElement) -> FracElement:
    """Return a product.

    Raises:
        OutsideClassError: it would have too many terms.
    """
    if left.denom == right.denom == left.field.ring.one:  # nothing to cancel
        _check_size(len(left.numer) * len(right.numer) // MAX_TERMS)
        product = left.raw_new(left.numer * right.numer)
        _check_size(len(product.numer))
        return product
    _check_size(len(left.numer) * len(right.numer), len(left.denom) * len(right.denom))
    return left * right


def _check_size(*terms: int) -> None:
    """Refuse what would take minutes: cancelling fractions of many terms above all."""
    if max(terms) > MAX_TERMS:
        raise OutsideClassError("too many terms")


def bits(polynomial: PolyElement) -> int:
    """Return the size of the largest coefficient."""
    sizes = (c.numerator.bit_length() + c.denominator.bit_length() for c in polynomial.values())
    return max(sizes, default=0)


class Work:
    """Counts the products of terms, so that what is refused does not depend on the machine."""

    def __init__(self, limit: int = MAX_WORK) -> None:
        self.limit = limit
        self.done = 0

    def spend(self, left: FracElement, right: FracElement) -> None:
        """Count the products of terms in a product of fractions.

        Raises:
            OutsideClassError: there are too many by now, or the numbers become too long.
        """
        terms = (len(left.numer), len(left.denom), len(right.numer), len(right.denom))
        self.done += terms[0] * terms[2] + terms[1] * terms[3] + 1
        if self.done > self.limit:
            raise OutsideClassError("too much work")
        parts = (left.numer, left.denom, right.numer, right.denom)
        if self.done % 8 == 0 and sum(map(bits, parts)) > MAX_BITS:
            raise OutsideClassError("too long a number")


def primes(number: int) -> dict[int, int]:
    """Return the small primes of a number, and the rest, with their powers.

    Whether the rest is a prime or not, equal rests have equal logarithms.
    """
    options = {"use_rho": False, "use_pm1": False, "use_ecm": False}
    found: dict[int, int] = factorint(number, limit=_SMALL_PRIMES, **options)
    return found


def variables(polynomial: PolyElement) -> Iterator[str]:
    """Yield the variables that a polynomial depends on."""
    for symbol, degree in zip(polynomial.ring.symbols, polynomial.degrees(), strict=True):
        if degree > 0:
            yield symbol.name


def application(
    function: str, arguments: tuple[Form, ...], other: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the name of a function of forms, where some of their atoms have other names."""
    return f"{function}({', '.join(key(each, other) for each in arguments)})"


def key(form: Form, other: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a text that is equal for equal forms, whatever other variables the field has."""

    def text(polynomial: PolyElement) -> str:
        names = [other.get(symbol.name, symbol.name) for symbol in polynomial.ring.symbols]
        return " + ".join(
            "*".join([str(coefficient), *(f"{n}^{e}" for n, e in zip(names, m, strict=True) if e)])
            for m, coefficient in polynomial.terms()
        )

    parts = [("", form[0]), *((f"Σ_{s} ", r) for s, r in sorted(form[1].items()))]
    return " + ".join(f"{sign}[{text(r.numer)} / {text(r.denom)}]" for sign, r in parts if r)
