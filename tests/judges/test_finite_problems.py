"""The numeric judge of the theory: derivatives of its own, and a broken kernel is noticed."""

import ast
from pathlib import Path

import mpmath
import pytest

from midpo_sym.chains.chain import check_chain
from midpo_sym.judges import duals, finite_problems
from midpo_sym.judges.duals import Dual
from midpo_sym.judges.finite_problems import Problem, agree, counterexample, evaluate
from midpo_sym.kernel import finite_sets
from midpo_sym.kernel.finite_derivative import differential
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.language import indexed, tree
from midpo_sym.language.build import exp, log
from midpo_sym.language.indexed import Differential, Indexed, IndexSum
from midpo_sym.language.tree import Number, Parameter
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.session import Session, remembering
from midpo_sym.spec.reading.theory import loads_theory

beta = Parameter("beta", "positive")


def q(index):
    return Indexed("q", (index,), "positive")


def h(index):
    return Indexed("h", (index,), "real")


def test_the_judge_imports_no_rule_of_the_kernel():
    """Of the prover it has hypotheses (plain data), errors, and dual numbers."""
    text = Path(finite_problems.__file__).read_text(encoding="utf-8")
    modules = {
        f"{node.module}.{name.name}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
        if node.module.startswith(("midpo_sym.judges", "midpo_sym.kernel", "midpo_sym.prover"))
    }
    assert modules == {
        "midpo_sym.judges.duals",
        "midpo_sym.judges.duals.Dual",
        "midpo_sym.kernel.forms.OutsideClassError",
        "midpo_sym.kernel.hypotheses.Hypothesis",
    }
    dual = Path(duals.__file__).read_text(encoding="utf-8")
    assert "midpo_sym" not in dual


@pytest.mark.parametrize(
    ("body", "derivative"),
    [
        # By hand, with respect to β.
        (beta**3, 3 * beta**2),
        (1 / beta, -1 / beta**2),
        ((1 + beta) / (2 + beta), 1 / (2 + beta) ** 2),
        (log(beta) * exp(-beta), exp(-beta) / beta - log(beta) * exp(-beta)),
        (beta**beta, beta**beta * (log(beta) + 1)),
        ((beta - 2) ** 4 - beta**-2, 4 * (beta - 2) ** 3 + 2 * beta**-3),
        (Number(7) + beta - beta, Number(0)),
    ],
    ids=str,
)
def test_derivatives_worked_out_by_hand(body, derivative):
    moved = Differential(body, "beta")
    assert agree(moved, derivative, "=", ())
    assert counterexample(moved, derivative, "=", ()) is None
    wrong = derivative + 1
    assert not agree(moved, wrong, "=", ())
    assert counterexample(moved, wrong, "=", ())


def test_along_a_direction():
    """d/dε Σ (q + εh) log(q + εh) is Σ h (log q + 1)."""
    entropy = IndexSum("y", q("y") * log(q("y")))
    right = IndexSum("y", h("y") * (log(q("y")) + 1))
    assert agree(Differential(entropy, "q", "h"), right, "=", ())
    assert not agree(Differential(entropy, "q", "h"), IndexSum("y", h("y") * log(q("y"))), "=", ())


def test_a_derivative_inside_another():
    """∂/∂β (β ∂/∂β β³) = ∂/∂β 3β³ = 9β²; the inner ε is not the outer."""
    inner = beta * Differential(beta**3, "beta")
    assert agree(Differential(inner, "beta"), 9 * beta**2, "=", ())
    twice = Differential(Differential(q("y") ** 3, "q", "h"), "q", "h")
    assert agree(twice, 6 * q("y") * h("y") ** 2, "=", ())


def test_a_least_value_has_no_derivative():
    with pytest.raises(OutsideClassError, match="least value"):
        evaluate(Differential(indexed.Least("y", q("y")), "q", "h"), Problem(1), {})


def test_dual_numbers_by_hand():
    """(3 + 2ε)(5 + ε) = 15 + 13ε; 1/(2 + ε) = 1/2 − ε/4; (2 + ε)⁰ = 1; 4 − (1 + ε) = 3 − ε."""
    product = Dual(3, 2, 0) * Dual(5, 1, 0)
    assert (product.value, product.slope) == (15, 13)
    quotient = 1 / Dual(mpmath.mpf(2), 1, 0)
    assert (quotient.value, quotient.slope) == (0.5, -0.25)
    assert Dual(2, 1, 0) ** 0 == 1
    difference = 4 - Dual(1, 1, 0)
    assert (difference.value, difference.slope) == (3, -1)
    assert duals.slope(Dual(1, 5, 0)) == 5
    nested = Dual(Dual(2, 1, 0), 1, 1) * Dual(3, 1, 0)
    assert nested.tag == 1
    assert (nested.value.value, nested.value.slope, nested.slope.value) == (6, 5, 3)


THEORY = """
title   = "A theory"
summary = "One chain."
[parameters]
beta = { domain = "positive" }
[functions]
q = { of = "y", domain = "positive" }
[[chain]]
id    = "one"
title = "A derivative"
for   = "y"
start = "derivative(beta**2*q(y), beta)"
[[chain.step]]
rule  = "differentiation, cancellation"
to    = "TO"
"""


def test_a_broken_differentiator_is_noticed(monkeypatch, tmp_path):
    """d/dβ β² q is 2 β q; a kernel that thinks it is β² q + 2 β q is contradicted in numbers."""
    right = loads_theory(THEORY.replace("TO", "2*beta*q(y)"), tmp_path / "a.toml")
    assert check_chain(right.chains[0], right.setting).failure == ""
    wrong = loads_theory(THEORY.replace("TO", "beta**2*q(y) + 2*beta*q(y)"), tmp_path / "a.toml")
    assert "false" in check_chain(wrong.chains[0], wrong.setting).failure

    def forgetful(node):
        return tree.add(node.body, differential(node))

    monkeypatch.setattr(finite_sets, "differential", forgetful)
    with remembering(Session()), pytest.raises(DisagreementError):
        check_chain(wrong.chains[0], wrong.setting)
