"""The prior on a preference graph, against the rank of its incidence matrix."""

import doctest
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.abc import alpha, gamma

import midpo_sym
from midpo_sym import preferences as graph
from midpo_sym.preferences import prior_on_graph

HALF = Fraction(1, 2)


def solvable(edges, offsets) -> bool:
    """Decide by rank: d = B z has a solution iff adding d as a column leaves B's rank alone."""
    answers = sorted({each for edge in edges for each in edge})
    rows = [[(a == winner) - (a == loser) for a in answers] for winner, loser in edges]
    incidence = sympy.Matrix(rows)
    column = sympy.Matrix([sympy.Rational(d.numerator, d.denominator) for d in offsets])
    return incidence.rank() == incidence.row_join(column).rank()


FRACTIONS = st.fractions(-3, 3, max_denominator=4)
PAIRS = st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] != pair[1])


@st.composite
def preferences(draw):
    """Draw a graph whose offsets come from a prior, except for a few."""
    edges = draw(st.lists(PAIRS, min_size=1, max_size=9))
    zeta = draw(st.lists(FRACTIONS, min_size=6, max_size=6))
    offsets = [zeta[winner] - zeta[loser] for winner, loser in edges]
    for place in draw(st.lists(st.integers(0, len(edges) - 1), max_size=2)):
        offsets[place] += draw(FRACTIONS)
    return edges, offsets


@pytest.mark.slow
@given(preferences())
@settings(max_examples=300, deadline=None)
def test_it_agrees_with_the_rank_of_the_incidence_matrix(problem):
    """The prior it gives makes every offset; the cycle it gives closes and does not add up to 0."""
    edges, offsets = problem
    found = prior_on_graph(edges, offsets)
    assert found.exists == solvable(edges, offsets)
    if found.exists:
        assert found.cycle == ()
        assert found.total == 0
        for (winner, loser), offset in zip(edges, offsets, strict=True):
            assert found.log_zeta[winner] - found.log_zeta[loser] == offset
    else:
        check_cycle(found, edges, offsets)


def check_cycle(found, edges, offsets):
    ends = [
        (step.winner, step.loser) if step.forward else (step.loser, step.winner)
        for step in found.cycle
    ]
    for (_, end), (start, _) in zip(ends, [*ends[1:], ends[0]], strict=True):
        assert end == start
    assert len({start for start, _ in ends}) == len(ends), "it visits no answer twice"
    for step in found.cycle:
        assert ((step.winner, step.loser), step.offset) in list(zip(edges, offsets, strict=True))
    signed = [step.offset if step.forward else -step.offset for step in found.cycle]
    assert found.total == sum(signed) != 0


@pytest.mark.slow
@given(preferences())
@settings(max_examples=100, deadline=None)
def test_symbols_change_nothing(problem):
    """Offsets times γ/α have a prior iff the offsets have one, γ/α times as large."""
    edges, offsets = problem
    plain = prior_on_graph(edges, offsets)
    factor = gamma / alpha
    found = prior_on_graph(
        edges, [sympy.Rational(d.numerator, d.denominator) * factor for d in offsets]
    )
    assert found.exists == plain.exists
    if found.exists:
        for answer, value in found.log_zeta.items():
            exact = plain.log_zeta[answer]
            expected = sympy.Rational(exact.numerator, exact.denominator) * factor
            assert sympy.cancel(value - expected) == 0
    else:
        expected = sympy.Rational(plain.total.numerator, plain.total.denominator) * factor
        assert sympy.cancel(found.total - expected) == 0


def test_a_chain_works_with_a_constant_margin():
    """y1 ≻ y2 ≻ y3 with γ/α each: log ζ falls by γ/α from answer to answer: 0, −γ/α, −2γ/α."""
    found = prior_on_graph([("y1", "y2"), ("y2", "y3")], gamma / alpha)
    assert found.log_zeta == {"y1": 0, "y2": -gamma / alpha, "y3": -2 * gamma / alpha}
    assert prior_on_graph([("y1", "y2"), ("y2", "y3")], HALF).log_zeta == {
        "y1": 0,
        "y2": -HALF,
        "y3": -1,
    }


def test_a_flipped_pair_does_not():
    """y1 ≻ y2 and y2 ≻ y1 ask log ζ(y1) − log ζ(y2) to be γ and −γ: around the cycle, 2γ."""
    found = prior_on_graph([("y1", "y2"), ("y2", "y1")], gamma)
    assert not found.exists
    assert found.total == 2 * gamma
    assert {(step.winner, step.loser, step.forward) for step in found.cycle} == {
        ("y1", "y2", True),
        ("y2", "y1", True),
    }


