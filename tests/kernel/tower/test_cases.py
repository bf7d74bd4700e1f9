"""Which cases there are, and what the sign of an element is in one, worked out by hand."""

from __future__ import annotations

import pytest
from generators.trees.towers import new
from generators.trees.words import loss

from midpo_sym.kernel.forms import MAX_WORK, OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import normal_form
from midpo_sym.kernel.tower import cases as module
from midpo_sym.kernel.tower.cases import _Cases, in_every_case
from midpo_sym.kernel.tower.generators import SIZES, Generator, Restart


def seen(text, test=lambda _tower, _value: True, *, detach=False):
    """Return the answer for an expression, and its values in the cases, as a test is shown them."""
    reading = read((loss(text),), detach=detach)
    values = []

    def look(tower, value):
        values.append(value)
        return test(tower, value)

    return in_every_case(reading.forms[0], reading.inside, look), values


# How many cases: the signs that what is compared may have, where they do not follow from others.
CASES = [
    ("exp(gamma)", 1),
    ("max(gamma, 0)", 2),
    ("max(lam, 0)", 1),
    ("max(gamma**2, -lam*alpha)", 1),
    ("max(-alpha, 0) + max(exp(gamma), 0)", 1),
    ("max(gamma, 0) + max(eta, 0)", 4),
    ("max(2*gamma, 0) + max(-3*gamma, 0)", 2),
    ("max(gamma, 0) + max(lam*gamma, 0) + max(gamma**3, 0)", 2),
    ("max(gamma*eta**2, 0) + max(gamma, 0)", 2),
    ("max(gamma**2*eta, 0) + max(gamma, 0)", 4),
    ("max((gamma - eta)**2*gamma, 0) + max(gamma, 0)", 2),
    ("max(gamma/alpha, 0) + max(gamma/(1 + alpha), 0)", 2),
    ("max(gamma, eta) + max(exp(gamma), exp(eta))", 2),
    ("max(log(1 + alpha), log(2)) + max(alpha, 1)", 2),  # 1 + α ≥ 2 just where α ≥ 1
    ("max(lam*(log(1 + alpha) - log(2)), 0) + max(alpha, 1)", 2),
    ("max(log(alpha + beta), 0) + max(alpha + beta, 1)", 2),
    # γ ≥ 0 has γ ≥ −1 in it, γ ≤ 0 has not.
    ("max(gamma, 0) + max(gamma, -1)", 3),
    # Of γ − η, η and γ, the sum of the two, two of one sign have the third; else it may be either.
    ("max(gamma - eta, 0) + max(eta, 0) + max(gamma, 0)", 6),
    ("max(gamma - eta, 0) + max(eta, 0) + max(2*gamma, 0)", 6),
    # Where it is zero for one sign, what is divided by it is passed over.
    ("1/max(gamma, 0)", 1),
    ("1/max(-gamma, 0)", 1),
    # Token by token: no cases of the whole; and with cases of the whole beside them.
    ("sum_t(max(xi(w, t), 0))", 1),
    ("sum_t(max(xi(w, t), 0)*max(mu(w, t), 1))", 1),
    ("sum_t(max(gamma, 0)*max(xi(w, t), 0))", 2),
    ("sum_t(max(2*gamma, 0)*max(xi(w, t), 0))", 2),  # where the token is asked about first
]


@pytest.mark.parametrize(("text", "count"), CASES)
def test_cases_are_those_that_signs_leave(text, count):
    """A test that holds of every value holds in every case, one that fails ends it at the first."""
    answer, values = seen(text)
    assert answer is True
    assert len(values) == count
    answer, values = seen(text, lambda _tower, _value: False)
    assert answer is False
    assert len(values) == 1


def test_a_maximum_is_one_side_or_the_other():
    """max(γ, 2γ + 1) is γ in one case and 2γ + 1 in the other; the test has to hold in both."""
    answer, values = seen("max(gamma, 2*gamma + 1)")
    assert answer
    gamma = values[0].field.gens[0]
    assert {str(each) for each in values} == {str(gamma), str(2 * gamma + 1)}
    for refused in (gamma, 2 * gamma + 1):
        assert not seen("max(gamma, 2*gamma + 1)", lambda _, value, no=refused: value != no)[0]


