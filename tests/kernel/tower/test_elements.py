"""The arithmetic of the tower, against SymPy's own fields, and worked out by hand."""

from __future__ import annotations

import random

import pytest

from midpo_sym.kernel.forms import OutsideClassError, Work, ZeroDenominatorError
from midpo_sym.kernel.tower.elements import Elements

SIZE = 4


def drawn(elements, chance):
    """Return a random polynomial, small enough to be split into its factors."""
    return elements.ring.from_dict(
        {
            tuple(chance.randrange(3) for _ in range(SIZE)): elements.field.domain(
                chance.choice((-3, -2, -1, 1, 2, 4)), chance.choice((1, 1, 2, 3))
            )
            for _ in range(chance.choice((1, 2, 2, 3)))
        }
    )


@pytest.mark.parametrize("seed", range(30))
def test_arithmetic_is_that_of_the_field(seed):
    """Sums, products, quotients, powers, slopes and factors agree with SymPy's."""
    chance = random.Random(seed)
    elements = Elements(SIZE, Work())
    ours, theirs = [], []
    for _ in range(3):
        above, below = drawn(elements, chance), drawn(elements, chance)
        ours.append(elements.over(elements.polynomial(above), elements.polynomial(below)))
        theirs.append(elements.field(above) / elements.field(below))
    (a, b, c), (x, y, z) = ours, theirs
    place = chance.randrange(SIZE)
    pairs = [
        (elements.plus(a, elements.times(b, c)), x + y * z),
        (elements.over(elements.plus(a, b), c), (x + y) / z),
        (elements.plus(elements.power(a, 2), elements.power(b, -1)), x**2 + 1 / y),
        (elements.slope(a, place), x.diff(elements.field.gens[place])),
        (elements.plus(a, -a), elements.zero),
    ]
    for one, other in pairs:
        assert not elements.field(one.numer) / elements.field(one.denom) - other
        content, factors = elements.factors(one.denom)
        assert content == 1
        assert elements.expand(dict(factors)) == one.denom


def test_equal_fractions_of_factors_that_are_known_are_the_same_element():
    """(x² − 4y²)/(2x + 4y) is the element x/2 − y, a key that is found again."""
    elements = Elements(SIZE, Work())
    x, y, *_ = elements.ring.gens
    made = elements.over(elements.polynomial(x**2 - 4 * y**2), elements.polynomial(2 * x + 4 * y))
    assert made == elements.polynomial(x / 2 - y)
    assert {made: 1}[elements.polynomial(x / 2 - y)] == 1


def test_constants_are_not_lost_in_factors():
    """12 x² y − 3 y = 3 y (2x − 1)(2x + 1), and its opposite has the constant −3."""
    elements = Elements(SIZE, Work())
    x, y, *_ = elements.ring.gens
    for sign in (1, -1):
        content, factors = elements.factors((12 * x**2 * y - 3 * y) * sign)
        assert content == 3 * sign
        assert sorted(map(str, dict(factors))) == ["2*~0 + 1", "2*~0 - 1", "~1"]


def test_nothing_is_divided_by_zero():
    elements = Elements(SIZE, Work())
    with pytest.raises(ZeroDenominatorError):
        elements.over(elements.one, elements.zero)


def test_work_ends():
    """(x + y + z + 1)^60 would have 39,711 terms."""
    elements = Elements(SIZE, Work())
    x, y, z, _ = elements.ring.gens
    with pytest.raises(OutsideClassError, match="too m"):
        elements.power(elements.polynomial(x + y + z + 1), 60)
    with pytest.raises(OutsideClassError, match="too large"):
        elements.power(elements.polynomial(x), 1_001)


# Worked out by hand


@pytest.fixture
def elements():
    return Elements(SIZE, Work())


def texts(factors):
    return {str(factor): power for factor, power in factors}


