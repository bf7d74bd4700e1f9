"""Derivatives of sums over finite sets, against hand work and quotients of differences."""

import pytest
from generators.trees.functions import (
    NORMAL,
    beta,
    f,
    function,
    g,
    h,
    k2,
    p,
    proved,
    q,
    r,
    total,
)
from oracles.trees.finite import compare

from midpo_sym.kernel.finite_derivative import differential
from midpo_sym.kernel.finite_sets import read
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.theorem import decide_indexed
from midpo_sym.language import tree
from midpo_sym.language.build import exp, log
from midpo_sym.language.indexed import Applied, Differential, Least
from midpo_sym.language.tree import Number


class TestDerivatives:
    def test_a_constraint_is_not_constant(self):
        """Σ_y f(x, y) = 1 at the point, but f moves in any direction: the derivative is Σ h."""
        moved = Differential(total("y", f("x", "y")), "f", "k")
        direction = function("k", "real")
        assert proved(moved, total("y", direction("x", "y")), NORMAL)
        assert not proved(moved, Number(0), NORMAL)

    def test_a_derivative_of_a_derivative(self):
        """D(D(q³)[h])[h along s] is 3 q² s: the direction h comes to light inside."""
        inner = Differential(q("y") ** 3, "q", "h")
        outer = Differential(inner, "h", "s")
        s = function("s", "real")
        assert proved(outer, 3 * q("y") ** 2 * s("y"))
        assert not proved(outer, Number(0))
        assert compare(inner, 3 * q("y") ** 2 * h("y"))[0]

    def test_what_a_hypothesis_says_has_no_derivative(self):
        """With g = β q, the derivative of g by β is q or 0, as one holds g fixed or not."""
        equation = Hypothesis(g("y"), body=beta * q("y"))
        with pytest.raises(OutsideClassError, match="what a hypothesis says"):
            read((Differential(g("y"), "beta"),), (equation,))

    def test_a_direction_has_a_plain_name(self):
        """Along a direction called `log q`, the derivative of r would be the logarithm of q."""
        moved = Differential(r("y"), "r", "log q")
        with pytest.raises(OutsideClassError, match="not a plain word"):
            read((moved, log(q("y"))))

    @pytest.mark.parametrize("factor", [Number(1), r("y"), Number(0)], ids=str)
    def test_what_is_divided_by_stays_a_condition(self, factor):
        """The derivative of k/h along q is 0, but only where h is not zero."""
        moved = Differential(factor / h("y"), "q", "s")
        theorem = decide_indexed(moved, Number(0)).theorem
        assert [str(each.node) for each in theorem.denominators] == ["h(y)"]
        with pytest.raises(ZeroDenominatorError):
            read((Differential(factor / (h("y") - h("y")), "q", "s"),))

    def test_by_a_parameter(self):
        """∂/∂β of β³ q(y) is 3 β² q(y); q does not depend on β."""
        moved = Differential(beta**3 * q("y"), "beta")
        assert proved(moved, 3 * beta**2 * q("y"))
        assert compare(moved, 3 * beta**2 * q("y"))[0]

    def test_by_what_it_is_not(self):
        """A parameter has no direction, and a function has to have one."""
        for moved in (Differential(beta * q("y"), "beta", "h"), Differential(q("y"), "q")):
            with pytest.raises(OutsideClassError, match="has none here"):
                read((moved,))

    def test_one_that_is_too_large(self):
        """Of a product of 90 factors it has 90 terms of 90 factors, more than a tree may hold."""
        body = tree.product([q("y")] * 90)
        with pytest.raises(OutsideClassError, match="too large"):
            read((Differential(body, "q", "h"),))

    def test_least_values_have_none(self):
        with pytest.raises(OutsideClassError, match="has none here"):
            read((Differential(Least("a", h("a")), "h", "r"),))

    @pytest.mark.parametrize(
        "body",
        [
            total("y", q("y") * log(q("y"))),
            exp(total("y", q("y") ** beta)) / total("y", q("y")),
            log(total("x", total("y", k2("x", "y") * q("y")))),
            q("y") ** q("y"),
            -log(q("y")) * (1 - q("y")),
            Applied("m", ("y1",), ("y",), q("y1") ** 2 * total("y", q("y") * p("y1"))),
            p("y") + beta * total("y", p("y")),
        ],
        ids=str,
    )
    def test_derivatives_are_those_of_quotients_of_differences(self, body):

        moved = Differential(body, "q", "h")
        assert compare(moved, differential(moved))[0]
