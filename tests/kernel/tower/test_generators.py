"""Exponentials, logarithms, roots, sums over tokens and signs, on elements worked out by hand."""

from __future__ import annotations

import pytest
from generators.trees.towers import new

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.tower.generators import Generator, Restart, TooSmall


@pytest.fixture
def tower():
    return new()


def leaves(tower, words):
    return [tower[word] for word in words.split()]


def step(tower, value):
    return tower.generator(Generator("step", value, token=True, nonnegative=True))


FACTS = [  # an element, and whether it varies with t, flows, is frozen, positive, nonnegative
    ("gamma", lambda t: t["gamma"], ""),
    ("lam", lambda t: t["lam"], "n"),
    ("alpha", lambda t: t["alpha"], "pn"),
    ("log alpha", lambda t: t.log(t["alpha"]), ""),
    ("length", lambda t: t["length"], "pn"),
    ("mu", lambda t: t["mu"], "tn"),
    ("xi", lambda t: t["xi"], "t"),
    ("log p", lambda t: t["logp"], "tf"),
    ("sg(log p)", lambda t: t["held"], "tz"),
    ("p", lambda t: t.exp(t["logp"]), "tfpn"),
    ("sg(p)", lambda t: t.exp(t["held"]), "tzpn"),
    ("log(1 + p)", lambda t: t.log(t.exp(t["logp"]) + 1), "tf"),
    ("log 2", lambda t: t.log(t.number(2)), "pn"),
    ("log(1 - p)", lambda t: t.log(1 - t.exp(t["logp"])), "tf"),
    ("(1 + p)^1/2", lambda t: t.exp(t.part(t.log(t.exp(t["logp"]) + 1), 2)), "tfpn"),
    ("sum of p", lambda t: t.sum("w", t.exp(t["logp"])), "fpn"),
    ("sum of log p", lambda t: t.sum("w", t["logp"]), "f"),
    ("sum of sg(log p)", lambda t: t.sum("w", t["held"]), "z"),
    ("sum of xi**2", lambda t: t.sum("w", t["xi"] ** 2), "n"),
    ("sum of mu", lambda t: t.sum("w", t["mu"]), "n"),
    ("sum of 1/nu", lambda t: t.sum("w", t.inverse(t["nu"])), "pn"),
    ("sum of xi/(1 + nu)", lambda t: t.sum("w", t.over(t["xi"], t["nu"] + 1)), ""),
    ("sum of 1/xi", lambda t: t.sum("w", t.inverse(t["xi"])), ""),
    ("sum of 1/mu", lambda t: t.sum("w", t.inverse(t["mu"])), ""),
    ("[xi at least 0]", lambda t: step(t, t["xi"]), "tn"),
    ("[p at least 1]", lambda t: step(t, t.exp(t["logp"]) - 1), "tn"),
    ("[sg(p) at least 1]", lambda t: step(t, t.exp(t["held"]) - 1), "tzn"),
]


@pytest.mark.parametrize(("made", "facts"), [each[1:] for each in FACTS], ids=[f[0] for f in FACTS])
def test_what_is_known_of_a_generator(tower, made, facts):
    """t: varies with the token; f: a gradient flows; z: inside sg; p: positive; n: nonnegative."""
    found = tower.single(made(tower))
    flags = {
        "t": found.token,
        "f": found.policy,
        "z": found.frozen,
        "p": found.positive,
        "n": found.nonnegative,
    }
    assert "".join(name for name, there in flags.items() if there) == "".join(
        name for name in flags if name in facts
    )


def test_generators_are_found_again(tower):
    """What is asked for twice is there once; other kinds, arguments and names are others."""
    gamma, eta = leaves(tower, "gamma eta")
    assert tower["gamma"] == gamma != eta
    assert tower.exp(gamma) == tower.exp(gamma) != tower.exp(eta)
    xi, other = leaves(tower, "xi other")
    assert tower.sum("w", xi) == tower.sum("w", xi) != tower.sum("l", other)
    before = len(tower.generators)
    assert step(tower, xi) == step(tower, xi) != tower.exp(xi)
    assert len(tower.generators) == before + 2


