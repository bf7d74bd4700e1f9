"""What every printer of the tree shares: one method per kind of node, and when to bracket.

The levels are those of Python's grammar, which is the grammar of a specification: a sum binds
loosest, then products and quotients, then the sign, then powers, and a call binds tightest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

SUM, TERM, SIGN, POWER, ATOM = range(1, 6)

LEVELS: dict[type[Expression], int] = {
    tree.Add: SUM,
    tree.Mul: TERM,
    tree.Div: TERM,
    tree.Neg: SIGN,
    tree.Pow: POWER,
}


@dataclass(frozen=True, slots=True)
class Symbol:
    """How a declared name is printed in mathematics."""

    latex: str
    unicode: str


class Printer(ABC):
    """Turn a tree into a string, bracketing only where the reader needs it."""

    minus = " - "
    plus = " + "

    def print(self, node: Expression, level: int = SUM) -> str:
        """Return the string of a node, in brackets if it binds looser than `level`."""
        method = getattr(self, f"print_{type(node).__name__.lower()}")
        string: str = method(node)
        return self.bracket(string) if self.level(node) < level else string

    def level(self, node: Expression) -> int:
        """Return how tightly a node binds once printed."""
        return LEVELS.get(type(node), ATOM)

    @abstractmethod
    def bracket(self, string: str) -> str:
        """Return a string in brackets."""

    def print_add(self, node: tree.Add) -> str:
        """Return a + b - c; a negated term is printed as a difference."""
        pieces = [self.print(node.terms[0])]
        for term in node.terms[1:]:
            if isinstance(term, tree.Neg):
                pieces += [self.minus, self.print(term.body, TERM)]
            else:
                pieces += [self.plus, self.print(term, TERM)]
        return "".join(pieces)

    def print_neg(self, node: tree.Neg) -> str:
        """Return -a."""
        return "-" + self.print(node.body, SIGN)

    def print_number(self, node: tree.Number) -> str:
        """Return the digits."""
        return str(node.value)
