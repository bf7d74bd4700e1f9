"""The functions that stand for their definitions: a row of cases for each, from reading to torch.

Values and slopes are worked out by hand: σ(log 3) = 3/4, σ′ = σ(1 − σ); min and clip have the slope
of the side that they are; the mean of (1, 2, 6) is 3.
"""

import math
import re
from fractions import Fraction

import pytest
from generators.trees.strategies import SCOPE_OF_LOSS

from midpo_sym.judges import random_models, witness
from midpo_sym.judges.exact import Exact
from midpo_sym.judges.tiny import points
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.errors import LanguageError
from midpo_sym.language.functions.table import DERIVED
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.symbolic import to_sympy
from midpo_sym.language.printing.text import to_text
from midpo_sym.targets.coq.printer import to_coq
from midpo_sym.targets.javascript.duals import run
from midpo_sym.targets.javascript.lower import lower_alike

DOMAINS = {"a": "real", "b": "real", "p": "positive", "q": "positive", "e": "open unit"}
SCOPE = Scope(frozenset("wl"), {**DOMAINS, "n": "nonnegative", "u": "unit"})
LOG3 = math.log(3)
_NAME = re.compile(r"\b[ab]\b")
_STEPS = 10**8

# name: call, LaTeX, Unicode
PRINTED = {
    "min": ("min(a, b)", r"\min\!\left(a, b\right)", "min(a, b)"),
    "clip": ("clip(a, -1, b)", r"\operatorname{clip}\!\left(a, -1, b\right)", "clip(a, −1, b)"),
    "abs": ("abs(a - b)", r"\left|a - b\right|", "|a − b|"),
    "sigmoid": ("sigmoid(-a)", r"\sigma\!\left(-a\right)", "σ(−a)"),
    "logsigmoid": ("logsigmoid(a)", r"\log\!\left(\sigma\!\left(a\right)\right)", "log(σ(a))"),
    "softplus": ("softplus(a)", r"\operatorname{softplus}\!\left(a\right)", "softplus(a)"),
    "mean_t": (
        "mean_t(log(pi(w, t)))",
        r"\frac{\sum_{t=1}^{|y_w|} \log \pi(y_{w,t}\mid x, y_{w,<t})}{|y_w|}",
        "(Σ_t log π(y_w,t))/|y_w|",
    ),
}
# name: call, a, b, value, slope by a
VALUES = [
    ("min(a, b)", 1, 2, 1, 1),
    ("min(a, b)", 2, -1, -1, 0),
    ("clip(a, -1, b)", 0.5, 2, 0.5, 1),
    ("clip(a, -1, b)", 3, 2, 2, 0),
    ("clip(a, -1, b)", -3, 2, -1, 0),
    ("clip(a, -1, b)", 0.5, -2, -1, 0),  # low is above high
    ("abs(a)", 3, 0, 3, 1),
    ("abs(a)", -3, 0, 3, -1),
    ("sigmoid(a)", LOG3, 0, 3 / 4, 3 / 16),
    ("logsigmoid(a)", LOG3, 0, math.log(3 / 4), 1 / 4),
    ("softplus(a)", LOG3, 0, math.log(4), 3 / 4),
    ("mean_t(a*log(pi(w, t)))", 2, 0, -4, -2),  # log π of the response is −6, of 3 tokens
]
# What each is equal to by its definition, with a near miss.
EQUATIONS = [
    ("min(a, b)", "-max(-a, -b)", "-max(-a, b)"),
    ("min(p, q)*max(p, q)", "p*q", "p*p"),
    ("log(min(pi(w), pi(l)))", "log(pi(w)) + log(pi(l)) - log(max(pi(w), pi(l)))", "log(pi(w))"),
    ("clip(a, b, 2)", "max(b, min(a, 2))", "max(b, min(a, -3))"),
    ("log(clip(p, q, 2))", "log(max(q, min(p, 2)))", "log(max(q, min(p, 1)))"),
    ("abs(a)", "max(a, -a)", "max(a, a)"),
    ("abs(a)", "abs(-a)", "a"),
    ("sigmoid(a)", "1/(1 + exp(-a))", "1/(1 + exp(a))"),
    ("sigmoid(a)", "exp(a)/(1 + exp(a))", "exp(a)/(1 - exp(a))"),
    ("sigmoid(-a)", "1 - sigmoid(a)", "1 + sigmoid(a)"),
    ("logsigmoid(a)", "log(sigmoid(a))", "log(sigmoid(b))"),
    ("logsigmoid(a)", "-softplus(-a)", "-softplus(a)"),
    ("logsigmoid(a)", "-log(1 + exp(-a))", "-log(1 + exp(a))"),
    ("softplus(a)", "log(1 + exp(a))", "log(2 + exp(a))"),
    ("softplus(a) - softplus(-a)", "a", "2*a"),
    ("softplus(log(pi(w)))", "log(1 + pi(w))", "log(1 + pi(l))"),
    ("mean_t(log(pi(w, t)))", "log(pi(w))/length(w)", "log(pi(w))/length(l)"),
]
POSITIVE = """
min(p, q); min(1, p*q); min(pi(w), ref(w)); clip(a, p, b); clip(a, 1, 2); sigmoid(a); 1 - sigmoid(a)
1 - pi(w); 1 - e; 1 - e*e; 1 - pi(w)*ref(l); 1 - p/(p + q); 1 - q/(p + q); 1 - 1/10; 1 - 0; -e + 1
1 - sg(pi(w)); 1 - max(pi(w), ref(w)); pi(w)/(1 - pi(w)); (1 - e)**a; 1 - pi(w) + e; e; mean_t(p)
1 - prev(l); clip(p, a, 1); 2 - pi(w); 2 - pi(w) - e; 3 - e - e + p
softplus(a); log(1 + p); log(2 + n); softplus(a)*p; u*p + (1 - u)*q; (1 - u)*pi(w) + ref(w)*u
n + u*p + (1 - u)*q; e*p + (1 - e)*q; 1 - u + e; 1 - u*u + p + n; u + (1 - u)*q
""".replace("mean_t(p)", "mean_t(pi(w, t))").replace("\n", ";")
NOT_POSITIVE = """
min(p, a); min(a, b); clip(p, a, b); abs(a); abs(p - 1); logsigmoid(a); 1 - p; 1 - u
1 - a; 1 - 2*pi(w); 1 - pi(w) - e + p; 1 - pi(w)/ref(w); 1 - p/(p + a); 1 - p/(q + q); 1 - 10/10
1 - min(pi(w), a); pi(w) - 1; 1 - pi(w) - ref(w); 1 - max(pi(w), p); 1 - length(w)
1 - mean_t(pi(w, t)); 1 - exp(a); 1 - e/2; 1 - p - e; 2 - p - 3*e; -e; 1 - n
log(1 + n); log(p + q); log(1 + a); log(1 - e); u*p + (1 - u)*a; u*p + (1 - n)*q; u*p + (1 - e)*n
u*p - (1 - u)*q; u*p + (1 - u*u)*n; u*p + (1 - 2*u)*q; a + u*p + (1 - u)*q; n + 1 - u
u*u + 1 - u*p; 1 - u + a; 1 - 2*u + p
""".replace("\n", ";")


