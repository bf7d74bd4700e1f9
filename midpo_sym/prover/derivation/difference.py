"""How one loss becomes the other, line by line; or their difference what is left of it.

Losses that are the same under some changes are written with these, and taken from A to B in chains:
the arguments of the links, term by term, where the links are the same; the losses as a whole, where
they are not. Each line is checked by the kernel when it is made, and each chain ends where it says.
Of losses that differ, A − B is taken down to the residual.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import decide
from midpo_sym.language import tree
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.outline import Stage, bridge_outline
from midpo_sym.prover.derivation.steps import Bridge, bridge
from midpo_sym.prover.equivalence.answers import ZERO, Comparison, Relation
from midpo_sym.prover.equivalence.questions import changed, compared, scaled
from midpo_sym.session import remembering

LOSS, ARGUMENT, WEIGHT, REST = "loss", "argument", "weight", "rest"
_MOST_TERMS = 3  # that are permuted


@dataclass(frozen=True, slots=True)
class Chain:
    """left = … = right, in lines of which each is a theorem of the kernel.

    Attributes:
        of: what it is about: `loss`, or of a term `argument` or `weight`, or the `rest` of a loss.
        term: the number of A's term, from 1 on; 0 if it is not about a term, or there is but one.
        left: A's expression; A's minus B's, if the chain ends in the residual.
        right: B's, times the factor and plus the offset; or the residual.
        bridge: every line.
        stages: the top level of it.
    """

    of: str
    term: int
    left: Expression
    right: Expression
    bridge: Bridge
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The derivation of a relation, or of what is left between two losses.

    Attributes:
        relation: what is derived; None if it is the residual.
        chains: from A to B; none if they are the same as they stand.
    """

    relation: Relation | None
    chains: tuple[Chain, ...]


def differences(comparison: Comparison) -> tuple[Difference, ...]:
    """Return the derivation of each relation, and of the residual if there is one."""
    with remembering():
        found = [Difference(each, _of_relation(comparison, each)) for each in comparison.relations]
        chain = _of_residual(comparison)
    return (*found, *([Difference(None, (chain,))] if chain else []))


def _of_relation(comparison: Comparison, relation: Relation) -> tuple[Chain, ...]:
    one, other = (changed(side, relation.changes) for side in (comparison.left, comparison.right))
    by_terms = _by_terms(one, other, relation)
    if by_terms is None:
        whole = scaled(other.loss, relation.factor, relation.offset)
        by_terms = [(LOSS, 0, one.loss, whole)]
    return tuple(_chain(*each) for each in by_terms if each[2] != each[3])


def _by_terms(
    one: Objective, other: Objective, relation: Relation
) -> list[tuple[str, int, Expression, Expression]] | None:
    """Return what has to be equal in every term, and what is left; None if that is not how it is.

    Under the same links the losses are equal if all of it is, and it is if the kernel says so.
    """
    ours, theirs = one.terms, other.terms
    if len(ours) != len(theirs) or not ours or len(ours) > _MOST_TERMS:
        return None
    for permuted in itertools.permutations(theirs):
        parts = [*_parts(ours, permuted, relation)]
        if relation.of == LOSS:
            if any(a.link.body != b.link.body for a, b in zip(ours, permuted, strict=True)):
                continue
            left, right = (
                tree.total([*each.additive]) if each.additive else ZERO for each in (one, other)
            )
            parts.append((REST, 0, left, scaled(right, relation.factor, relation.offset)))
        if all(_is_equal(left, right) for _, _, left, right in parts):
            return parts
    return None


def _parts(
    ours: tuple[Term, ...], theirs: tuple[Term, ...], relation: Relation
) -> Iterator[tuple[str, int, Expression, Expression]]:
    for number, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
        place = number if len(ours) > 1 else 0
        if relation.of == ARGUMENT:
            yield ARGUMENT, place, a.argument, scaled(b.argument, relation.factor, ZERO)
        else:
            yield ARGUMENT, place, a.argument, b.argument
            yield WEIGHT, place, a.weight, scaled(b.weight, relation.factor, ZERO)


def _is_equal(left: Expression, right: Expression) -> bool:
    try:
        return left == right or decide(left, right).theorem is not None
    except (OutsideClassError, ZeroDenominatorError):
        return False


def _of_residual(comparison: Comparison) -> Chain | None:
    if comparison.residual is None:
        return None
    sides = [changed(side, comparison.identified) for side in (comparison.left, comparison.right)]
    one, other = compared(sides[0], sides[1])
    if comparison.of_arguments:
        one, other = (each.only_term().argument for each in sides)
    of = ARGUMENT if comparison.of_arguments else LOSS
    return _chain(of, 0, tree.add(one, tree.Neg(other)), comparison.residual)


def _chain(of: str, term: int, left: Expression, right: Expression) -> Chain:
    found = bridge(left, right)
    return Chain(of, term, left, right, found, bridge_outline(found))
