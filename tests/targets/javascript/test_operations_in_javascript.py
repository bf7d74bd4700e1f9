"""The script of a plot: one call for each operation, and the same numbers in Python."""

import math

import pytest

from midpo_sym.language.build import exp, length, log, maximum, parameter, pi, ref, sg, sum_t
from midpo_sym.plan.operations import LogSumExp
from midpo_sym.targets.javascript.duals import run
from midpo_sym.targets.javascript.lower import lower_alike
from midpo_sym.targets.javascript.printer import to_javascript

A, B = parameter("a", "positive"), parameter("b")
POINT = {"a": (2.0, 1.0), "b": (3.0, 0.0), "logp_pi_w": (-4.0, 0.0), "length_w": (2.0, 0.0)}

# node, script, value at a = 2, b = 3, log π = −4 over 2 tokens, and derivative by a
CASES = {
    "sum": (-A + length("w"), "d.add(d.negate(v.a), v.length_w)", 0, -1),
    "difference": (B - A, "d.add(v.b, d.negate(v.a))", 1, -1),
    "chain": (A * B * A, "d.multiply(d.multiply(v.a, v.b), v.a)", 12, 12),
    "quotient": (B / A, "d.divide(v.b, v.a)", 1.5, -0.75),
    "power": (A**3, "d.power(v.a, d.number(3.0))", 8, 12),
    "log": (log(A), "d.log(v.a)", math.log(2), 0.5),
    "exp": (exp(A), "d.exp(v.a)", math.exp(2), math.exp(2)),
    "max": (maximum(A, B), "d.max(v.a, v.b)", 3, 0),
    "sg": (sg(A) * A, "d.multiply(d.hold(v.a), v.a)", 4, 2),
    "probability": (pi("w"), "d.exp(v.logp_pi_w)", math.exp(-4), 0),
    "tokens alike": (
        sum_t("w", A * log(pi("w", "t"))),
        "d.multiply(v.length_w, d.multiply(v.a, d.divide(v.logp_pi_w, v.length_w)))",
        -8,
        -4,
    ),
    "log of a product": (log(A * pi("w")), "d.add(d.log(v.a), v.logp_pi_w)", math.log(2) - 4, 0.5),
}


@pytest.mark.parametrize("name", CASES)
def test_an_operation_is_one_call_in_the_script_and_one_number_here(name):
    node, text, value, slope = CASES[name]
    operation = lower_alike(node)
    assert to_javascript(operation) == text
    assert run(operation, POINT) == pytest.approx((value, slope))


def test_an_operation_without_a_function_in_the_script_is_refused():
    operation = LogSumExp((lower_alike(log(pi("w"))), lower_alike(log(ref("w")))))
    for use in (to_javascript, lambda each: run(each, POINT)):
        with pytest.raises(ValueError, match=r"midpo\.js has no function for LogSumExp"):
            use(operation)
