"""Nodes over finite sets: functions of indices, sums, least values, derivatives.

They serve the theory, where a sum runs over an arbitrary finite set of prompts or answers and
not over the tokens of one response. An index is a name that a binder binds; its first letter
says which set it runs through (`SETS`). No node is ever substituted into another: a definition
that takes indices is kept as it stands, with the indices it is taken at (`Applied`), and is read
in a scope of its own. So no index can be captured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from midpo_sym.language.tree import FROM_ZERO, Expression, Neg

# First letter of an index: what it runs through. Sums run through the finite ones.
SETS = {
    "x": "prompts; a finite set",
    "y": "answers, or the tokens that may come next; a finite set",
    "i": "pairs of the data set, or positions in an answer; a finite set",
    "a": "policies; any set on which the least value is attained",
    "b": "priors; any set on which the least value is attained",
}
FINITE = "xyi"


def set_of(index: str) -> str:
    """Return the letter of the set that an index runs through."""
    return index[:1]


def is_index(name: str) -> bool:
    """Return whether a name is that of an index: the letter of a set, and perhaps a digit."""
    return name[:1] in SETS and (len(name) == 1 or (len(name) == 2 and name[1].isdigit()))  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Indexed(Expression):
    """f(x, y): the value of a declared function at indices."""

    name: str
    indices: tuple[str, ...]
    domain: str = "real"

    def _is_positive(self) -> bool:
        return self.domain == "positive"

    def _is_nonnegative(self) -> bool:
        return self.domain in FROM_ZERO


@dataclass(frozen=True, slots=True)
class IndexSum(Expression):
    """The sum of a node over all values of an index."""

    index: str
    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Least(Expression):
    """The least value of a node over all values of an index, where it is attained."""

    index: str
    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Applied(Expression):
    """A definition taken at indices: its body, where each of `formals` means that of `actuals`.

    Nothing but `formals` is bound in the body.
    """

    name: str
    formals: tuple[str, ...]
    actuals: tuple[str, ...]
    body: Expression
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Differential(Expression):
    """The derivative of a node as a parameter grows, or as a function f grows along another, h.

    That is ∂/∂ε at ε = 0 of the node with f + ε h in place of f. If it is Σ_y g(y) h(y), then
    g(y) is the partial derivative by f(y). `along` is "" for a parameter.
    """

    body: Expression
    name: str
    along: str = ""
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def _is_positive(self) -> bool:
        return False

    def _is_nonnegative(self) -> bool:
        return False


def free_indices(node: Expression) -> set[str]:
    """Return the indices that no binder inside a node binds."""
    match node:
        case Indexed(indices=indices):
            return set(indices)
        case IndexSum(index=index, body=body) | Least(index=index, body=body):
            return free_indices(body) - {index}
        case Applied(actuals=actuals):
            return set(actuals)
    return {index for child in node.children() for index in free_indices(child)}


def functions(node: Expression) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield name, domain and sets of every function that a node takes at indices."""
    for inner in node.walk():
        if isinstance(inner, Indexed):
            yield inner.name, inner.domain, tuple(map(set_of, inner.indices))


def names(node: Expression) -> set[str]:
    """Return all names in a node; also those of directions, which are functions."""
    return {getattr(n, key, "") for n in node.walk() for key in ("name", "along")}


def largest(node: Expression) -> Least | None:
    """Return the least value that a node is the negative of, if that is of a negative: a largest.

    max_a f(a) is written as the node −min_a (−f(a)).
    """
    match node:
        case Neg(body=Least(body=Neg()) as least):
            return least
    return None
