"""What a statistic of next-token distributions sums over the vocabulary: as a tree, and as numbers.

The judges know each row by its sum alone. This module is all that they share of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, mul
from typing import Any

from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.tree import Expression
from midpo_sym.session import remembered

Number = Any  # with +, -, * and /: exact, of many digits, an array


@remembered(64)
def summand(name: str) -> Expression:
    """Return what a statistic sums: a tree in which a model stands for its probability of v."""
    row = STATISTICS[name]
    return parse(row.summand, Scope(frozenset(), dict.fromkeys(row.models, "positive")))


def evaluate(
    node: Expression,
    probabilities: Mapping[str, Number],
    number: Callable[[int], Number],
    log: Callable[[Number], Number],
) -> Number:
    """Return the value of a summand.

    Args:
        node: what `summand` returns, or a part of it.
        probabilities: of v, by model.
        number: turns a whole number into one of these numbers.
        log: the logarithm of such a number.

    Raises:
        ValueError: it has a function that no row of `STATISTICS` needs so far.
    """
    if isinstance(node, tree.Number):
        return number(node.value)
    if isinstance(node, tree.Parameter):
        return probabilities[node.name]
    parts = [evaluate(each, probabilities, number, log) for each in node.children()]
    match node:
        case tree.Log():
            return log(parts[0])
        case tree.Neg():
            return -parts[0]
        case tree.Div():
            return parts[0] / parts[1]
        case tree.Add():
            return reduce(add, parts)
        case tree.Mul():
            return reduce(mul, parts)
        case tree.Pow() if (power := exponent(node)) is not None:
            return reduce(mul, [parts[0]] * power, number(1))
    message = f"a statistic sums what is made of +, -, *, /, whole powers and log, not {node}"
    raise ValueError(message)


def exponent(node: tree.Pow) -> int | None:
    """Return the exponent of a power if it is a whole number, zero or more."""
    value = constant(node.exponent)
    return int(value) if value is not None and value >= 0 and value.denominator == 1 else None
