"""Anchors of arguments that are written with responses, or as no score at all.

With s(y) = β log π(y)/π_ref(y); each anchor is worked out by hand.
"""

import re

import pytest

from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.printing.text import to_text
from midpo_sym.pipeline import Pipeline
from midpo_sym.prover.shapes.anchors import depends_on_responses, written_without_responses
from midpo_sym.prover.verdict import Proved, Refuted
from midpo_sym.spec import loads

PARAMETERS = {"beta": "positive", "c": "real", "eta": "open unit"}
W, L = (f"beta*log(pi({r})/ref({r}))" for r in "wl")


def part(argument, *, zeta="ref(y)", data=""):
    """Return what comes out of the only term of a loss under every link."""
    prior = f'prior.zeta = "{zeta}"\nprior.scale = "beta"\nprior.gives = "scores"\n'
    loss = f'loss.link = "any"\nloss.argument = "{argument}"\n'
    used = "".join(
        f'parameters.{name} = {{ domain = "{domain}", meaning = "m" }}\n'
        for name, domain in PARAMETERS.items()
        if re.search(rf"\b{name}\b", prior + loss)
    )
    text = f'title = "t"\nsummary = "s"\n{used}{data}{prior}{loss}'
    (result,) = Pipeline().judge_claims(loads(text, "t.toml"))
    (found,) = result.parts
    return found


def tree_of(text):
    return parse(text, Scope(frozenset("wl"), PARAMETERS))


SCORES = {
    # max(x + c, x + c²) = x + max(c, c²), of any x
    "in both sides of a maximum": (f"max({W} + c, {W} + c**2)", "w", "-max(c, c**2)"),
    # what is of the other response cancels
    "of both responses": (f"{W} - c - (max(length(l), 2) - max(length(l), 2))", "w", "c"),
    "exchanged": (f"{L} + log(pi(w)) - sum_t(log(pi(w, t)))", "l", "0"),
    # the prior has a number under the logarithm, and so does the argument
    "a number in both": (f"{W} - beta*log(2) - log(eta/2)", "w", "log(eta) - log(2)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCORES)
def test_an_anchor_is_found_however_the_argument_is_written(name):
    argument, response, anchor = SCORES[name]
    found = part(argument, zeta="2*ref(y)" if name == "a number in both" else "ref(y)")
    assert isinstance(found.verdict, Proved)
    assert (found.reading.sign, found.reading.score_of) == (1, response)
    assert decide(found.reading.anchor, tree_of(anchor)).answer is Answer.EQUAL
    shown = to_text(found.reading.anchor)
    assert not {"w)", "l)"} & {shown[k : k + 2] for k in range(len(shown))}


@pytest.mark.slow
def test_a_constant_is_a_score_where_that_is_one():
    """With ζ = ref(w) and π(l), s(l) is 0: a constant is s(l) against minus itself.

    As a score of w it is not, and something else than a constant is neither.
    """
    zeta = "by_label(ref(y), pi(y))"
    for argument in ("beta", "beta - log(pi(w)) + sum_t(log(pi(w, t)))"):
        found = part(argument, zeta=zeta)
        assert isinstance(found.verdict, Proved)
        assert (found.reading.score_of, to_text(found.reading.anchor)) == ("l", "-beta")
    assert isinstance(part(f"{W} + length(w)", zeta=zeta).verdict, Refuted)


NEITHER = {
    "no response": "c",
    "the length": f"{W} - length(w)",
    "of the other response": f"{W} - log(1 + length(l))",
    "a pair with an anchor": f"{W} - {L} + c",
    "a sum in the score of the pair": f"{W} - {L} + log(1 + pi(w)) - log(1 + pi(l))",
    "a number of the pair": f"{W} - margin",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NEITHER)
def test_what_goes_by_the_responses_is_no_anchor(name):
    """And no pair either: refuted in every reading."""
    data = 'data.margin = { of = "pair", domain = "real", meaning = "m" }\n'
    found = part(NEITHER[name], data=data if name == "a number of the pair" else "")
    assert isinstance(found.verdict, Refuted)


@pytest.mark.parametrize(
    ("text", "depends"),
    [
        ("c", False),
        ("length(w)", True),
        ("length(w) - length(l)", True),
        ("log(pi(w)) + log(pi(l))", True),  # the same where they are exchanged
        ("log(pi(w)) - sum_t(log(pi(w, t)))", False),
        ("max(length(w), 1/2) - length(w) + c", False),
        ("log(1 + pi(w)) + c", True),
        ("log(1 + pi(w)) + log(1 + pi(l))", True),  # without exact values
    ],
)
def test_what_goes_by_the_responses_is_shown_by_points(text, depends):
    assert depends_on_responses(tree_of(text)) is depends


def test_what_is_written_without_responses_is_short():
    """α log 2 cancels, and the maximum stays as it is."""
    node = tree_of("beta*log(2*pi(w)) - beta*log(pi(w)) - beta*log(2) + max(c, 1) + c/2 + c/2")
    texts = {to_text(each) for each in written_without_responses(node)}
    assert texts & {"c + max(c, 1)", "max(c, 1) + c"}
