"""What a hypothesis serves for, and what it does not."""

import pytest
from generators.trees.functions import (
    NORMAL,
    f,
    g,
    h,
    k2,
    p,
    proved,
    q,
    r,
    total,
)

from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.finite_sets import read
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.theorem import decide_indexed
from midpo_sym.language.build import exp, log
from midpo_sym.language.indexed import Differential, Indexed
from midpo_sym.language.tree import Neg, Number


class TestHypotheses:
    """A hypothesis serves where it is given, for what it says, and for nothing else."""

    def test_only_where_given(self):
        assert proved(total("y", f("x", "y")), Number(1), NORMAL)
        assert not proved(total("y", f("x", "y")), Number(1))

    @pytest.mark.parametrize(
        "body",
        [
            f("x", "y") ** 2,
            f("x", "y") * q("y"),
            f("x", "y") * log(f("x", "y")),
            1 / f("x", "y"),
            g("x", "y"),
            exp(log(f("x", "y")) / 2),
        ],
        ids=str,
    )
    def test_only_for_the_bare_sum(self, body):
        assert not proved(total("y", body), Number(1), NORMAL)

    def test_only_over_its_own_index(self):
        assert not proved(total("x", f("x", "y")), Number(1), NORMAL)
        assert not proved(total("x", total("y", f("x", "y"))), Number(1), NORMAL)

    def test_not_on_a_diagonal(self):
        """Σ_y k(y, y) is not Σ_y k(y1, y), although both sum over the second index."""
        square = Hypothesis(k2("y1", "y"), ("y",))
        assert proved(total("y", k2("y1", "y")), Number(1), square)
        assert not proved(total("y", k2("y", "y")), Number(1), square)

    def test_a_joint_distribution_is_not_a_conditional_one(self):
        joint = Hypothesis(f("x", "y"), ("x", "y"))
        assert proved(total("x", total("y", f("x", "y"))), Number(1), joint)
        assert not proved(total("y", f("x", "y")), Number(1), joint)

    def test_inside_of_another_sum(self):
        """Σ_x p(x) Σ_y f(x, y) q(x) is Σ_x p(x) q(x): what depends on x only comes out first."""
        left = total("x", total("y", p("x") * f("x", "y") * q("x")))
        assert proved(left, total("x", p("x") * q("x")), NORMAL)

    def test_a_weight_that_depends_on_the_index_blocks_it(self):
        left = total("x", total("y", p("x") * f("x", "y") * g("y")))
        assert not proved(left, total("x", p("x")), NORMAL)

    def test_an_equation_holds_at_every_index(self):
        equation = Hypothesis(g("x", "y"), body=p("x") * q("y"))
        assert proved(g("x1", "y2"), p("x1") * q("y2"), equation)
        assert not proved(g("x1", "y2"), p("x1") * q("y1"), equation)
        assert not proved(g("x", "y"), p("x") * q("y"))

    def test_an_equation_holds_in_a_logarithm(self):
        equation = Hypothesis(g("x", "y"), body=p("x") * q("y"))
        assert proved(log(g("x1", "y2")), log(p("x1")) + log(q("y2")), equation)
        assert not proved(log(g("x1", "y2")), log(p("x1")) + log(q("y1")), equation)

    def test_an_equation_captures_no_index(self):
        """g(y) = Σ_y1 k(y, y1), used at y1."""
        equation = Hypothesis(g("y"), body=total("y1", k2("y", "y1")))
        assert not proved(g("y1"), total("y1", k2("y1", "y1")), equation)
        assert proved(g("y1"), total("y2", k2("y1", "y2")), equation)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: Hypothesis(f("x", "x"), ("x",)),
            lambda: Hypothesis(f("x", "y")),
            lambda: Hypothesis(f("x", "y"), ("y1",)),
            lambda: Hypothesis(g("y"), body=g("y") + 1),
            lambda: Hypothesis(g("y"), body=q("y1")),
            lambda: Hypothesis(g("y"), body=r("y")),
            lambda: Hypothesis(g("y"), ("y",), body=q("y")),
            lambda: Hypothesis(Indexed("l", ("a",)), ("a",)),
            lambda: Hypothesis(Indexed("s", ("y",), "nonnegative"), body=Neg(Number(1))),
            lambda: Hypothesis(Indexed("s", ("y",), "nonnegative"), body=r("y")),
            lambda: Hypothesis(Indexed("s", ("y",), "unit"), body=q("y")),
            lambda: Hypothesis(r("y"), body=Differential(h("y"), "h", "r")),
        ],
    )
    def test_what_is_no_hypothesis(self, make):
        with pytest.raises(ValueError, match="a hypothesis is"):
            make()

    def test_hypotheses_do_not_go_round(self):
        """f = g and g = 2 f would unfold for ever."""
        one, other = Hypothesis(p("y"), body=q("y")), Hypothesis(q("y"), body=2 * p("y"))
        with pytest.raises(OutsideClassError, match="another hypothesis"):
            read((p("y"),), (one, other))

    def test_nor_by_way_of_a_direction(self):
        """f = the derivative of g along h, and h = f: each unfolds into the other for ever."""
        one = Hypothesis(r("y"), body=Differential(q("y"), "q", "h"))
        other = Hypothesis(h("y"), body=2 * r("y"))
        with pytest.raises(OutsideClassError, match="another hypothesis"):
            read((r("y"),), (one, other))

    def test_no_two_are_about_one_function(self):
        """They may contradict each other: with r = 1 and r = 2, everything would follow."""
        one, other = (Hypothesis(r("y"), body=Number(value)) for value in (1, 2))
        with pytest.raises(OutsideClassError, match="two hypotheses"):
            read((r("y"),), (one, other))
        first = decide_indexed(Number(1), r("y"), (one,)).theorem
        second = decide_indexed(r("y"), Number(2), (other,)).theorem
        with pytest.raises(OutsideClassError, match="two hypotheses"):
            kernel.join(first, second)
        assert kernel.join(first, decide_indexed(r("y"), 2 - r("y"), (one,)).theorem)

    def test_a_body_in_the_domain_of_its_function(self):
        """What is not negative may be said to be equal to what is not: a sum of squares."""
        zero = Indexed("s", ("y",), "nonnegative")
        equation = Hypothesis(zero, body=r("y") ** 2 + q("y"))
        bound = kernel.prove_at_most(Number(0), r("y") ** 2 + q("y"), zero, (equation,))
        assert bound.hypotheses == {equation}

    def test_the_theorem_names_what_it_needed(self):
        theorem = decide_indexed(total("y", f("x", "y")), Number(1), (NORMAL,)).theorem
        assert theorem.hypotheses == {NORMAL}
