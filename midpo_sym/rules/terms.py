"""Terms of the theory in a normal form that knows only what is never named: order, signs, numbers.

The checkers of rules compare terms. Two expressions have the same term if they differ in nothing
but these, which no step has to name:

    order and brackets of sums and of products; signs; a/(b/c) = a·c/b and a^(−e) = 1/a^e;
    a·a = a²; arithmetic with numbers, 0·a = 0, 1·a = a, log 1 = 0, exp 0 = 1;
    names of bound indices.

A term is a `Sum` of products, a `Product` a number times factors, and a `Factor` a `Base` that is
multiplied and divided by, each some times: a·b/b stays as it is. What a law says beyond this is
in `laws`; nothing here is trusted, for the kernel decides each step on its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction


class Base:
    """What is multiplied: a quantity, a logarithm, a sum over an index, a bracket, ...

    Attributes:
        kind: `leaf`, `log`, `exp`, `power`, `sum`, `least`, `derivative` or `bracket`.
        name: of a leaf, or of what a derivative is by.
        indices: of a leaf, or those that a sum or a least value binds.
        parts: the terms inside.
        positive: whether it is positive by its form.
        key: a text that is equal for equal bases only.
        free: the indices that nothing inside binds.
        height: how many binders are nested inside.
    """

    __slots__ = ("free", "height", "indices", "key", "kind", "name", "parts", "positive")
    free: frozenset[str]
    height: int
    key: str

    def __init__(
        self,
        kind: str,
        name: str = "",
        indices: tuple[str, ...] = (),
        parts: tuple[Sum, ...] = (),
        *,
        positive: bool = False,
    ) -> None:
        self.kind, self.name, self.indices, self.parts = kind, name, indices, parts
        self.positive = positive
        inside = "".join(f"[{part.key}]" for part in parts)
        self.key = f"{kind} {name}({','.join(indices)}){inside}"
        free = frozenset[str]().union(*(part.free for part in parts))
        height = max((part.height for part in parts), default=0)
        if kind in {"sum", "least"}:
            self.free, self.height = free - {*indices}, height + len(indices)
        else:
            self.free, self.height = free | {*indices}, height


Factor = tuple[Base, int, int]  # how often it is multiplied and divided by


class Product:
    """A number times factors, in order of their keys."""

    __slots__ = ("factors", "free", "height", "key", "number")
    free: frozenset[str]
    height: int
    key: str

    def __init__(self, number: Fraction, factors: Iterable[Factor] = ()) -> None:
        self.number = number
        self.factors = tuple(sorted(factors, key=lambda each: each[0].key)) if number else ()
        self.key = "·".join(f"{base.key}^{up}/{down}" for base, up, down in self.factors)
        self.free = frozenset[str]().union(*(base.free for base, _, _ in self.factors))
        self.height = max((base.height for base, _, _ in self.factors), default=0)

    @property
    def positive(self) -> bool:
        """Return whether it is positive by its form."""
        return self.number > 0 and all(base.positive for base, _, _ in self.factors)

    def scaled(self, number: Fraction) -> Product:
        """Return it times a number."""
        return Product(self.number * number, self.factors)


class Sum:
    """A sum of products in order; the numbers among them are added up."""

    __slots__ = ("free", "height", "key", "terms")
    free: frozenset[str]
    height: int
    key: str

    def __init__(self, terms: Iterable[Product] = ()) -> None:
        plain, others = Fraction(0), []
        for term in terms:
            if term.factors:
                others.append(term)
            else:
                plain += term.number
        if plain:
            others.append(Product(plain))
        self.terms = tuple(sorted(others, key=lambda each: (each.key, each.number)))
        self.key = " + ".join(f"{term.number}*{term.key}" for term in self.terms)
        self.free = frozenset[str]().union(*(term.free for term in self.terms))
        self.height = max((term.height for term in self.terms), default=0)

    @property
    def positive(self) -> bool:
        """Return whether it is positive by its form."""
        return bool(self.terms) and all(term.positive for term in self.terms)

    @property
    def product(self) -> Product | None:
        """Return the only product of it; none if there are more, or none at all."""
        return self.terms[0] if len(self.terms) == 1 else None

    @property
    def number(self) -> Fraction | None:
        """Return the number that it is, if it is one."""
        if not self.terms:
            return Fraction(0)
        alone = self.product
        return alone.number if alone and not alone.factors else None

    @property
    def base(self) -> Base | None:
        """Return the base that it is, multiplied by nothing, if it is one."""
        alone = self.product
        if alone and alone.number == 1 and len(alone.factors) == 1:
            base, up, down = alone.factors[0]
            return base if (up, down) == (1, 0) else None
        return None

    def scaled(self, number: Fraction) -> Sum:
        """Return it times a number, term by term; silent for −1 only, see `terms`."""
        return Sum(term.scaled(number) for term in self.terms)


ZERO, ONE = Sum(), Sum((Product(Fraction(1)),))


def constant(number: Fraction | int) -> Sum:
    """Return a number as a term."""
    return Sum((Product(Fraction(number)),)) if number else ZERO


def single(base: Base) -> Sum:
    """Return a base as a term."""
    return Sum((Product(Fraction(1), ((base, 1, 0),)),))


def bracket(total: Sum) -> tuple[Base, int]:
    """Return a sum in brackets and its sign: −(a − b) is (b − a), whichever comes first."""
    sign = 1 if total.terms[0].number > 0 else -1
    if sign < 0:
        total = total.scaled(Fraction(-1))
    return Base("bracket", parts=(total,), positive=total.positive), sign


def joined(factors: Iterable[Factor]) -> list[Factor]:
    """Return factors, each base once; nothing cancels."""
    found: dict[str, Factor] = {}
    for base, up, down in factors:
        _, more, less = found.get(base.key, (base, 0, 0))
        found[base.key] = base, up + more, down + less
    return [each for each in found.values() if each[1] or each[2]]


def opened(product: Product) -> Sum:
    """Return a product as a term; one that is only a bracket loses it."""
    if len(product.factors) == 1 and abs(product.number) == 1:
        base, up, down = product.factors[0]
        if base.kind == "bracket" and (up, down) == (1, 0):
            return base.parts[0].scaled(product.number)
    return Sum((product,)) if product.number else ZERO


def as_term(base: Base) -> Sum:
    """Return a base as a term, without a bracket."""
    return base.parts[0] if base.kind == "bracket" else single(base)


def renamed(total: Sum, new: Mapping[str, str]) -> Sum:
    """Return a term with other names of indices that are free in it."""
    if total.free.isdisjoint(new):
        return total
    return Sum(renamed_product(term, new) for term in total.terms)


def renamed_product(product: Product, new: Mapping[str, str]) -> Product:
    """Return a product with other names of indices that are free in it."""
    number, factors = product.number, []
    for base, up, down in product.factors:
        moved, sign = _renamed(base, new)
        number *= sign ** (up + down)
        factors.append((moved, up, down))
    return Product(number, factors)


def _renamed(base: Base, new: Mapping[str, str]) -> tuple[Base, int]:
    if base.free.isdisjoint(new):
        return base, 1
    parts = tuple(renamed(part, new) for part in base.parts)
    if base.kind == "bracket":  # another term may come first, with another sign
        return bracket(parts[0])
    binds = base.kind in {"sum", "least"}
    indices = base.indices if binds else tuple(new.get(each, each) for each in base.indices)
    return Base(base.kind, base.name, indices, parts, positive=base.positive), 1


class LimitError(Exception):
    """More work than a checker may do."""


class UnreadableError(Exception):
    """An expression that has no term, such as one that divides by zero."""
