"""Functions as operations: none is computed by a definition that overflows."""

import pytest

from midpo_sym.language.build import call, kl_ref_pi, log, parameter, pi, ref, weight
from midpo_sym.language.functions.table import DERIVED
from midpo_sym.plan.functions import STABLE
from midpo_sym.plan.lower import Lowering
from midpo_sym.plan.operations import (
    Abs,
    Add,
    Div,
    Exp,
    Expm1,
    Kind,
    Log,
    LogSigmoid,
    Max,
    Min,
    Number,
    Parameter,
    Sigmoid,
    Statistic,
)
from midpo_sym.plan.padding import AtPadding, logarithm_at_padding, value_at_padding

G, P = parameter("g"), parameter("p", "positive")
PI = Statistic(Kind.LOG_PROBABILITY, ("pi",), "w", by_token=False)
REF = Statistic(Kind.LOG_PROBABILITY, ("ref",), "w", by_token=False)
RATIO = Statistic(Kind.LOG_RATIO, ("ref",), "w", by_token=False)
MARGIN = log(pi("w") / ref("w"))
LENGTH = Statistic(Kind.LENGTH, (), "w", by_token=False)
DIVERGENCE = Statistic(Kind.VOCABULARY, ("kl_ref_pi",), "w", by_token=False)
MINUS_RATIO = Add(((-1, RATIO),))

CASES = {
    "σ": (call("sigmoid", MARGIN), Sigmoid(RATIO)),
    "log σ": (call("logsigmoid", MARGIN), LogSigmoid(RATIO)),
    "log of σ": (log(call("sigmoid", MARGIN)), LogSigmoid(RATIO)),
    "softplus": (call("softplus", MARGIN), Add(((-1, LogSigmoid(MINUS_RATIO)),))),
    "a difference with it": (
        1 - call("softplus", MARGIN),
        Add(((1, Number(1)), (1, LogSigmoid(MINUS_RATIO)))),
    ),
    "|a|": (call("abs", MARGIN), Abs(RATIO)),
    "min": (call("min", MARGIN, G), Min(RATIO, Parameter("g"))),
    "clip": (call("clip", MARGIN, -1, G), Max(Add(((-1, Number(1)),)), Min(RATIO, Parameter("g")))),
    "min of probabilities": (call("min", pi("w"), ref("w")), Exp(Min(PI, REF))),
    "log of that": (log(call("min", pi("w"), ref("w"))), Min(PI, REF)),
    "log of a clipped one": (
        log(call("clip", pi("w"), P, 1)),
        Max(Log(Parameter("p")), Min(PI, Number(0))),
    ),
    "min of numbers": (call("min", G, 2), Min(Parameter("g"), Number(2))),
    "mean": (call("mean_t", kl_ref_pi("w"), response="w"), Div(DIVERGENCE, LENGTH)),
    "log(1 − π)": (log(1 - pi("w")), Log(Add(((-1, Expm1(PI)),)))),
}


@pytest.mark.parametrize("name", CASES)
def test_a_function_is_computed_without_its_exponential(name):
    node, operation = CASES[name]
    assert Lowering(by_token=False, frozen="ref").value(node) == operation


def test_of_numbers_alone_it_is_the_definition():
    """Python has no sigmoid: a parameter's is 1/(1 + exp(−g))."""
    found = Lowering(by_token=False).value(call("sigmoid", G))
    below = Add(((1, Number(1)), (1, Exp(Add(((-1, Parameter("g")),))))))
    assert found == Div(Number(1), below)


def test_every_row_is_of_a_function():
    assert {*STABLE} < {*DERIVED}


@pytest.mark.parametrize(
    ("node", "value", "logarithm"),
    [
        (call("abs", kl_ref_pi("w")), AtPadding.ZERO, AtPadding.UNSAFE),
        (call("min", kl_ref_pi("w"), 1), AtPadding.FINITE, AtPadding.UNSAFE),
        (call("sigmoid", kl_ref_pi("w")), AtPadding.POSITIVE, AtPadding.FINITE),
        (call("softplus", kl_ref_pi("w")), AtPadding.FINITE, AtPadding.UNSAFE),
        (call("min", pi("w", "t"), ref("w", "t")), AtPadding.ONE, AtPadding.ZERO),
        (call("clip", weight("o", "w", "positive"), 1, 2), AtPadding.UNSAFE, AtPadding.UNSAFE),
        (1 - pi("w", "t"), AtPadding.FINITE, AtPadding.UNSAFE),
        (1 / (1 - pi("w", "t")), AtPadding.UNSAFE, AtPadding.UNSAFE),
        (1 - weight("o", "w", "open unit"), AtPadding.ONE, AtPadding.ZERO),
    ],
)
def test_what_is_there_at_padding(node, value, logarithm):
    """There KL and weights are 0 and probabilities 1, so that 1 − π is 0 and has no logarithm."""
    assert value_at_padding(node) is value
    assert logarithm_at_padding(node) is logarithm