def test_nothing_is_claimed_where_there_is_no_case():
    """1/(max(γ, 0) max(−γ, 0)) divides by zero wherever γ is."""
    assert seen("1/(max(gamma, 0)*max(-gamma, 0))") == (False, [])


@pytest.mark.parametrize(("most", "answer"), [(7, False), (8, True)])
def test_too_many_cases_are_given_up(monkeypatch, most, answer):
    """Two maxima have four cases, of one question about the first and two about the second."""
    monkeypatch.setattr(module, "MAX_CASES", most)
    assert seen("max(gamma, 0) + max(eta, 0)")[0] is answer


def test_equal_sides_of_a_maximum():
    """max(a, b) with a = b is a, whatever else a is written as; of a and sg(a) nothing is said."""
    answer, values = seen("max(log(1 + exp(2*gamma)), gamma + log(exp(gamma) + exp(-gamma)))")
    assert answer
    assert len(values) == 1
    assert values[0]
    frozen = "max(log(pi(w)), sg(log(pi(w))))"
    assert seen(frozen)[0] is True
    assert seen(frozen, detach=True) == (False, [])


@pytest.mark.parametrize(
    "text", ["sum_t(log(max(xi(w, t), 1)))", "sum_t(mu(w, t)/max(xi(w, t), 1))"]
)
def test_each_side_needs_a_value_at_the_tokens_of_the_other(text):
    """Of ξ = 0, where max(ξ, 1) is 1, there is no logarithm, and nothing is divided by it."""
    assert seen(text) == (False, [])


def test_maxima_of_tokens_are_one_side_and_what_the_other_adds():
    """Σ max(ξ, 1) = |y| + Σ [ξ − 1 ≥ 0] (ξ − 1)."""
    found = []

    def look(tower, value):
        xi = tower.leaf(normal_form(loss("sum_t(xi(w, t))")).atoms["xi(w, t)"])
        step = Generator("step", xi - 1, token=True, nonnegative=True)
        there = len(tower.generators)
        added = tower.times(tower.generator(step), xi - 1)
        whole = tower.plus(tower.sum("w", tower.one), tower.sum("w", added))
        made = [each for each in tower.generators if each.kind == "step"]
        found.append((value == whole, len(tower.generators) == there, made[0].nonnegative))
        return True

    assert seen("sum_t(max(xi(w, t), 1))", look)[0]
    assert found == [(True, True, True)]


# Restarts


def towers(test, *, text="exp(gamma)", **how):
    """Return the answer, and the towers that a test is shown."""
    reading = read((loss(text),))
    shown = []

    def look(tower, value):
        shown.append(tower)
        return test(tower, value)

    return in_every_case(reading.forms[0], reading.inside, look, **how), shown


def fill(count):
    """Return a test that holds if there is room for so many leaves."""

    def test(tower, _value):
        for k in range(count):
            tower.generator(Generator("leaf", name=f"x{k}"))
        return True

    return test


@pytest.mark.parametrize("error", [OutsideClassError("no"), ZeroDenominatorError(), Restart()])
def test_what_cannot_be_done_does_not_hold(error):
    def test(_tower, _value):
        raise error

    assert towers(test)[0] is False


def test_a_tower_grows_until_it_is_large_enough():
    """20 more generators than two need the second size; 200 are more than there is room for."""
    answer, shown = towers(fill(20))
    assert answer is True
    assert [len(tower.field.gens) for tower in shown] == [16, 24]
    answer, shown = towers(fill(200))
    assert answer is False
    assert [len(tower.field.gens) for tower in shown] == list(SIZES)


