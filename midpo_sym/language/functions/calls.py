"""Functions that stand for their definitions, and calls of them.

The one node below a call is its body: the definition with the arguments put in. Whatever walks or
evaluates a tree meets that and nothing else; name and arguments are there for who prints it. A call
over another body is a call again if that body fits the definition, and else just the body, so that
no call is ever printed by the name of a function that it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from midpo_sym.language.arithmetic import (
    Add,
    Div,
    Expression,
    Mul,
    Neg,
    Number,
    over,
    product,
    total,
)


@dataclass(frozen=True, slots=True)
class Variable(Expression):
    """An argument of a function, in its definition; in no other tree."""

    name: str

    def _is_positive(self) -> bool:
        return False

    def _is_nonnegative(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that stands for its definition; two of one name are one.

    Attributes:
        name: its word in a specification.
        variables: of the definition, in the order of the arguments.
        meaning: what it is.
        definition: an expression of the language in the variables, about the response y if any.
        if_positive: another one of the same value, for arguments that are all positive by their
            form: its own form shows that it is positive as well.
        latex: what stands before and after the arguments in LaTeX; () prints the definition.
        unicode: the same in Unicode mathematics.
        of_token: whether the argument is of each token of a response.
    """

    name: str
    variables: tuple[str, ...] = field(compare=False)
    meaning: str = field(compare=False)
    definition: Expression = field(compare=False, repr=False)
    if_positive: Expression | None = field(default=None, compare=False, repr=False)
    latex: tuple[str, ...] = field(default=(), compare=False)
    unicode: tuple[str, ...] = field(default=(), compare=False)
    of_token: bool = field(default=False, compare=False)

    @property
    def usage(self) -> str:
        """Return how it is called."""
        return f"{self.name}({', '.join(self.variables)})"

    @property
    def is_arithmetic(self) -> bool:
        """Return whether it is made of sums, products and quotients, over tokens or not."""
        kinds = (Add, Div, Mul, Neg, Number, Variable)
        nodes = self.definition.walk()
        return all(isinstance(each, kinds) or hasattr(each, "response") for each in nodes)

    def body(self, arguments: tuple[Expression, ...], response: str) -> Expression:
        """Return the definition with arguments in the place of its variables.

        Raises:
            ValueError: it has another number of arguments.
        """
        values = dict(zip(self.variables, arguments, strict=True))
        if self.if_positive is not None and all(each.positive for each in arguments):
            return _filled(self.if_positive, values, response)
        return _filled(self.definition, values, response)

    def call_with(self, body: Expression) -> Call | None:
        """Return the call that has a body of its own form; None if it is of no such form."""
        for definition in (self.definition, self.if_positive):
            found = _Match({})
            if definition is not None and found.fits(definition, body):
                arguments = tuple(found.values[name] for name in self.variables)
                return Call(self, arguments, found.response)
        return None


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function at its arguments; its meaning is `body` and nothing else.

    Attributes:
        function: what is called.
        arguments: what it is called with.
        of: the response that the definition speaks of, or "" if it speaks of none.
        body: the definition of the function with the arguments in it.
    """

    function: Function
    arguments: tuple[Expression, ...]
    of: str = ""
    body: Expression = field(init=False, compare=False, repr=False)
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def __post_init__(self) -> None:
        """Put the arguments into the definition.

        Raises:
            ValueError: the function takes another number of arguments.
        """
        object.__setattr__(self, "body", self.function.body(self.arguments, self.of))
        Expression.__post_init__(self)

    @property
    def below_one(self) -> bool:
        """Return whether its body is."""
        return self.body.below_one

    @property
    def at_most_one(self) -> bool:
        """Return whether its body is."""
        return self.body.at_most_one

    def with_children(self, children: tuple[Expression, ...]) -> Expression:
        """Return the call that has another body, or that body if no call has it."""
        (body,) = children
        return self.function.call_with(body) or body


def shown(node: Expression) -> Expression:
    """Return what mathematics prints of a node: the definition of a function without a symbol."""
    while isinstance(node, Call) and not node.function.latex:
        node = node.body
    return node


def _filled(node: Expression, values: Mapping[str, Expression], response: str) -> Expression:
    if isinstance(node, Variable):
        return values[node.name]
    filled = over(node, [_filled(child, values, response) for child in node.children()])
    if hasattr(filled, "response"):
        return replace(filled, response=response)  # type: ignore[call-arg]
    return filled


@dataclass(slots=True)
class _Match:
    """The values of variables with which a definition is a given expression."""

    values: dict[str, Expression]
    response: str = ""

    def fits(self, pattern: Expression, node: Expression) -> bool:
        """Return whether a part of the definition can be an expression, and note how."""
        if isinstance(pattern, Variable):
            return self.values.setdefault(pattern.name, node) == node
        if type(pattern) is not type(node):
            return False
        if isinstance(pattern, Call):
            assert isinstance(node, Call)
            same = pattern.function == node.function
            return same and all(map(self.fits, pattern.arguments, node.arguments))
        if hasattr(pattern, "response"):
            self.response = self.response or node.response  # type: ignore[attr-defined]
            if node.response != self.response:  # type: ignore[attr-defined]
                return False
        elif not pattern.parts:
            return pattern == node
        wanted = tuple(pattern.children())
        given = _grouped(node, len(wanted))
        return len(wanted) == len(given) and all(map(self.fits, wanted, given))


def _grouped(node: Expression, count: int) -> tuple[Expression, ...]:
    """Return the parts of a node, those that a longer chain starts with as one."""
    parts = tuple(node.children())
    if len(parts) > count and isinstance(node, Add | Mul):
        first = [*parts[: len(parts) - count + 1]]
        rest = parts[len(parts) - count + 1 :]
        return (total(first) if isinstance(node, Add) else product(first), *rest)
    return parts
