"""The table [data]: what it declares, how that is written, and what is refused."""

import pytest

from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.text import to_text
from midpo_sym.spec import SpecError
from midpo_sym.spec.reading.losses import loads

GOOD = """\
title = "T"
summary = "S."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
[data]
score = { of = "y", domain = "positive", by_label = true, torch = "r", meaning = "score" }
margin = { of = "pair", domain = "real", latex = '\\Delta', unicode = "Δ", meaning = "offset" }
delta = { of = "batch", domain = "unit", meaning = "running mean" }
mu = { of = "y, t", domain = "nonnegative", by_label = true, meaning = "weight" }
[definitions]
K = { of = "y", is = "score(y)*sum_t(mu(y, t))" }
D = { is = "margin*delta" }
[prior]
zeta = "ref(y)*score(y)**delta*exp(K(y))"
[loss]
argument = "alpha*log(pi(w)/score(w)) - alpha*log(pi(l)) - D + delta*K(l) - margin"
"""


def read(**changes):
    text = GOOD
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    return loads(text, "one.toml")


def test_what_is_declared():
    found = read()
    assert [(each.name, each.arity.of, each.domain, each.by_label) for each in found.data] == [
        ("score", "y", "positive", True),
        ("margin", "pair", "real", False),
        ("delta", "batch", "unit", False),
    ]
    assert [(each.name, each.domain, each.by_label) for each in found.weights] == [
        ("mu", "nonnegative", True)
    ]
    assert found.data[0].torch == "r"


def test_what_is_read_and_printed():
    argument = read().statement.argument
    nodes = {node for node in argument.walk() if isinstance(node, tree.Datum)}
    assert nodes == {
        tree.Datum("score", ("w",), "positive", by_label=True),
        tree.Datum("score", ("l",), "positive", by_label=True),
        tree.Datum("margin", ("w", "l"), "real"),
        tree.Datum("delta", (), "unit"),
    }
    assert "delta*K(l) - margin" in to_text(argument)
    symbols = read().symbols
    margin = tree.Datum("margin", ("w", "l"))
    assert to_unicode(margin, symbols) == "Δ(y_w, y_l)"
    assert to_latex(margin, symbols) == r"\Delta(y_w, y_l)"
    assert to_latex(tree.Datum("score", ("w",)), symbols) == r"\mathrm{score}(y_w)"
    assert to_unicode(tree.Datum("delta"), symbols) == "δ"


ZETA = 'zeta = "ref(y)*score(y)**delta*exp(K(y))"'
BAD = {
    "pair in a prior": (
        (ZETA, 'zeta = "ref(y)*exp(margin + delta*K(y))*score(y)"'),
        ["prior.zeta", "margin is a number of the pair", "of one response", "a prior that knows"],
    ),
    "pair in a prior by a definition": (
        (ZETA, 'zeta = "ref(y)*exp(D + delta*K(y))*score(y)"'),
        ["prior.zeta", "D speaks of the response l, which does not exist here"],
    ),
    "pair in a definition of y": (
        ("score(y)*sum_t", "margin*score(y)*sum_t"),
        ["definitions.K.is", "margin is a number of the pair"],
    ),
    "pair called": (
        ("- margin", "- margin(w, l)"),
        ["margin is one number for each pair of responses", "write margin"],
    ),
    "batch called": (
        ("+ delta*K(l)", "+ delta(l)*K(l)"),
        ["delta is one number for each batch", "write delta"],
    ),
    "response bare": (
        ("pi(w)/score(w)", "pi(w)/score"),
        ["score is called without its argument", "score(r)", "write score(w) or score(l)"],
    ),
    "response with t": (
        ("pi(w)/score(w)", "pi(w)/sum_t(score(w, t))"),
        ["score is not called this way", "score(r)"],
    ),
    "unknown arity": (
        ('of = "pair"', 'of = "pairs"'),
        ["data.margin.of", "nothing that numbers are given for", "did you mean pair?"],
    ),
    "label of a pair": (
        ('of = "pair", ', 'of = "pair", by_label = true, '),
        ["data.margin.by_label", "has no label", 'write of = "y"'],
    ),
    "no arity": (('of = "pair", ', ""), ["data.margin", "of"]),
    "twice": (
        (
            "[definitions]\n",
            '[weights]\nscore = { domain = "unit", meaning = "m" }\n[definitions]\n',
        ),
        ["already declared under weights"],
    ),
    "unused": (
        ("mu = {", 'extra = { of = "batch", domain = "real", meaning = "m" }\nmu = {'),
        ["data.extra", "declared but never used"],
    ),
    "same name in Python": (
        ('unicode = "Δ"', 'unicode = "Δ", torch = "r"'),
        ["data.margin.torch", "score has this name in Python too"],
    ),
}


@pytest.mark.parametrize(("change", "said"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_with_its_place(change, said):
    with pytest.raises(SpecError) as caught:
        read(change=change)
    for each in said:
        assert each in str(caught.value)