@pytest.mark.parametrize(("atoms", "size"), [(10, 16), (11, 24), (20, 32)])
def test_a_tower_has_half_as_many_variables_more_than_there_are_atoms(atoms, size):
    """Each log(k + α), for 22 primes, is an atom beside α."""
    text = " + ".join(f"log({k} + alpha)" for k in range(2, atoms + 1))
    assert len(normal_form(loss(text)).atoms) == atoms
    assert len(towers(fill(0), text=text)[1][0].field.gens) == size


def test_where_no_size_is_enough_the_largest_is_tried(monkeypatch):
    """Six atoms, one of which is left, want more than nine variables."""
    monkeypatch.setattr(module, "SIZES", (4, 6, 8))
    text = "gamma + 0*(alpha + beta + eta + lam + rho)"
    assert len(normal_form(loss(text)).atoms) == 6
    assert [len(tower.field.gens) for tower in towers(fill(0), text=text)[1]] == [8]


def test_work_is_what_is_asked_for():
    for how, limit in (({}, MAX_WORK), ({"work": 3}, 3 * MAX_WORK)):
        (tower,) = towers(fill(0), **how)[1]
        assert tower.work.limit == limit


# The sign of an element


@pytest.fixture
def tower():
    return new()


@pytest.fixture
def cases(tower):
    return _Cases(normal_form(loss("gamma")), {}, tower)


SIGNS = [  # an element, the sign, and what its sign is to be multiplied with, if anything
    (lambda t: t["gamma"], 1, lambda t: t["gamma"]),
    (lambda t: -t["gamma"], -1, lambda t: t["gamma"]),
    (lambda t: t.part(3 * t["gamma"], 2), 1, lambda t: t["gamma"]),
    (lambda t: -t["gamma"] * t["lam"], -1, lambda t: t["gamma"]),
    (lambda t: t["gamma"] ** 3, 1, lambda t: t["gamma"]),
    (lambda t: t["gamma"] ** 2, 1, None),
    (lambda t: -(t["gamma"] ** 2), -1, None),
    (lambda t: t["lam"], 1, None),
    (lambda t: -t["lam"] * t["alpha"], -1, None),
    (lambda t: t.inverse(t["gamma"]), 1, lambda t: t["gamma"]),
    (lambda t: -t.inverse(t["gamma"]), -1, lambda t: t["gamma"]),
    (lambda t: t.over(t["gamma"], t["eta"]), 1, lambda t: t["gamma"] * t["eta"]),
    (lambda t: t.over(t["gamma"], t["eta"] ** 2), 1, lambda t: t["gamma"]),
    (lambda t: (t["gamma"] - t["eta"]) ** 2 * t["eta"], 1, lambda t: t["eta"]),
    (lambda t: t.one, 1, None),
    (lambda t: t.number(-2), -1, None),
    # α − 1 has the sign of log α; so has log(1 + α) − log 2, and twice it, and λ times it.
    (lambda t: t["alpha"] - 1, 1, lambda t: t.log(t["alpha"])),
    (lambda t: 1 - t["alpha"], -1, lambda t: t.log(t["alpha"])),
    (lambda t: t.log(t["alpha"] + 1) - t.log(t.number(2)), 1, lambda t: t.log(t["alpha"])),
    (lambda t: 2 * (t.log(t.number(2)) - t.log(t["alpha"] + 1)), -1, lambda t: t.log(t["alpha"])),
    (
        lambda t: t["lam"] * (t.log(t["alpha"] + 1) - t.log(t.number(2))),
        1,
        lambda t: t.log(t["alpha"]),
    ),
    (lambda t: t.log(t["alpha"] + 1), 1, None),
    (lambda t: -t.part(t.log(t["alpha"] + 1), 2), -1, None),
    (lambda t: t.log(t["alpha"]), 1, lambda t: t.log(t["alpha"])),
    (lambda t: t.log(t["alpha"] + t["beta"]) * t["lam"], 1, lambda t: t["alpha"] + t["beta"] - 1),
    # Nine logarithms are not put into the exponent.
    (
        lambda t: 9 * t.log(t["alpha"] + 1) - t["gamma"],
        1,
        lambda t: 9 * t.log(t["alpha"] + 1) - t["gamma"],
    ),
]


