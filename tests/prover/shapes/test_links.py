"""Facts about links, by hand for those of the field, and against numbers for random ones."""

import math
import random
from fractions import Fraction

import pytest

from midpo_sym.kernel.theorem import Answer as Kernel
from midpo_sym.kernel.theorem import decide
from midpo_sym.language import tree
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.links import LINKS, VARIABLE, typed
from midpo_sym.language.quantities.data import BATCH, RESPONSE
from midpo_sym.prover.shapes.links import Answer, link_facts, weight_kind

PARAMETERS = {"beta": "positive", "epsilon": "unit", "tau": "positive", "delta": "real"}
INSIDE = Scope(frozenset(), {**PARAMETERS, "a": "real"})
Y, N, U = Answer.YES, Answer.NO, Answer.UNDECIDED

# name or expression: falls, convex, bounded below, slope at zero; by hand from f′ and f″:
FACTS = {
    "logsigmoid": (Y, Y, Y, "-1/2"),  # f′ = -σ(-a), f″ = σ(a) σ(-a)
    "identity": (Y, Y, N, "-1"),
    "hinge": (Y, Y, Y, None),  # a maximum has no slope that is one expression
    "square": (N, Y, Y, "-2"),  # f′ = -2(1 - a)
    "sigmoid": (Y, N, Y, "-1/4"),  # f″ = σ(a) σ(-a) (σ(a) - σ(-a))
    "(a - 1/(2*beta))**2": (N, Y, Y, "-1/beta"),  # IPO
    "max(0, delta - a)": (Y, Y, Y, None),  # SLiC
    "exp(-a)": (Y, Y, Y, "-1"),
    "-beta*a": (Y, Y, N, "-beta"),
    # cDPO: f′ = -(1 - ε) σ(-a) + ε σ(a), whose sign turns
    "(1 - epsilon)*log(1 + exp(-a)) + epsilon*log(1 + exp(a))": (N, Y, Y, "epsilon - 1/2"),
    # DiscoPOP is not convex at its temperature; bounded below, both terms being positive
    "log(1 + exp(-a))/(1 + exp(a/tau)) + exp(-a)/(1 + exp(-a/tau))": (U, N, Y, None),
    "delta*a": (N, Y, N, "delta"),  # a line, whichever way it goes
    "(1 - a)/delta": (N, Y, N, "-1/delta"),
    "log(exp(a) + exp(-a))": (N, Y, Y, "0"),  # |a| and more
    "1/a": (N, N, U, None),
}


@pytest.mark.parametrize("text", FACTS)
def test_facts_by_hand(text):
    link = LINKS[text] if text in LINKS else typed(parse(text, INSIDE))
    facts = link_facts(link)
    falls, convex, low, slope = FACTS[text]
    found = (facts.decreasing, facts.convex, facts.bounded_below)
    assert tuple(each.answer for each in found) == (falls, convex, low)
    if slope is not None:
        assert facts.slope_at_zero is not None
        assert decide(facts.slope_at_zero, parse(slope, INSIDE)).answer is Kernel.EQUAL


def value(node, at):
    """Return the value of a node in floating point, by its own definition."""
    match node:
        case tree.Number(value=number):
            return float(number)
        case tree.Parameter(name=name):
            return float(at[name])
        case tree.Neg(body=body):
            return -value(body, at)
        case tree.Add(terms=terms):
            return math.fsum(value(each, at) for each in terms)
        case tree.Mul(factors=factors):
            return math.prod(value(each, at) for each in factors)
        case tree.Div(numerator=over, denominator=under):
            return value(over, at) / value(under, at)
        case tree.Exp(body=body):
            return math.exp(value(body, at))
        case tree.Log(body=body):
            return math.log(value(body, at))
        case tree.Max(left=left, right=right):
            return max(value(left, at), value(right, at))
        case tree.Pow(base=base, exponent=power):
            return value(base, at) ** value(power, at)
    raise AssertionError(node)


def test_points_show_what_they_are_said_to_show():
    """A function rises between two points; the middle one of three is above the chord."""
    seen = 0
    for text in FACTS:
        link = LINKS[text] if text in LINKS else typed(parse(text, INSIDE))
        facts = link_facts(link)
        if facts.decreasing.points:
            one, other = facts.decreasing.points
            assert one[VARIABLE.name] < other[VARIABLE.name]
            assert value(link.body, one) < value(link.body, other)
            seen += 1
        if facts.convex.points:
            left, middle, right = facts.convex.points
            assert 2 * middle["a"] == left["a"] + right["a"]
            chord = (value(link.body, left) + value(link.body, right)) / 2
            assert value(link.body, middle) > chord
            seen += 1
    assert seen >= 6


