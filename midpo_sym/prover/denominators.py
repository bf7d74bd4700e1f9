"""Where in its file a statement divides by something that is always zero.

Whether it does is found when it is read for the kernel, which knows trees and no places. So the
file is read once more, with a reader that asks of each denominator whether it is zero.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from midpo_sym.judges import random_models
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.responses import read
from midpo_sym.language import tree
from midpo_sym.language.errors import Advice
from midpo_sym.language.grammar.reader import Reader
from midpo_sym.language.tree import Expression
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import loads
from midpo_sym.spec.reading.place import Places, place_at

_MESSAGE = "divides by something that is zero whatever its parameters are"
_CURE = "look for a difference of equal things under a fraction bar"


@contextmanager
def placed(derivation: Derivation) -> Iterator[None]:
    """Say where a denominator is always zero, if one is.

    Raises:
        SpecError: something divides by zero; has its line and column.
    """
    try:
        yield
    except ZeroDenominatorError:
        raise _located(derivation) from None


def _located(derivation: Derivation) -> SpecError:
    path = derivation.path
    for finder in (_ZeroFinder, _NumericFinder):
        try:
            loads(derivation.text, path, finder)
        except SpecError as error:
            return error
    key = ("loss", "argument")
    place = place_at(derivation.text, Places(derivation.text).key(key))
    return SpecError(str(path), _MESSAGE, ".".join(key), place, advice=Advice(cure=_CURE))


class _ZeroFinder(Reader):
    """Reads an expression, and refuses what divides by something that is always zero."""

    def read_operation(self, syntax: ast.BinOp) -> Expression:
        node = super().read_operation(syntax)  # what is inside is looked at first
        if isinstance(node, (tree.Div, tree.Pow)) and self.divides_by_zero(node):
            below = syntax.right if isinstance(node, tree.Div) else syntax.left
            self.fail(below, _MESSAGE, allowed="what is not zero", cure=_CURE)
        return node

    def divides_by_zero(self, node: Expression) -> bool:
        """Return whether the kernel finds a zero under a fraction bar, for w or for l."""
        return any(map(_fails, _at_pairs(node)))


class _NumericFinder(_ZeroFinder):
    """The same for what is zero and has no normal form that says so, such as max(a, a) - a."""

    def divides_by_zero(self, node: Expression) -> bool:
        for each in _at_pairs(node):
            try:
                random_models.compare(each, tree.Number(0), points=1)
            except ZeroDivisionError:
                return True
            except OverflowError:
                continue
        return False


def _at_pairs(node: Expression) -> Iterator[Expression]:
    """Yield a node as it stands in a loss: its response is w or l, its token bound by a sum."""
    for response in ("w", "l"):
        found = tree.at_responses(node, {"y": response})
        for each in tree.token_responses(found):
            found = tree.TokenSum(each, found)
        yield found


def _fails(node: Expression) -> bool:
    try:
        read((node,))
    except ZeroDenominatorError:
        return True
    except OutsideClassError:
        return False
    return False