def read(text: str) -> tree.Expression:
    return parse(text, SCOPE)


def texts(table: str) -> list[str]:
    return [each.strip() for each in table.split(";") if each.strip()]


@pytest.mark.parametrize("name", DERIVED)
def test_a_function_is_printed_by_its_name_and_read_again(name):
    """In the language, in LaTeX and in Unicode; Coq and SymPy are given what it stands for."""
    text, latex, unicode = PRINTED[name]
    node = read(text)
    assert to_text(node) == text
    assert read(to_text(node)) == node
    assert (to_latex(node), to_unicode(node)) == (latex, unicode)
    assert to_coq(2 * node) == to_coq(2 * node.body)
    assert to_sympy(node) == to_sympy(node.body)


def test_a_function_without_a_symbol_is_bracketed_as_what_is_printed():
    """log σ(a) reads on to its right, and a mean is a quotient."""
    assert to_unicode(read("logsigmoid(a)*2")) == "(log(σ(a)))·2"
    assert to_unicode(read("2*logsigmoid(a)")) == "2·log(σ(a))"
    assert to_unicode(read("abs(a)**2 - sigmoid(a)**2")) == "|a|^2 − σ(a)^2"
    assert to_latex(read("sigmoid(a)**2")) == r"\sigma\!\left(a\right)^{2}"


@pytest.mark.parametrize(("text", "a", "b", "value", "slope"), VALUES)
def test_the_plots_compute_value_and_slope(text, a, b, value, slope):
    """What the page of an algorithm runs."""
    point = {"a": (a, 1.0), "b": (b, 0.0), "logp_pi_w": (-6.0, 0.0), "length_w": (3.0, 0.0)}
    found = run(lower_alike(read(text)), point)
    assert found == pytest.approx((value, slope))


