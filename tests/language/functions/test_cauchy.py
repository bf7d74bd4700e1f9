"""The distribution function of the Cauchy distribution: what is known of it, and where it is."""

from __future__ import annotations

from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from mpmath import MPContext
from oracles.needs import missing
from oracles.trees.independent import compare

from midpo_sym.judges import random_models
from midpo_sym.judges.balls import ARITHMETICS, arithmetic
from midpo_sym.judges.exact import Exact, InexactError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language.build import cauchy_cdf, log, parameter, pi, ref, sg, sum_t
from midpo_sym.language.errors import LanguageError
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.links import VARIABLE, typed
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.shapes.links import Answer as Fact
from midpo_sym.prover.shapes.links import link_facts
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.coq.emit import Outside, emit_statement
from midpo_sym.targets.javascript.lower import lower_alike
from midpo_sym.targets.torch.files import render
from midpo_sym.tensor import cauchy_cdf as in_torch
from midpo_sym.tensor import log_cauchy_cdf

FILE = Path(__file__).parents[2] / "cases" / "losses" / "cauchy.toml"
M, X = log(pi("w") / ref("w")), parameter("x")
REALS = MPContext()
REALS.dps = 60
POINTS = [0.0, 1e-3, -1e-3, 0.5, -0.5, 3.0, -3.0, 1e3, -1e3, 1e7, -1e7, 1e12, -1e12]


def exact(a):
    """Return F(a) = arccot(−a)/π, in sixty digits: no sum, so that nothing cancels."""
    return REALS.acot(REALS.mpf(-a)) / REALS.pi + (a > 0)


def test_it_is_read_and_printed():
    node = parse("-log(cauchy_cdf(x - 1))", Scope(frozenset(), {"x": "real"}))
    assert node == -log(cauchy_cdf(X - 1))
    assert to_text(node) == "-log(cauchy_cdf(x - 1))"
    assert to_unicode(node.body.body) == "F_Cauchy(x − 1)"
    assert to_latex(node.body.body) == r"F_{\mathrm{Cauchy}}\!\left(x - 1\right)"


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("atan(x)", "write cauchy_cdf(a) for atan(a)/3.14... + 1/2"),
        ("arctan(x)/2", "write cauchy_cdf(a) for atan(a)/3.14... + 1/2"),
        ("cauchy_cdf(x, x)", ""),
        ("cauchy_cdf", ""),
    ],
)
def test_bad_input(text, cure):
    with pytest.raises(LanguageError) as raised:
        parse(text, Scope(frozenset(), {"x": "real"}))
    assert cure in raised.value.advice.cure


TRUE = [
    (cauchy_cdf(M - M), cauchy_cdf(0)),
    (log(cauchy_cdf(M) ** 2), 2 * log(cauchy_cdf(2 * M - M))),
    (sum_t("w", cauchy_cdf(X * 2)), 2 * sum_t("w", cauchy_cdf(X + X) / 2)),
]


@pytest.mark.parametrize(("one", "other"), TRUE)
def test_equal_arguments_have_equal_values(one, other):
    assert decide(one, other).answer is Answer.EQUAL
    assert decide_gradient(one, other).answer is Answer.EQUAL
    assert compare(one, other) == (True, True)


def test_nothing_else_is_known_of_it():
    """F(−a) = 1 − F(a) is true, F(a) = F(2a) is not; of neither is anything said."""
    assert compare(cauchy_cdf(-M), 1 - cauchy_cdf(M)) == (True, True)
    assert not compare(cauchy_cdf(2 * M), cauchy_cdf(M))[0]
    for other in (1 - cauchy_cdf(-M), cauchy_cdf(2 * M)):
        assert decide(cauchy_cdf(M), other).answer is Answer.UNKNOWN
        assert decide_gradient(cauchy_cdf(M), other).answer is Answer.UNKNOWN


def test_a_gradient_that_is_held_is_not_one_that_flows():
    assert decide(cauchy_cdf(sg(M)), cauchy_cdf(M)).answer is Answer.EQUAL
    assert decide_gradient(cauchy_cdf(sg(M)), cauchy_cdf(M)).answer is not Answer.EQUAL


@pytest.mark.parametrize("kind", ARITHMETICS)
@pytest.mark.parametrize("a", POINTS)
def test_the_arctangent_lies_in_its_ball(kind, a):
    """Both arithmetics enclose it, and closely."""
    if kind == "arb" and find_spec("flint") is None:
        missing("python-flint")
    with arithmetic(80, kind) as balls:
        low, high = balls.ends(balls.atan(balls.of(Fraction(a))) / balls.pi())
    value = exact(a) - REALS.mpf(1) / 2
    as_real = [REALS.mpf(end.numerator) / end.denominator for end in (low, high)]
    assert as_real[0] <= value <= as_real[1]
    assert as_real[1] - as_real[0] < REALS.mpf(10) ** -18


def test_exact_points_have_it_at_zero_only():
    assert Exact(()).cauchy_cdf() == Exact.of(Fraction(1, 2))
    for other in (Exact.of(1), Exact((), (Fraction(1),))):
        with pytest.raises(InexactError):
            other.cauchy_cdf()


def test_numbers_differentiate_it():
    """Of log F(m) and F(m), by differences in 40 digits, as by a complex step."""
    for one, other in [(cauchy_cdf(M), cauchy_cdf(M * 2 / 2)), (cauchy_cdf(M), cauchy_cdf(M) + M)]:
        found = random_models.compare(one, other)
        assert (found.values_agree, found.slopes_agree) == compare(one, other)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_has_its_digits_in_both_tails(dtype):
    """F, log F and their slopes, 1/(π(1 + a²)) and that over F, relative to a few units."""
    a = torch.tensor(POINTS, dtype=dtype, requires_grad=True)
    near = 8 * torch.finfo(dtype).eps
    for function, value, slope in [
        (in_torch, exact, lambda a: 1 / (REALS.pi * (1 + REALS.mpf(a) ** 2))),
        (
            log_cauchy_cdf,
            lambda a: REALS.log(exact(a)),
            lambda a: 1 / (REALS.pi * (1 + REALS.mpf(a) ** 2) * exact(a)),
        ),
    ]:
        found = function(a)
        (slopes,) = torch.autograd.grad(found.sum(), a)
        for each, got, moved in zip(a.tolist(), found.tolist(), slopes.tolist(), strict=True):
            assert abs(got - value(each)) <= near * abs(value(each)), each
            assert abs(moved - slope(each)) <= near * abs(slope(each)), each
            assert abs(function(each) - value(each)) <= 1e-15 * abs(value(each)), each


def test_what_the_link_is():
    """−log F falls; it has no minimum, but stays above zero; far below zero it is log(π|a|).

    A logarithm of the size of a is not convex.
    """
    facts = link_facts(typed(-log(cauchy_cdf(VARIABLE))))
    assert facts.decreasing.answer is Fact.YES
    assert facts.convex.answer is Fact.NO
    assert facts.bounded_below.answer is Fact.YES
    assert facts.slope_at_zero is None  # −2/π, which no expression says


def test_who_has_it():
    (result,) = prove_derivation(load(FILE))
    assert "return -log_cauchy_cdf(argument)" in render(result)
    with pytest.raises(ValueError, match="no arctangent"):
        lower_alike(result.statement.target.loss)
    statement = result.parts[0].result.statement
    statement = statement.of(statement.scale, cauchy_cdf(X), "logsigmoid", statement.argument)
    found = emit_statement("id", statement, result.verdict, path=Path("x.v"))
    assert isinstance(found, Outside)
    assert found.reason == "certificates have no arctangent"
