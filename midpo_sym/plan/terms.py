"""Passes over the terms of a sum: cancel, fold log-ratios, keep digits.

Each takes signed terms and returns signed terms of the same sum, in the order they are written in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from midpo_sym.plan.operations import (
    Add,
    Column,
    Detached,
    Exp,
    Expm1,
    Filled,
    Kind,
    Number,
    Operation,
    Shape,
    Statistic,
    Sum,
    Term,
)

RESPONSES = ("w", "l")
POLICY = "pi"


def add(terms: Iterable[Term]) -> Operation:
    """Return the sum of terms: 0 of none, the term itself of one that is added."""
    kept = with_expm1([*terms])
    match kept:
        case []:
            return Number(0)
        case [(1, only)]:
            return only
    return Add(tuple(kept))


def negated(terms: Iterable[Term]) -> list[Term]:
    """Return the terms of the negative of a sum."""
    return [(-sign, each) for sign, each in terms]


def cancelled(terms: Iterable[Term]) -> list[Term]:
    """Return the terms without those that occur with both signs."""
    result: list[Term] = []
    for sign, each in terms:
        if (-sign, each) in result:
            result.remove((-sign, each))
        else:
            result.append((sign, each))
    return result


def with_log_ratios(terms: Iterable[Term], frozen: str) -> list[Term]:
    """Return the terms with log π − log π_ref as one statistic, which is measured as such.

    Args:
        terms: of the sum.
        frozen: the model in the place of π_ref.
    """
    result = [*terms]
    for response in RESPONSES:
        for by_token in (True, False):
            ratio = Statistic(Kind.LOG_RATIO, (frozen,), response, by_token)
            three = map(_occurrences, (ratio, *parts_of_ratio(ratio)))
            for whole, policy, other in zip(*three, strict=True):
                result = _with_ratio(result, policy, other, whole)
    return result


def parts_of_ratio(ratio: Statistic) -> tuple[Statistic, Statistic]:
    """Return the two log-probabilities whose difference a log-ratio is, the policy's first."""
    policy, frozen = (
        Statistic(Kind.LOG_PROBABILITY, of, ratio.response, ratio.by_token)
        for of in ((POLICY,), ratio.of)
    )
    return policy, frozen


def with_expm1(terms: list[Term]) -> list[Term]:
    """Return the terms with exp(a) − 1 as one, which keeps its digits where a is small."""
    for place, (sign, each) in enumerate(terms):
        found = _less_one(each)
        one = (-sign, Number(1))
        if found is not None and one in terms:
            rest = [*terms]
            rest[place] = (sign, found)
            rest.remove(one)
            return rest
    return terms


def _occurrences(statistic: Statistic) -> Iterator[Operation]:
    """Yield a statistic in every way that it occurs in as a term."""
    yield statistic
    if statistic.by_token:
        whole = Sum(statistic.response, statistic, masked=False)
        yield from (Filled(statistic), whole, Column(whole))


def _with_ratio(
    terms: list[Term], policy: Operation, other: Operation, ratio: Operation
) -> list[Term]:
    """Return terms with a log-ratio in the place of every difference of two logarithms."""
    result = [*terms]
    for sign in (1, -1):
        pair = (sign, policy), (-sign, other)
        while all(each in result for each in pair):
            place = min(map(result.index, pair))
            for each in pair:
                result.remove(each)
            result.insert(place, (sign, ratio))
    return result


def _less_one(each: Operation) -> Operation | None:
    """Return an exponential less one; None for what is no exponential of a tensor."""
    match each:
        case Exp(body=body) if body.shape is not Shape.NUMBER:
            return Expm1(body)
        case Detached(body=body):
            found = _less_one(body)
            return None if found is None else Detached(found)
    return None