@pytest.mark.parametrize(("text", "a", "b", "value", "slope"), VALUES)
def test_the_judges_compute_the_values(text, a, b, value, slope):
    """40 digits at the same numbers, and the slopes as differences of them."""
    if "t(" in text:
        return  # the responses of the judge have other probabilities
    at = {"a": "log(3)" if a == LOG3 else f"{Fraction(a)}", "b": f"{Fraction(b)}"}
    moved = at | {"a": f"{at['a']} + 1/{_STEPS}"}
    nodes = [read(_NAME.sub(lambda f, to=to: f"({to[f[0]]})", text)) for to in (at, moved)]
    here, ahead = (random_models.compare(node, node) for node in nodes)
    assert float(here.left) == pytest.approx(value)
    assert (float(ahead.left) - float(here.left)) * _STEPS == pytest.approx(slope, abs=1e-2)


@pytest.mark.parametrize(("left", "right", "wrong"), EQUATIONS)
def test_equations_are_proved_and_near_misses_are_not(left, right, wrong):
    """Value and gradient; the numbers agree with the kernel on all three."""
    one, other, miss = map(read, (left, right, wrong))
    assert decide(one, other).answer is Answer.EQUAL
    assert decide_gradient(one, other).answer is Answer.EQUAL
    assert decide(one, miss).answer is not Answer.EQUAL
    assert random_models.compare(one, other).values_agree
    assert random_models.compare(one, other).slopes_agree
    assert not random_models.compare(one, miss).values_agree


@pytest.mark.parametrize("text", texts(POSITIVE))
def test_what_is_positive_by_its_form(text):
    """And is so at random models: its logarithm is taken, and exists."""
    node = read(f"log({text})")
    assert random_models.compare(node, node).values_agree


@pytest.mark.parametrize("text", texts(NOT_POSITIVE))
def test_what_is_not_positive_by_its_form(text):
    """Some of these are negative or zero somewhere; of others only their form does not say."""
    with pytest.raises(LanguageError, match="positive by its form"):
        read(f"log({text})")


@pytest.mark.parametrize(
    ("text", "message", "cure"),
    [
        ("sigmoid(a, b)", "sigmoid takes 1 argument, not 2", ""),
        ("sigmoid()", "sigmoid takes 1 argument, not 0", ""),
        ("min(a)", "min takes 2 arguments, not 1", ""),
        ("min(a, b, p)", "min takes 2 arguments, not 3", "write min(a, min(b, p))"),
        ("clip(a, 1)", "clip takes 3 arguments, not 2", ""),
        ("mean_t(1)", "which response", "one sum for each response"),
        ("mean_t(pi(w, t)*pi(l, t))", "two responses at once", "one sum for each response"),
        ("sum_t(mean_t(pi(w, t)))", "inside another one", ""),
        ("mean_t(log(pi(w)))", "whole response", "write pi(w, t) for one token"),
        ("softplus", "softplus is called without its argument", ""),
        ("abs(x=a)", "given by position", "write abs(a)"),
        ("sigmoid + 1", "called without its argument", ""),
    ],
)
def test_a_wrong_call_is_refused_with_a_cure(text, message, cure):
    """As it is for the functions that are no definitions."""
    with pytest.raises(LanguageError, match=message) as caught:
        read(text)
    assert cure in caught.value.advice.cure


def test_functions_that_double_their_argument_are_refused_before_they_are_too_large():
    """abs(abs(... has 2ⁿ leaves: it is the unfolded tree that counts."""
    text = "a"
    for _ in range(40):
        text = f"abs({text})"
    with pytest.raises(LanguageError, match="too deep or too long"):
        read(text)


def test_tiny_models_compute_functions_exactly():
    """min(π, ½), |log π + log 4| and 1 − π, from what the probabilities are: powers of two."""
    scope = SCOPE_OF_LOSS
    nodes = [parse(t, scope) for t in ("min(pi(w), 1/2)", "abs(log(pi(w)*4))", "1 - pi(w)")]
    seen = set()
    for models in points(*nodes, tries=40):
        log = witness.evaluate(parse("log(pi(w))", scope), models).value
        power = int(log[1]) if log else 0
        seen.add(power)
        values = [witness.evaluate(node, models).value for node in nodes]
        chance = 2.0**power
        assert float(values[0][0]) == min(chance, 0.5)
        assert values[1] == Exact.log_of_power(abs(power + 2)).value
        assert float(values[2][0]) == 1 - chance > 0
    assert len(seen) > 3
    assert 0 not in seen