def test_a_tower_has_room_for_as_many_as_it_has_variables():
    small = new(size=2)
    leaves(small, "gamma eta gamma")
    with pytest.raises(TooSmall):
        small["lam"]


def test_single(tower):
    """x is a generator; x², 2x, xy, x + y, x/y, 1/x and 1 are none."""
    x, y = leaves(tower, "gamma eta")
    assert tower.single(x).name == "gamma"
    assert tower.single(y).name == "eta"
    for value in (x**2, 2 * x, x * y, x + y, tower.over(x, y), tower.inverse(x), tower.one):
        assert tower.single(value) is None


# Exponentials and logarithms


def test_exponentials_of_sums_are_products(tower):
    """exp(2γ − η + 3) = e(γ)² e(1)³/e(η), over one e(γ), e(η) and e(1); exp 0 = 1."""
    x, y = leaves(tower, "gamma eta")
    parts = tower.exp(x), tower.exp(y), tower.exp(tower.one)
    assert tower.exp(2 * x - y + 3) == tower.over(parts[0] ** 2 * parts[2] ** 3, parts[1])
    assert tower.exp(tower.zero) == tower.one


def test_exponentials_of_fractions(tower):
    """γ/(η + 1) = e^a: e^((γ + 1)/(η + 1)) = e^a e^(1/(η + 1)), e^((η + 2)/(η + 1)) = e e^(…)."""
    x, y = leaves(tower, "gamma eta")
    below = tower.inverse(y + 1)
    part, rest = tower.exp(tower.times(x, below)), tower.exp(below)
    assert tower.exp(tower.times(x + 1, below)) == part * rest
    assert tower.exp(tower.times(3 * x, below)) == part**3
    assert tower.exp(tower.times(y + 2, below)) == tower.exp(tower.one) * rest


def test_roots_are_as_fine_as_they_have_to_be():
    """e^(γ/2) and e^(γ/3) are cubes and squares of e^(γ/6), which has to be there before."""
    roots = {}
    first = new(roots=roots)
    x, y = leaves(first, "gamma eta")
    assert first.exp(first.part(x, 2)) ** 2 == first.exp(x)
    assert first.single(first.exp(first.part(x, 2))).root == 2
    assert first.single(first.exp(first.part(y, 5))).root == 5
    with pytest.raises(Restart):
        first.exp(first.part(x, 3))
    second = new(roots=roots)
    x, y = leaves(second, "gamma eta")
    assert second.exp(second.part(x, 2)) == second.exp(second.part(x, 6)) ** 3
    assert second.exp(second.part(x, 3)) == second.exp(second.part(x, 6)) ** 2
    assert second.exp(-second.part(x, 2)) == second.inverse(second.exp(second.part(x, 2)))
    assert second.single(second.exp(second.part(y, 5))).root == 5
    with pytest.raises(OutsideClassError, match="too fine"):
        second.exp(second.part(second["lam"], 361))


def test_powers_of_what_is_under_a_logarithm(tower):
    """exp(k log a) = a^k with a = 1 + α: for k = 2, −1, and 3/2 = 1 + 1/2, whose square is a³."""
    a = tower["alpha"] + 1
    log = tower.log(a)
    assert tower.exp(2 * log) == a**2
    assert tower.exp(-log) == tower.inverse(a)
    root = tower.exp(tower.part(log, 2))
    assert tower.single(root).kind == "root"
    assert tower.exp(tower.part(3 * log, 2)) == a * root
    assert tower.exp(-tower.part(log, 2)) == tower.over(root, a)
    assert tower.is_zero(root**2 - a)
    assert tower.is_zero(root**5 - a**2 * root)
    assert not tower.is_zero(root - a)
    assert not tower.is_zero(root**2 - a**2)
    gamma = tower["gamma"]
    for exponent in (tower.over(log, gamma), gamma * log, log**2):  # no power of a
        found = tower.single(tower.exp(exponent))
        assert (found.kind, found.of) == ("exp", exponent)