@pytest.mark.parametrize(("made", "sign", "key"), SIGNS)
def test_signs(tower, cases, made, sign, key):
    """The product of the sign and of what is left has the sign of the element."""
    found, left = cases.signed(made(tower))
    assert found == sign
    if key is None:
        assert left is None
    else:
        wanted = key(tower).numer
        assert left in (wanted, -wanted)
        assert left == wanted


DIFFERENCES = [  # a − b, and log a − log b, if both are of one term and positive
    (lambda t: t["alpha"] - 2, lambda t: t.log(t["alpha"]) - t.log(t.number(2))),
    (lambda t: 2 - t["alpha"], lambda t: t.log(t.number(2)) - t.log(t["alpha"])),
    (lambda t: 3 * t["alpha"] * t["beta"] - 3, lambda t: t.log(t["alpha"]) + t.log(t["beta"])),
    (lambda t: t["gamma"] - 2, None),
    (lambda t: 2 - t["gamma"], None),
    (lambda t: t["alpha"] + 2, None),
    (lambda t: -t["alpha"] - 2, None),
    (lambda t: t["alpha"], None),
    (lambda t: t["alpha"] - t["beta"] - 1, None),
]


@pytest.mark.parametrize(("made", "expected"), DIFFERENCES)
def test_logarithms_of_differences(tower, cases, made, expected):
    assert cases.logarithm(made(tower).numer) == (expected and expected(tower))


EXPONENTS = [  # log a − log b, one of them of a sum, and a/b − 1
    (lambda t: t.log(t["alpha"] + 1), lambda t: t["alpha"]),
    (lambda t: -t.log(t["alpha"] + 1), lambda t: -t.over(t["alpha"], t["alpha"] + 1)),
    (lambda t: 8 * t.log(t["alpha"] + 1), lambda t: (t["alpha"] + 1) ** 8 - 1),
    (lambda t: t.log(1 - t["alpha"]), lambda t: -t["alpha"]),
    (
        lambda t: t.log(t.over(1 - t["alpha"], 1 - t["beta"])),
        lambda t: t.over(t["beta"] - t["alpha"], 1 - t["beta"]),
    ),
    (lambda t: t.log(t.inverse(1 - t["alpha"])), lambda t: t.over(t["alpha"], 1 - t["alpha"])),
    (lambda t: 9 * t.log(t["alpha"] + 1), None),
    (lambda t: t.part(t.log(t["alpha"] + 1), 2), None),
    (lambda t: t["gamma"] * t.log(t["alpha"] + 1), None),
    (lambda t: t["gamma"] - t["eta"], None),
    (lambda t: t.log(t["alpha"]), None),
]


@pytest.mark.parametrize(("made", "expected"), EXPONENTS)
def test_exponentials_of_differences(tower, cases, made, expected):
    assert cases.exponential(made(tower)) == (expected and expected(tower))


FORMS = [  # an element, and whether it is not negative by its form
    (lambda t: t["gamma"] ** 2, True),
    (lambda t: t.over(t["lam"], t["alpha"]), True),
    (lambda t: t.over(t["gamma"] ** 2, t["alpha"] + 1), True),
    (lambda t: t.zero, True),
    (lambda t: t["gamma"], False),
    (lambda t: -(t["gamma"] ** 2), False),
    (lambda t: t["lam"] - 1, False),
    (lambda t: 1 - t["lam"], False),
    (lambda t: t.inverse(t["lam"]), False),
    (lambda t: t.over(t["gamma"], t["alpha"]), False),
    (lambda t: -t.over(t["lam"], t["alpha"] + 1), False),
]


@pytest.mark.parametrize(("made", "expected"), FORMS)
def test_what_is_not_negative_by_its_form(tower, cases, made, expected):
    assert cases.is_nonnegative(made(tower)) is expected


