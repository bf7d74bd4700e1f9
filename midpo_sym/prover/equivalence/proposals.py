"""Which equations would make two losses the same: proposals, none of which is believed.

Terms under the same link are compared by their arguments. A link that is a polynomial is multiplied
out, and its term compared together with all that is left.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE, Link
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.equivalence.equations import FACTOR, OFFSET, SCALE, UNKNOWN, Equation

_MOST_TERMS = 3  # that are permuted

_ZERO = tree.Number(0)


def unknown(name: str) -> Expression:
    """Return an unknown number of the comparison itself: a factor, or an offset."""
    return tree.Parameter(name, UNKNOWN[name])


def is_rigid(left: Objective, right: Objective) -> bool:
    """Return whether the losses are the same if and only if their arguments are.

    They are of one term each, under one link that is one to one and bends: no factor and no offset
    of one makes it the other.
    """
    if not (left.is_one_term and right.is_one_term):
        return False
    one, other = left.only_term().link, right.only_term().link
    return one == other and one.name in ("logsigmoid", "sigmoid")


def of_losses(left: Objective, right: Objective) -> Iterator[tuple[Equation, ...]]:
    """Yield equations under which left = factor × right + offset."""
    factor = unknown(FACTOR)
    ours, theirs = map(bent, (left, right))
    if ours and len(ours) == len(theirs) <= _MOST_TERMS:
        rest = remainder(left), tree.add(tree.mul(factor, remainder(right)), unknown(OFFSET))
        for permuted in itertools.permutations(theirs):
            pairs = list(zip(ours, permuted, strict=True))
            if all(shape(one.link) == shape(other.link) for one, other in pairs):
                yield (*(each for pair in pairs for each in _of_terms(*pair)), rest)
    if is_rigid(left, right):
        return
    yield ((left.loss, tree.add(tree.mul(factor, right.loss), unknown(OFFSET))),)


def of_arguments(left: Objective, right: Objective) -> Iterator[tuple[Equation, ...]]:
    """Yield equations under which the arguments of all links are the same, up to one scale."""
    if left.additive or right.additive or len(left.terms) != len(right.terms):
        return
    if len(left.terms) > _MOST_TERMS:
        return
    scale = unknown(SCALE)
    for permuted in itertools.permutations(right.terms):
        yield tuple(
            (one.argument, tree.mul(scale, other.argument))
            for one, other in zip(left.terms, permuted, strict=True)
        )


def _of_terms(one: Term, other: Term) -> Iterator[Equation]:
    yield one.argument, other.argument
    yield one.weight, tree.mul(unknown(FACTOR), other.weight)
    if one.link != other.link:
        yield one.link.body, other.link.body


def bent(objective: Objective) -> list[Term]:
    """Return the terms whose links are no polynomials."""
    return [term for term in objective.terms if not is_polynomial(unfold(term.link.body))]


def remainder(objective: Objective) -> Expression:
    """Return all of a loss but the terms whose links are no polynomials."""
    terms = [term.loss for term in objective.terms if is_polynomial(unfold(term.link.body))]
    return tree.total([*terms, *objective.additive]) if terms or objective.additive else _ZERO


def is_polynomial(node: Expression) -> bool:
    """Return whether the body of a link is a polynomial in its variable."""
    if VARIABLE not in set(node.walk()):
        return True
    match node:
        case tree.Parameter():
            return True
        case tree.Add() | tree.Mul() | tree.Neg():
            return all(map(is_polynomial, node.children()))
        case tree.Div(numerator=over, denominator=under):
            return is_polynomial(over) and VARIABLE not in set(under.walk())
        case tree.Pow(base=base, exponent=tree.Number(value=power)):
            return power > 0 and is_polynomial(base)
    return False


def shape(link: Link) -> str:
    """Return the text of a link without the names of its parameters."""
    return to_text(_blank(unfold(link.body)))


def _blank(node: Expression) -> Expression:
    if isinstance(node, tree.Parameter) and node != VARIABLE:
        return tree.Parameter("_", "open unit")  # whatever is positive stays so
    return tree.over(node, [_blank(child) for child in node.children()])
