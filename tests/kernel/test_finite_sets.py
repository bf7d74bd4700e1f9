"""Ways to make the kernel prove something false about sums over finite sets; each must fail."""

import pytest
from oracles.trees.finite import compare

from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.finite_derivative import differential
from midpo_sym.kernel.finite_sets import read
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.order import excess_of, nonnegative
from midpo_sym.kernel.theorem import Answer, Mode, decide_indexed
from midpo_sym.language import tree
from midpo_sym.language.build import exp, log, parameter
from midpo_sym.language.indexed import Applied, Differential, Indexed, IndexSum, Least
from midpo_sym.language.tree import Add, Log, Neg, Number, Parameter, TokenSum


def function(name, domain="positive"):
    return lambda *indices: Indexed(name, indices, domain)


f, g, p, q, k2 = (function(name) for name in ("f", "g", "p", "q", "k"))
r, h, v = (function(name, "real") for name in ("r", "h", "v"))
of_three = Indexed("t", ("a", "a1", "a2"))
beta, gamma = parameter("beta", "positive"), parameter("gamma", "real")
NORMAL = Hypothesis(f("x", "y"), ("y",))


def total(index, body):
    return IndexSum(index, body)


def proved(left, right, *given):
    return decide_indexed(left, right, given).answer is Answer.EQUAL


TRUE = {
    "a bound index may have any name": (total("y", q("y")), total("y1", q("y1"))),
    "sums change places": (
        total("x", total("y", f("x", "y"))),
        total("y", total("x", f("x", "y"))),
    ),
    "a name may be bound twice, one inside the other": (
        total("y", q("y") * total("y", q("y"))),
        total("y", q("y")) ** 2,
    ),
    "a product of sums is a double sum": (
        total("y", q("y")) * total("y", p("y")),
        total("y", total("y1", q("y") * p("y1"))),
    ),
    "a square of a sum has two indices": (
        total("x", total("y", k2("x", "y")) ** 2),
        total("x", total("y", total("y1", k2("x", "y") * k2("x", "y1")))),
    ),
    "indices of one set change places": (
        total("y", total("y1", k2("y", "y1") * q("y"))),
        total("y", total("y1", k2("y1", "y") * q("y1"))),
    ),
    "sums in a logarithm have any names": (
        total("x", log(total("y", k2("x", "y")))),
        total("x1", log(total("y2", k2("x1", "y2")))),
    ),
    "a constant is counted": (total("y", total("x", Number(1))), total("x", total("y", Number(1)))),
    "exponentials of sums": (exp(r("y1") + r("y2")), exp(r("y1")) * exp(r("y2"))),
    "powers with parameters": (q("y") ** (1 - gamma) * q("y") ** gamma, q("y")),
    "a logarithm undone": (exp(-log(total("y", q("y")))), 1 / total("y", q("y"))),
    "the least of a negative is the negative of the largest": (
        Least("a", Neg(beta * h("a"))),
        beta * Least("a", Neg(h("a"))),
    ),
    "an exponential is squared": (exp(2 * r("y")), exp(r("y")) ** 2),
    "an exponential and its inverse": (exp(r("y")) * exp(-r("y")), Number(1)),
    "the logarithm of a number undone": (exp(log(Number(12))), Number(12)),
    "the logarithm of an inverse": (log(1 / (p("y") + q("y"))), -log(p("y") + q("y"))),
    "the logarithm of a power of a number": (log(Number(4)), 2 * log(Number(2))),
    "three quotients in an exponent": (
        exp(3 * log(q("y")) / gamma),
        exp(log(q("y")) / gamma) ** 3,
    ),
    "like terms with a quotient in the exponent": (
        log(exp(r("y") / gamma) + exp(r("y") / gamma)),
        log(Number(2)) + r("y") / gamma,
    ),
    "half of a quotient": (
        exp(log(q("y")) / (2 * gamma)) ** 2,
        exp(log(q("y")) / gamma),
    ),
    "half of an exponent": (
        log(exp(r("y") / 2) + exp(r("y") / 2)),
        log(Number(2)) + r("y") / 2,
    ),
    "a quotient of sums": (total("y", q("y") / beta), total("y", q("y")) / beta),
    "an exponential comes out of a least value": (
        Least("a", exp(r("y")) * v("a")),
        exp(r("y")) * Least("a", v("a")),
    ),
    "a positive denominator comes out of a least value": (
        Least("a", v("a") / beta + gamma / beta),
        (Least("a", v("a")) + gamma) / beta,
    ),
    "so does the size of a set": (
        Least("a", total("y", Number(1)) * v("a")),
        total("y", Number(1)) * Least("a", v("a")),
    ),
    "like terms in a logarithm": (log(q("y") + q("y")), log(q("y")) + log(Number(2))),
    "a sum of what is positive comes out of a least value": (
        Least("a", total("y", q("y") * p("y")) * v("a")),
        total("y", q("y") * p("y")) * Least("a", v("a")),
    ),
    "so does a sum of squares": (
        Least("a", total("y", r("y") ** 2) * v("a")),
        total("y", r("y") ** 2) * Least("a", v("a")),
    ),
    "and one of quotients of what is positive": (
        Least("a", total("y", q("y") / (p("y") + 1)) * v("a")),
        total("y", q("y") / (p("y") + 1)) * Least("a", v("a")),
    ),
}

