"""The rules of the language that a term has to keep, as the documentation states them."""

from __future__ import annotations

from fractions import Fraction

from generators.draft import Draft
from generators.terms import Term, below, has, per_token, responses, walk

LEVELS = 40  # the documented limit is 60, brackets and definitions included
NODES = 330


def constant(term: Term) -> Fraction | None:
    """Return the number that a term is, None if it is not just a number.

    >>> constant(("sub", ("num", Fraction(1, 2)), ("num", Fraction(1))))
    Fraction(-1, 2)
    """
    match term[0]:
        case "num":
            return term[1]
        case "neg":
            inner = constant(term[1])
            return None if inner is None else -inner
        case "add" | "sub" | "mul" | "div" | "pow":
            a, b = constant(term[1]), constant(term[2])
            if a is None or b is None:
                return None
            match term[0]:
                case "add":
                    return a + b
                case "sub":
                    return a - b
                case "mul":
                    return a * b
                case "div":
                    return a / b if b else None
            return a**b if b.denominator == 1 and (a or b > 0) and abs(b) <= 8 else None
    return None


def keeps(term: Term, draft: Draft, *, labels: bool, inside: bool = False) -> bool:
    """Return whether a term keeps the rules.

    Args:
        term: the term.
        draft: where its names come from.
        labels: whether `by_label` may stand in it.
        inside: whether it stands inside a sum or product over tokens.
    """
    match term:
        case ("by_label", _, _) if not labels:
            return False
        case ("log", a) if not draft.positive(a):
            return False
        case ("pow", a, b) if not _power(a, b, draft):
            return False
        case ("div", _, b) if constant(b) == 0:
            return False
        case (("sum_t" | "prod_t" | "mean_t") as word, a):
            if inside or not per_token(a) or len(responses(a)) != 1:
                return False
            if word == "prod_t" and not draft.positive(a):
                return False
            return keeps(a, draft, labels=labels, inside=True)
        case (("token" | "weight" | "short2"), _, _):
            return inside
        case (("whole" | "short0" | "short1"), *_):
            return not (inside and draft.over_tokens(term))
    return all(keeps(each, draft, labels=labels, inside=inside) for each in below(term))


def _power(base: Term, exponent: Term, draft: Draft) -> bool:
    number = constant(exponent)
    if number is not None and (number.denominator == 1) and exponent[0] in ("num", "neg"):
        if abs(number) > 8 or (constant(base) == 0 and number <= 0):
            return False
        return constant(base) is None or abs(constant(base) or 0) < 1000
    if number is not None and constant(base) is not None:
        return False  # such as 2**(1/2): a number that is not a quotient
    return draft.positive(base)


def levels(term: Term) -> int:
    return 1 + max(map(levels, below(term)), default=0)


def small(term: Term, draft: Draft) -> bool:
    """Return whether a term keeps to the limits, definitions unfolded."""
    whole = draft.unfold(term)
    digits = max(
        (
            max(abs(each[1].numerator), each[1].denominator)
            for _, each in walk(whole)
            if each[0] == "num"
        ),
        default=1,
    )
    return levels(whole) <= LEVELS and sum(1 for _ in walk(whole)) <= NODES and digits < 10**9


def legal(draft: Draft) -> bool:
    """Return whether a draft keeps the rules everywhere."""
    bodies = [body for _, body in draft.definitions.values()]
    of_loss = draft.of_loss()
    return (
        all(small(each, draft) for each in (draft.zeta, draft.scale, *of_loss, *bodies))
        and draft.positive(draft.zeta)
        and keeps(draft.zeta, draft, labels=True)
        and keeps(draft.scale, draft, labels=False)
        and all(keeps(each, draft, labels=False) for each in of_loss)
        and not any(has(each, "by_label") for each in of_loss)
        and all(
            keeps(body, draft, labels=of != "", inside=of == "y, t")
            for of, body in draft.definitions.values()
        )
    )
