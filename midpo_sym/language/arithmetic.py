"""Nodes and their arithmetic: what every node knows, and the operators that build trees.

Nodes are frozen and never simplify themselves. A node knows whether it is *positive by its form*
(probabilities, products, powers, exponentials of such) or *nonnegative by its form*, and how deep
and how large it is.

Operators build nodes, so `alpha * log(pi("w") / ref("w"))` in Python is the tree that the
same words give in a specification (see `build`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

MAX_DEPTH = 100
MAX_SIZE = 5_000


@dataclass(frozen=True, slots=True)
class Expression:
    """A node of the tree.

    Attributes:
        positive: true if the value is positive because of the form of the node.
        nonnegative: true if the value is zero or more because of the form of the node.
        depth: the height of the tree below and including the node.
        size: the number of nodes below and including the node.
    """

    positive: bool = field(init=False, compare=False, repr=False)
    nonnegative: bool = field(init=False, compare=False, repr=False)
    depth: int = field(init=False, compare=False, repr=False)
    size: int = field(init=False, compare=False, repr=False)

    # Names of the fields that hold nodes, or tuples of nodes.
    parts: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Compute the facts.

        Raises:
            ValueError: the tree is deeper than `MAX_DEPTH` or larger than `MAX_SIZE`.
        """
        depth, size = 1, 1
        for child in self.children():
            depth = max(depth, child.depth + 1)
            size += child.size
        if depth > MAX_DEPTH or size > MAX_SIZE:
            message = f"an expression of more than {MAX_DEPTH} levels or {MAX_SIZE:,} nodes"
            raise ValueError(message)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "size", size)
        positive = self._is_positive()
        object.__setattr__(self, "positive", positive)
        object.__setattr__(self, "nonnegative", positive or self._is_nonnegative())

    def _is_positive(self) -> bool:
        return all(child.positive for child in self.children())

    def _is_nonnegative(self) -> bool:
        """Return whether it is, if it is not positive."""
        return all(child.nonnegative for child in self.children())

    @property
    def below_one(self) -> bool:
        """Return whether the value is below one because of the form of the node."""
        return False

    @property
    def at_most_one(self) -> bool:
        """Return whether the value is one or less because of the form of the node."""
        return self.below_one

    def children(self) -> Iterator[Expression]:
        """Yield the nodes directly below this one, from left to right."""
        for name in self.parts:
            value = getattr(self, name)
            if isinstance(value, tuple):
                yield from value
            else:
                yield value

    def with_children(self, children: tuple[Expression, ...]) -> Expression:
        """Return this node over other children, given in the order of `children()`."""
        rest = iter(children)
        names: tuple[str, ...] = self.__match_args__
        given = {name: getattr(self, name) for name in names}
        for name in self.parts:
            old = given[name]
            given[name] = tuple(next(rest) for _ in old) if isinstance(old, tuple) else next(rest)
        return type(self)(**given)

    def walk(self) -> Iterator[Expression]:
        """Yield this node and every node below it, parents first."""
        yield self
        for child in self.children():
            yield from child.walk()

    def __str__(self) -> str:
        """Return the node in the words of the specification language."""
        from midpo_sym.language.printing.text import to_text  # noqa: PLC0415 - it prints these very nodes

        return to_text(self)

    def __add__(self, other: Operand) -> Add:
        return add(self, lift(other))

    def __radd__(self, other: int) -> Add:
        return add(lift(other), self)

    def __sub__(self, other: Operand) -> Add:
        return add(self, Neg(lift(other)))

    def __rsub__(self, other: int) -> Add:
        return add(lift(other), Neg(self))

    def __mul__(self, other: Operand) -> Mul:
        return mul(self, lift(other))

    def __rmul__(self, other: int) -> Mul:
        return mul(lift(other), self)

    def __truediv__(self, other: Operand) -> Div:
        return Div(self, lift(other))

    def __rtruediv__(self, other: int) -> Div:
        return Div(lift(other), self)

    def __pow__(self, other: Operand) -> Pow:
        return Pow(self, lift(other))

    def __rpow__(self, other: int) -> Pow:
        return Pow(lift(other), self)

    def __neg__(self) -> Neg:
        return Neg(self)


