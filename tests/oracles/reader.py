"""Read an expression of the specification language, by the grammar in derivations/README.md.

A tokeniser and an operator-precedence parser, written from the documentation alone. A tree is a
nested tuple: `("number", Fraction)`, `("name", text)`, `("call", name, arguments)`, `("neg", a)`
and `("+", a, b)`, with `-`, `*`, `/` and `**` in the place of `+`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

Tree = tuple

TOKEN = re.compile(r"\s*(?:(\d+)|([A-Za-z_]\w*)|(\*\*|[-+*/(),]))", re.ASCII)
BINDS = {"+": 10, "-": 10, "*": 20, "/": 20, "**": 40}
NEGATION = 30  # binds less than a power: -a**2 is -(a**2)


class ReadError(ValueError):
    """The text is not an expression."""


class Token(NamedTuple):
    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """Return the tokens of an expression.

    >>> [token.text for token in tokens("alpha**2*pi(w, t)")]
    ['alpha', '**', '2', '*', 'pi', '(', 'w', ',', 't', ')', '']
    """
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise ReadError(f"cannot read {text[place : place + 10]!r}")
        kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
        found.append(Token(kind, match[match.lastindex or 0]))
        place = match.end()
    return [*found, Token("end", "")]


def parse(text: str | int) -> Tree:
    """Return the tree of an expression; TOML's whole numbers are expressions too.

    >>> parse("-a**2 - b")
    ('-', ('neg', ('**', ('name', 'a'), ('number', Fraction(2, 1)))), ('name', 'b'))
    >>> parse("a**b**c") == parse("a**(b**c)")
    True
    >>> parse("a - b - c") == parse("(a - b) - c")
    True
    >>> parse("a/b*c") == parse("(a/b)*c")
    True
    >>> parse("a**-b") == parse("a**(-b)")
    True
    """
    reader = Reader(tokens(str(text)))
    tree = reader.expression(0)
    if reader.peek().kind != "end":
        raise ReadError(f"{reader.peek().text!r} follows a whole expression")
    return tree


class Reader:
    """A row of tokens and the place in it."""

    def __init__(self, row: list[Token]) -> None:
        self.row, self.place = row, 0

    def peek(self) -> Token:
        return self.row[self.place]

    def take(self, text: str | None = None) -> Token:
        token = self.row[self.place]
        if text is not None and token.text != text:
            raise ReadError(f"wanted {text!r}, read {token.text!r}")
        self.place += 1
        return token

    def expression(self, least: int) -> Tree:
        """Return the longest expression from here whose operators bind at least as `least`."""
        left = self.operand()
        while (binds := BINDS.get(self.peek().text, -1)) >= least:
            sign = self.take().text
            # A power associates to the right, the others to the left.
            left = (sign, left, self.expression(NEGATION if sign == "**" else binds + 1))
        return left

    def operand(self) -> Tree:
        token = self.take()
        if token.kind == "number":
            return ("number", Fraction(int(token.text)))
        if token.text == "-":
            return ("neg", self.expression(NEGATION))
        if token.text == "(":
            inner = self.expression(0)
            self.take(")")
            return inner
        if token.kind != "name":
            raise ReadError(f"{token.text!r} is no operand")
        if self.peek().text != "(":
            return ("name", token.text)
        self.take("(")
        arguments = [self.expression(0)]
        while self.peek().text == ",":
            self.take()
            arguments.append(self.expression(0))
        self.take(")")
        return ("call", token.text, tuple(arguments))


def walk(tree: Tree) -> list[Tree]:
    """Return a tree and all trees inside it.

    >>> [each[0] for each in walk(parse("log(a) + 1"))]
    ['+', 'call', 'name', 'number']
    """
    below = tree[2] if tree[0] == "call" else tree[1:] if tree[0] not in ("number", "name") else ()
    return [tree, *(found for each in below for found in walk(each))]
