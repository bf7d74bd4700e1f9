"""The atoms of sums over finite sets, and the indices they depend on. Trusted, like `kernel`.

An atom is what it is made of: a function at indices, or a logarithm, exponential, inverse, sum or
least value of products and fractions of other atoms, kept without the field they were read in.
Equal atoms are equal quantities. A name labels an atom in a field, where no two may share one;
nothing is read from a name.

No index is captured. An index that is renamed becomes one that is neither there nor bound there,
or the kernel stops; and an atom binds numbers that are larger than all inside.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, Self

from sympy import QQ
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement


class Mark(Enum):
    """Who speaks of an index."""

    FREE = ""  # a tree: it stands for any element
    READ = "#"  # the sum or least value that is being read
    OPENED = "~"  # a sum whose term is multiplied out
    BOUND = "$"  # the atom that binds it


class Index(NamedTuple):
    """An index: its name in a tree, or the letter of its set and a number that the kernel gives."""

    name: str
    mark: Mark = Mark.FREE
    number: int = 0

    def __str__(self) -> str:
        """Return its label."""
        return self.name if self.mark is Mark.FREE else f"{self.name}{self.mark.value}{self.number}"


Renaming = Mapping[Index, Index]


class Part(ABC):
    """What depends on indices."""

    @abstractmethod
    def parts(self) -> Iterable[Part]:
        """Return what it is made of."""

    def binds(self) -> tuple[Index, ...]:
        """Return the indices that it binds."""
        return ()

    @abstractmethod
    def label(self, new: Renaming) -> str:
        """Return the name that it would have with other indices."""

    @abstractmethod
    def with_indices(self, new: Renaming) -> Self:
        """Return it with other indices, where that is known to capture none."""

    def __hash__(self) -> int:
        """Return a number that is kept with the name: equal parts have equal names."""
        return hash(self.name)

    @cached_property
    def name(self) -> str:
        """The label of it as it is."""
        return self.label({})

    @cached_property
    def free(self) -> frozenset[Index]:
        """The indices that it depends on."""
        return frozenset(i for part in self.parts() for i in part.free).difference(self.binds())

    @cached_property
    def height(self) -> int:
        """The largest number of an index that is bound in it, or 0."""
        own = (index.number for index in (*self.free, *self.binds()) if index.mark is Mark.BOUND)
        return max([0, *own, *(part.height for part in self.parts())])

    def depends(self, indices: Iterable[Index]) -> bool:
        """Return whether it depends on one of some indices."""
        return not self.free.isdisjoint(indices)

    def renamed(self, new: Renaming) -> Self:
        """Return it with other indices, all at once.

        Raises:
            ValueError: one is there already, or would be captured.
        """
        here = {old: index for old, index in new.items() if old in self.free}
        if not here:
            return self
        there = {*self.free, *self.binds()} - here.keys()
        if len({*here.values(), *there}) < len(here) + len(there):
            raise ValueError("an index that is there already")
        return self.with_indices(here)

    def spelt(self, new: Renaming) -> str:
        """Return the name that it would have with other indices."""
        return self.label(new) if self.depends(new) else self.name


class FiniteAtom(Part):
    """A variable of a field; nothing that atoms of tokens are asked for is true of it."""

    token = policy = opaque = False
    leaf = None

    @property
    def thawed(self) -> str:
        """Its name: nothing in it is inside sg."""
        return self.name

    @property
    @abstractmethod
    def positive(self) -> bool:
        """Whether it is positive, for what it is made of."""


@dataclass(frozen=True)
class Value(FiniteAtom):
    """The value of a function at indices; a parameter has none."""

    function: str
    at: tuple[Index, ...]
    domain: str
    __hash__ = Part.__hash__

    @property
    def positive(self) -> bool:
        return self.domain == "positive"

    @cached_property
    def free(self) -> frozenset[Index]:
        return frozenset(self.at)

    def parts(self) -> tuple[Part, ...]:
        return ()

    def label(self, new: Renaming) -> str:
        return self.function + "".join(f"‹{new.get(each, each)}›" for each in self.at)

    def with_indices(self, new: Renaming) -> Self:
        return replace(self, at=tuple(new.get(each, each) for each in self.at))


@dataclass(frozen=True)
class Product(Part):
    """A product of powers of atoms, in the order of their names."""

    factors: tuple[tuple[FiniteAtom, int], ...]
    __hash__ = Part.__hash__

    @staticmethod
    def of(factors: Mapping[FiniteAtom, int]) -> Product:
        """Return a product of powers that are not zero."""
        return Product(tuple(sorted(factors.items(), key=lambda each: each[0].name)))

    def parts(self) -> Iterable[Part]:
        return (atom for atom, _ in self.factors)

    def label(self, new: Renaming) -> str:
        return "·".join(sorted(f"{atom.spelt(new)}^{power}" for atom, power in self.factors))

    def with_indices(self, new: Renaming) -> Product:
        return Product.of({atom.renamed(new): power for atom, power in self.factors})


Terms = tuple[tuple[Product, Any], ...]  # products and their coefficients


@dataclass(frozen=True)
class Fraction(Part):
    """A quotient of polynomials in atoms, their terms in the order of their names."""

    over: Terms
    under: Terms
    __hash__ = Part.__hash__

    @staticmethod
    def of(value: FracElement, atoms: Sequence[FiniteAtom]) -> Fraction:
        """Return an element of a field whose variables are some atoms."""

        def terms(polynomial: PolyElement) -> Terms:
            return _ordered(
                (Product.of({atoms[k]: e for k, e in enumerate(powers) if e}), coefficient)
                for powers, coefficient in polynomial.terms()
            )

        return Fraction(terms(value.numer), terms(value.denom))

    @staticmethod
    def alone(atom: FiniteAtom) -> Fraction:
        """Return an atom over one."""
        return Fraction(((Product(((atom, 1),)), QQ(1)),), ((Product(()), QQ(1)),))

    @cached_property
    def positive(self) -> bool:
        """Whether its coefficients and atoms are positive."""
        return all(
            c > 0 and all(atom.positive for atom, _ in product.factors)
            for product, c in (*self.over, *self.under)
        )

    def parts(self) -> Iterable[Part]:
        return (product for product, _ in (*self.over, *self.under))

    def label(self, new: Renaming) -> str:
        over, under = (
            " + ".join(sorted(f"{c}·{product.spelt(new)}" for product, c in terms))
            for terms in (self.over, self.under)
        )
        return f"{over} / {under}"

    def with_indices(self, new: Renaming) -> Fraction:
        over, under = (
            _ordered((product.renamed(new), c) for product, c in terms)
            for terms in (self.over, self.under)
        )
        return Fraction(over, under)


def _ordered(terms: Iterable[tuple[Product, Any]]) -> Terms:
    return tuple(sorted(terms, key=lambda each: each[0].name))


@dataclass(frozen=True)
class Function(FiniteAtom):
    """The logarithm, exponential or inverse of a fraction, or its least value over indices."""

    head: str
    of: Fraction
    bound: tuple[Index, ...] = ()
    __hash__ = Part.__hash__

    @cached_property
    def positive(self) -> bool:
        return self.head == "exp" or (self.head == "1/" and self.of.positive)

    def parts(self) -> tuple[Part, ...]:
        return (self.of,)

    def binds(self) -> tuple[Index, ...]:
        return self.bound

    def label(self, new: Renaming) -> str:
        return f"{self.head}{{{' '.join(map(str, self.bound))}}}[{self.of.spelt(new)}]"

    def with_indices(self, new: Renaming) -> Self:
        return replace(self, of=self.of.renamed(new))


@dataclass(frozen=True)
class Sum(FiniteAtom):
    """The sum of a product over all values of some indices; of the empty one, a number of them."""

    bound: tuple[Index, ...]
    term: Product
    __hash__ = Part.__hash__

    @cached_property
    def positive(self) -> bool:
        return all(atom.positive or power % 2 == 0 for atom, power in self.term.factors)

    def parts(self) -> tuple[Part, ...]:
        return (self.term,)

    def binds(self) -> tuple[Index, ...]:
        return self.bound

    def label(self, new: Renaming) -> str:
        return f"Σ{{{' '.join(map(str, self.bound))}}}[{self.term.spelt(new)}]"

    def with_indices(self, new: Renaming) -> Self:
        return replace(self, term=self.term.renamed(new))


def factored(polynomial: PolyElement) -> tuple[Any, list[tuple[PolyElement, int]]]:
    """Return the constant factor of a polynomial, and its irreducible factors with their powers."""
    if len(polynomial) > 1:
        content, factors = polynomial.factor_list()
        return content, factors
    gens = polynomial.ring.gens
    return polynomial.LC, [(gens[k], e) for k, e in enumerate(polynomial.LM) if e]