def test_zero_is_one_element(elements):
    """a/b − a/b is the element 0, over 1: what is looked up is found."""
    x, y, *_ = elements.field.gens
    part = elements.over(x, elements.plus(y, elements.one))
    assert elements.plus(part, -part) == elements.zero
    assert elements.plus(part, -part).denom == 1
    assert elements.plus(part, elements.zero) == elements.plus(elements.zero, part) == part


def test_products_with_numbers(elements):
    """2 is no 1: 2·x = x·2 = 2x, 1·x = x·1 = x, of polynomials and of fractions."""
    x = elements.ring.gens[0]
    two, one = elements.ring(2), elements.ring.one
    assert elements.product(two, x) == elements.product(x, two) == 2 * x
    assert elements.product(one, x) == elements.product(x, one) == x
    inverse = elements.inverse(elements.polynomial(x))
    assert elements.times(inverse, elements.number(2)).numer == 2
    assert elements.times(elements.one, inverse) == elements.times(inverse, elements.one) == inverse


def test_fractions_are_cancelled_by_what_divides_them(elements):
    """x²/x³ = 1/x; (x³ − 1)/(x² + x + 1) = x − 1; (x² − 1)/(x − 1)² = (x + 1)/(x − 1)."""
    x, y, *_ = elements.field.gens
    assert elements.over(x**2, x**3) == elements.inverse(x)
    assert elements.over(x**3, x) == x**2
    assert elements.over(x**3 - 1, x**2 + x + 1) == x - 1
    assert elements.over(x**2 + x + 1, x**3 - 1) == elements.inverse(x - 1)
    assert elements.over(x**2 - 1, (x - 1) ** 2) == elements.over(x + 1, x - 1)
    assert elements.over(x * y + y, y**3) == elements.over(x + 1, y**2)
    assert elements.over(x - 1, x**2 + 1).denom == (x**2 + 1).numer


def test_fractions_and_polynomials(elements):
    """x/y + z = (x + y z)/y and (x/y) z = x z/y, in both orders; p/1 is p, with nothing left."""
    x, y, z, _ = elements.field.gens
    part = elements.over(x, y)
    assert elements.plus(x, z) == x + z
    assert elements.plus(x + 1, y - x) == y + 1
    assert elements.plus(part, z) == elements.plus(z, part) == elements.over(x + y * z, y)
    assert elements.times(part, z) == elements.times(z, part) == elements.over(x * z, y)
    assert elements.divided(x.numer, elements.ring.one) == (x.numer, 0)


def test_powers(elements):
    """(x/y)² = x²/y²; (2x)² = 4x²; (x + y)² = x² + 2xy + y²; of no power 1, and 1/x² of −2."""
    x, y, *_ = elements.field.gens
    assert elements.power(elements.over(x, y), 2) == elements.over(x**2, y**2)
    assert elements.power(elements.over(x, y), -1) == elements.over(y, x)
    assert elements.power(2 * x, 2) == 4 * x**2
    assert elements.power(x + y, 2) == x**2 + 2 * x * y + y**2
    assert elements.power(x * y**2, 3) == x**3 * y**6
    assert elements.power(x, 0) == elements.power(x + y, 0) == elements.one
    assert elements.power(x, -2) == elements.inverse(x**2)
    assert elements.power(x, 1_000).numer == x.numer**1_000
    with pytest.raises(ZeroDenominatorError):
        elements.power(elements.zero, -1)


def test_slopes_of_powers_below_the_line(elements):
    """d/dx of y/(x + 1)² is −2y/(x + 1)³, of x/(x + 1) it is 1/(x + 1)², of 1/y it is 0."""
    x, y, *_ = elements.field.gens
    squared = elements.over(y, (x + 1) ** 2)
    assert elements.slope(squared, 0) == elements.over(-2 * y, (x + 1) ** 3)
    assert elements.slope(elements.over(x, x + 1), 0) == elements.inverse((x + 1) ** 2)
    assert elements.slope(elements.inverse(y), 0) == elements.zero


