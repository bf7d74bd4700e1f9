"""Bounds, where they are attained, and least values: what may be said of them, and what not."""

import pytest
from generators.trees.functions import (
    beta,
    function,
    g,
    gamma,
    h,
    p,
    q,
    r,
    total,
)
from oracles.trees.finite import compare

from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.order import excess_of, nonnegative
from midpo_sym.kernel.theorem import Mode, decide_indexed
from midpo_sym.language.build import exp, log
from midpo_sym.language.indexed import Indexed, Least
from midpo_sym.language.tree import Add, Log, Neg, Number, Parameter


def slack(t):
    return t - 1 - log(t)


class TestBounds:
    """A gap that is not negative by its form, and is the difference: else no bound."""

    def test_the_gap_has_to_be_the_difference(self):
        assert kernel.prove_at_most(log(beta), beta - 1, slack(beta))
        assert kernel.prove_at_most(log(beta), beta - 2, slack(beta)) is None
        assert kernel.prove_at_most(log(beta), beta, slack(beta)) is None

    @pytest.mark.parametrize(
        "gap",
        [
            beta - gamma,
            Neg(slack(beta)),
            gamma * slack(beta),
            beta - 1 - log(beta * 2),
            beta - 2 - log(beta),
            beta + 1 - log(beta),
            Add((beta, Neg(Number(1)), Log(beta))),
            slack(beta) * Neg(beta),
            gamma**3,
            slack(beta) / gamma,
            r("y"),
            Least("a", h("a")),
            log(beta),
        ],
        ids=str,
    )
    def test_what_may_be_negative(self, gap):
        assert not nonnegative(gap)
        assert kernel.prove_at_most(Number(0), gap, gap) is None

    @pytest.mark.parametrize(
        "gap",
        [
            slack(beta + q("y")),
            total("y", p("y") * slack(q("y") / p("y"))),
            gamma**2,
            beta + slack(q("y")) / beta,
            exp(gamma),
            Number(0),
            Indexed("s", ("y",), "nonnegative") / beta,
            Indexed("s", ("y",), "unit") * Parameter("t", "nonnegative"),
        ],
        ids=str,
    )
    def test_what_is_not(self, gap):
        assert nonnegative(gap)
        assert compare(Number(0), gap)[1]

    def test_the_excess_is_written_just_so(self):
        assert excess_of(slack(1 + beta)) == 1 + beta
        assert excess_of(Add((beta, Neg(Number(1)), Neg(Log(beta)), q("y")))) is None

    def test_equality_only_where_the_gap_says(self):
        gap = total("y", p("y") * slack(q("y") / p("y")))
        given = (Hypothesis(p("y"), ("y",)), Hypothesis(q("y"), ("y",)))
        divergence = total("y", p("y") * log(p("y") / q("y")))
        bound = kernel.prove_at_most(Number(0), divergence, gap, given)
        only = kernel.prove_only_if(bound, gap, p("y"), q("y"), given)
        assert only.mode is Mode.ONLY_IF
        assert only.premise == (Number(0), divergence)
        assert kernel.prove_only_if(bound, gap, p("y"), g("y"), given) is None
        assert kernel.prove_only_if(bound, gap, q("y"), 2 * p("y"), given) is None
        # The ratio of these is the right one, and is nothing where they are zero.
        assert kernel.prove_only_if(bound, gap, -p("y"), -q("y"), given) is None

    def test_each_side_has_to_be_positive_by_its_form(self):
        """The form of −(−q) does not say that it is q."""
        gap = total("y", p("y") * slack(q("y") / p("y")))
        bound = kernel.prove_at_most(Number(0), gap, gap)
        assert kernel.prove_only_if(bound, gap, p("y"), q("y")).right == q("y")
        assert kernel.prove_only_if(bound, gap, p("y"), Neg(Neg(q("y")))) is None
        assert kernel.prove_only_if(bound, gap, Neg(Neg(p("y"))), q("y")) is None

    def test_premise_and_conclusion_speak_of_the_same_quantities(self):
        """From s = s + KL, for a real s, there follows no p s = q s for a positive one."""
        gap = total("y", p("y") * slack(q("y") / p("y")))
        real, positive = Parameter("s", "real"), Parameter("s", "positive")
        bound = kernel.prove_at_most(real, real + gap, gap)
        for factor in (Number(2), Parameter("t", "positive")):
            assert kernel.prove_only_if(bound, gap, p("y") * factor, q("y") * factor)
        with pytest.raises(OutsideClassError, match="two different quantities are called s"):
            kernel.prove_only_if(bound, gap, p("y") * positive, q("y") * positive)

    def test_equality_needs_positive_weights_everywhere(self):
        """With a weight that may be zero, or a square beside it, t = 1 does not follow."""
        weight = Indexed("s", ("y",), "nonnegative")
        for gap in (
            total("y", weight * slack(q("y"))),
            total("y", slack(q("y")) * weight),
            total("y", r("y") ** 2 + slack(q("y"))),
        ):
            bound = kernel.prove_at_most(Number(0), gap, gap)
            assert bound is not None
            assert kernel.prove_only_if(bound, gap, q("y"), q("y") ** 2) is None

    def test_equality_of_a_quotient_of_a_gap(self):
        gap = total("y", slack(q("y")) / p("y"))
        bound = kernel.prove_at_most(Number(0), gap, gap)
        assert kernel.prove_only_if(bound, gap, q("y") ** 2, q("y")).left == q("y") ** 2

    def test_a_zero_of_a_difference_of_logarithms(self):
        premise = (beta * log(q("y")), beta * log(p("y")))
        assert kernel.prove_if_and_only_if(premise, beta, (q("y"), p("y")))
        assert kernel.prove_if_and_only_if(premise, gamma, (q("y"), p("y"))) is None
        assert kernel.prove_if_and_only_if(premise, beta, (p("y"), q("y"))) is None

    def test_a_factor_that_may_be_zero_says_nothing(self):
        """γ log q − γ log p is zero for γ = 0, whatever q and p are."""
        premise = (gamma * log(q("y")), gamma * log(p("y")))
        assert kernel.prove_if_and_only_if(premise, gamma, (q("y"), p("y"))) is None

    def test_equality_needs_the_gap_of_this_bound(self):
        gap = total("y", p("y") * slack(q("y") / p("y")))
        other = kernel.prove_at_most(Number(0), beta, beta)
        assert kernel.prove_only_if(other, gap, p("y"), q("y")) is None


