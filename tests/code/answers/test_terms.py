"""A loss is taken apart into weighted links, and the parts add up to it again."""

import math

import pytest

from midpo_sym.code.answers.terms import Parts
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.language import tree
from midpo_sym.language.grammar.losses import parse
from midpo_sym.language.grammar.scope import Scope
from midpo_sym.language.links import VARIABLE
from midpo_sym.language.printing.text import to_text

SCOPE = Scope(frozenset({"w", "l"}), {"beta": "positive", "c": "real"})
M = "beta*(log(pi(w)) - log(pi(l)))"


def parts(text):
    found = Parts.of(parse(text, SCOPE))
    return (
        [(each.link, to_text(each.argument), to_text(each.weight)) for each in found.terms],
        [to_text(each) for each in found.added],
    )


def test_a_softplus_is_a_log_sigmoid_of_minus_its_argument():
    assert parts(f"log(1 + exp(-({M})))") == ([("logsigmoid", M, "1")], [])


def test_what_has_no_link_is_added():
    assert parts(f"3*log(1 + exp({M})) - log(pi(w))") == (
        [("logsigmoid", f"-({M})", "3")],
        ["-log(pi(w))"],
    )


def test_of_a_square_the_constant_is_the_link_s():
    links, added = parts(f"({M} - c)**2")
    assert links == [("(a + (-c))**2", M, "1")]
    assert added == []


def test_a_loss_without_a_link_has_the_identity():
    assert parts("-log(pi(w))") == ([("identity", "log(pi(w))", "1")], [])


@pytest.mark.parametrize("text", [
    f"9*log(1 + exp(-({M})))/10 + log(1 + exp({M}))/10",
    f"max(0, 1 - {M}) + max(0, {M} - c)",
    f"1/(1 + exp({M})) - beta*exp(-({M}))",
])  # fmt: skip
def test_the_parts_add_up(text):
    """Links are put together again by hand, at log π = -1/2 and -2, β = 3/10, c = 1/10."""
    found = Parts.of(parse(text, SCOPE))
    loss = tree.total([*map(_whole, found.terms), *found.added])
    assert math.isclose(_at(loss), _at(parse(text, SCOPE)), rel_tol=1e-12)


def _whole(part):
    scope = Scope(frozenset(), {"beta": "positive", "c": "real", VARIABLE.name: "real"})
    named = {
        "logsigmoid": "log(1 + exp(-a))", "hinge": "max(0, 1 - a)", "sigmoid": "1/(1 + exp(a))",
        "identity": "-a",
    }  # fmt: skip
    body = parse(named.get(part.link, part.link), scope)
    return tree.mul(part.weight, _put(body, part.argument))


def _put(node, argument):
    if node == VARIABLE:
        return argument
    return tree.over(node, [_put(each, argument) for each in node.children()])


def _at(node):
    values = {"log(pi(w))": -0.5, "log(pi(l))": -2.0}

    def numbers(each):
        if to_text(each) in values:
            return tree.Parameter(to_text(each), "real")
        return tree.over(each, [numbers(child) for child in each.children()])

    return value_at(numbers(node), {**values, "beta": 0.3, "c": 0.1})
