"""Small changes that make a true statement false, most of the time; an evaluator says when."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from generators.draft import Draft
from generators.terms import ONE, Term, put, replace, responses, walk

Change = Callable[[Term, Draft], Term | None]
CHANGES: dict[str, Change] = {}


def change(function: Change) -> Change:
    CHANGES[function.__name__] = function
    return function


def _somewhere(term: Term, rng: random.Random, what: Callable[[Term], Term | None]) -> Term | None:
    """Return the term with one place changed for which `what` has another term."""
    ways = [(path, new) for path, each in walk(term) if (new := what(each)) is not None]
    return put(term, *rng.choice(ways)) if ways else None


@change
def sign(term: Term, draft: Draft) -> Term | None:
    other = {"add": "sub", "sub": "add"}
    return _somewhere(
        term,
        draft.rng,
        lambda each: (
            (other[each[0]], *each[1:])
            if each[0] in other
            else each[1]
            if each[0] == "neg"
            else None
        ),
    )


@change
def factor(term: Term, draft: Draft) -> Term | None:
    by = draft.rng.choice([("num", Fraction(2)), ("num", Fraction(1, 2)), ("par", "alpha")])
    if by[0] == "par" and "alpha" not in draft.parameters:
        by = ("num", Fraction(2))
    return _somewhere(term, draft.rng, lambda each: ("mul", by, each) if each[0] != "num" else None)


@change
def model(term: Term, draft: Draft) -> Term | None:
    swap = {"pi": "ref", "ref": "prev", "prev": "ref"} | {
        "kl_ref_pi": "kl_pi_ref",
        "kl_pi_ref": "kl_ref_pi",
    }
    return _somewhere(
        term,
        draft.rng,
        lambda each: (
            (each[0], swap[each[1]], each[2])
            if each[0] in ("whole", "token") and each[1] in swap
            else None
        ),
    )


@change
def response(term: Term, draft: Draft) -> Term | None:
    """The other response, all over a term that speaks of one."""

    def other(each: Term) -> Term | None:
        speaks = responses(each)
        if speaks not in ({"w"}, {"l"}):
            return None
        new = "l" if speaks == {"w"} else "w"
        return replace(each, lambda leaf: (*leaf[:-1], new) if leaf[-1] in ("w", "l") else None)

    return _somewhere(term, draft.rng, other)


@change
def length(term: Term, draft: Draft) -> Term | None:
    """A length becomes one, or what is summed is divided by the length."""

    def other(each: Term) -> Term | None:
        if each[0] == "length":
            return ONE
        if each[0] == "sum_t":
            (speaks,) = responses(each)
            return ("div", each, ("length", speaks))
        return None

    return _somewhere(term, draft.rng, other)


@change
def label(term: Term, draft: Draft) -> Term | None:
    return _somewhere(
        term,
        draft.rng,
        lambda each: ("by_label", each[2], each[1]) if each[0] == "by_label" else None,
    )


@change
def exponent(term: Term, draft: Draft) -> Term | None:
    new = draft.rng.choice([("num", Fraction(2)), ("num", Fraction(-1)), ("num", Fraction(1, 3))])
    return _somewhere(
        term, draft.rng, lambda each: ("pow", each[1], new) if each[0] == "pow" else None
    )


@change
def offset(term: Term, draft: Draft) -> Term | None:
    rng = draft.rng
    names = [("par", name) for name in draft.parameters]
    by = rng.choice([ONE, ("num", Fraction(-1, 1000)), *names])
    if draft.rng.random() < 0.5:
        return ("add", term, by)
    return _somewhere(term, rng, lambda each: ("add", each, by) if each[0] == "sum_t" else None)


@change
def stop(term: Term, draft: Draft) -> Term | None:
    """A stop-gradient where none was, or none where one was."""
    return _somewhere(
        term,
        draft.rng,
        lambda each: (
            each[1]
            if each[0] == "sg"
            else ("sg", each)
            if each[0] in ("log", "sum_t", "whole", "max")
            else None
        ),
    )


@change
def larger(term: Term, draft: Draft) -> Term | None:
    """Of `max` one of the two, or the smaller one."""
    return _somewhere(
        term,
        draft.rng,
        lambda each: (
            draft.rng.choice(
                [each[1], each[2], ("neg", ("max", ("neg", each[1]), ("neg", each[2])))]
            )
            if each[0] == "max"
            else None
        ),
    )


@change
def weight(term: Term, draft: Draft) -> Term | None:
    """Another weight of the same token, or none."""

    def other(each: Term) -> Term | None:
        if each[0] != "weight":
            return None
        return draft.rng.choice(
            [ONE, *(("weight", name, each[2]) for name in draft.weights if name != each[1])]
        )

    return _somewhere(term, draft.rng, other)


@change
def dropped(term: Term, draft: Draft) -> Term | None:
    """One of the terms of a sum is left out."""
    return _somewhere(
        term,
        draft.rng,
        lambda each: draft.rng.choice(each[1:]) if each[0] in ("add", "sub") else None,
    )
