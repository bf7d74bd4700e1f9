"""A denominator that is always zero is refused with its line and column, wherever it hides.

In each file `«` marks the denominator, which the error has to point at.
"""

import pytest
from oracles.spec.bad_files import place_of_mark

import midpo_sym
from midpo_sym.spec import SpecError, loads

FILE = """\
title = "X"
summary = "s"
[parameters]
alpha = {{ domain = "positive", meaning = "m" }}
c = {{ domain = "real", meaning = "m" }}
[definitions]
d = {{ is = "{d}" }}
e = {{ of = "y", is = "{e}" }}
q = {{ of = "y, t", is = "{q}" }}
[prior]
zeta = "{zeta}"
[loss]
argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l)) + d + e(w) - sum_t(q(w, t)) + {rest}"
{claim}
"""
PARTS = {
    "d": "c",
    "e": "length(y)",
    "q": "log(pi(y, t))",
    "zeta": "ref(y)",
    "rest": "0",
    "claim": "",
}
WHERE = "[[claim]]\nid = 'a'\nwork = 'w'\nplace = 'p'\nstatus = 'proved'\nwhere = { c = '1' }\n"
CASES = {
    "a difference of equal things": {"rest": "pi(w)/(«alpha - alpha)"},
    "only for the kernel": {"rest": "1/(«log(pi(w)/ref(w)) - log(pi(w)) + log(ref(w)))"},
    "a negative power": {"rest": "(«c - c)**(-2)"},
    "inside a larger one": {"rest": "1/(1 + 1/(«2*c - c - c))"},
    "a definition": {"d": "c/(«(c + 1)**2 - c**2 - 2*c - 1)"},
    "a definition that is zero": {"d": "c - c", "e": "length(y)/«d"},
    "a definition of a response": {"e": "1/(«length(y) - length(y))"},
    "by label": {"e": "1/«by_label(0, 1)"},
    "a definition of a token": {"q": "1/(«log(pi(y, t)) - log(pi(y, t)))"},
    "the prior": {"zeta": "ref(y)*exp(1/(«length(y) - length(y)))"},
    "a sum over tokens": {"rest": "sum_t(1/(«log(ref(l, t)) - log(ref(l, t))))"},
    "hidden from the kernel": {"rest": "1/(«max(alpha, alpha) - alpha)"},
    "in a claim": {"rest": "1/(«c - 1)", "claim": WHERE},
}


def marked(parts: dict) -> str:
    return FILE.format(**PARTS | parts)


@pytest.mark.parametrize("parts", CASES.values(), ids=CASES)
def test_a_denominator_that_is_always_zero_is_pointed_at(parts):
    """The error is that of the file: its key, line and column, the denominator, and a cure."""
    text = marked(parts)
    derivation = loads(text.replace("«", ""), "x.toml")
    with pytest.raises(SpecError, match="divides by something that is zero") as caught:
        midpo_sym.check(derivation)
    error = caught.value
    assert error.place
    assert (error.place.line, error.place.column) == place_of_mark(text)
    shown = text.split("«")[1][: len(error.advice.read)]
    assert error.advice.read == shown
    assert "fraction bar" in error.advice.cure


@pytest.mark.parametrize("function", [midpo_sym.prove, midpo_sym.generate])
def test_every_command_points_at_it(function):
    """Proving and generating say the same."""
    text = marked(CASES["a difference of equal things"]).replace("«", "")
    with pytest.raises(SpecError, match="divides by something that is zero"):
        function(loads(text, "x.toml"))


@pytest.mark.parametrize("rest", ["1/(c - 1)", "1/(c - length(w))", "c**(-1)"])
def test_what_is_zero_only_somewhere_is_no_error(rest):
    """It is a condition of the verdict."""
    assert midpo_sym.prove(loads(marked({"rest": rest}), "x.toml"))
