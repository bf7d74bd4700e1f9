"""The evaluator against values worked out by hand, and whether it notices what is wrong."""

import doctest
import importlib
import math
from dataclasses import replace
from fractions import Fraction

import mpmath
import pytest
from generators.cases import case
from oracles.dual import DIGITS, Arithmetic, Precise, UndefinedError
from oracles.evaluate import Evaluator
from oracles.model import Point, points
from oracles.reader import ReadError, parse
from oracles.statement import read
from oracles.truth import truth

MODULES = [
    *(f"oracles.{name}" for name in ("reader", "dual", "model", "evaluate", "statement", "truth")),
    *(f"generators.{name}" for name in ("terms", "rules", "cases", "productions")),
]
ROW = (Fraction(4), Fraction(2), Fraction(1), Fraction(1))
# w = a ∎ and l = ∎, the policy (1/2, 1/4, 1/8, 1/8) everywhere and the reference its reverse.
TINY = Point(
    "",
    {"w": (0, 3), "l": (3,), "o": (2,)},
    {"a": Fraction(2, 3)},
    {"m": ("real", True)},
    4,
    {("pi", p): ROW for p in ((), (0,))} | {("ref", p): ROW[::-1] for p in ((), (0,))},
    {("m", "w", 0): Fraction(3), ("m", "w", 1): Fraction(-1), ("m", "l", 0): Fraction(5)},
)
DPO = """
parameters.alpha.domain = "positive"
prior.zeta = "ref(y)"
loss.argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
"""


@pytest.mark.parametrize("name", MODULES)
def test_what_docstrings_say(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pi(w)", 1 / 16),  # 1/2 · 1/8
        ("ref(w)", 1 / 16),  # 1/8 · 1/2
        ("log(pi(l)/ref(l))", -math.log(4)),  # 1/8 over 1/2
        ("sum_t(m(w, t)*pi(w, t))", 3 / 2 - 1 / 8),
        ("sum_t(m(l, t))", 5),
        ("prod_t(2*ref(w, t))", 4 / 16),
        # KL of (4, 2, 1, 1)/8 from (1, 1, 2, 4)/8: 4/8·2 + 2/8·1 − 1/8·1 − 1/8·2 halvings.
        ("sum_t(kl_pi_ref(l, t))", 7 / 8 * math.log(2)),
        ("K(w) - K(l)", math.log(2) - 3),
        ("sum_t(q(w, t))", -2 / 3),
        ("2**3**2/2 - -a", 256 + 2 / 3),
        ("max(-1, max(a, 1/2))*length(w)", 4 / 3),
        ("sg(exp(log(a)))**-1", 3 / 2),
        ("sum_t(position(w, t)*pi(w, t))", 1 / 2 + 2 / 8),
        ("mean_t(m(w, t)**position(w, t))", (3 + 1) / 2),
        ("cauchy_cdf(-1) + cauchy_cdf(3*a/2)*length(w)", 1 / 4 + 2 * 3 / 4),
        ("log(pi(o)) + sum_t(position(o, t))", -math.log(8) + 1),
    ],
)
def test_hand_worked_values(text, value):
    definitions = {
        "K": ("y", parse("by_label(log(length(y)), 3*length(y))")),
        "q": ("y, t", parse("-a*m(y, t)**0/2")),
    }
    found = Evaluator(TINY, definitions).value(parse(text))
    assert float(found if isinstance(found, Fraction) else found.value) == pytest.approx(value)


@pytest.mark.parametrize("text", ["a b", "1.5", "log(", "a ** ", "(a", "a)", "a & b", ""])
def test_what_is_not_read(text):
    with pytest.raises(ReadError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "log(pi(w))*pi(l) - sum_t(kl_ref_pi(w, t)**2)",
        "sum_t(max(log(pi(w, t)), -1))",
        "exp(sum_t(kl_pi_ref(l, t)))/(1 + pi(w)) + max(pi(w), 2*pi(l))",
        "prod_t(pi(w, t)**m(w, t))*sg(2)",
        "cauchy_cdf(log(pi(w)) + 3*pi(l))**2 - sum_t(position(w, t)*log(pi(w, t)))",
    ],
)
def test_slopes_are_differences(text):
    """Each logit moved by ±ε, with the rows of the policy multiplied by exp(±ε)."""
    slope = Evaluator(TINY, {}).value(parse(text)).slope
    step = 1e-6

    def moved(prefix, token, by):
        rows = dict(TINY.models)
        row = list(rows["pi", prefix])
        row[token] *= Fraction(math.exp(by))
        rows["pi", prefix] = tuple(row)
        return Evaluator(replace(TINY, models=rows), {}).value(parse(text)).value

    place = 0
    for prefix in TINY.prefixes():
        for token in range(4):
            difference = (moved(prefix, token, step) - moved(prefix, token, -step)) / (2 * step)
            assert slope[place] == pytest.approx(difference, abs=1e-7)
            place += 1


