"""The expression tree: all its nodes, and which responses they speak of.

Arithmetic is in `arithmetic`, quantities are in `quantities.leaves`, and given here as well.
Logarithms are taken of nodes only that are positive by their form, so the laws of the logarithm
need no side condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from midpo_sym.language.arithmetic import (
    MAX_DEPTH,
    MAX_SIZE,
    Add,
    Div,
    Expression,
    Mul,
    Neg,
    Number,
    Operand,
    Pow,
    add,
    lift,
    mul,
    over,
    product,
    total,
)
from midpo_sym.language.functions.calls import Call, Function, Variable
from midpo_sym.language.quantities.leaves import (
    ABOVE_ZERO,
    FROM_ZERO,
    Datum,
    Length,
    Normaliser,
    Parameter,
    Position,
    Probability,
    Statistic,
    TokenProbability,
    Weight,
)

__all__ = [
    "ABOVE_ZERO",
    "FROM_ZERO",
    "MAX_DEPTH",
    "MAX_SIZE",
    "Add",
    "ByLabel",
    "Call",
    "CauchyCdf",
    "Datum",
    "Defined",
    "Div",
    "Exp",
    "Expression",
    "Function",
    "Length",
    "Log",
    "Max",
    "Mul",
    "Neg",
    "Normaliser",
    "Number",
    "Operand",
    "Parameter",
    "Position",
    "Pow",
    "Probability",
    "Statistic",
    "StopGradient",
    "TokenProbability",
    "TokenProduct",
    "TokenSum",
    "Variable",
    "Weight",
    "add",
    "at_responses",
    "goes_by_label",
    "lift",
    "mul",
    "over",
    "product",
    "responses",
    "token_responses",
    "total",
]


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
        """Return whether it is log(1 + b), such as a softplus, with b above zero by its form."""
        match self.body:
            case Add(terms=terms) if all(each.nonnegative for each in terms):
                whole = sum(each.value for each in terms if isinstance(each, Number))
                more = any(each.positive for each in terms if not isinstance(each, Number))
                return whole > 1 or (whole == 1 and more)
        return False

    def _is_nonnegative(self) -> bool:
        """Return whether it is log(1 + b), with b zero or more by its form."""
        match self.body:
            case Add(terms=terms) if all(each.nonnegative for each in terms):
                return any(isinstance(each, Number) and each.value > 0 for each in terms)
        return False


@dataclass(frozen=True, slots=True)
class Exp(Expression):
    """The exponential of a node."""

    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def _is_positive(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class CauchyCdf(Expression):
    """atan(a)/π + 1/2: the distribution function of the Cauchy distribution, between 0 and 1."""

    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def _is_positive(self) -> bool:
        return True

    @property
    def below_one(self) -> bool:
        """Return that it is."""
        return True


@dataclass(frozen=True, slots=True)
class Max(Expression):
    """The larger of two nodes."""

    left: Expression
    right: Expression
    parts: ClassVar[tuple[str, ...]] = ("left", "right")

    def _is_positive(self) -> bool:
        return self.left.positive or self.right.positive

    def _is_nonnegative(self) -> bool:
        left, right = self.left, self.right
        opposite = Neg(left) == right or left == Neg(right)
        return opposite or left.nonnegative or right.nonnegative

    @property
    def below_one(self) -> bool:
        """Return whether both sides are."""
        return self.left.below_one and self.right.below_one

    @property
    def at_most_one(self) -> bool:
        """Return whether both sides are."""
        return self.left.at_most_one and self.right.at_most_one


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

    @property
    def below_one(self) -> bool:
        """Return whether both values are."""
        return self.chosen.below_one and self.rejected.below_one

    @property
    def at_most_one(self) -> bool:
        """Return whether both values are."""
        return self.chosen.at_most_one and self.rejected.at_most_one


@dataclass(frozen=True, slots=True)
class StopGradient(Expression):
    """A node that counts as a constant when gradients are taken."""

    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)

    @property
    def below_one(self) -> bool:
        """Return whether its body is."""
        return self.body.below_one

    @property
    def at_most_one(self) -> bool:
        """Return whether its body is."""
        return self.body.at_most_one


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

    @property
    def below_one(self) -> bool:
        """Return whether its body is."""
        return self.body.below_one

    @property
    def at_most_one(self) -> bool:
        """Return whether its body is."""
        return self.body.at_most_one


def _check_positive(node: Expression, what: str) -> None:
    if not node.positive:
        message = f"{what} needs an argument that is positive by its form"
        raise ValueError(message)


def at_responses(node: Expression, renaming: Mapping[str, str]) -> Expression:
    """Return the tree with its responses renamed, all at once, such as `{"y": "w"}`."""
    children = tuple(at_responses(child, renaming) for child in node.children())
    moved = node.with_children(children) if children else node
    if isinstance(moved, Datum):
        return replace(moved, of=tuple(renaming.get(each, each) for each in moved.of))
    response = getattr(moved, "response", "")
    if response in renaming:
        return replace(moved, response=renaming[response])  # type: ignore[call-arg]
    return moved


def responses(node: Expression) -> set[str]:
    """Return the responses that a tree mentions."""
    found: set[str] = set()
    for inner in node.walk():
        if isinstance(inner, Datum):
            found.update(inner.of)
        elif getattr(inner, "response", ""):
            found.add(inner.response)  # type: ignore[attr-defined]
    return found


def goes_by_label(node: Expression) -> bool:
    """Return whether a tree says something else of the chosen than of the rejected response."""
    return any(
        isinstance(each, ByLabel) or getattr(each, "by_label", False) for each in node.walk()
    )


def token_responses(node: Expression) -> set[str]:
    """Return the responses whose token at t a tree mentions outside any sum or product over t."""
    if isinstance(node, (TokenSum, TokenProduct)):
        return set()
    inner = {found for child in node.children() for found in token_responses(child)}
    if isinstance(node, (TokenProbability, Statistic, Weight, Position)):
        inner.add(node.response)
    return inner
