"""What stands around the arguments of a loss: denominators and kinks.

With s(y) = α log π(y)/π_ref(y), what is expected is worked out by hand.
"""

import pytest

from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.printing.text import to_text
from midpo_sym.pipeline import Pipeline
from midpo_sym.prover.verdict import Proved, Status
from midpo_sym.spec import SpecError, loads

HEAD = """
title = "t"
summary = "s"
[parameters]
alpha = { domain = "positive", meaning = "m" }
"""
GAMMA = """gamma = { domain = "open unit", meaning = "m" }
"""
W, L = (f"alpha*log(pi({s})/ref({s}))" for s in "wl")
MARGIN = f"{W} - {L}"


def judged(*terms, gives="terms", zeta="ref(y)", plus=""):
    """Return what comes out of a loss whose terms are keys and values."""
    used = GAMMA if "gamma" in f"{terms}{zeta}{plus}" else ""
    text = f'{HEAD}{used}[prior]\nzeta = "{zeta}"\ngives = "{gives}"\n[loss]\n'
    text += f'plus = "{plus}"\n' if plus else ""
    for term in terms:
        text += "[[loss.term]]\n" + "".join(f'{key} = "{value}"\n' for key, value in term.items())
    (result,) = Pipeline().judge_claims(loads(text, "t.toml"))
    return result


def shown(conditions):
    """Return the conditions as text."""
    return [to_text(each.expression) for each in conditions]


DIVIDING = {
    "link": ({"link": "-a/(1 - 2*gamma)", "argument": MARGIN}, ""),
    "weight": ({"weight": "1/(1 - 2*gamma)", "argument": MARGIN}, ""),
    "weight under any link": (
        {"weight": "1/(1 - 2*gamma)", "link": "any", "argument": MARGIN},
        "",
    ),
    "plus": ({"argument": MARGIN}, "log(pi(w))/(1 - 2*gamma)"),
}


@pytest.mark.parametrize("name", DIVIDING)
def test_what_a_loss_divides_by_around_its_arguments_is_a_condition(name):
    """1 − 2γ is zero at γ = 1/2, where the loss is no number."""
    term, plus = DIVIDING[name]
    verdict = judged(term, plus=plus).verdict
    assert isinstance(verdict, Proved)
    assert shown(verdict.conditions) == ["1 - 2*gamma"]


@pytest.mark.parametrize("name", DIVIDING)
def test_a_loss_that_always_divides_by_zero_is_refused_in_its_place(name):
    """As of an argument; a maximum hides it from the kernel, and numbers show it."""
    term, plus = DIVIDING[name]
    for zero in ("(gamma - gamma)", "(max(gamma, alpha) - max(alpha, gamma))"):
        of_zero = {key: value.replace("(1 - 2*gamma)", zero) for key, value in term.items()}
        with pytest.raises(SpecError, match="divides by something that is zero") as error:
            judged(of_zero, plus=plus.replace("(1 - 2*gamma)", zero))
        assert error.value.key.split(".")[-1] == name.split()[0]


def test_a_kink_of_a_link_is_a_condition_of_the_gradient():
    """max(0, 1 − m) has no gradient where m = 1."""
    result = judged({"link": "hinge", "argument": MARGIN}, gives="terms")
    assert shown(result.verdict.conditions) == []
    (condition,) = result.gradient.conditions
    hinge = parse(f"1 - ({MARGIN})", Scope(frozenset("wl"), {"alpha": "positive"}))
    assert decide(condition.expression, hinge).answer is Answer.EQUAL


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "anchor"),
    [(f"{W} - alpha*gamma", "0"), (W, "-(alpha*gamma)"), (f"{W} - 2*alpha*gamma", "alpha*gamma")],
)
def test_a_score_may_have_a_part_that_is_free_of_the_response(argument, anchor):
    """With ζ(y_w) = π_ref(y_w) exp γ the score is α log π/π_ref − α γ, and a = score − anchor."""
    zeta = "by_label(ref(y)*exp(gamma), ref(y))"
    result = judged({"argument": argument}, gives="scores", zeta=zeta)
    (part,) = result.parts
    assert (result.verdict.status, to_text(part.reading.anchor)) == (Status.PROVED, anchor)


@pytest.mark.slow
def test_a_number_under_the_logarithm_of_the_prior_is_no_anchor():
    """Of the score α log π − α log (π + π_ref)/2: α log 2 is a part of it."""
    zeta, w = "(pi({0}) + ref({0}))/2", "alpha*log(pi(w)/((pi(w) + ref(w))/2))"
    result = judged({"argument": f"{w} - gamma"}, gives="scores", zeta=zeta.format("y"))
    (part,) = result.parts
    assert (result.verdict.status, to_text(part.reading.anchor)) == (Status.PROVED, "gamma")