def drawn(chance, depth):
    """Return a random expression in the variable and the parameters."""
    if depth == 0 or chance.random() < 0.15:
        leaves = [VARIABLE, VARIABLE, VARIABLE, tree.Number(chance.randint(0, 3))]
        leaves += [tree.Parameter(name, domain) for name, domain in PARAMETERS.items()]
        return chance.choice(leaves)
    one = drawn(chance, depth - 1)
    match chance.randrange(9):
        case 0:
            return tree.Neg(one)
        case 1 | 2:
            return tree.add(one, drawn(chance, depth - 1))
        case 3:
            return tree.mul(one, drawn(chance, depth - 1))
        case 4:
            return tree.Div(one, drawn(chance, depth - 1))
        case 5:
            return tree.Exp(one)
        case 6:
            return tree.Max(one, drawn(chance, depth - 1))
        case 7:
            return tree.Pow(one, tree.Number(chance.choice((2, 3, 4))))
    inner = one if one.positive else tree.add(tree.Number(1), tree.Exp(one))
    return tree.Log(inner)


@pytest.mark.slow
def test_no_yes_is_contradicted_by_numbers():
    """250 random links: what is said to fall does, what is said to be convex is, and so on."""
    chance = random.Random(13)
    yes, no = [0, 0, 0], 0
    for _ in range(250):
        body = drawn(chance, 4)
        if VARIABLE not in set(body.walk()):
            continue
        facts = link_facts(typed(body))
        parameters = {
            "beta": chance.choice((0.3, 1.0, 2.5)),
            "epsilon": chance.choice((0.0, 0.3, 1.0)),
            "tau": chance.choice((0.5, 3.0)),
            "delta": chance.choice((-2.0, 0.0, 1.5)),
        }
        places = sorted(chance.uniform(-3, 3) for _ in range(2))
        places.insert(1, sum(places) / 2)
        try:
            low, middle, high = (value(body, {**parameters, "a": at}) for at in places)
        except (OverflowError, ZeroDivisionError, ValueError):
            continue
        if not all(map(math.isfinite, (low, middle, high))):
            continue
        slack = 1e-9 * (1 + max(map(abs, (low, middle, high))))
        if facts.decreasing.answer is Y:
            yes[0] += 1
            assert low + slack >= middle >= high - slack, body
        if facts.convex.answer is Y:
            yes[1] += 1
            assert middle <= (low + high) / 2 + slack, body
        ends = [far_out(body, parameters, sign) for sign in (1, -1)]
        if facts.bounded_below.answer is Y:
            yes[2] += 1
            assert all(beyond > at - 0.5 for at, beyond in filter(None, ends)), body
        if facts.bounded_below.answer is N and not facts.bounded_below.points and any(ends):
            no += 1
            assert not all(ends) or any(beyond < at for at, beyond in ends), body
    assert min(yes) > 12
    assert no > 5


def far_out(body, parameters, sign):
    """Return the values far out on one side, and farther; nothing if there are none."""
    try:
        return [value(body, {**parameters, "a": sign * far}) for far in (1e4, 1e6)]
    except (OverflowError, ZeroDivisionError, ValueError):
        return ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 - epsilon", "constant"),
        ("1/length(w)", "data"),
        ("sg(pi(w)*pi(l))", "models"),
        ("ref(w)", "models"),
        ("pi(w)", "policy"),
        ("sg(pi(w))*pi(l)", "policy"),
        ("sg(sum_t(entropy(w, t)))", "models"),  # a statistic is of probabilities
        ("sum_t(kl_ref_prev(l, t))", "models"),
        ("sum_t(kl_pi_ref(l, t))", "policy"),
        ("1 - z0", "data"),  # of the batch: of no response, and not a constant of the loss
        ("score(w)", "data"),
    ],
)
def test_weights_are_told_apart(text, kind):
    """What a weight is made of, and whether a gradient flows through it."""
    data = {"z0": (BATCH, "real", False), "score": (RESPONSE, "real", False)}
    assert weight_kind(parse(text, Scope(frozenset("wl"), PARAMETERS, data=data))) == kind


def test_a_fact_holds_for_every_value_of_the_parameters():
    """(δ − a)·(δ − a) is convex; δ a is neither falling nor rising for every δ."""
    facts = link_facts(typed(parse("delta*a", INSIDE)))
    assert facts.decreasing.answer is N
    assert Fraction(facts.decreasing.points[0]["delta"]) > 0
