"""How links go far out, against limits by hand and against an independent evaluator."""

from fractions import Fraction

import pytest
from oracles import links as oracle
from oracles.reader import parse as read
from oracles.statement import read as statement

from midpo_sym.kernel.theorem import Answer as Kernel
from midpo_sym.kernel.theorem import decide
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.links import typed
from midpo_sym.language.substitute import unfold
from midpo_sym.prover.shapes import links
from midpo_sym.prover.shapes.links import Answer, link_facts
from midpo_sym.prover.shapes.tails import Expansion, Huge, is_above, tail
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.targets.wording.shapes import facts as in_words

PARAMETERS = {"a": "real", "k": "positive", "u": "unit", "d": "real"}
INSIDE = Scope(frozenset(), PARAMETERS)
NOTHING = statement('prior.zeta = "ref(y)"\nloss.argument = "1"')[""]
SMALL = (float("-inf"), 0)


def link(text):
    return typed(parse(text, INSIDE))


# Each with the end, what leads there by hand, (power, power of the logarithm): coefficient, and the
# order of the rest, -inf for what falls faster than every power:
BY_HAND = [
    ("a**2 - k*a", 1, {(2, 0): "1", (1, 0): "-k"}, SMALL),
    ("(1 - a)**3", -1, {(3, 0): "1", (2, 0): "3", (1, 0): "3", (0, 0): "1"}, SMALL),
    ("softplus(-a)", 1, {}, SMALL),  # log(1 + exp(-x)) is below exp(-x)
    ("softplus(-k*a)", -1, {(1, 0): "k"}, SMALL),  # k x + log(1 + exp(-k x))
    ("abs(a) + logsigmoid(a)", -1, {}, SMALL),  # x - x - log(1 + exp(-x))
    ("a*sigmoid(a)", 1, {(1, 0): "1"}, SMALL),
    ("a/(1 + a**2)", -1, {(-1, 0): "-1"}, (-3, 0)),  # -x/(1 + x²) = -1/x + 1/(x(1 + x²))
    ("log(1 + a**2)", 1, {(0, 1): "2"}, (-2, 0)),  # 2 log x + log(1 + 1/x²)
    ("(1 + a**2)**(1/2)", -1, {(1, 0): "1"}, (-1, 0)),
    ("log(k + exp(a))", -1, {(0, 0): "log(k)"}, SMALL),
    ("clip(a, -1, k)", 1, {(0, 0): "k"}, SMALL),
    ("exp(2*log(1 + abs(a)))", 1, {(2, 0): "1"}, (1, 0)),  # (1 + x)²
]


@pytest.mark.parametrize(("text", "end", "terms", "error"), BY_HAND)
def test_expansions_by_hand(text, end, terms, error):
    found = tail(unfold(parse(text, INSIDE)), end)
    assert isinstance(found, Expansion)
    assert [*dict(found.terms)] == [*terms]
    for order, coefficient in found.terms:
        assert decide(coefficient, parse(terms[order], INSIDE)).answer is Kernel.EQUAL
    assert found.error == error


def test_the_tail_of_cauchys_distribution_function():
    """F(-z) = arctan(1/z)/π = 1/(πz) + O(1/z³), so that log F(-z) = -log z - log π + O(1/z²)."""
    found = tail(unfold(parse("log(cauchy_cdf(a))", INSIDE)), -1)
    assert dict(found.terms)[0, 1] == unfold(parse("-1", INSIDE))
    assert found.error == (-2, 0)
    assert is_above(found) is False


def test_what_is_larger_than_every_power_keeps_its_logarithm():
    """log(exp(x²) + x) = x² + log(1 + x exp(-x²))."""
    whole = unfold(parse("exp(a**2) + a", INSIDE))
    assert isinstance(tail(whole, 1), Huge)
    found = tail(unfold(parse("softplus(a**2)", INSIDE)), 1)
    assert [order for order, _ in found.terms] == [(2, 0)]