class TestLeastValues:
    def test_an_instance_is_of_the_same_body(self):
        loss = function("l", "real")
        least = Least("a", loss("a", "b"))
        assert kernel.prove_instance(least, loss("a1", "b"), "a1")
        assert kernel.prove_instance(least, loss("a1", "b1"), "a1") is None
        assert kernel.prove_instance(least, loss("a", "b"), "a1") is None
        with pytest.raises(OutsideClassError):
            kernel.prove_instance(least, loss("a", "b"), "b")

    def test_an_instance_captures_no_index(self):
        """min_a min_a1 l(a, a1) at a1 is min_a2 l(a1, a2), not min_a1 l(a1, a1)."""
        loss = function("l", "real")
        least = Least("a", Least("a1", loss("a", "a1")))
        assert kernel.prove_instance(least, Least("a2", loss("a1", "a2")), "a1")
        assert kernel.prove_instance(least, Least("a1", loss("a1", "a1")), "a1") is None

    def test_a_bound_that_knows_the_index_does_not_generalise(self):
        """From l(a) ≤ l(a) + 1 there follows no l(a) ≤ min_a (l(a) + 1)."""
        loss = function("l", "real")
        bound = kernel.prove_at_most(loss("a"), loss("a") + 1, Number(1))
        assert kernel.generalise(bound, "a") is None
        free = kernel.prove_instance(Least("a", loss("a")), loss("a"), "a")
        assert kernel.generalise(free, "a").right == Least("a", loss("a"))

    def test_only_a_bound_generalises(self):
        """From β = q(y) just where log β = log q(y) there follows no β ≤ min_y q(y)."""
        logs = (log(beta), log(q("y")))
        zero = kernel.prove_if_and_only_if(logs, Number(1), (beta, q("y")))
        assert zero.mode is Mode.IF_AND_ONLY_IF
        assert kernel.generalise(zero, "y") is None

    def test_only_bounds_are_joined_and_end_to_end(self):
        loss = function("l", "real")
        up = kernel.prove_at_most(loss("a"), loss("a") + 1, Number(1))
        on = kernel.prove_at_most(loss("a") + 1, loss("a") + 2, Number(1))
        assert kernel.join(up, on).right == loss("a") + 2
        assert kernel.join(on, up) is None
        zero = kernel.prove_if_and_only_if((log(beta), Number(0)), Number(1), (beta, Number(1)))
        assert kernel.join(zero, zero) is None
        one = decide_indexed(Number(1), Number(2) / 2).theorem
        assert kernel.join(zero, one) is None  # β = 1 if and only if something is zero, not always
        assert kernel.join(one, decide_indexed(one.right, Number(1)).theorem).mode is Mode.VALUE
        assert kernel.join(up, decide_indexed(up.right, 1 + loss("a")).theorem).mode is Mode.AT_MOST

    def test_what_is_joined_speaks_of_the_same_quantities(self):
        """−s² ≤ 0 for a real s and 0 ≤ s for a positive one do not make −s² ≤ s for every s."""
        real, positive = Indexed("s", ("y",), "real"), Indexed("s", ("y",), "positive")
        up = kernel.prove_at_most(Neg(real**2), Number(0), real**2)
        on = kernel.prove_at_most(Number(0), positive, positive)
        with pytest.raises(OutsideClassError, match="two different quantities"):
            kernel.join(up, on)

    def test_a_bound_generalises_over_indices_only(self):
        bound = kernel.prove_at_most(r("y"), r("y") + 1, Number(1))
        with pytest.raises(OutsideClassError, match="no index"):
            kernel.generalise(bound, "z")
