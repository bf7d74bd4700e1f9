"""Random specifications of losses of any shape, by seed and number.

MI-DPO's score of a response is known by construction, and each argument starts as ± the difference
of both scores, or ± a score minus an anchor, and is rewritten by laws. In half of the cases one
argument, or the prior, is then changed in one place. The family is how a case was made:

- `argument`, `scores`, `terms`: what MI-DPO is said to give;
- `loss`: a loss of several terms, or under a typed link, that MI-DPO has as a whole.

What is true of a case, `oracles.shapes` decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from generators import bases, laws, toml
from generators.cases import Case
from generators.changes import CHANGES
from generators.draft import VARIABLE, Draft, LossTerm, names
from generators.rules import legal
from generators.shapes import links
from generators.terms import ONE, ZERO, Term, at, mul, num

FAMILIES = ("scores", "argument", "terms", "scores", "terms", "argument", "scores", "loss")


def case(seed: int, number: int) -> Case:
    """Return a specification.

    >>> case(1, 2) == case(1, 2)
    True
    """
    for attempt in range(200):
        rng = random.Random(f"shape/{seed}/{number}/{attempt}")
        family = FAMILIES[number % len(FAMILIES)]
        draft = Draft(rng, wide=True)
        corrupt = number // len(FAMILIES) % 2 == 1
        note = _make(draft, family, corrupt=corrupt)
        if note is None or not legal(draft):
            continue
        draft.prune()
        text = toml.file(draft, [])
        if text is not None:
            return Case(f"shape_{seed}_{number}", family, note, text + _claim(draft))
    raise RuntimeError(f"no legal case of number {number}")


def _make(draft: Draft, family: str, *, corrupt: bool) -> str | None:
    """Fill a draft; return what was changed, `kept` if nothing was, None if it could not be."""
    rng = draft.rng
    bases.base(draft)
    if family == "loss":
        draft.terms = _whole(draft)
    else:
        draft.gives = family
        count = rng.choice([1, 1, 1, 1, 2, 2, 2, 3])
        draft.terms = [_term(draft, family) for _ in range(count)]
        if family == "terms" and rng.random() < 0.6:
            draft.plus = links.added(draft)
    draft.zeta = laws.rewrite(
        draft.zeta, draft, rng.choice([0, 0, 1, 2]), prior=True, value_only=False
    )
    for place, term in enumerate(draft.terms):
        argument = laws.rewrite(
            term.argument, draft, rng.randint(0, 4), prior=False, value_only=rng.random() < 0.1
        )
        draft.terms[place] = replace(term, argument=argument)
    note = "kept"
    if corrupt:
        note = _corrupt(draft)
        if note is None:
            return None
    if rng.random() < 0.35:
        _fold(draft)
    return note


def _term(draft: Draft, family: str) -> LossTerm:
    rng = draft.rng
    one, other = at(draft.score, "w"), at(draft.score, "l")
    pair = rng.choice([("sub", one, other), ("sub", other, one)])
    if family == "argument" or rng.random() < 0.25:
        argument = pair
    else:
        argument = rng.choice([one, other])
        if rng.random() < 0.8:
            argument = ("sub", argument, links.anchor(draft))
        if rng.random() < 0.5:
            argument = ("neg", argument)
    return LossTerm(argument, links.link(draft), links.weight(draft, any_weight=family == "terms"))


def _whole(draft: Draft) -> list[LossTerm]:
    """Return −log σ of MI-DPO's argument, in one of the ways to write it as terms."""
    rng = draft.rng
    one, other = at(draft.score, "w"), at(draft.score, "l")
    q, minus = ("sub", one, other), ("sub", other, one)
    share = draft.parameter("unit", "open unit", "real")
    soft = ("softplus", ("neg", VARIABLE))
    return rng.choice(
        [
            [LossTerm(q, soft)],
            [LossTerm(minus, ("softplus", VARIABLE))],
            [LossTerm(q, ("neg", ("logsigmoid", VARIABLE)))],
            [LossTerm(q, "logsigmoid", share), LossTerm(q, soft, ("sub", ONE, share))],
            [LossTerm(minus, "logsigmoid"), LossTerm(q, "identity")],
            [LossTerm(("logsigmoid", q), "identity")],
            [LossTerm(q, "logsigmoid", num(2)), LossTerm(q, soft, num(-1))],
        ]
    )