def test_a_shortcut_along_a_chain_does_not():
    """y1 ≻ y2 ≻ y3 makes 2γ from y1 to y3, where y1 ≻ y3 asks for γ."""
    found = prior_on_graph([("y1", "y2"), ("y2", "y3"), ("y1", "y3")], 1)
    assert not found.exists
    assert abs(found.total) == 1


def test_winners_and_losers_apart_work():
    """Two winners against two losers: ±γ/2α on the two sides, as SimPO's prior has it."""
    edges = [(w, l) for w in "ab" for l in "cd"]  # noqa: E741
    zeta = prior_on_graph(edges, 1).log_zeta
    assert zeta["a"] == zeta["b"] == zeta["c"] + 1 == zeta["d"] + 1


def test_the_same_pair_twice_needs_the_same_offset():
    assert prior_on_graph([(1, 2), (1, 2)], [HALF, HALF]).exists
    twice = prior_on_graph([(1, 2), (1, 2)], [HALF, 1])
    assert abs(twice.total) == HALF


def test_offsets_that_cancel_around_a_cycle_work():
    """3 + 4 − 7 = 0, and γ + α − (γ + α) = 0 in symbols."""
    triangle = [("a", "b"), ("b", "c"), ("a", "c")]
    assert prior_on_graph(triangle, [3, 4, 7]).log_zeta == {"a": 0, "b": -3, "c": -7}
    assert prior_on_graph(triangle, [gamma, alpha, (gamma**2 - alpha**2) / (gamma - alpha)]).exists


def test_separate_parts_each_start_at_zero():
    found = prior_on_graph([("a", "b"), ("c", "d")], [1, 2])
    assert found.log_zeta == {"a": 0, "b": -1, "c": 0, "d": -2}


def test_no_preferences_allow_any_prior():
    assert prior_on_graph([], []).log_zeta == {}
    assert prior_on_graph([], gamma).log_zeta == {}


@pytest.mark.slow
def test_a_long_chain_is_no_matter():
    """50,000 answers in a row and one preference that closes the cycle: all of it is reported."""
    edges = [(place, place + 1) for place in range(50_000)]
    assert prior_on_graph(edges, 1).log_zeta[50_000] == -50_000
    closed = prior_on_graph([*edges, (50_000, 0)], 1)
    assert len(closed.cycle) == 50_001
    assert abs(closed.total) == 50_001


@pytest.mark.parametrize(
    ("edges", "offsets", "error", "message"),
    [
        ([("a", "b")], 0.5, TypeError, r"offsets is 0.5, which is not exact.*Fraction\('0.5'\)"),
        ([("a", "b")], [0.5], TypeError, r"offsets\[0\] is 0.5, which is not exact"),
        ([("a", "b")], "1/2", TypeError, "offsets is '1/2', which is not exact"),
        ([("a", "b")], float("nan"), TypeError, "offsets is nan, which is not exact"),
        ([("a", "b")], True, TypeError, "offsets is True, which is not exact"),
        ([("a", "b")], None, TypeError, "offsets is None, which is not exact"),
        ([("a", "b")], sympy.Float(0.5) * gamma, TypeError, "no exact rational function"),
        ([("a", "b")], sympy.sqrt(2), TypeError, "no exact rational function"),
        ([("a", "b")], sympy.log(gamma), TypeError, "no exact rational function"),
        ([("a", "b")], sympy.zoo, TypeError, "no exact rational function"),
        ([("a", "b")], [1, 2], ValueError, "1 edges and 2 offsets"),
        ([("a", "a")], 0, ValueError, r"edges\[0\]: 'a' is preferred to itself"),
        (["ab"], 0, TypeError, r"edges\[0\] is 'ab'; it has to be a pair"),
        ([("a", "b", "c")], 0, TypeError, "has to be a pair"),
        ([(["a"], "b")], 0, TypeError, r"the winner \['a'\] is not hashable"),
        ([("a" * 99, "a" * 99)], 0, ValueError, r"aaa\.\.\. is preferred to itself"),
    ],
)
def test_bad_input_is_named(edges, offsets, error, message):
    with pytest.raises(error, match=message):
        prior_on_graph(edges, offsets)


def test_it_is_public():
    assert midpo_sym.prior_on_graph is prior_on_graph
    assert midpo_sym.GraphSolution is graph.GraphSolution


def test_the_examples_of_its_documentation_hold():
    """What the docstring prints is what comes out."""
    assert doctest.testmod(graph).failed == 0
    assert doctest.testmod(graph).attempted >= 4
