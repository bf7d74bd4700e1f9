"""Laws that change how a term is written and not what it is worth.

Each law takes a term and answers with other ways to write it, by the documentation's meaning of
the words; where a logarithm is split, its parts are positive by their form. All keep the gradient
too, except those of `VALUE_ONLY`. `rewrite` uses them at random places.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from generators import wide
from generators.draft import Draft
from generators.rules import keeps, small
from generators.terms import (
    ONE,
    ZERO,
    Term,
    below,
    has,
    per_token,
    put,
    responses,
    walk,
)

Law = Callable[[Term, Draft], list[Term]]
LAWS: dict[str, Law] = {}
VALUE_ONLY = ("stop",)
WIDE = ("functions", "into_functions")  # of the words that only a wide draft has


def law(function: Law) -> Law:
    LAWS[function.__name__] = function
    return function


@law
def commute(term: Term, _draft: Draft) -> list[Term]:
    """a + b = b + a, a·b = b·a, max(a, b) = max(b, a)."""
    if term[0] in ("add", "mul", "max"):
        return [(term[0], term[2], term[1])]
    return []


@law
def associate(term: Term, _draft: Draft) -> list[Term]:
    """(a + b) + c = a + (b + c), and so for the product and max."""
    word = term[0]
    found = []
    if word in ("add", "mul", "max"):
        if term[1][0] == word:
            found.append((word, term[1][1], (word, term[1][2], term[2])))
        if term[2][0] == word:
            found.append((word, (word, term[1], term[2][1]), term[2][2]))
    return found


@law
def signs(term: Term, _draft: Draft) -> list[Term]:
    """a − b = a + (−b) = −(b − a); −(−a) = a."""
    match term:
        case ("sub", a, b):
            return [("add", a, ("neg", b)), ("neg", ("sub", b, a))]
        case ("neg", ("sub", a, b)):
            return [("sub", b, a)]
        case ("neg", ("neg", a)):
            return [a]
        case ("neg", ("mul", a, b)):
            return [("mul", ("neg", a), b), ("mul", a, ("neg", b))]
        case ("add", a, ("neg", b)):
            return [("sub", a, b)]
        case ("neg", ("add", a, b)):
            return [("sub", ("neg", a), b)]
    return []


@law
def distribute(term: Term, _draft: Draft) -> list[Term]:
    """a·(b ± c) = a·b ± a·c, (a ± b)/c = a/c ± b/c, and back."""
    match term:
        case ("mul", a, (("add" | "sub") as word, b, c)):
            return [(word, ("mul", a, b), ("mul", a, c))]
        case ("mul", (("add" | "sub") as word, b, c), a):
            return [(word, ("mul", b, a), ("mul", c, a))]
        case ("div", (("add" | "sub") as word, a, b), c):
            return [(word, ("div", a, c), ("div", b, c))]
        case (("add" | "sub") as word, ("mul", a, b), ("mul", c, d)) if a == c:
            return [("mul", a, (word, b, d))]
        case (("add" | "sub") as word, ("div", a, b), ("div", c, d)):
            return [("div", (word, ("mul", a, d), ("mul", c, b)), ("mul", b, d))]
    return []


@law
def quotients(term: Term, _draft: Draft) -> list[Term]:
    """a/b = a·b^(−1) = a·(1/b)."""
    match term:
        case ("div", a, b):
            return [("mul", a, ("pow", b, ("num", Fraction(-1)))), ("mul", a, ("div", ONE, b))]
        case ("mul", ("div", a, b), c):
            return [("div", ("mul", a, c), b)]
        case ("mul", a, ("div", b, c)):
            return [("div", ("mul", a, b), c)]
    return []


@law
def neutral(term: Term, draft: Draft) -> list[Term]:
    """a = a + 0 = 1·a = a^1 = a/1."""
    if per_token(term) and draft.rng.random() < 0.5:
        return []
    return [("add", term, ZERO), ("mul", ONE, term), ("pow", term, ONE), ("div", term, ONE)]


@law
def cancel(term: Term, draft: Draft) -> list[Term]:
    """a = a·p/p = a + p − p; divides by p, which may be zero."""
    p = draft.rng.choice([("par", name) for name in draft.parameters] or [ONE])
    return [("div", ("mul", term, p), p), ("sub", ("add", term, p), p)]


@law
def numbers(term: Term, _draft: Draft) -> list[Term]:
    """1 = 1/2 + 1/2, and so on."""
    if term[0] != "num" or has(term, "pow"):
        return []
    value = term[1]
    return [("add", ("num", value / 2), ("num", value / 2)), ("sub", ("num", value + 1), ONE)]


@law
def log_of(term: Term, draft: Draft) -> list[Term]:
    """The logarithm of a product, quotient, power, exponential or product over tokens."""
    positive = draft.positive
    match term:
        case ("log", ("mul", a, b)) if positive(a) and positive(b):
            return [("add", ("log", a), ("log", b))]
        case ("log", ("div", a, b)) if positive(a) and positive(b):
            return [("sub", ("log", a), ("log", b)), ("neg", ("log", ("div", b, a)))]
        case ("log", ("pow", a, b)) if positive(a):
            return [("mul", b, ("log", a))]
        case ("log", ("exp", a)):
            return [a]
        case ("log", ("prod_t", a)):
            return [("sum_t", ("log", a))]
    return []


@law
def into_log(term: Term, _draft: Draft) -> list[Term]:
    """The same, from the right to the left."""
    match term:
        case ("add", ("log", a), ("log", b)):
            return [("log", ("mul", a, b))]
        case ("sub", ("log", a), ("log", b)):
            return [("log", ("div", a, b))]
        case ("mul", a, ("log", b)):
            return [("log", ("pow", b, a))]
        case ("neg", ("log", a)):
            return [("log", ("div", ONE, a))]
        case ("sum_t", ("log", a)):
            return [("log", ("prod_t", a))]
    return []


@law
def log_exp(term: Term, draft: Draft) -> list[Term]:
    """a = log(exp(a)), and a = exp(log(a)) of what is positive by its form."""
    found = [("log", ("exp", term))]
    if draft.positive(term):
        found.append(("exp", ("log", term)))
    return found


@law
def exp_of(term: Term, _draft: Draft) -> list[Term]:
    """The exponential of a sum, a difference, a multiple, a sum over tokens, a logarithm."""
    match term:
        case ("exp", ("add", a, b)):
            return [("mul", ("exp", a), ("exp", b))]
        case ("exp", ("sub", a, b)):
            return [("div", ("exp", a), ("exp", b))]
        case ("exp", ("mul", a, b)):
            return [("pow", ("exp", b), a), ("pow", ("exp", a), b)]
        case ("exp", ("neg", a)):
            return [("div", ONE, ("exp", a))]
        case ("exp", ("sum_t", a)):
            return [("prod_t", ("exp", a))]
        case ("exp", ("log", a)):
            return [a]
    return []


@law
def into_exp(term: Term, draft: Draft) -> list[Term]:
    """The same, from the right to the left; a power of what is positive is exp(b·log(a))."""
    match term:
        case ("mul", ("exp", a), ("exp", b)):
            return [("exp", ("add", a, b))]
        case ("div", ("exp", a), ("exp", b)):
            return [("exp", ("sub", a, b))]
        case ("pow", a, b) if draft.positive(a):
            return [("exp", ("mul", b, ("log", a)))]
        case ("prod_t", ("exp", a)):
            return [("exp", ("sum_t", a))]
    return []


@law
def powers(term: Term, draft: Draft) -> list[Term]:
    """(a·b)^c = a^c·b^c, (a^b)^c = a^(b·c), a^(b ± c) = a^b·a^(±c), of what is positive."""
    positive = draft.positive
    match term:
        case ("pow", (("mul" | "div") as word, a, b), c) if positive(a) and positive(b):
            return [(word, ("pow", a, c), ("pow", b, c))]
        case ("pow", ("pow", a, b), c) if positive(a):
            return [("pow", a, ("mul", b, c))]
        case ("pow", a, ("add", b, c)) if positive(a):
            return [("mul", ("pow", a, b), ("pow", a, c))]
        case ("pow", a, ("sub", b, c)) if positive(a):
            return [("div", ("pow", a, b), ("pow", a, c))]
        case ("mul", ("pow", a, b), ("pow", c, d)) if a == c and positive(a):
            return [("pow", a, ("add", b, d))]
        case ("mul", a, b) if a == b and not per_token(a):
            return [("pow", a, ("num", Fraction(2)))]
    return []


@law
def by_token(term: Term, _draft: Draft) -> list[Term]:
    """π(y) = Π π(y, t), log π(y) = Σ log π(y, t), length = Σ 1 of the response."""
    match term:
        case ("log", ("whole", model, r)):
            return [("sum_t", ("log", ("token", model, r)))]
        case ("whole", model, r):
            return [("prod_t", ("token", model, r))]
        case ("sum_t", ("log", ("token", model, r))):
            return [("log", ("whole", model, r))]
        case ("prod_t", ("token", model, r)):
            return [("whole", model, r)]
    return []


@law
def sums(term: Term, draft: Draft) -> list[Term]:
    """Σ (a ± b) = Σ a ± Σ b, Σ c·a = c·Σ a, Σ c = length·c, and so for the product."""
    match term:
        case ("sum_t", (("add" | "sub") as word, a, b)):
            return [(word, *(_summed(each, term) for each in (a, b)))]
        case ("sum_t", ("neg", a)):
            return [("neg", ("sum_t", a))]
        case ("sum_t", ("mul", a, b)) if not per_token(a) and per_token(b):
            return [("mul", a, ("sum_t", b))]
        case (("add" | "sub") as word, ("sum_t", a), ("sum_t", b)) if responses(a) == responses(b):
            return [("sum_t", (word, a, b))]
        case ("mul", a, ("sum_t", b)) if _fits(a, b, draft):
            return [("sum_t", ("mul", a, b))]
        case ("prod_t", (("mul" | "div") as word, a, b)) if per_token(a) and per_token(b):
            return [(word, ("prod_t", a), ("prod_t", b))]
        case ("pow", ("prod_t", a), b) if _fits(b, a, draft):
            return [("prod_t", ("pow", a, b))]
    return []


def _summed(part: Term, whole: Term) -> Term:
    if per_token(part):
        return ("sum_t", part)
    (response,) = responses(whole)
    return ("mul", ("length", response), part)


def _fits(factor: Term, body: Term, draft: Draft) -> bool:
    """Return whether a factor may go into a sum over the tokens of a body."""
    speaks = responses(factor) | _speaks(factor, draft)
    return speaks <= responses(body) and not draft.over_tokens(factor)


def _speaks(term: Term, draft: Draft) -> set[str]:
    return {
        r for _, each in walk(term) if each[0] == "short0" for r in responses(draft.unfold(each))
    }


@law
def labels(term: Term, _draft: Draft) -> list[Term]:
    """by_label(a, a) = a; what is around by_label goes into it and comes out of it."""
    match term:
        case (("add" | "sub" | "mul" | "div") as word, a, ("by_label", b, c)):
            return [("by_label", (word, a, b), (word, a, c))]
        case (("add" | "sub" | "mul") as word, ("by_label", b, c), a):
            return [("by_label", (word, b, a), (word, c, a))]
        case (("exp" | "neg") as word, ("by_label", a, b)):
            return [("by_label", (word, a), (word, b))]
        case ("by_label", a, b) if a == b:
            return [a]
        case ("by_label", a, b) if a != ZERO:
            return [("add", ("by_label", a, ZERO), ("by_label", ZERO, b))]
    return [("by_label", term, term)] if _prior_only(term) else []


def _prior_only(term: Term) -> bool:
    speaks = responses(term)
    return speaks == {"y"} and not per_token(term)


@law
def maxima(term: Term, draft: Draft) -> list[Term]:
    """max(a, a) = a; max(a + c, b + c) = max(a, b) + c; max(a, b) + min(a, b) = a + b."""
    match term:
        case ("add", ("max", a, b), c):
            return [("max", ("add", a, c), ("add", b, c))]
        case ("exp", ("max", a, b)):
            return [("max", ("exp", a), ("exp", b))]
        case ("max", a, b) if a == b:
            return [a]
        case ("max", a, b):
            negated = ("max", ("neg", a), ("neg", b))
            return [
                ("sub", ("add", a, b), ("neg", negated)),
                ("add", ("max", ("sub", a, b), ZERO), b),
            ]
        case ("mul", ("num", c), ("max", a, b)) if c > 0:
            number = ("num", c)
            return [("max", ("mul", number, a), ("mul", number, b))]
    return [("max", term, term)] if below(term) and not draft.positive(term) else []


@law
def stops(term: Term, draft: Draft) -> list[Term]:
    """sg(sg(a)) = sg(a), sg(a + b) = sg(a) + sg(b), sg of what the policy is not in."""
    match term:
        case ("sg", ("sg", a)):
            return [("sg", a)]
        case ("sg", (("add" | "sub" | "mul" | "div") as word, a, b)):
            return [(word, ("sg", a), ("sg", b))]
        case ("sg", a):
            return [("sg", ("sg", a)), *([a] if not draft.free(a) else [])]
    return [("sg", term)] if not draft.free(term) and not draft.positive(term) else []


@law
def stop(term: Term, draft: Draft) -> list[Term]:
    """a = sg(a), in value alone."""
    if draft.positive(term) or not draft.free(term):
        return []
    return [term[1]] if term[0] == "sg" else [("sg", term)]


LAWS |= {each.__name__: each for each in (wide.functions, wide.into_functions)}


def rewrite(term: Term, draft: Draft, times: int, *, prior: bool, value_only: bool) -> Term:
    """Return a term rewritten by laws at random places."""
    names = [
        name
        for name in LAWS
        if (value_only or name not in VALUE_ONLY) and (draft.wide or name not in WIDE)
    ]
    done = 0
    for _ in range(6 * times):
        if done == times:
            break
        name = draft.rng.choice(names)
        ways = []
        for path, each in walk(term):
            # An exponent stays a whole number, and a coefficient a number.
            inside_power = path and each[0] == "num" and _parent(term, path)[0] == "pow"
            if not inside_power:
                ways += [(path, new) for new in LAWS[name](each, draft)]
        if not ways:
            continue
        path, new = draft.rng.choice(ways)
        changed = put(term, path, new)
        if prior and not draft.positive(changed):
            continue
        if not small(changed, draft) or not keeps(changed, draft, labels=prior):
            continue
        term, done = changed, done + 1
    return term


def _parent(term: Term, path: tuple[int, ...]) -> Term:
    for place in path[:-1]:
        term = term[place]
    return term
