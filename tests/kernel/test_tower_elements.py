"""The arithmetic of the tower, against SymPy's own fields."""

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
