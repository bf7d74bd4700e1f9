"""What the language has beside the words of the paper.

Functions, statistics, places of tokens, data, 1 − p, and sums that are positive by their form.

And the laws of the functions: each is what the documentation says that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from generators.draft import Draft
from generators.terms import ONE, SMOOTH, Term, mul, num, responses

PLACE = ("token", "position", "y")
STATISTICS = ("entropy", "sum_of_squares", "kl_pi_prev", "kl_prev_pi", "kl_ref_prev")


def feature(draft: Draft, inner: Callable[[], Term], per_token: Callable[[Draft], Term]) -> Term:
    """Return a number of a response.

    Args:
        draft: where names come from.
        inner: returns a number of a response to make it of.
        per_token: returns a number of a token.
    """
    rng = draft.rng
    match rng.randrange(14):
        case 0 | 1:
            return ("sum_t", ("token", rng.choice(STATISTICS), "y"))
        case 2:
            return ("mean_t", per_token(draft))
        case 3:
            return (rng.choice(SMOOTH), inner())
        case 4:
            return ("abs", inner())
        case 5:
            return ("min", inner(), rng.choice([num(1), inner()]))
        case 6:
            low, high = rng.choice([(num(-1), num(1)), (num(Fraction(1, 2)), num(2))])
            return ("clip", inner(), low, high)
        case 7 | 8:
            return draft.datum("y", "y", "batch")
        case 9 | 11 | 12:
            return placed(draft, per_token(draft))
        case 10:
            return ("log", above_zero(draft, inner))
    probability = ("whole", rng.choice(["pi", "ref", "prev"]), "y")
    share = rng.choice([ONE, draft.parameter("open unit"), num(Fraction(1, 2))])
    return ("log", ("sub", ONE, probability if share == ONE else mul(share, probability)))


def placed(draft: Draft, of_token: Term) -> Term:
    """Return a sum in which the place of a token counts."""
    rng = draft.rng
    share = draft.parameter("open unit", "positive")
    behind = ("sub", ("add", draft.parameter("positive", "nonnegative"), ONE), PLACE)
    return rng.choice(
        [
            ("sum_t", mul(("pow", share, PLACE), of_token)),
            ("sum_t", ("div", of_token, PLACE)),
            ("sum_t", mul(("clip", behind, num(0), ONE), of_token)),
            ("sum_t", ("div", of_token, ("log", ("add", ONE, PLACE)))),
            ("mean_t", mul(PLACE, of_token)),
            ("sum_t", ("max", of_token, ("sub", PLACE, num(2)))),
        ]
    )


def above_zero(draft: Draft, inner: Callable[[], Term]) -> Term:
    """Return one plus what is zero or more by its form."""
    rng = draft.rng
    more = rng.choice(
        [
            draft.parameter("nonnegative", "unit"),
            ("pow", inner(), num(2)),
            ("max", num(0), inner()),
            ("abs", inner()),
            ("sum_t", ("token", rng.choice(["kl_ref_pi", "kl_pi_ref", "entropy"]), "y")),
            mul(draft.parameter("nonnegative"), ("whole", rng.choice(["pi", "ref"]), "y")),
        ]
    )
    return ("add", *rng.choice([(ONE, more), (more, draft.parameter("positive"))]))


def functions(term: Term, _draft: Draft) -> list[Term]:
    """A function is what the documentation says that it stands for."""
    match term:
        case ("sigmoid", a):
            return [("div", ONE, ("add", ONE, ("exp", ("neg", a))))]
        case ("logsigmoid", a):
            return [("log", ("sigmoid", a)), ("neg", ("softplus", ("neg", a)))]
        case ("softplus", a):
            return [("log", ("add", ONE, ("exp", a))), ("add", a, ("softplus", ("neg", a)))]
        case ("min", a, b):
            return [("neg", ("max", ("neg", a), ("neg", b))), ("min", b, a)]
        case ("clip", a, low, high):
            return [("max", low, ("min", a, high))]
        case ("abs", a):
            return [("max", a, ("neg", a)), ("abs", ("neg", a))]
        case ("mean_t", a):
            (response,) = responses(term)
            return [("div", ("sum_t", a), ("length", response))]
        case ("sub", a, ("sigmoid", b)) if a == ONE:
            return [("sigmoid", ("neg", b))]
    return []


def into_functions(term: Term, _draft: Draft) -> list[Term]:
    """The same, from the right to the left."""
    match term:
        case ("div", a, ("add", b, ("exp", c))) if a == b == ONE:
            return [("sigmoid", ("neg", c))]
        case ("log", ("add", a, ("exp", b))) if a == ONE:
            return [("softplus", b)]
        case ("div", ("sum_t", a), ("length", response)) if responses(a) == {response}:
            return [("mean_t", a)]
        case ("max", a, b):
            return [("neg", ("min", ("neg", a), ("neg", b)))]
    return []
