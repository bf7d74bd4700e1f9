"""Links typed as expressions in `a`, anchors, weights and what is added to the terms of a loss."""

from __future__ import annotations

from fractions import Fraction

from generators import bases
from generators.draft import VARIABLE, Draft, names
from generators.terms import ONE, SMOOTH, ZERO, Term, add, at, has, mul, num

NAMED = ("logsigmoid", "identity", "hinge", "square", "sigmoid")
A = VARIABLE
MINUS = ("neg", A)
HALF = num(Fraction(1, 2))
POWERS = (num(2), num(3), num(4), HALF, num(Fraction(3, 2)), ("neg", ONE))


def link(draft: Draft) -> str | Term:
    """Return a named link, any, or one that is typed."""
    rng = draft.rng
    match rng.randrange(10):
        case 0 | 1 | 2:
            return rng.choice(NAMED)
        case 3:
            return "any"
        case 4 | 5 | 6:
            return known(draft)
    while True:
        found = drawn(draft, rng.choice([1, 2, 2, 3]))
        if A in _leaves(found):
            return found


def _leaves(term: Term) -> list[Term]:
    inner = [each for each in term[1:] if isinstance(each, tuple)]
    return [leaf for each in inner for leaf in _leaves(each)] if inner else [term]


def known(draft: Draft) -> Term:
    """Return a link of a work, or one like it."""
    rng = draft.rng
    k, c, share = (
        rng.choice([draft.parameter("positive"), num(rng.choice([Fraction(1, 3), Fraction(2)]))]),
        draft.parameter("real", "nonnegative", "unit"),
        draft.parameter("unit", "open unit"),
    )
    soft = [("softplus", each) for each in (MINUS, A)]
    return rng.choice(
        [
            soft[0],
            ("neg", ("logsigmoid", A)),
            ("neg", ("logsigmoid", mul(k, A))),
            ("neg", ("log", ("cauchy_cdf", A))),
            ("neg", ("log", ("cauchy_cdf", ("sub", mul(k, A), c)))),
            ("log", ("add", ONE, ("pow", ("sub", A, c), num(2)))),
            ("log", ("add", ONE, ("max", ZERO, MINUS))),
            ("pow", ("sub", A, ("div", ONE, mul(num(2), k))), num(2)),
            ("exp", MINUS),
            ("max", ZERO, ("sub", c, A)),
            ("pow", ("max", ZERO, ("sub", ONE, A)), num(2)),
            ("sub", ONE, ("sigmoid", mul(k, A))),
            ("pow", ("sub", ONE, ("sigmoid", A)), rng.choice(POWERS)),
            add(mul(("sub", ONE, share), soft[0]), mul(share, soft[1])),
            ("div", ("sub", *(mul(x, y) for x, y in zip((("sub", ONE, c), c), soft, strict=True))),
             ("sub", ONE, mul(num(2), c))),
            ("abs", ("sub", ONE, A)),
            ("clip", ("sub", ONE, A), ZERO, num(2)),
            ("neg", ("min", A, c)),
            ("log", ("sub", num(2), ("sigmoid", A))),
            ("sub", ("pow", A, num(2)), mul(c, A)),
        ]
    )  # fmt: skip


def drawn(draft: Draft, depth: int) -> Term:
    """Return any expression in the variable."""
    rng = draft.rng
    if depth == 0 or rng.random() < 0.1:
        leaves = [A, A, A, ONE, HALF, draft.parameter("real", "positive", "unit", "nonnegative")]
        return rng.choice(leaves)

    def inner() -> Term:
        return drawn(draft, depth - 1)

    def positive() -> Term:
        one = ("exp", inner())
        shares = [
            one,
            ("add", ONE, one),
            ("sigmoid", inner()),
            ("cauchy_cdf", inner()),
            ("add", ONE, rng.choice([("abs", inner()), ("pow", inner(), num(2))])),
            ("add", draft.parameter("positive"), one),
        ]
        return rng.choice(shares)

    match rng.randrange(14):
        case 0 | 1:
            return ("add", inner(), inner())
        case 2:
            return ("sub", inner(), inner())
        case 3 | 4:
            return (
                "mul",
                rng.choice([inner(), num(2), draft.parameter("positive", "real")]),
                inner(),
            )
        case 5:
            return ("neg", inner())
        case 6:
            return (rng.choice(SMOOTH), inner())
        case 7:
            return (rng.choice(["max", "min"]), inner(), inner())
        case 8:
            return ("clip", inner(), num(-1), rng.choice([ONE, draft.parameter("real")]))
        case 9:
            return ("abs", inner())
        case 10:
            return ("pow", inner(), num(rng.choice([2, 3])))
        case 11:
            return ("pow", positive(), rng.choice([*POWERS, draft.parameter("real", "positive")]))
        case 12:
            return ("log", positive())
    return ("div", inner(), positive())


