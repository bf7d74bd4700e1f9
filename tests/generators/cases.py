"""Random specifications as TOML, by seed and number; the same text wherever it runs.

`case(seed, number)` draws a family:

- `true`: a base rewritten by laws; `value`: by laws that keep the value alone as well;
- `false`: such a one, changed in one place;
- `link`: the log-sigmoid written out under another link, and links that fit by no law;
- `scale`: a scale that may be zero or negative;
- `pair`: a margin in which the responses do not separate.

The family is how a case was made. What is true of it, `oracles.truth` decides.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

from generators import bases, laws
from generators.changes import CHANGES
from generators.draft import Draft
from generators.rules import legal
from generators.terms import Term, at, mul, num
from generators.toml import claims, file

FAMILIES = ("true",) * 8 + ("value",) * 2 + ("false",) * 6 + ("link",) * 2 + ("scale", "pair")


@dataclass(frozen=True)
class Case:
    """One specification: `family` is how it was made, `note` the laws' or change's name."""

    name: str
    family: str
    note: str
    text: str


def case(seed: int, number: int) -> Case:
    """Return a specification.

    >>> case(1, 2) == case(1, 2)
    True
    """
    for attempt in range(100):
        rng = random.Random(f"{seed}/{number}/{attempt}")
        family = FAMILIES[number % len(FAMILIES)]
        draft = Draft(rng)
        note = _make(draft, family)
        if note is None or not legal(draft):
            continue
        draft.prune()
        if not draft.parameters and "alpha" not in draft.parameters and rng.random() < 0.9:
            continue
        text = file(draft, claims(draft))
        if text is not None:
            return Case(f"case_{seed}_{number}", family, note, text)
    raise RuntimeError(f"no legal case of number {number}")


def _make(draft: Draft, family: str) -> str | None:
    """Fill a draft; return what was done, None if it could not be."""
    rng = draft.rng
    bases.base(draft, odd_scale=family == "scale")
    if family == "link":
        bases.other_link(draft)
    if family == "pair":
        draft.argument = ("add", draft.argument, _pair_term(draft))
    times = rng.randint(3, 8)
    on_prior = rng.randint(0, times)
    draft.zeta = laws.rewrite(draft.zeta, draft, on_prior, prior=True, value_only=False)
    draft.argument = laws.rewrite(
        draft.argument, draft, times - on_prior, prior=False, value_only=family == "value"
    )
    if family == "value" and rng.random() < 0.7:
        draft.argument = CHANGES["stop"](draft.argument, draft) or draft.argument
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        draft.fold(rng.choice(["zeta", "argument"]))
    if family != "false":
        return family
    name = rng.choice([*CHANGES])
    part = rng.choice(["zeta", "argument", "argument"])
    changed = CHANGES[name](getattr(draft, part), draft)
    if changed is None:
        return None
    setattr(draft, part, changed)
    return name


def _pair_term(draft: Draft) -> Term:
    """Return a term in which the responses do not separate, most of the time."""
    rng = draft.rng
    one, two = (bases.feature(draft, 1) for _ in range(2))
    w, l = at(one, "w"), at(two, "l")  # noqa: E741
    return rng.choice(
        [
            mul(w, l),
            ("max", w, l),
            ("max", num(0), ("sub", w, at(one, "l"))),
            ("exp", mul(num(Fraction(1, 10)), ("sub", ("length", "w"), ("length", "l")))),
            ("log", ("add", ("whole", "pi", "w"), ("whole", rng.choice(["pi", "ref"]), "l"))),
            ("div", ("length", "w"), ("length", "l")),
        ]
    )
