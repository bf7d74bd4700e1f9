"""Priors together with the loss that MI-DPO has with them, equal by construction.

A prior is a product of factors. Each factor comes with its logarithm, and the loss is made of the
logarithms: scale·(log π − Σ log factor) of the chosen response, less that of the rejected one.
"""

from __future__ import annotations

from fractions import Fraction

from generators import wide
from generators.draft import Draft
from generators.terms import ONE, ZERO, Term, add, at, mul, num

PI = ("whole", "pi", "y")
LENGTH = ("length", "y")
FRACTIONS = [Fraction(*each) for each in ((1, 2), (2, 1), (1, 3), (3, 1), (3, 2), (1, 10), (1, 1))]


def model(draft: Draft) -> Term:
    return ("whole", draft.rng.choice(["pi", "ref", "ref", "prev"]), "y")


def token(draft: Draft) -> Term:
    return ("token", draft.rng.choice(["pi", "ref", "prev"]), "y")


def divergence(draft: Draft) -> Term:
    return ("token", draft.rng.choice(["kl_ref_pi", "kl_pi_ref"]), "y")


def coefficient(draft: Draft) -> Term:
    """Return a factor that is the same for every token."""
    rng = draft.rng
    any_domain = ("real", "nonnegative", "positive", "unit")
    match rng.randrange(9):
        case 0 | 1:
            return num(rng.choice(FRACTIONS))
        case 2 | 3:
            return draft.parameter(*any_domain)
        case 4:
            return ("sub", ONE, draft.parameter(*any_domain))
        case 5:
            return ("div", rng.choice([ONE, draft.parameter(*any_domain)]), LENGTH)
        case 6:
            return ("div", draft.parameter(*any_domain), draft.parameter("positive"))
        case 7:
            # May divide by zero, at an edge of a domain.
            below = draft.parameter("nonnegative", "unit", "real", "positive")
            over = rng.choice([below, ("add", ONE, draft.parameter("nonnegative", "unit"))])
            return ("div", draft.parameter(*any_domain), over)
    return ("sub", ONE, ("div", ONE, LENGTH))


def per_token(draft: Draft) -> Term:
    """Return a number of a token."""
    rng = draft.rng
    any_domain = ("real", "nonnegative", "positive", "unit")
    match rng.randrange(9):
        case 0 | 1:
            return divergence(draft)
        case 2:
            return mul(draft.weight(*any_domain), divergence(draft))
        case 3:
            ratio = ("log", ("div", token(draft), token(draft)))
            return mul(draft.weight(*any_domain), ratio)
        case 4:
            return ("log", token(draft))
        case 5:
            return draft.weight(*any_domain)
        case 6:
            return ("max", divergence(draft), rng.choice([divergence(draft), num(Fraction(1, 2))]))
        case 7:
            one = mul(draft.parameter("positive"), token(draft))
            return ("log", ("add", one, mul(draft.parameter("positive"), token(draft))))
    return ("sub", ("log", token(draft)), ("log", token(draft)))


def feature(draft: Draft, depth: int = 0) -> Term:
    """Return a number of a response; it may be negative."""
    rng = draft.rng
    if draft.wide and rng.random() < 0.4:
        return wide.feature(draft, lambda: feature(draft, depth + 1), per_token)
    match rng.randrange(16 if depth < 2 else 6):
        case 0 | 1 | 2:
            return ("sum_t", per_token(draft))
        case 3:
            return LENGTH
        case 4:
            return ("log", rng.choice([LENGTH, model(draft), draft.parameter("positive")]))
        case 5:
            return ("log", mixture(draft))
        case 6 | 7:
            return ("sg", feature(draft, depth + 1))
        case 8 | 9:
            zero = rng.choice([ZERO, coefficient(draft), feature(draft, depth + 1)])
            return ("max", zero, feature(draft, depth + 1))
        case 10 | 11:
            return label(draft, depth)
        case 12:
            return ("exp", mul(num(-1) if rng.random() < 0.3 else ONE, per_length(draft)))
        case 13:
            return ("pow", rng.choice([model(draft), LENGTH]), coefficient(draft))
        case 14:
            return ("prod_t", rng.choice([token(draft), ("exp", divergence(draft))]))
    return ("add", feature(draft, depth + 1), feature(draft, depth + 1))


def per_length(draft: Draft) -> Term:
    return ("div", ("sum_t", divergence(draft)), LENGTH)


def label(draft: Draft, depth: int = 0) -> Term:
    """Return a number that depends on the label."""
    rng = draft.rng
    if rng.random() < 0.5:
        offset = ("div", draft.parameter("real", "nonnegative", "unit"), num(2))
        return ("by_label", offset, ("neg", offset))
    one = feature(draft, depth + 1)
    return ("by_label", ("sg", one), one) if rng.random() < 0.5 else ("by_label", ZERO, one)


