"""What a loss looks at together: a response, a pair, and numbers of the batch.

A loss of single responses is a sum over them, and data without pairs will do for it. What counts is
what its value depends on: a response that cancels does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.properties import leaves
from midpo_sym.prover.shapes.rules import is_line


class Unit(Enum):
    """What stands together in one term, at most."""

    RESPONSE = "response"
    PAIR = "pair"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a loss looks at together.

    Attributes:
        unit: single responses, or pairs.
        of_batch: the names of the numbers of the batch that it depends on.
    """

    unit: Unit
    of_batch: tuple[str, ...]


def scope_of(target: Objective) -> Scope:
    """Return what a loss looks at together."""
    unit, of_batch = Unit.RESPONSE, set[str]()
    for piece in _pieces(target):
        nodes = {node for each in piece for node in _quantities(each)}
        responses = {response for node in nodes for response in tree.responses(node)}
        if len(responses) > 1:
            unit = Unit.PAIR
        of_batch |= {node.name for node in nodes if isinstance(node, tree.Datum) and not node.of}
    return Scope(unit, tuple(sorted(of_batch)))


def _pieces(target: Objective) -> Iterator[tuple[Expression, ...]]:
    """Yield the summands of a loss, each as the expressions it is made of."""
    for term in target.terms:
        argument, weight = (at_labels(unfold(each)) for each in (term.argument, term.weight))
        if is_line(unfold(term.link.body)) and not term.link.is_any:
            yield from ((weight, each) for each in _summands(argument))
        else:
            yield weight, argument
    for each in target.additive:
        yield from ((summand,) for summand in _summands(at_labels(unfold(each))))


def _summands(node: Expression) -> Iterator[Expression]:
    match node:
        case tree.Add(terms=terms):
            for each in terms:
                yield from _summands(each)
        case tree.Neg(body=body):
            yield from _summands(body)
        case _:
            yield node


def _quantities(node: Expression) -> set[Expression]:
    """Return the quantities that a node depends on; those it speaks of, if that is not decided."""
    spoken = set(node.walk())
    of_batch = any(isinstance(each, tree.Datum) and not each.of for each in spoken)
    if not of_batch and len(tree.responses(node)) <= 1:
        return spoken  # fewer do not matter
    try:
        return leaves(node, detach=True)
    except (OutsideClassError, ZeroDenominatorError):
        return spoken
