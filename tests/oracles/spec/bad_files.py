"""A good file, and what it takes to make it bad: one piece changed, the fault marked by `«`."""

import pytest

from midpo_sym.spec import SpecError, loads

GOOD = """\
title = "Good"
summary = "A file without a fault."

[parameters]
alpha = { domain = "positive", default = "1/10", torch = "beta", meaning = "scale" }
gamma = { domain = "unit", default = "1/2", meaning = "margin" }

[weights]
mu = { domain = "nonnegative", meaning = "mask" }

[definitions]
K = { of = "y", is = "sum_t(mu(y, t)*kl_ref_pi(y, t))" }

[prior]
zeta = "ref(y)*exp(-K(y))"

[loss]
link = "logsigmoid"
argument = '''
alpha*log(pi(w)/ref(w)) + alpha*K(w)
- alpha*log(pi(l)/ref(l)) - alpha*K(l) - gamma'''

[[claim]]
id = "first"
work = "someone"
place = "section 1"
status = "refuted"
residual = "gamma"

[[claim]]
id = "second"
work = "someone"
place = "section 2"
status = "proved"
[claim.where]
gamma = "0"
"""

# old piece, new piece, key, part of the message, part of what is allowed, part of the cure
Case = tuple[str, str, str, str, str, str]


def edited(old: str, new: str) -> str:
    """Return the good file with one piece changed, mark included."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def place_of_mark(text: str) -> tuple[int, int] | None:
    """Return line and column of the mark, from 1; None if there is none."""
    before, mark, _ = text.partition("«")
    lines = before.split("\n")
    return (len(lines), len(lines[-1]) + 1) if mark else None


def refused(text: str) -> SpecError:
    """Return the error of a file; nothing but a `SpecError` may come."""
    with pytest.raises(SpecError) as caught:
        loads(text, "good.toml")
    return caught.value


def assert_refused(case: Case) -> None:
    """Check that the error names the key, points at the mark, says what is allowed, the cure."""
    old, new, key, message, allowed, cure = case
    marked = edited(old, new)
    error = refused(marked.replace("«", ""))
    place = (error.place.line, error.place.column) if error.place else None
    assert (error.key, place) == (key, place_of_mark(marked))
    assert message in error.message
    assert allowed in error.advice.allowed
    assert cure in error.advice.cure
    assert str(error).startswith("good.toml:")


def ids(cases: list[Case]) -> list[str]:
    """Return a name for each case: its number and its key."""
    return [f"{number}-{ascii(case[2])[:40]}" for number, case in enumerate(cases)]