FALSE = {
    "the diagonal is not the whole": (
        total("y", total("y1", q("y") * p("y1"))),
        total("y", q("y") * p("y")),
    ),
    "a sum of squares is not the square of a sum": (
        total("y", q("y") ** 2),
        total("y", q("y")) ** 2,
    ),
    "a logarithm of a sum is not a sum of logarithms": (
        log(total("y", q("y"))),
        total("y", log(q("y"))),
    ),
    "an index inside a logarithm is not the one outside": (
        total("y", log(total("y1", k2("y", "y1")))),
        total("y", log(total("y1", k2("y1", "y1")))),
    ),
    "nor are its arguments in another order": (
        total("y", log(total("y1", k2("y", "y1")))),
        total("y", log(total("y1", k2("y1", "y")))),
    ),
    "a bound index shadows a free one": (
        q("y") * total("y", q("y")),
        total("y", q("y") * q("y")),
    ),
    "free indices differ": (q("y1"), q("y2")),
    "a sum over prompts is not one over answers": (total("x", Number(1)), total("y", Number(1))),
    "a sum counts what does not depend on it": (total("y", beta), beta),
    "a denominator that depends on the index stays inside": (
        total("y", p("y") / q("y")),
        total("y", p("y")) / total("y", q("y")),
    ),
    "the inverse of a sum": (1 / total("y", q("y")), total("y", 1 / q("y"))),
    "exp of a sum is no sum of exp": (exp(r("y1") + r("y2")), exp(r("y1")) + exp(r("y2"))),
    "half of a logarithm": (exp(log(q("y")) / 2), q("y")),
    "half of a quotient is not its double": (
        exp(r("y") / (2 * gamma)),
        exp(2 * r("y") / gamma),
    ),
    "a logarithm divided": (exp(log(q("y")) / gamma), q("y")),
    "a logarithm times a number": (exp(log(q("y")) * r("y")), q("y")),
    "a logarithm times a logarithm": (exp(log(q("y")) * log(p("y"))), p("y")),
    "a logarithm of a sum is not that of its first term": (log(p("y") + q("y")), log(p("y"))),
    "nor that of its last": (log(p("y") + q("y")), log(q("y"))),
    "nor of a longer sum": (log(p("y") + q("y") + 1), log(q("y"))),
    "a sum of three below the line": (
        total("y", beta / (p("y") + q("y") + beta)),
        total("y", beta / p("y")),
    ),
    "a sum below the line is not its first term": (
        total("y", beta / (p("y") + q("y"))),
        total("y", beta / p("y")),
    ),
    "a sum below the line is not its last term": (
        total("y", beta / (p("y") + q("y"))),
        total("y", beta / q("y")),
    ),
    "a negative factor before a least value": (
        Least("a", -beta * h("a")),
        -beta * Least("a", h("a")),
    ),
    "a double sum of quotients": (
        total("y", total("y1", p("y1") / q("y"))),
        total("y", p("y") / q("y")) * total("y", Number(1)),
    ),
    "three least values keep their indices apart": (
        Least("a", Least("a1", Least("a2", v("a") * of_three))),
        Least("a", Least("a1", Least("a2", v("a1") * of_three))),
    ),
    "a difference of positive factors": (
        Least("a", (q("y") - p("y")) * v("a")),
        (q("y") - p("y")) * Least("a", v("a")),
    ),
    "the opposite difference": (
        Least("a", (p("y") - q("y")) * v("a")),
        (p("y") - q("y")) * Least("a", v("a")),
    ),
    "a denominator is no factor of a least value": (
        Least("a", v("a") / beta),
        beta * Least("a", v("a")),
    ),
    "nor of what comes out of it": (
        Least("a", v("a") / beta + gamma / beta),
        Least("a", v("a")) / beta + gamma * beta,
    ),
    "a sum of unknown sign": (
        Least("a", total("y", r("y")) * v("a")),
        total("y", r("y")) * Least("a", v("a")),
    ),
    "a sum of quotients of unknown sign": (
        Least("a", total("y", q("y") / (r("y") + 1)) * v("a")),
        total("y", q("y") / (r("y") + 1)) * Least("a", v("a")),
    ),
    "a sum of cubes": (
        Least("a", total("y", r("y") ** 3) * v("a")),
        total("y", r("y") ** 3) * Least("a", v("a")),
    ),
    "a factor of unknown sign": (Least("a", gamma * h("a")), gamma * Least("a", h("a"))),
    "a sum of least values": (
        Least("a", h("a") + r("a")),
        Least("a", h("a")) + Least("a", r("a")),
    ),
    "least of least keeps its sets apart": (
        Least("a", Least("b", Indexed("l", ("a", "b")))),
        Least("a", Least("a1", Indexed("m", ("a", "a1")))),
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name):
    left, right = TRUE[name]
    assert compare(left, right)[0], "the test itself is wrong"
    assert proved(left, right)


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_is_not_proved(name):
    left, right = FALSE[name]
    if name != "least of least keeps its sets apart":
        assert not compare(left, right, seeds=range(6))[0], "the test itself is wrong"
    assert not proved(left, right)


def test_a_definition_captures_no_index():
    """m(y) := Σ_y1 k(y, y1): taken at y1, the bound y1 is another one."""
    body = total("y1", k2("y", "y1"))
    taken = Applied("m", ("y",), ("y1",), body)
    assert not proved(taken, total("y1", k2("y1", "y1")))
    assert proved(taken, total("y2", k2("y1", "y2")))
    inside = total("y1", p("y1") * taken)
    assert proved(inside, total("y1", total("y2", p("y1") * k2("y1", "y2"))))


def test_a_definition_sees_none_of_the_indices_around_it():
    """Its body may speak of its own indices only; else it would mean what stands around it."""
    with pytest.raises(OutsideClassError, match="not taken at its indices"):
        read((total("y", Applied("m", (), (), q("y"))),))
    with pytest.raises(OutsideClassError, match="not taken at its indices"):
        read((Applied("m", ("x",), ("y",), p("x")),))
    with pytest.raises(OutsideClassError, match="not taken at its indices"):
        read((Applied("m", ("y", "y"), ("y1", "y2"), q("y")),))
    swapped = Applied("s", ("y1", "y2"), ("y2", "y1"), k2("y1", "y2"))
    assert proved(swapped, k2("y2", "y1"))
    assert not proved(swapped, k2("y1", "y2"))


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


class TestForm:
    """Trees that no file can hold, and what the kernel says of them."""

    @pytest.mark.parametrize(
        ("node", "message"),
        [
            (TokenSum("w", Number(1)), "a token or response"),
            (Add((q("y"), Parameter("q"))), "two different quantities"),
            (Add((q("y"), Indexed("q", ("y",), "real"))), "two different quantities"),
            (Add((q("y"), q("x"))), "two different quantities"),
            (Add((q("y"), q("y", "y1"))), "two different quantities"),
            (IndexSum("a", Indexed("l", ("a",))), "may be infinite"),
            (Indexed("q", ("y‹",)), "not a plain word"),
            (Indexed("q", ("y#0",)), "not a plain word"),
            (Indexed("log q", ("y",)), "not a plain word"),
            (Indexed("q", ("z",)), "not a plain word"),
            (Add((q("y"), Differential(q("y"), "q", "r"), r("x"))), "is no direction"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_ill_formed(self, node, message):
        with pytest.raises(OutsideClassError, match=message):
            read((node,))

    @pytest.mark.parametrize(
        "node",
        [
            1 / (total("y", q("y")) - total("y1", q("y1"))),
            total("y", q("y") / (log(q("y") ** 2) - 2 * log(q("y")))),
            (beta - beta) ** -1,
        ],
        ids=str,
    )
    def test_a_division_by_zero_in_disguise(self, node):
        with pytest.raises(ZeroDenominatorError):
            read((node,))

    def test_a_division_by_what_a_hypothesis_makes_zero(self):
        node = 1 / (total("y", f("x", "y")) - 1)
        assert read((node,)).values
        with pytest.raises(ZeroDenominatorError):
            read((node,), (NORMAL,))

    def test_a_denominator_that_may_vanish_is_a_condition(self):
        theorem = decide_indexed(r("y") / r("y"), Number(1)).theorem
        assert [str(each.node) for each in theorem.denominators] == ["r(y)"]


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
        assert kernel.prove_just_where(premise, beta, (q("y"), p("y")))
        assert kernel.prove_just_where(premise, gamma, (q("y"), p("y"))) is None
        assert kernel.prove_just_where(premise, beta, (p("y"), q("y"))) is None

    def test_a_factor_that_may_be_zero_says_nothing(self):
        """γ log q − γ log p is zero for γ = 0, whatever q and p are."""
        premise = (gamma * log(q("y")), gamma * log(p("y")))
        assert kernel.prove_just_where(premise, gamma, (q("y"), p("y"))) is None

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

    def test_only_bounds_are_joined_and_end_to_end(self):
        loss = function("l", "real")
        up = kernel.prove_at_most(loss("a"), loss("a") + 1, Number(1))
        on = kernel.prove_at_most(loss("a") + 1, loss("a") + 2, Number(1))
        assert kernel.join(up, on).right == loss("a") + 2
        assert kernel.join(on, up) is None
        zero = kernel.prove_just_where((log(beta), Number(0)), Number(1), (beta, Number(1)))
        assert kernel.join(zero, zero) is None
        one = decide_indexed(Number(1), Number(2) / 2).theorem
        assert kernel.join(zero, one) is None  # β = 1 just where something is zero, not always
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