def _corrupt(draft: Draft) -> str | None:
    """Change a part of the prior or of an argument; return how."""
    rng = draft.rng
    if rng.random() < 0.15:
        name = rng.choice([*CHANGES])
        changed = CHANGES[name](draft.zeta, draft)
        if changed is None or changed == draft.zeta:
            return None
        draft.zeta = changed
        return f"zeta {name}"
    place = rng.randrange(len(draft.terms))
    term = draft.terms[place]
    name = rng.choice([*OWN, *CHANGES])
    changed = (OWN | CHANGES)[name](term.argument, draft)
    if changed is None or changed == term.argument:
        return None
    draft.terms[place] = replace(term, argument=changed)
    return name


def _twice(term: Term, draft: Draft) -> Term:
    """Another factor than one or minus one."""
    return mul(draft.rng.choice([num(2), num(-2), draft.parameter("positive", "real")]), term)


def _anchored(term: Term, draft: Draft) -> Term:
    """An anchor, which a pair may not have."""
    return ("add", term, links.anchor(draft))


def _knowing(term: Term, draft: Draft) -> Term:
    """An anchor that knows the response."""
    rng = draft.rng
    known = rng.choice([("length", "y"), draft.datum("y"), bases.feature(draft, 1)])
    size = rng.choice([ONE, draft.parameter("real", "positive")])
    return ("add", term, mul(size, at(known, rng.choice("wl"))))


def _summed(_: Term, draft: Draft) -> Term:
    """The sum of both scores."""
    return ("add", at(draft.score, "w"), at(draft.score, "l"))


def _half(_: Term, draft: Draft) -> Term:
    """The larger of the scores, or of one and an anchor."""
    rng = draft.rng
    other = rng.choice([ZERO, at(draft.score, "l"), links.anchor(draft)])
    return (rng.choice(["max", "min"]), at(draft.score, "w"), other)


def _against_the_other(_: Term, draft: Draft) -> Term:
    """A score against something of the other response."""
    rng = draft.rng
    other = at(bases.feature(draft, 1), "l")
    return ("sub", at(draft.score, "w"), rng.choice([other, ("sub", other, other)]))


def _without(_: Term, draft: Draft) -> Term:
    """What speaks of no response."""
    return links.anchor(draft)


OWN: dict[str, Callable[[Term, Draft], Term | None]] = {
    "twice": _twice,
    "anchored": _anchored,
    "knowing": _knowing,
    "summed": _summed,
    "half": _half,
    "against the other": _against_the_other,
    "without": _without,
}


def _fold(draft: Draft) -> None:
    """Make a definition of a part of an argument, or of the prior."""
    if draft.rng.random() < 0.4:
        draft.fold("zeta")
        return
    place = draft.rng.randrange(len(draft.terms))
    draft.argument = draft.terms[place].argument
    draft.fold("argument")
    draft.terms[place] = replace(draft.terms[place], argument=draft.argument)


def _claim(draft: Draft) -> str:
    """Return a claim that replaces the loss, or what of it is given; "" in most cases."""
    rng = draft.rng
    if rng.random() < 0.7:
        return ""
    there = {*draft.parameters, *draft.weights, *draft.data, *draft.definitions}
    other = replace(draft, terms=[*draft.terms])
    rows = ["\n[[claim]]", 'id = "other"', 'work = "Doe, 2025"', 'place = "section 3"']
    rows.append(f'status = "{rng.choice(["proved", "refuted", "undecided"])}"')
    if rng.random() < 0.3:
        rows.append(f'knows = "{rng.choice(["response", "label", "pair"])}"')
    if rng.random() < 0.5 and draft.gives != "terms":
        rows.append('gives = "terms"')
        return "\n".join(rows) + "\n"
    name = _corrupt(other)
    used = set().union(*(names(part) for part in other.of_loss()))
    is_same = other.zeta != draft.zeta or name is None
    if is_same or not used <= there or not legal(other) or other.definitions != draft.definitions:
        return ""
    text = toml.terms(other, "claim")
    return "\n".join(rows) + "\n" + text + "\n"
