"""Products whose factors are kept apart, so that a coefficient is written as people write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from sympy import QQ, Symbol
from sympy.polys.fields import FracElement, FracField
from sympy.polys.orderings import lex

from midpo_sym.kernel.atoms import Leaf
from midpo_sym.language import tree
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import NotReadableError, rational

_PLAIN = (tree.Parameter, tree.Datum, tree.Length)
_MAX_POWER = 4  # that is multiplied out


@dataclass(frozen=True, slots=True)
class Product:
    """number × factors / divisors.

    Attributes:
        number: what is known of it, with its sign.
        over: the factors; none is a number, a product, a quotient or a negative.
        under: what it is divided by.
    """

    number: Fraction = Fraction(1)
    over: tuple[Expression, ...] = ()
    under: tuple[Expression, ...] = ()

    @staticmethod
    def of(node: Expression) -> Product:
        """Return a node as a product."""
        match node:
            case tree.Number(value=value):
                return Product(Fraction(value))
            case tree.Neg(body=body):
                return Product(Fraction(-1)).times(Product.of(body))
            case tree.Mul(factors=factors):
                result = Product()
                for factor in factors:
                    result = result.times(Product.of(factor))
                return result
            case tree.Div(numerator=over, denominator=tree.Number(value=0)):
                return Product(over=(node,))
            case tree.Div(numerator=over, denominator=under):
                return Product.of(over).times(Product.of(under).inverse())
            case tree.Pow(base=base, exponent=tree.Number(value=1)):
                return Product.of(base)
        return Product(over=(node,))

    def inverse(self) -> Product:
        """Return one over this; a number is not zero here."""
        return Product(1 / self.number, self.under, self.over)

    def times(self, other: Product) -> Product:
        """Return the product of both, without what one multiplies and the other divides by."""
        over, under = list(self.over), list(self.under)
        over += [each for each in other.over if not _taken_out(each, under)]
        under += [each for each in other.under if not _taken_out(each, over)]
        return Product(self.number * other.number, tuple(over), tuple(under))

    def split(self, takes: Callable[[Expression], bool]) -> tuple[Product, Product]:
        """Return the product of the number and of some factors, and that of the others."""
        kept, rest = (
            [tuple(f for f in part if takes(f) is wanted) for part in (self.over, self.under)]
            for wanted in (True, False)
        )
        return Product(self.number, *kept), Product(Fraction(1), *rest)

    def shortened(self) -> Product:
        """Return the product with names written out where their bodies cancel something."""
        for each in self.under:
            if not isinstance(each, tree.Defined):
                continue
            inside = Product.of(unfold(each.body)).inverse()
            left = Product(self.number, self.over, tuple(e for e in self.under if e != each))
            other = left.times(inside)
            if len(other.over) + len(other.under) < len(self.over) + len(self.under):
                return other.shortened()
        return self

    @property
    def tree(self) -> Expression:
        """Return it as a node: numbers, parameters and lengths before the rest."""
        if not self.number:
            return tree.Number(0)
        plain: list[Expression] = [each for each in self.over if isinstance(each, _PLAIN)]
        rest = [each for each in self.over if not isinstance(each, _PLAIN)]
        size = abs(self.number)
        if size.numerator != 1:
            plain.insert(0, tree.Number(size.numerator))
        under = list(self.under)
        if size.denominator != 1:
            under.insert(0, tree.Number(size.denominator))
        if under:
            above = tree.product(plain or rest)
            quotient = tree.Div(above, tree.product(under))
            node = tree.product([quotient, *(rest if plain else [])])
        else:
            node = tree.product([*plain, *rest])
        return node if self.number > 0 else tree.Neg(node)


ONE = Product()


def _taken_out(factor: Expression, factors: list[Expression]) -> bool:
    """Take a factor out of others, by whatever name it goes there; return whether it was there."""
    plain = unfold(factor)
    for each in factors:
        if each == factor or unfold(each) == plain:
            factors.remove(each)
            return True
    return False


def shortest(node: Expression) -> Expression:
    """Return a sum of fractions as one fraction of factors, if that is shorter."""
    if not isinstance(node, tree.Add) or not any(Product.of(each).under for each in node.terms):
        return node
    found = factored(node)
    return found if found.size < node.size else node


def factored(node: Expression) -> Expression:
    """Return a node as a fraction of factors, or as it is if there are too many terms.

    What is no sum, product or quotient is taken for a variable.
    """
    names: dict[Expression, Expression] = {}
    for each in _blocks(node):  # by a name, where it has one
        if isinstance(names.setdefault(unfold(each), each), tree.Defined):
            continue
        names[unfold(each)] = each
    symbols = {plain: Symbol(f"b{k}") for k, plain in enumerate(names)}
    field = FracField([*symbols.values(), Symbol("~")], QQ, lex)
    atoms = {symbol.name: Leaf(symbol.name, names[plain]) for plain, symbol in symbols.items()}
    try:
        return rational(_fraction(node, symbols, field), dict(atoms))
    except (NotReadableError, ZeroDivisionError):
        return node


def _blocks(node: Expression) -> Iterator[Expression]:
    """Yield the outermost nodes that are more than sums, products, quotients and squares."""
    if not _is_arithmetic(node):
        yield node
        return
    for child in node.children():
        yield from _blocks(child)


def _is_arithmetic(node: Expression) -> bool:
    if isinstance(node, tree.Pow):
        power = node.exponent
        return isinstance(power, tree.Number) and power.value <= _MAX_POWER
    return isinstance(node, (tree.Number, tree.Neg, tree.Add, tree.Mul, tree.Div))


def _fraction(node: Expression, symbols: Mapping[Expression, Symbol], field: Any) -> FracElement:
    """Return a node as a fraction of its blocks."""
    if not _is_arithmetic(node):
        return field(symbols[unfold(node)])
    parts = [_fraction(child, symbols, field) for child in node.children()]
    match node:
        case tree.Number(value=value):
            return field(value)
        case tree.Neg():
            return -parts[0]
        case tree.Add():
            return sum(parts, field.zero)
        case tree.Mul():
            return prod(parts, start=field.one)
        case tree.Pow(exponent=tree.Number(value=power)):
            return parts[0] ** power
    return parts[0] / parts[1]


def negative(node: Expression) -> Expression:
    """Return minus a node, without two signs in a row."""
    return node.body if isinstance(node, tree.Neg) else tree.Neg(node)


def difference(left: Expression, right: Expression) -> Expression:
    """Return left − right, without what is zero."""
    nothing = tree.Number(0)
    if right == nothing:
        return left
    return negative(right) if left == nothing else tree.add(left, negative(right))
