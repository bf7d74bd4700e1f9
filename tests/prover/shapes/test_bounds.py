"""Bounds of the slopes of links, against an independent evaluator and limits by hand."""

from fractions import Fraction

import pytest
from oracles import links
from oracles.reader import parse as read
from oracles.statement import read as statement

from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.substitute import unfold
from midpo_sym.prover.shapes.bounds import Slopes
from midpo_sym.prover.shapes.rules import is_steep

NOTHING = statement('prior.zeta = "ref(y)"\nloss.argument = "1"')[""]
INFINITE = float("inf")
AT = {"c": Fraction(1, 4)}
# Each with the limits of its slope far below and far above; None for a slope without a limit.
LIMITS = {
    "softplus(-a)": (-1, 0),
    "(1 - c)*softplus(-a) + c*softplus(a)": (-0.75, 0.25),
    "1 - sigmoid(c*a)": (0, 0),
    "-logsigmoid(a)": (-1, 0),
    "max(0, 1 - a)": (-1, 0),
    "abs(a - 2)": (-1, 1),
    "log(c + exp(-a))": (-1, 0),
    "exp(-a)": (None, 0),
    "(1 - a)**2": (None, None),
    "(1 - sigmoid(a))**3": (0, 0),
    "1/(c + exp(a))": (0, 0),
    "(1 + exp(-a))**c": (None, 0),
    "log(2 - sigmoid(a))": (0, 0),
    "cauchy_cdf(a)": (0, 0),
    "cauchy_cdf(9*a)**2": (0, 0),
}


def slopes_of(text):
    scope = Scope(frozenset(), {"a": "real", "c": "positive"})
    return Slopes(unfold(parse(text, scope)), AT)


@pytest.mark.parametrize("text", LIMITS)
def test_bounds_hold_the_slope_of_an_independent_evaluator(text):
    """At places of the interval, and close to them where that is narrow."""
    slopes, tree = slopes_of(text), read(text)
    for low, high in ((-3, 3), (-1, -0.75), (0.5, 0.5625)):
        bounds = slopes.over(slopes.of(low, high))
        for share in (0.1, 0.5, 0.9):
            place = Fraction(low) + Fraction(share) * (Fraction(high) - Fraction(low))
            slope = links.value(NOTHING, tree, AT, place, slope=True)
            assert bounds.a <= slope + 1e-12
            assert bounds.b >= slope - 1e-12
    assert bounds.b - bounds.a < 1


@pytest.mark.parametrize("text", LIMITS)
def test_bounds_are_known_without_end(text):
    slopes = slopes_of(text)
    for limit, ends in zip(LIMITS[text], ((-INFINITE, -64), (64, INFINITE)), strict=True):
        bounds = slopes.over(slopes.of(*ends))
        if limit is None:
            assert max(abs(bounds.a), abs(bounds.b)) == INFINITE
        else:
            assert abs(bounds.a - limit) < 1e-4
            assert abs(bounds.b - limit) < 1e-4


def test_the_logarithm_of_the_arctangent_falls_ever_more_slowly():
    """The slope of log F at −z is 1/((1 + z²) arctan(1/z)), which is above z/(1 + z²).

    At −64 that is between 1/(64 + 1/64) and 1/64; beyond, it goes to zero.
    """
    slopes = slopes_of("log(cauchy_cdf(a))")
    at = slopes.over(slopes.of(-64, -64))
    assert 64 / 4097 < at.a <= at.b < 1 / 64
    beyond = slopes.over(slopes.of(-INFINITE, -64))
    assert (beyond.a, bool(beyond.b >= at.b), bool(beyond.b < 1 / 63)) == (0, True, True)
    above = slopes.over(slopes.of(64, INFINITE))
    assert bool(above.a >= 0)
    assert bool(above.b < 1e-4)
    value, _ = slopes.with_value(slopes.of(-INFINITE, -64))
    assert value.a == -INFINITE
    assert bool(value.b >= slopes.with_value(slopes.of(-64, -64))[0].b)


def test_at_a_kink_a_slope_is_between_those_of_both_sides():
    slopes = slopes_of("max(0, 1 - a)")
    bounds = slopes.over(slopes.of(1, 1))
    assert (bounds.a, bounds.b) == (-1, 0)


def test_there_are_no_bounds_where_a_link_may_have_no_value():
    slopes = slopes_of("1/a")
    assert slopes.over(slopes.of(-1, 1)) is None
    assert slopes.over(slopes.of(1, 2)) is not None


@pytest.mark.parametrize(
    ("text", "steep"),
    [
        ("-a", True),
        ("softplus(-a)", True),
        ("1 - sigmoid(c*a)", True),
        ("exp(-a) - c*a", True),
        ("max(0, 1 - a) - a", True),
        ("-log(cauchy_cdf(c*a))", True),
        ("(1 + exp(a))**c", True),
        ("max(0, 1 - a)", False),
        ("(1 - a)**2", False),
        ("a**3", False),  # zero at zero
        ("exp(a) - a", False),
        ("c", False),
        ("0*a", False),
        ("(1 + exp(a))**0", False),
        ("(c - c)*exp(a)", False),
    ],
)
def test_a_steep_link_has_a_slope_that_is_never_zero(text, steep):
    scope = Scope(frozenset(), {"a": "real", "c": "positive"})
    assert is_steep(unfold(parse(text, scope))) is steep
