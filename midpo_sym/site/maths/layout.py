r"""Trees to the LaTeX of a page: symbols marked, and places to break long lines at =, + and −.

Brackets around what may be broken are `\bigl(` and `\bigr)`, whose size is given: a pair that
grows with its contents cannot stand on two lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from midpo_sym.language import indexed, tree
from midpo_sym.language.printing.mathematics import LatexPrinter
from midpo_sym.language.printing.printer import POWER, TERM, Symbol
from midpo_sym.language.quantities.statistics import Operator
from midpo_sym.language.tree import Expression
from midpo_sym.site.maths.formula import BREAK, plain, weaker

_LINE = 22  # characters that fit on a line of any screen
_FRACTION = 32  # characters of a fraction, which is better not broken
_SHORT, _JOINED = 14, 28  # a factor as short as this shares a line, if the line stays as short
_BREAKABLE = (tree.TokenSum, tree.TokenProduct, indexed.IndexSum, tree.Exp, tree.Log)
_TINY = 6  # a factor as short as this never stands on a line of its own
_COMMANDS = re.compile(r"\\(left|right|[bB]igg?[lr]|mathrm|mathbf|mid|operatorname|text|[,!;])")


class PagePrinter(LatexPrinter):
    r"""LaTeX in which every symbol that a page explains stands inside `\sym`."""

    def symbol(self, name: str) -> Symbol:
        symbol = super().symbol(name)
        return Symbol(marked(name, symbol.latex), symbol.unicode)

    def model(self, name: str) -> str:
        return marked(name, super().model(name))

    def print_length(self, node: tree.Length) -> str:
        return marked("length", super().print_length(node))

    def print_normaliser(self, _: tree.Normaliser) -> str:
        return marked("normaliser", "Z") + "(x)"

    def operator(self, operator: Operator) -> str:
        return marked(operator.name, super().operator(operator))

    def lines(self, node: Expression) -> list[str]:  # noqa: PLR0911 - one case for each kind of node
        """Return a node in pieces, each of which may start a line: a sum in its terms."""
        whole = self.print(node)
        if self.width(node) <= _LINE:
            return [whole]
        largest = indexed.largest(node)
        if largest is not None:
            (inner,) = largest.body.children()
            return _joined(whole.removesuffix(self.print(inner, TERM)), self._term(inner))
        match node:
            case tree.Neg(body=body) | tree.StopGradient(body=body) | tree.Exp(body=body):
                return self._around(node, body, whole)
            case tree.Log(body=tree.Div() as body) if self.width(body) > _FRACTION:
                return _bracketed(r"\log\!", self._quotient(body))
            case tree.Log(body=body) if not isinstance(body, tree.Div):
                return _bracketed(r"\log\!", self.lines(body))
            case tree.Div() if self.width(node) > _FRACTION:
                return self._quotient(node)
            case indexed.Differential(body=body) if node.along:
                head, _, _ = whole.partition(r"\!")
                end = f"[{self.symbol(node.along).latex}]"
                first, *rest = _bracketed(rf"{head}\!", self.lines(body))
                return [first, *rest[:-1], rest[-1] + end] if rest else [first + end]
            case tree.Add(terms=terms):
                return self._sum([self._term(term) for term in terms])
            case tree.Mul() if not whole.startswith("-"):
                return self._product(node)
            case (
                tree.TokenSum(body=body)
                | tree.TokenProduct(body=body)
                | indexed.IndexSum(body=body)
                | indexed.Least(body=body)
            ):
                sign = whole.removesuffix(self.print(body, TERM))
                return _joined(sign, self._term(body))
        return [whole]

    def width(self, node: Expression) -> int:
        """Return about how many characters wide a node is."""
        parts = [self.width(child) for child in node.children()]
        match node:
            case tree.Add() | tree.Mul():
                return sum(parts) + (3 if isinstance(node, tree.Add) else 0) * (len(parts) - 1)
            case tree.Div():
                return max(parts)
            case tree.Pow():
                return parts[0] + (2 * parts[1] + 2) // 3
            case tree.ByLabel():
                return max(parts) + 14
            case (
                tree.Neg()
                | tree.TokenSum()
                | tree.TokenProduct()
                | indexed.IndexSum()
                | indexed.Least()
            ):
                return parts[0] + 2
            case tree.Log() | tree.Exp() | tree.StopGradient():
                return parts[0] + 4
        return width(self.print(node))

    def _around(self, node: Expression, body: Expression, whole: str) -> list[str]:
        match node:
            case tree.Neg():
                pieces = self._term(body)
                return _joined("-", pieces) if not pieces[0].startswith("-") else [whole]
            case tree.Exp():
                return _bracketed(r"\exp\!", self.lines(body))
        return _bracketed(r"\operatorname{sg}\!", self.lines(body))

    def _term(self, node: Expression) -> list[str]:
        return _bracketed("", self.lines(node)) if isinstance(node, tree.Add) else self.lines(node)

    def _sum(self, terms: list[list[str]]) -> list[str]:
        first, *others = (weaker(f" {BREAK} ".join(term)) for term in terms)
        signed = (
            f"{{}}- {each[1:].lstrip()}" if each.startswith("-") else f"{{}}+ {each}"
            for each in others
        )
        return [first, *signed]

    def _product(self, node: tree.Mul) -> list[str]:
        rows = [self._factor(*each) for each in zip(self.factors(node), node.factors, strict=True)]
        pieces: list[str] = []
        for factor, *rest in rows:
            joint = r"\cdot " if factor[0].isdigit() else r"\,"
            before = width(pieces[-1]) if pieces else 0
            short = min(before, width(factor)) < _SHORT and before + width(factor) <= _JOINED
            if pieces and (short or before <= _TINY):
                pieces[-1] += joint + factor
            else:
                pieces.append(joint + factor if joint != r"\," and pieces else factor)
            pieces += rest
        return pieces

    def _factor(self, whole: str, node: Expression) -> list[str]:
        """Return the pieces of a factor that is written as `whole` if it is not broken."""
        if self.width(node) <= _LINE:
            return [whole]
        if isinstance(node, tree.Add):
            return _bracketed("", self.lines(node))
        unbracketed = whole == self.print(node)
        return self.lines(node) if isinstance(node, _BREAKABLE) and unbracketed else [whole]

    def _quotient(self, node: tree.Div) -> list[str]:
        """Return a fraction too wide for a bar as a / b."""
        numerator, denominator = node.numerator, node.denominator
        above = self.lines(numerator) if isinstance(numerator, tree.Mul) else self._term(numerator)
        below = (
            self._term(denominator)
            if self.level(denominator) >= POWER or isinstance(denominator, tree.Add)
            else _bracketed("", self.lines(denominator))
        )
        return [*above, rf"\big/ {below[0]}", *below[1:]]


def marked(name: str, latex: str) -> str:
    """Return a symbol that the page explains under a name."""
    return rf"\sym{{{name}}}{{{latex}}}"


def formula(node: Expression, symbols: Mapping[str, Symbol], lead: str = "", end: str = "") -> str:
    r"""Return a tree as LaTeX with places to break.

    Args:
        node: the tree.
        symbols: how declared names are written.
        lead: what comes before, such as `{}=`.
        end: what comes after, such as a full stop.
    """
    first, *rest = PagePrinter(symbols).lines(node)
    pieces = [f"{lead} {first}" if lead else first, *rest]
    pieces[-1] += end
    return f" {BREAK} ".join(pieces)


def width(latex: str) -> int:
    """Return about how many characters wide a formula without fractions is."""
    shown = _COMMANDS.sub("", plain(latex))
    shown = re.sub(r"\\[A-Za-z]+", "x", shown)
    return len(re.sub(r"[{}_^&\s\\]", "", shown))


def _joined(prefix: str, pieces: list[str]) -> list[str]:
    return [prefix + pieces[0], *pieces[1:]]


def _bracketed(prefix: str, pieces: list[str]) -> list[str]:
    if len(pieces) == 1 and BREAK not in pieces[0]:
        return [rf"{prefix}\left({pieces[0]}\right)"]
    first, *rest = pieces
    opened = [rf"{prefix}\bigl({first}", *rest]
    return [*opened[:-1], rf"{opened[-1]}\bigr)"]