Operand = Expression | int


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A whole number, not negative: `-1` is `Neg(Number(1))`, `1/3` a `Div`."""

    value: int

    def __post_init__(self) -> None:
        """Check the value.

        Raises:
            ValueError: the value is negative.
        """
        if self.value < 0:
            message = "a negative literal: use Neg(Number(...))"
            raise ValueError(message)
        Expression.__post_init__(self)

    def _is_positive(self) -> bool:
        return self.value > 0

    @property
    def below_one(self) -> bool:
        """Return whether it is zero."""
        return self.value < 1

    @property
    def at_most_one(self) -> bool:
        """Return whether it is zero or one."""
        return self.value <= 1


@dataclass(frozen=True, slots=True)
class Add(Expression):
    """A sum of two or more terms; a difference is a sum with a `Neg`."""

    terms: tuple[Expression, ...]
    parts: ClassVar[tuple[str, ...]] = ("terms",)

    def __post_init__(self) -> None:
        """Check that text and tree determine each other.

        Raises:
            ValueError: fewer than two terms, or a first term that is a sum itself.
        """
        _check_chain(self.terms, Add)
        Expression.__post_init__(self)

    def _is_positive(self) -> bool:
        less = [term.body for term in self.terms if isinstance(term, Neg)]
        whole = sum(term.value for term in self.terms if isinstance(term, Number))
        rest = [term for term in self.terms if not isinstance(term, Neg)]
        if less and whole >= len(less) and all(each.below_one for each in less):  # 1 - p
            return all(term.nonnegative for term in rest)
        more = [term for term in rest if not isinstance(term, Number)] if less else rest
        above = self._is_nonnegative() and any(term.positive for term in more)
        return above or self._is_mixture()

    def _is_mixture(self) -> bool:
        """Return whether it is c·p + (1 − c)·q, p and q positive, and more that is not negative.

        c is from zero to one: with either end, one of the two is left.
        """
        shares = [_factors(term) for term in self.terms]
        for place, factors in enumerate(shares):
            for factor in factors:
                share = _complement(factor)
                if share is None or not (share.nonnegative and share.at_most_one):
                    continue
                for other, more in enumerate(shares):
                    if other == place or share not in more:
                        continue
                    at = more.index(share)
                    rest = [*more[:at], *more[at + 1 :], *(x for x in factors if x is not factor)]
                    beside = [x for k, x in enumerate(self.terms) if k not in (place, other)]
                    known = all(each.nonnegative for each in beside)
                    if known and all(each.positive for each in rest):
                        return True
        return False

    def _is_nonnegative(self) -> bool:
        """Return whether no term is negative, or it is such as `1 - c` with c one or less."""
        less = [term.body for term in self.terms if isinstance(term, Neg)]
        whole = sum(term.value for term in self.terms if isinstance(term, Number))
        rest = [term for term in self.terms if not isinstance(term, Neg)]
        known = all(term.nonnegative for term in rest)
        return known and whole >= len(less) and all(each.at_most_one for each in less)


@dataclass(frozen=True, slots=True)
class Mul(Expression):
    """A product of two or more factors."""

    factors: tuple[Expression, ...]
    parts: ClassVar[tuple[str, ...]] = ("factors",)

    def __post_init__(self) -> None:
        """Check that text and tree determine each other.

        Raises:
            ValueError: fewer than two factors, or a first factor that is a product itself.
        """
        _check_chain(self.factors, Mul)
        Expression.__post_init__(self)

    @property
    def below_one(self) -> bool:
        """Return whether all factors are from zero to one, and none of them is one."""
        return all(factor.nonnegative and factor.below_one for factor in self.factors)

    @property
    def at_most_one(self) -> bool:
        """Return whether all factors are from zero to one."""
        return all(factor.nonnegative and factor.at_most_one for factor in self.factors)


@dataclass(frozen=True, slots=True)
class Div(Expression):
    """A quotient."""

    numerator: Expression
    denominator: Expression
    parts: ClassVar[tuple[str, ...]] = ("numerator", "denominator")

    def _is_nonnegative(self) -> bool:
        return self.numerator.nonnegative and self.denominator.positive

    @property
    def below_one(self) -> bool:
        """Return whether it is a smaller number by a larger one, or p/(p + q) with q above zero.

        p may be a sum itself: p + q is one longer chain then.
        """
        match self.numerator, self.denominator:
            case Number(value=above), Number(value=below):
                return above < below
            case numerator, Add(terms=terms) if all(each.nonnegative for each in terms):
                parts = numerator.terms if isinstance(numerator, Add) else (numerator,)
                rest: tuple[Expression, ...] = ()
                if terms[: len(parts)] == parts:
                    rest = terms[len(parts) :]
                elif numerator in terms:
                    at = terms.index(numerator)
                    rest = (*terms[:at], *terms[at + 1 :])
                return any(each.positive for each in rest)
        return False


@dataclass(frozen=True, slots=True)
class Neg(Expression):
    """The negative of a node."""

    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def _is_positive(self) -> bool:
        return False

    def _is_nonnegative(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Pow(Expression):
    """A power: of a positive base with any exponent, or of any base with a whole one."""

    base: Expression
    exponent: Expression
    parts: ClassVar[tuple[str, ...]] = ("base", "exponent")

    def _is_positive(self) -> bool:
        return self.base.positive

    def _is_nonnegative(self) -> bool:
        match self.exponent:
            case Number(value=power):
                return self.base.nonnegative or power % 2 == 0
        return False

    @property
    def below_one(self) -> bool:
        """Return whether it is a positive power of what is from zero to one, and not one."""
        return self.base.nonnegative and self.base.below_one and self.exponent.positive


def _factors(node: Expression) -> tuple[Expression, ...]:
    return node.factors if isinstance(node, Mul) else (node,)


def _complement(node: Expression) -> Expression | None:
    """Return c of `1 - c`."""
    match node:
        case Add(terms=(Number(value=1), Neg(body=share))):
            return share
    return None


def _check_chain(operands: tuple[Expression, ...], kind: type[Expression]) -> None:
    if len(operands) < 2:  # noqa: PLR2004 - a chain has two ends
        message = f"{kind.__name__} needs two operands or more"
        raise ValueError(message)
    if isinstance(operands[0], kind):
        message = f"a {kind.__name__} that starts with a {kind.__name__} is one longer chain"
        raise ValueError(message)  # noqa: TRY004 - a value that has another spelling


def lift(value: Operand) -> Expression:
    """Return a node for a node or a whole number.

    Raises:
        TypeError: a float or anything else that is no exact number.
    """
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"expected an expression or a whole number, not {value!r}"
        raise TypeError(message)
    return Number(value) if value >= 0 else Neg(Number(-value))


def add(left: Expression, *rest: Expression) -> Add:
    """Return `left` plus the rest, in one chain if `left` is a sum: a + b + c."""
    return Add((*left.terms, *rest)) if isinstance(left, Add) else Add((left, *rest))


def mul(left: Expression, *rest: Expression) -> Mul:
    """Return `left` times the rest, in one chain if `left` is a product: a b c."""
    return Mul((*left.factors, *rest)) if isinstance(left, Mul) else Mul((left, *rest))


def total(terms: list[Expression]) -> Expression:
    """Return the sum of any number of terms; the empty sum is 0."""
    if len(terms) < 2:  # noqa: PLR2004 - a sum has two ends
        return terms[0] if terms else Number(0)
    return add(terms[0], *terms[1:])


def product(factors: list[Expression]) -> Expression:
    """Return the product of any number of factors; the empty product is 1."""
    if len(factors) < 2:  # noqa: PLR2004 - the same
        return factors[0] if factors else Number(1)
    return mul(factors[0], *factors[1:])


def over(node: Expression, children: list[Expression]) -> Expression:
    """Return a node over other children; a sum that has come to start with a sum is one sum."""
    if all(one is other for one, other in zip(children, node.children(), strict=True)):
        return node
    match node:
        case Add():
            return total(children)
        case Mul():
            return product(children)
    return node.with_children(tuple(children))