def test_logarithms_of_products_are_sums(tower):
    """log(12 α² (1 + β)/e^γ) = 2 log 2 + log 3 + 2 log α + log(1 + β) − γ; log ½ = −log 2."""
    alpha, beta, gamma = leaves(tower, "alpha beta gamma")
    two, three = (tower.log(tower.number(n)) for n in (2, 3))
    product = tower.over(12 * alpha**2 * (beta + 1), tower.exp(gamma))
    parts = 2 * two + three + 2 * tower.log(alpha) + tower.log(beta + 1) - gamma
    assert tower.log(product) == parts
    assert tower.log(tower.inverse(product)) == -parts
    assert tower.log(tower.part(alpha + 1, 2)) == tower.log(alpha + 1) - two
    assert tower.log(tower.part(2 * alpha + 3, 3)) == tower.log(2 * alpha + 3) - three
    assert tower.log(tower.one) == tower.zero
    eta = tower["eta"]
    assert tower.log(tower.exp(tower.part(eta, 2))) == tower.part(eta, 2)
    assert tower.log(tower.exp(tower.part(tower.log(alpha + 1), 2))) == tower.part(
        tower.log(alpha + 1), 2
    )


def test_the_logarithm_of_a_sum_over_tokens(tower):
    """log Σ ν is no logarithm of ν; log(2 α Σ ν) = log 2 + log α + log Σ ν."""
    alpha, nu = leaves(tower, "alpha nu")
    total = tower.sum("w", nu)
    log = tower.log(total)
    assert (tower.single(log).kind, tower.single(log).of) == ("log", total)
    assert tower.log(2 * alpha * total) == tower.log(tower.number(2)) + tower.log(alpha) + log


def test_logarithms_of_factors_that_may_be_negative(tower):
    """Of 3(1 − p)α/(1 + α) log 3, log α, log(1 + α) are taken out; (1 − p)(1 − q) stays whole."""
    alpha, beta, gamma = leaves(tower, "alpha beta gamma")
    p, q = tower.exp(gamma), tower.exp(tower["eta"])
    whole = tower.over(3 * (1 - p) * alpha, alpha + 1)
    parts = tower.log(tower.number(3)) + tower.log(alpha) - tower.log(alpha + 1)
    assert tower.log(whole) == parts + tower.log(1 - p)
    assert tower.single(tower.log(1 - p)).of == 1 - p
    assert tower.single(tower.log(p - 1)).of == p - 1
    assert tower.single(tower.log((1 - p) * (1 - q))).of == (1 - p) * (1 - q)
    assert tower.single(tower.log(tower.over(1 - p, 1 - q))).of == tower.over(1 - p, 1 - q)
    below = tower.inverse(1 - p)
    assert tower.single(tower.log(below)).of == below
    assert tower.log((1 - p) ** 2 * beta) == tower.log((1 - p) ** 2) + tower.log(beta)
    for negative in (-tower.one, tower.number(-2), -alpha, -tower.inverse(alpha)):
        with pytest.raises(OutsideClassError, match="may be negative"):
            tower.log(negative)


SIGNS = [  # a polynomial in γ (real), λ ≥ 0 and α > 0; positive by its form, nonnegative by it
    (lambda t: t["gamma"], False, False),
    (lambda t: t["lam"], False, True),
    (lambda t: t["alpha"], True, True),
    (lambda t: t["gamma"] ** 2, False, True),
    (lambda t: t["gamma"] ** 3, False, False),
    (lambda t: t["gamma"] ** 2 + t["alpha"], True, True),
    (lambda t: t["lam"] * t["alpha"] + t["lam"], False, True),
    (lambda t: t["lam"] + 1, True, True),
    (lambda t: t["lam"] - 1, False, False),
    (lambda t: 1 - t["lam"], False, False),
    (lambda t: t["gamma"] * t["lam"] + t["alpha"], False, False),
    (lambda t: t["gamma"] ** 2 * t["lam"] + t["alpha"] ** 2, True, True),
    (lambda t: t["alpha"] * t["gamma"] + 1, False, False),
    (lambda t: -t["alpha"], False, False),
    (lambda t: t["gamma"] ** 0, True, True),
]