IMPLIED = [  # what is not negative; an element; the sign it has then, or 0
    ([], lambda t: t["gamma"], 0),
    ([lambda t: t["gamma"]], lambda t: t["gamma"] + 1, 1),
    ([lambda t: t["gamma"]], lambda t: -t["gamma"] - 1, -1),
    ([lambda t: t["gamma"]], lambda t: t["gamma"] + t["lam"], 1),
    ([lambda t: t["gamma"]], lambda t: t["gamma"] - 1, 0),
    ([lambda t: t["gamma"]], lambda t: 1 - t["gamma"], 0),
    ([lambda t: t["gamma"]], lambda t: t["eta"], 0),
    ([lambda t: t["gamma"] - t["eta"], lambda t: t["eta"]], lambda t: t["gamma"], 1),
    ([lambda t: t["gamma"] - t["eta"], lambda t: t["eta"]], lambda t: -t["gamma"], -1),
    ([lambda t: t["gamma"] - t["eta"], lambda t: t["eta"]], lambda t: 2 * t["gamma"], 1),
    ([lambda t: t["gamma"] - t["eta"], lambda t: t["eta"]], lambda t: t["lam"] * t["gamma"], 1),
    ([lambda t: t["gamma"] - t["eta"], lambda t: t["eta"]], lambda t: t["gamma"] - 1, 0),
    ([lambda t: t["gamma"], lambda t: -t["gamma"]], lambda t: t["eta"], 0),  # they add up to 0
    (
        [lambda t: t["eta"], lambda t: t["gamma"], lambda t: t["beta"] - t["gamma"]],
        lambda t: t["beta"] - t["lam"] - t["eta"],
        0,
    ),
]


@pytest.mark.parametrize(("facts", "made", "sign"), IMPLIED)
def test_signs_that_follow(tower, cases, facts, made, sign):
    """From one fact and something that is not negative, or a multiple of the sum of two."""
    cases.facts = [each(tower) for each in facts]
    assert cases.implied(made(tower)) == sign


def test_a_sign_is_kept_as_a_fact(tower, cases):
    """Where γ ≤ 0 is the case, so is −2γ ≥ 0, and 2γ is at most 0; it is noted once."""
    gamma, lam = tower["gamma"], tower["lam"]
    cases.signs = {gamma.numer: -1}
    assert [cases.sign(2 * gamma), cases.sign(-2 * gamma), cases.sign(lam)] == [-1, 1, 1]
    assert cases.facts == [-2 * gamma]
    assert cases.sign(2 * gamma - 1) == -1  # follows, and is no fact of its own
    assert cases.facts == [-2 * gamma]


EVERYWHERE = [  # an element, and whether it has a value at all tokens, by its form
    (lambda t: t["xi"], True),
    (lambda t: t.inverse(t["nu"]), True),
    (lambda t: t.inverse(t["mu"]), False),
    (lambda t: t.inverse(t["xi"]), False),
    (lambda t: t.inverse(t["gamma"]), True),  # no token: a condition of the theorem
    (lambda t: t.over(t["xi"], t["gamma"] * (t["nu"] + 1)), True),
    (lambda t: t.over(t["xi"], t["gamma"] + t["nu"]), False),
    (lambda t: t.exp(t["xi"]), True),
    (lambda t: t.exp(t.inverse(t["xi"])), False),
    (lambda t: t.log(t["nu"] + 1), True),
    (lambda t: t.log(t.over(t["xi"], t["eta"])), False),
    (lambda t: t.log(1 - t["xi"]), False),
    (lambda t: t.exp(t.log(1 - t["xi"]) * t["gamma"]), False),
    (lambda t: t.log(t["eta"] * t["gamma"]), True),
    (lambda t: t.sum("w", t.inverse(t["xi"])), True),  # a condition as well
]


@pytest.mark.parametrize(("made", "expected"), EVERYWHERE)
def test_what_has_a_value_at_all_tokens(tower, cases, made, expected):
    assert cases.is_everywhere(made(tower)) is expected