# By hand; the parameters k > 0, u from 0 to 1, d of either sign:
BOUNDED = {
    "a**2 - k*a": True,  # -k²/4 at k/2
    "k*a**2 - d*a": True,
    "u*a**2 - a": None,  # at u = 0 a line; at u = 1 not
    "abs(a) + logsigmoid(a)": True,  # x - x far below
    "2*abs(a) + 3*logsigmoid(a)": False,  # 2x - 3x far below
    "clip(d*a, -1, k)": True,
    "-clip(d*a, -1, k)": True,
    "-cauchy_cdf(a)**(3/2)": True,
    "log(cauchy_cdf(a))": False,
    "a**2 + log(cauchy_cdf(a))": True,  # x² - log x
    "-log(1 + a**2)": False,
    "log(k + exp(a**3))": True,  # log k
    "-1/(1 + 4*a**2)": True,
    "a/(1 + abs(a))": True,  # between -1 and 1
    "softplus(a) - exp(-a)": False,
    "softplus(a) - 1/exp(-a)": False,
    "clip(a, -1, 1)/sigmoid(a)": False,  # -(1 + exp x)
    "-(k + exp(a))**u": None,  # -1 at u = 0
    "log(sigmoid(k*a))": False,
    "a**3": False,
    "1/a": None,  # no value at 0, and without end on one side of it
    "d*a": None,
    "(1 - a)*exp(-a**2)": True,
    "-a*exp(a)": False,
}


@pytest.mark.parametrize("text", BOUNDED)
def test_bounds_by_hand(text):
    body = unfold(parse(text, INSIDE))
    answer = True if links.is_bounded(body) else False if links.falls_without_end(body) else None
    assert answer is BOUNDED[text]


CONVEX = [  # by hand, from f″ or as said
    "-logsigmoid(k*a)",
    "1/sigmoid(a)",  # 1 + exp(-a)
    "sigmoid(a)**(-k)",
    "k/cauchy_cdf(a)",
    "(1 + a**2)**(1/2)",  # the norm of (1, a)
    "(1 + exp(abs(a)))**3",
    "max(0, 1 - a)**3",
    "((1 - u)*softplus(-a) - u*softplus(a))/(1 - 2*u)",  # softplus(-a) - u a/(1 - 2u)
    "(u*logsigmoid(-a) - (1 - u)*logsigmoid(a))/(1 - 2*u)",
    "1 + a - max(-a, -a)",
]


@pytest.mark.parametrize("text", CONVEX)
def test_convex_by_hand(text):
    assert link_facts(link(text)).convex.answer is Answer.YES


@pytest.mark.parametrize("text", ["log(cauchy_cdf(a))", "-a**3", "a*sigmoid(a)", "sigmoid(a)**k"])
def test_not_convex(text):
    """log F is concave above 0; -a³ is so there too; the others are so where they level off."""
    assert link_facts(link(text)).convex.answer is not Answer.YES


FALLING = ["max(0, 1 - a)**2", "-sigmoid(a)*cauchy_cdf(a)", "(2 - sigmoid(a))/(k + exp(a))"]


@pytest.mark.parametrize("text", FALLING)
def test_falling_by_hand(text):
    """Powers and products of what is not negative and falls, and what rises below it."""
    assert link_facts(link(text)).decreasing.answer is Answer.YES


def test_what_some_parameters_leave_without_a_bound_is_shown_at_them():
    """δ a falls far below for positive δ, far above for negative δ; the points are printed."""
    facts = link_facts(link("d*a"))
    near, far = facts.bounded_below.points
    values = [
        oracle.value(NOTHING, read("d*a"), {"d": each["d"]}, each["a"]) for each in (near, far)
    ]
    assert values[1] < values[0] - Fraction(1, 2)
    said = in_words(link("d*a"), {})
    assert f"not bounded below (a = {str(near['a']).replace('-', '−')}, " in said


def test_a_rule_that_contradicts_points_is_noticed(monkeypatch):
    monkeypatch.setattr(links, "bend_of", lambda _: "convex")
    with pytest.raises(DisagreementError, match="points contradict"):
        link_facts(link("a - a**4"))
    monkeypatch.setattr(links, "bend_of", lambda _: None)
    monkeypatch.setattr(links, "direction_of", lambda _: -1)
    with pytest.raises(DisagreementError, match="points contradict"):
        link_facts(link("a - 2*a**4"))


@pytest.mark.parametrize(
    ("name", "text"), [("is_bounded", "1 - a**3"), ("falls_without_end", "1 + a**4")]
)
def test_a_bound_that_values_far_out_contradict_is_undecided(monkeypatch, name, text):
    for each in ("is_bounded", "falls_without_end"):
        monkeypatch.setattr(links, each, lambda _, said=each == name: said)
    assert link_facts(link(text)).bounded_below.answer is Answer.UNDECIDED