def mixture(draft: Draft) -> Term:
    """Return a sum that is positive by its form."""
    rng = draft.rng
    match rng.randrange(5):
        case 0:
            return ("sum_t", token(draft))
        case 1:
            return ("add", ONE, rng.choice([PI, LENGTH, ("exp", per_length(draft))]))
        case 2:
            return ("add", LENGTH, draft.parameter("positive"))
    return add(
        mul(draft.parameter("positive"), PI),
        mul(rng.choice([draft.parameter("positive"), num(Fraction(1, 2))]), model(draft)),
    )


def factor(draft: Draft) -> tuple[Term, Term]:
    """Return a factor of a prior, and its logarithm."""
    rng = draft.rng
    match rng.randrange(11):
        case 0 | 1 | 2:
            what, power = model(draft), coefficient(draft)
            return ("pow", what, power), mul(power, ("log", what))
        case 3 | 4 | 5:
            inner = mul(coefficient(draft), feature(draft))
            return ("exp", inner), inner
        case 6:
            what, weight = token(draft), draft.weight("real", "nonnegative", "positive", "unit")
            return (
                ("prod_t", ("pow", what, weight)),
                ("sum_t", mul(weight, ("log", what))),
            )
        case 7:
            what = mixture(draft)
            return what, ("log", what)
        case 8:
            inner = label(draft)
            return ("exp", inner), inner
        case 9:
            what, power = LENGTH, coefficient(draft)
            return ("pow", what, power), mul(power, ("log", what))
    what = rng.choice([num(2), num(Fraction(1, 3)), draft.parameter("positive")])
    return what, ("log", what)


def scale(draft: Draft) -> Term:
    """Return a scale that is positive."""
    rng = draft.rng
    match rng.randrange(10):
        case 0:
            return num(rng.choice(FRACTIONS))
        case 1:
            return mul(("par", "alpha"), draft.parameter("positive"))
        case 2:
            return ("div", ("par", "alpha"), rng.choice([num(2), draft.parameter("positive")]))
        case 3:
            return ("exp", draft.parameter("real", "nonnegative"))
        case 4:
            return ("add", ("par", "alpha"), rng.choice([ONE, draft.parameter("positive")]))
    return ("par", "alpha")


def other_scale(draft: Draft) -> Term:
    """Return a scale that may be zero or negative."""
    alpha = ("par", "alpha")
    return draft.rng.choice(
        [
            ("neg", alpha),
            draft.parameter("real"),
            draft.parameter("nonnegative", "unit"),
            ("sub", alpha, ONE),
            ZERO,
            num(-2),
            mul(alpha, draft.parameter("real", "nonnegative")),
        ]
    )


def base(draft: Draft, *, odd_scale: bool = False) -> None:
    """Give the draft a prior and the argument of MI-DPO with it."""
    rng = draft.rng
    draft.scale = other_scale(draft) if odd_scale else scale(draft)
    first = ("whole", rng.choice(["ref", "ref", "ref", "prev", "pi"]), "y")
    factors = [(first, ("log", first))] + [factor(draft) for _ in range(rng.choice([0, 1, 1, 2]))]
    rng.shuffle(factors)
    draft.zeta = mul(*(each for each, _ in factors))
    reward = ("log", PI)
    for _, logarithm in factors:
        reward = ("sub", reward, logarithm)
    draft.score = mul(draft.scale, reward)
    draft.argument = ("sub", at(draft.score, "w"), at(draft.score, "l"))


def other_link(draft: Draft) -> None:
    """Write the log-sigmoid out under another link, exactly, up to a constant, or as a surrogate.

    -log(sigmoid(A)) = log(1 + exp(-A)) is the loss -a of a = -log(1 + exp(-A)), and as it is
    positive, that of a = 1 - log(1 + exp(-A)) under the hinge. Its gradient is that of
    -sg(sigmoid(-A))·A. The rest are true for no reason.
    """
    rng, a = draft.rng, draft.argument
    soft = ("log", ("add", ONE, ("exp", ("neg", a))))
    surrogate = mul(("sg", ("div", ONE, ("add", ONE, ("exp", a)))), a)
    forms = [
        ("identity", ("neg", soft)),
        ("identity", ("sub", a, ("log", ("add", ONE, ("exp", a))))),
        ("identity", ("log", ("div", ONE, ("add", ONE, ("exp", ("neg", a)))))),
        ("identity", surrogate),
        ("identity", surrogate),
        ("hinge", ("sub", ONE, soft)),
        ("identity", a),
        ("hinge", a),
        ("square", a),
        ("sigmoid", a),
        ("square", ("sub", ONE, soft)),
        ("sigmoid", ("neg", soft)),
    ]
    draft.link, draft.argument = rng.choice(forms)
    if draft.link in ("identity", "hinge") and rng.random() < 0.3:
        offset = rng.choice(
            [num(3), draft.parameter("real", "unit"), ("sg", at(feature(draft, 2), "w"))]
        )
        draft.argument = ("add", draft.argument, offset)
