"""Compare two losses: what they are the same up to, where, and what tells them apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from midpo_sym.kernel.theorem import decide
from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import NotReadableError, rebuild
from midpo_sym.prover.equivalence.answers import (
    LINK,
    ONE,
    SAME,
    UP_TO,
    WITH_ONE,
    ZERO,
    Comparison,
    Relation,
)
from midpo_sym.prover.equivalence.changes import EQUAL_LENGTHS, ONE_TOKEN, Changes
from midpo_sym.prover.equivalence.equations import REFUSED
from midpo_sym.prover.equivalence.pair import Pair
from midpo_sym.prover.equivalence.questions import ask_gradient, ask_reward, ask_value, compared
from midpo_sym.prover.equivalence.search import Search
from midpo_sym.prover.equivalence.sides import Side
from midpo_sym.session import remembering

_MOST_TERMS = 24  # of a residual: nobody reads a longer one, and to factor it takes ever longer


def compare(left: Side, right: Side) -> Comparison:
    """Return what is found of two losses.

    Args:
        left: A.
        right: B.
    """
    start = time.perf_counter()
    with remembering():
        found = _compared(Pair(left, right))
    return replace(found, seconds=time.perf_counter() - start)


def _compared(pair: Pair) -> Comparison:
    relations = tuple(_finished(pair, each) for each in _relations(pair))
    closest = next((each for each in relations if not each.changes.where), None)
    if closest is not None and closest.kind in (SAME, UP_TO):
        answers = closest.value, closest.gradient, closest.reward
        return Comparison(pair.left, pair.right, relations, closest.changes, *answers)
    identified = pair.identified()
    one, other = pair.changed(identified)
    answers = (
        ask_value(one, other),
        ask_gradient(one, other),
        ask_reward(pair.left, pair.right, identified),
    )
    if answers[0].says == "same" and (closest is None or closest.kind in (LINK, WITH_ONE)):
        # Every number of one is free, or one of the other's: each loss is the other with some.
        whole = Relation(UP_TO, identified, ONE, ZERO, "loss", *answers)
        return Comparison(pair.left, pair.right, (whole,), identified, *answers)
    residual, of_arguments = _residual(one, other)
    return Comparison(
        pair.left, pair.right, relations, identified, *answers, residual, of_arguments
    )


def _relations(pair: Pair) -> Iterator[Relation]:
    """Yield what is proved: on all pairs, and if that is not all there is, on some."""
    search = Search(pair)
    closest = find_closest(search)
    if closest is not None:
        yield closest
        if closest.kind in (SAME, UP_TO):
            return
    elif (found := search.of_arguments()) is not None:
        yield found
    for where in (EQUAL_LENGTHS, ONE_TOKEN) if pair.has_lengths else ():
        found = search.of_losses(Changes(names=pair.names, where=where))
        if found is not None and found.kind in (SAME, UP_TO):
            yield found
            if found.is_trivial:
                return


def find_closest(search: Search) -> Relation | None:
    """Return the closest relation of the losses on all pairs that is found."""
    closest: Relation | None = None
    with_one: Relation | None = None
    for models in search.pair.models():
        found = search.of_losses(Changes(names=search.pair.names, models=models))
        if found is not None and found.kind in (SAME, UP_TO):
            return found
        if found is not None and found.kind == WITH_ONE:
            with_one = with_one or found
        else:
            closest = closest or found
    return search.rescaled() or closest or search.special_cases(common=True) or with_one


def _finished(pair: Pair, relation: Relation) -> Relation:
    """Return a relation with what the value leaves open: the gradient and the reward."""
    changes = relation.changes
    gradient = ask_gradient(*pair.changed(changes), relation.factor, changes.where)
    reward = ask_reward(pair.left, pair.right, changes)
    return replace(relation, gradient=gradient, reward=reward)


def _residual(left: Objective, right: Objective) -> tuple[Expression | None, bool]:
    """Return left minus right, of the arguments if the links are the same.

    None if it is zero, cannot be written, or is too long to be read.
    """
    one, other = compared(left, right)
    if left.is_one_term and right.is_one_term:
        terms = left.only_term(), right.only_term()
        if terms[0].link == terms[1].link:
            one, other = terms[0].argument, terms[1].argument
    try:
        decision = decide(one, other)
        parts = (decision.difference.constant, *decision.difference.sums.values())
        if sum(len(each.numer) for each in parts) > _MOST_TERMS:
            return None, False
        residual = rebuild(decision.difference, by_response=False)
        if decision.theorem is not None or decide(one, tree.add(other, residual)).theorem is None:
            return None, False
    except (*REFUSED, NotReadableError):
        return None, False
    return residual, one != left.loss