@pytest.mark.parametrize(("made", "positive", "nonnegative"), SIGNS)
def test_signs_by_form(tower, made, positive, nonnegative):
    """Squares, what is not negative, and sums of them with positive numbers; one term positive."""
    polynomial = made(tower).numer
    assert tower.is_positive(polynomial) is positive
    assert tower.is_nonnegative(polynomial) is nonnegative


# Sums over tokens


def test_what_does_not_vary_goes_out_of_a_sum(tower):
    """Σ 2γ ξ/((1 + α)(1 + ν)) = 2γ/(1 + α) Σ ξ/(1 + ν); Σ (γ + ηξ) = γ|y| + η Σ ξ."""
    alpha, gamma, eta, length = leaves(tower, "alpha gamma eta length")
    xi, nu = leaves(tower, "xi nu")
    inner = tower.sum("w", tower.over(xi, nu + 1))
    assert tower.single(inner).kind == "Σ"
    whole = tower.over(2 * gamma * xi, (alpha + 1) * (nu + 1))
    assert tower.sum("w", whole) == tower.over(2 * gamma * inner, alpha + 1)
    assert tower.sum("w", gamma + eta * xi) == gamma * length + eta * tower.sum("w", xi)
    assert tower.sum("w", tower.inverse(gamma)) == tower.over(length, gamma)
    assert tower.sum("w", tower.zero) == tower.zero
    assert tower.sum("w", xi**2) != tower.sum("w", xi) ** 2
    square = tower.sum("w", xi**2 * gamma**2)
    assert square == gamma**2 * tower.sum("w", xi**2)


def test_sums_of_fractions(tower):
    """Σ ν/(ν + 1) = |y| − Σ 1/(ν + 1); Σ (ξ + ν + 1)/(ν + 1) = |y| + Σ ξ/(ν + 1)."""
    xi, nu, length = leaves(tower, "xi nu length")
    below = tower.inverse(nu + 1)
    inner = tower.sum("w", below)
    assert tower.sum("w", tower.times(nu, below)) == length - inner
    both = tower.sum("w", tower.times(xi + nu + 1, below))
    assert both == length + tower.sum("w", tower.times(xi, below))


# sg(a) = a

HELD = [  # of log p, through which a gradient flows, or which is inside sg
    lambda _, a: a,
    lambda t, a: t.exp(a),
    lambda t, a: t.exp(t.part(a, 3)) + a,
    lambda t, a: t.log(t.exp(a) + 2),
    lambda t, a: t.log(1 - t.exp(a)),
    lambda t, a: t.exp(t.part(t.log(t.exp(a) + 1), 2)),
    lambda t, a: t.sum("w", a * t["xi"]),
    lambda t, a: t.over(t["gamma"], t.sum("w", t.exp(a)) + t["alpha"]),
]


@pytest.mark.parametrize("made", HELD)
def test_thawed(tower, made):
    """What is made of sg(a) becomes what is made of a, which stays as it is."""
    flowing, held = made(tower, tower["logp"]), made(tower, tower["held"])
    assert flowing != held
    assert tower.thawed(held) == flowing
    assert tower.thawed(flowing) == flowing
    assert not tower.thawed(tower.plus(held, -flowing))


def test_positive_leaves_thaw_to_their_logarithms(tower):
    """S₂ > 0 is the exponential of its logarithm, with and without sg."""
    held, flowing = (
        tower[name] for name in ("Statistic[sum_of_squares](w)°", "Statistic[sum_of_squares](w)")
    )
    assert held != flowing
    assert tower.thawed(held) == flowing
    assert tower.thawed(tower.log(held)) == tower.log(flowing)


def test_frozen_steps_stay(tower):
    """[sg(a) ≥ 0] is not looked into."""
    held = step(tower, tower["held"])
    assert tower.thawed(held) == held
    assert tower.thawed(held * tower["held"]) == held * tower["logp"]