FACTORS = [  # a polynomial, its constant, its factors
    (lambda x, y, *_: x * y + x + y + 1, "1", {"~0 + 1": 1, "~1 + 1": 1}),
    (lambda x, y, *_: 2 * y - 2 * x**2 * y, "-2", {"~1": 1, "~0 + 1": 1, "~0 - 1": 1}),
    (lambda x, *_: x**2 + 2 * x + 1, "1", {"~0 + 1": 2}),
    (lambda x, y, z, u: x * y + x * z + u, "1", {"~0*~1 + ~0*~2 + ~3": 1}),  # a x + one term
    (lambda x, y, z, _: y * z + x + y, "1", {"~0 + ~1*~2 + ~1": 1}),  # x + b
    (lambda x, y, *_: x**3 * y, "1", {"~0": 3, "~1": 1}),
    (lambda x, *_: 4 * x**2 + 4 * x, "4", {"~0": 1, "~0 + 1": 1}),
    (lambda x, *_: (3 * x - 2) * (1 - x) / 6, "-1/6", {"3*~0 - 2": 1, "~0 - 1": 1}),
]


@pytest.mark.parametrize(("made", "constant", "expected"), FACTORS)
def test_factors(elements, made, constant, expected):
    """The factors and the constant are those of school; their product is the polynomial again."""
    polynomial = made(*elements.ring.gens)
    content, factors = elements.factors(polynomial)
    assert (str(content), texts(factors)) == (constant, expected)
    assert elements.expand(dict(factors)).mul_ground(content) == polynomial


LARGE = [  # too many terms, too long a coefficient, too high a degree
    lambda x, y, z, u: (1 + x + y + z + u) ** 3,
    lambda x, y, *_: (x + 2**70) * (y + 1),
    lambda x, y, *_: (x**45 - 1) * (y**45 - 1),
]


@pytest.mark.parametrize("made", LARGE)
def test_what_is_large_is_not_split(elements, made):
    """It is its own factor, once."""
    polynomial = made(*elements.ring.gens)
    assert elements.factors(polynomial) == (1, [(polynomial, 1)])


def test_denominators_remember_what_they_were_made_of(elements):
    """1/(f g) with 36 terms below is split by nobody; times f it is 1/g, from a product or a sum.

    1/f + 1/g = (f + g)/(f g).
    """
    x, y, z, u = elements.field.gens
    f = 1 + x + 2 * y + 3 * z + 5 * u + x**2
    g = 7 + 11 * x + 13 * y + 17 * z**2 + 19 * u + y**2
    over = elements.times(elements.inverse(f), elements.inverse(g))
    assert len(over.denom) > 24
    assert elements.times(over, f) == elements.inverse(g)
    assert elements.expand(elements.below(over)) == over.denom
    fresh = Elements(SIZE, Work())
    one, other = fresh.inverse(f), fresh.inverse(g)
    total = fresh.plus(one, other)
    assert fresh.expand(fresh.below(total)) == total.denom
    assert fresh.times(total, f) == fresh.plus(fresh.one, fresh.over(f, g))


def test_work_is_counted(elements):
    """Ten products of terms are less than what (x + 1)(y + 1)… takes, or a division."""
    x, y, *_ = elements.ring.gens
    small = Elements(SIZE, Work(10))
    with pytest.raises(OutsideClassError, match="too much work"):
        small.product((x + y + 1) ** 2, x + y + 2)
    small = Elements(SIZE, Work(10))
    with pytest.raises(OutsideClassError, match="too much work"):
        small.divided((x + y + 1) ** 4, x + y + 1)


def test_terms_are_counted(elements):
    """(1 + x + … + x²⁹)(1 + y + … + y²⁹) has 900 terms."""
    x, y, *_ = elements.ring.gens
    left, right = (sum(each**k for k in range(30)) for each in (x, y))
    with pytest.raises(OutsideClassError, match="too many terms"):
        elements.product(left, right)