def test_stop_gradients_are_in_the_gradient_alone():
    stopped = DPO.replace("alpha*log(pi(w)/ref(w))", "alpha*sg(log(pi(w)/ref(w)))")
    found = truth(read(stopped)[""], "s")
    assert (found.value, found.gradient) == (True, False)


def test_a_surrogate_has_the_gradient_alone():
    a = "(alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l)))"
    surrogate = DPO.replace(a[1:-1], f"sg(1/(1 + exp({a})))*{a}") + '\nloss.link = "identity"'
    found = truth(read(surrogate)[""], "s")
    assert (found.value, found.gradient) == (False, True)


@pytest.mark.parametrize(
    ("text", "defined"),
    [
        ("exp(-200)/exp(-200)", True),  # small is not zero
        ("1/(log(pi(w)) - log(pi(w)**2)/2)", False),
        ("(exp(a) - exp(a/2)**2)**-1", False),
    ],
)
def test_what_is_zero_and_what_is_small(text, defined):
    with mpmath.workdps(DIGITS):
        evaluator = Evaluator(TINY, {}, Precise())
        if defined:
            assert float(evaluator.value(parse(text)).value) == pytest.approx(1)
        else:
            with pytest.raises(UndefinedError):
                evaluator.value(parse(text))


def test_no_gradient_is_claimed_at_a_tie():
    arithmetic = Arithmetic()
    evaluator = Evaluator(replace(TINY, same=("ref",)), {}, arithmetic)
    evaluator.value(parse("max(0, log(pi(w)/ref(w)))"))
    assert arithmetic.kink


@pytest.mark.parametrize(
    ("method", "broken"),
    [
        ("neg", lambda _, a: a),
        ("log", lambda self, a: self.add(a, Fraction(-1))),
        ("power", lambda self, a, b: self.mul(a, b)),
        ("maximum", lambda self, a, b: self.add(a, b)),
    ],
)
def test_a_broken_evaluator_is_noticed(monkeypatch, method, broken):
    """A generator whose true cases are true by laws catches an evaluator that breaks one."""
    monkeypatch.setattr(Arithmetic, method, broken)

    def noticed(text: str) -> bool:
        try:
            return truth(read(text)[""], "m", 4).value is not True
        except (ArithmeticError, ValueError, TypeError):
            return True

    drawn = (case(3, number) for number in range(400))
    assert any(noticed(each.text) for each in drawn if each.family == "true")


def test_a_third_response_is_another_one_and_changes_nothing_else():
    with_, without = ([*points({"u": "unit"}, {}, "s", 20, third=third)] for third in (True, False))
    for one, other in zip(with_, without, strict=True):
        o = one.responses["o"]
        assert {r: each for r, each in one.responses.items() if r != "o"} == other.responses
        assert one.parameters == other.parameters
        assert all(o[: len(r)] != r and r[: len(o)] != o for r in other.responses.values())


def test_points_include_what_tests_forget():
    drawn = list(points({"u": "unit", "r": "real"}, {"m": ("unit", False)}, "s", 60))
    lengths = [{len(r) for r in each.responses.values()} for each in drawn]
    assert any(1 in each for each in lengths)
    assert any(max(each) > 3 for each in lengths)
    assert any(each.parameters["u"] == 0 for each in drawn)
    assert any(each.parameters["u"] == 1 for each in drawn)
    assert any(each.parameters["r"] == 0 for each in drawn)
    assert any("ref" in each.same for each in drawn)
    shared = [each for each in drawn if each.responses["w"][0] == each.responses["l"][0]]
    for each in shared:
        assert each.weight("m", "w", 0) == each.weight("m", "l", 0)
    assert shared
