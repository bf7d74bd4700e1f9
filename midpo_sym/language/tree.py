"""The expression tree: frozen nodes that never simplify themselves.

A node knows whether it is *positive by its form* (probabilities, products, powers, exponentials
of such), and how deep and how large it is. Logarithms are taken of positive
nodes only, so the laws of the logarithm need no side condition.

Operators build nodes, so `alpha * log(pi("w") / ref("w"))` in Python is the tree that the
same words give in a specification (see `build`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

MAX_DEPTH = 100
MAX_SIZE = 5_000


@dataclass(frozen=True, slots=True)
class Expression:
    """A node of the tree.

    Attributes:
        positive: true if the value is positive because of the form of the node.
        depth: the height of the tree below and including the node.
        size: the number of nodes below and including the node.
    """

    positive: bool = field(init=False, compare=False, repr=False)
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
        object.__setattr__(self, "positive", self._is_positive())

    def _is_positive(self) -> bool:
        return all(child.positive for child in self.children())

    def children(self) -> Iterator[Expression]:
        """Yield the nodes directly below this one, from left to right."""
        for name in self.parts:
            value = getattr(self, name)
            if isinstance(value, tuple):
                yield from value
            else:
                yield value

    def with_children(self, children: tuple[Expression, ...]) -> Self:
        """Return this node over other children, given in the order of `children()`."""
        rest = iter(children)
        changes = {
            name: tuple(next(rest) for _ in value) if isinstance(value, tuple) else next(rest)
            for name in self.parts
            for value in [getattr(self, name)]
        }
        return replace(self, **changes)  # type: ignore[arg-type]  # fields named by `parts`

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


@dataclass(frozen=True, slots=True)
class Parameter(Expression):
    """A scalar parameter of an algorithm, such as α; its domain is a row of `DOMAINS`."""

    name: str
    domain: str = "real"

    def _is_positive(self) -> bool:
        return self.domain == "positive"


@dataclass(frozen=True, slots=True)
class Length(Expression):
    """|y|: the number of tokens of a response, at least 1."""

    response: str


@dataclass(frozen=True, slots=True)
class Probability(Expression):
    """π(y|x): the probability of a whole response under a model."""

    model: str
    response: str


@dataclass(frozen=True, slots=True)
class TokenProbability(Expression):
    """π(y_t|x, y_<t): the probability of the token at the bound position t."""

    model: str
    response: str


@dataclass(frozen=True, slots=True)
class Divergence(Expression):
    """KL(first ‖ second) of the next-token distributions before the bound position t."""

    first: str
    second: str
    response: str

    def _is_positive(self) -> bool:
        return False  # zero where the models agree


@dataclass(frozen=True, slots=True)
class Weight(Expression):
    """A declared number per token, such as μ₁(y_t); by label if both responses have their own."""

    name: str
    response: str
    domain: str = "real"
    by_label: bool = False

    def _is_positive(self) -> bool:
        return self.domain == "positive"


@dataclass(frozen=True, slots=True)
class Normaliser(Expression):
    """Z(x): the unknown positive factor up to which a prior is known; the same for both."""


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


@dataclass(frozen=True, slots=True)
class Div(Expression):
    """A quotient."""

    numerator: Expression
    denominator: Expression
    parts: ClassVar[tuple[str, ...]] = ("numerator", "denominator")


@dataclass(frozen=True, slots=True)
class Neg(Expression):
    """The negative of a node."""

    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def _is_positive(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Pow(Expression):
    """A power: of a positive base with any exponent, or of any base with a whole one."""

    base: Expression
    exponent: Expression
    parts: ClassVar[tuple[str, ...]] = ("base", "exponent")

    def _is_positive(self) -> bool:
        return self.base.positive


@dataclass(frozen=True, slots=True)
class Log(Expression):
    """The natural logarithm of a positive node."""

    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def __post_init__(self) -> None:
        """Check the argument.

        Raises:
            ValueError: the argument is not positive by its form.
        """
        _check_positive(self.body, "the logarithm")
        Expression.__post_init__(self)

    def _is_positive(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Exp(Expression):
    """The exponential of a node."""

    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def _is_positive(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Max(Expression):
    """The larger of two nodes."""

    left: Expression
    right: Expression
    parts: ClassVar[tuple[str, ...]] = ("left", "right")

    def _is_positive(self) -> bool:
        return self.left.positive or self.right.positive


@dataclass(frozen=True, slots=True)
class TokenSum(Expression):
    """The sum of a node over the tokens of one response."""

    response: str
    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class TokenProduct(Expression):
    """The product of a positive node over the tokens of one response."""

    response: str
    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def __post_init__(self) -> None:
        """Check the factor.

        Raises:
            ValueError: the factor is not positive by its form.
        """
        _check_positive(self.body, "a product over tokens")
        Expression.__post_init__(self)


@dataclass(frozen=True, slots=True)
class ByLabel(Expression):
    """One value for the chosen response, another for the rejected one."""

    response: str
    chosen: Expression
    rejected: Expression
    parts: ClassVar[tuple[str, ...]] = ("chosen", "rejected")


@dataclass(frozen=True, slots=True)
class StopGradient(Expression):
    """A node that counts as a constant when gradients are taken."""

    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Defined(Expression):
    """A named abbreviation of `body`; its meaning is `body` and nothing else.

    Attributes:
        name: its word in a specification.
        response: the response it is taken at, or "" if it takes none.
        token: true if it is taken at the bound position t as well.
    """

    name: str
    response: str
    token: bool
    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)


def _check_chain(operands: tuple[Expression, ...], kind: type[Expression]) -> None:
    if len(operands) < 2:  # noqa: PLR2004 - a chain has two ends
        message = f"{kind.__name__} needs two operands or more"
        raise ValueError(message)
    if isinstance(operands[0], kind):
        message = f"a {kind.__name__} that starts with a {kind.__name__} is one longer chain"
        raise ValueError(message)  # noqa: TRY004 - a value that has another spelling


def _check_positive(node: Expression, what: str) -> None:
    if not node.positive:
        message = f"{what} needs an argument that is positive by its form"
        raise ValueError(message)


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


def add(left: Expression, right: Expression) -> Add:
    """Return `left + right`, in one chain if `left` is a sum: a + b + c."""
    return Add((*left.terms, right)) if isinstance(left, Add) else Add((left, right))


def mul(left: Expression, right: Expression) -> Mul:
    """Return `left * right`, in one chain if `left` is a product: a b c."""
    return Mul((*left.factors, right)) if isinstance(left, Mul) else Mul((left, right))


def total(terms: list[Expression]) -> Expression:
    """Return the sum of any number of terms; the empty sum is 0."""
    if not terms:
        return Number(0)
    result = terms[0]
    for term in terms[1:]:
        result = add(result, term)
    return result


def product(factors: list[Expression]) -> Expression:
    """Return the product of any number of factors; the empty product is 1."""
    if not factors:
        return Number(1)
    result = factors[0]
    for factor in factors[1:]:
        result = mul(result, factor)
    return result


def at_responses(node: Expression, renaming: Mapping[str, str]) -> Expression:
    """Return the tree with its responses renamed, all at once, such as `{"y": "w"}`."""
    children = tuple(at_responses(child, renaming) for child in node.children())
    moved = node.with_children(children) if children else node
    response = getattr(moved, "response", "")
    if response in renaming:
        return replace(moved, response=renaming[response])  # type: ignore[call-arg]
    return moved


def responses(node: Expression) -> set[str]:
    """Return the responses that a tree mentions."""
    return {inner.response for inner in node.walk() if getattr(inner, "response", "")}  # type: ignore[attr-defined]


def token_responses(node: Expression) -> set[str]:
    """Return the responses whose token at t a tree mentions outside any sum or product over t."""
    if isinstance(node, (TokenSum, TokenProduct)):
        return set()
    inner = {found for child in node.children() for found in token_responses(child)}
    if isinstance(node, (TokenProbability, Divergence, Weight)):
        inner.add(node.response)
    return inner
