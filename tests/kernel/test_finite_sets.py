"""Ways to make the kernel prove something false about sums over finite sets; each must fail."""

import pytest
from generators.trees.functions import (
    NORMAL,
    beta,
    f,
    gamma,
    h,
    k2,
    of_three,
    p,
    proved,
    q,
    r,
    total,
    v,
)
from oracles.trees.finite import compare

from midpo_sym.kernel.finite_sets import read
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import decide_indexed
from midpo_sym.language.build import exp, log
from midpo_sym.language.indexed import Applied, Differential, Indexed, IndexSum, Least
from midpo_sym.language.tree import Add, Neg, Number, Parameter, TokenSum

TRUE = {
    "a multiple in an exponential is a power": (exp(3 * r("y")), exp(r("y")) ** 3),
    "a power is divided by in every term": (
        total("y", q("y") / beta**2),
        total("y", q("y")) / beta**2,
    ),
    "half of what is least": (Least("a", h("a") / 2), Least("a", h("a")) / 2),
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
    "a root is no whole power": (q("y") ** (Number(1) / 2), Number(1)),
    "a multiple in an exponential is no multiple": (exp(3 * r("y")), 3 * exp(r("y"))),
    "a power below is no multiple": (
        total("y", q("y") / beta**2),
        total("y", q("y")) / (2 * beta),
    ),
    "a sum below stays": (total("x", 1 / total("y", k2("x", "y"))), total("x", Number(1))),
    "what is least of a product is not taken factor by factor": (
        Least("y", q("y") * p("y")) * Least("y", q("y")),
        Least("y", q("y") ** 2) * Least("y", p("y")),
    ),
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
