"""What the language has beside the words of the paper: functions, statistics, data, 1 − p."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from generators.draft import Draft
from generators.terms import ONE, SMOOTH, Term, mul, num

STATISTICS = ("entropy", "sum_of_squares", "kl_pi_prev", "kl_prev_pi", "kl_ref_prev")


def feature(draft: Draft, inner: Callable[[], Term], per_token: Callable[[Draft], Term]) -> Term:
    """Return a number of a response.

    Args:
        draft: where names come from.
        inner: returns a number of a response to make it of.
        per_token: returns a number of a token.
    """
    rng = draft.rng
    match rng.randrange(10):
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
    probability = ("whole", rng.choice(["pi", "ref", "prev"]), "y")
    share = rng.choice([ONE, draft.parameter("open unit"), num(Fraction(1, 2))])
    return ("log", ("sub", ONE, probability if share == ONE else mul(share, probability)))