def anchor(draft: Draft) -> Term:
    """Return what is free of the responses."""
    rng = draft.rng
    any_domain = ("real", "nonnegative", "positive", "unit")
    match rng.randrange(9):
        case 0:
            return num(rng.choice(bases.FRACTIONS))
        case 1 | 2:
            return draft.parameter(*any_domain)
        case 3:
            return mul(draft.parameter("positive"), draft.parameter(*any_domain))
        case 4 | 5:
            return draft.datum("batch", "pair")
        case 6:
            return mul(("par", "alpha"), draft.datum("batch", "pair"))
        case 7:
            return ("log", draft.parameter("positive"))
    one = ("sub", draft.parameter(*any_domain), rng.choice([ONE, draft.datum("batch")]))
    return rng.choice([("sg", one), ("max", ZERO, one), ("div", one, draft.parameter("positive"))])


def weight(draft: Draft, *, any_weight: bool) -> Term:
    """Return a weight: a constant of the loss, or where any may be, one that goes by responses."""
    rng = draft.rng
    if rng.random() < 0.35:
        return ONE
    kind = rng.randrange(5) if any_weight else rng.choice([0, 0, 4])
    r = rng.choice("wl")
    match kind:
        case 1:
            given = [("div", ONE, ("length", "y")), draft.datum("y"), ("length", "y")]
            return at(rng.choice(given), r)
        case 2:
            models = [
                ("whole", rng.choice(["ref", "prev"]), "y"),
                ("sg", ("whole", "pi", "y")),
                ("sg", ("sum_t", ("token", rng.choice(["entropy", "kl_pi_ref"]), "y"))),
                ("sum_t", ("token", "kl_ref_prev", "y")),
                ("sg", ("sigmoid", bases.feature(draft, 1))),
                ("exp", ("mean_t", ("log", ("token", "ref", "y")))),
            ]
            return at(rng.choice(models), r)
        case 3:
            moving = [
                ("whole", "pi", "y"),
                ("sum_t", ("token", "entropy", "y")),
                ("sigmoid", ("log", ("div", ("whole", "pi", "y"), ("whole", "ref", "y")))),
                bases.feature(draft, 1),
            ]
            return at(rng.choice(moving), r)
    share = draft.parameter("unit", "open unit", "nonnegative", "positive")
    constants = [share, ("sub", ONE, share), num(rng.choice(bases.FRACTIONS)), draft.datum("batch")]
    return rng.choice(constants)


def added(draft: Draft) -> Term:
    """Return what is added to the terms of a loss; it may speak of a third response."""
    rng = draft.rng
    r = rng.choice("wlo")
    k = rng.choice([draft.parameter("nonnegative", "positive", "unit"), ONE])
    feature = bases.feature(draft, 1)
    logarithms = [
        ("log", ("whole", "pi", r)),
        ("mean_t", ("log", ("token", "pi", r))),
        ("log", ("div", ("whole", "pi", r), ("whole", "ref", r))),
        *([] if r == "o" and _goes_by_label(feature, draft) else [at(feature, r)]),
    ]
    return ("neg", mul(k, rng.choice(logarithms)))


def _goes_by_label(term: Term, draft: Draft) -> bool:
    """Return whether a term has a label, which a third response has not."""
    labelled = {name for name, (_, by_label) in draft.weights.items() if by_label}
    labelled |= {name for name, (*_, by_label) in draft.data.items() if by_label}
    return has(term, "by_label") or bool(labelled & names(term))
