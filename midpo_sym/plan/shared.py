"""What formulas have in common, and what they use: read off their operations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from midpo_sym.plan.operations import (
    Add,
    Div,
    Filled,
    Mul,
    Operation,
    Parameter,
    Pow,
    Statistic,
    Sum,
)


@dataclass(frozen=True, slots=True)
class Uses:
    """What some operations need to be given.

    Attributes:
        parameters: names of hyper-parameters.
        statistics: what is measured of the responses.
        filled: those of them that are needed without zeros at padding.
        masks: the responses whose padding is left out of a sum.
    """

    parameters: frozenset[str]
    statistics: frozenset[Statistic]
    filled: frozenset[Statistic]
    masks: frozenset[str]


def uses(operations: Iterable[Operation]) -> Uses:
    """Return what operations need to be given."""
    nodes = [node for each in operations for node in each.walk()]
    return Uses(
        frozenset(each.name for each in nodes if isinstance(each, Parameter)),
        frozenset(each for each in nodes if isinstance(each, Statistic)),
        frozenset(each.statistic for each in nodes if isinstance(each, Filled)),
        frozenset(each.response for each in nodes if isinstance(each, Sum) and each.masked),
    )


def shared_sums(formulas: Iterable[Operation]) -> tuple[Sum, ...]:
    """Return the sums over tokens that are worth a name, each once, as they first occur.

    Those are the ones that argument and rewards are likely to share, and that do not read well in
    the middle of a formula: all but the plain sum of one statistic or function of it.
    """
    found = (
        node
        for each in formulas
        for node in each.walk()
        if isinstance(node, Sum) and (node.masked or isinstance(node.body, (Add, Mul, Div, Pow)))
    )
    return tuple(dict.fromkeys(found))
