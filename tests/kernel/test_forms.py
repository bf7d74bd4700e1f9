"""The arithmetic of normal forms, its limits, and the names of opaque atoms."""

from __future__ import annotations

import pytest
from sympy import QQ, symbols
from sympy.polys.fields import FracField
from sympy.polys.orderings import lex

from midpo_sym.kernel.forms import (
    NormalForm,
    OutsideClassError,
    Work,
    application,
    bits,
    key,
    plus,
    primes,
    times,
    variables,
)

FIELD = FracField(symbols("x y z"), QQ, lex)
X, Y, Z = FIELD.gens
LONG_X, LONG_Y = (sum((each**k for k in range(30)), FIELD.zero) for each in (X, Y))


def test_sums_and_products_are_those_of_the_field():
    """x/y + z/y = (x + z)/y; x/y + 1/z = (x z + y)/(y z); (x/y)(y/z) = x/z."""
    assert plus(X, Y) == X + Y
    assert plus(X / Y, Z / Y) == (X + Z) / Y
    assert plus(X / Y, 1 / Z) == (X * Z + Y) / (Y * Z)
    assert plus(X / Y, Z) == plus(Z, X / Y) == (X + Y * Z) / Y
    assert times(X / Y, Y / Z) == X / Z
    assert times(X, Y / Z) == times(Y / Z, X) == X * Y / Z
    assert times(X + 1, Y + 1) == X * Y + X + Y + 1
    assert times(X / Y, Y).denom == 1


@pytest.mark.parametrize(
    ("operation", "left", "right"),
    [
        (times, LONG_X, LONG_Y),  # 900 terms
        (times, LONG_X / Z, LONG_Y),
        (times, 1 / LONG_X, 1 / LONG_Y),
        (plus, 1 / LONG_X, 1 / LONG_Y),
        (plus, (LONG_X - 1) * 20 / LONG_Y, LONG_Y / LONG_X),
    ],
)
def test_what_has_too_many_terms_is_refused(operation, left, right):
    """(1 + … + x²⁹)(1 + … + y²⁹) has 900 terms, above the line or below."""
    with pytest.raises(OutsideClassError, match="too many terms"):
        operation(left, right)


def test_large_sums_over_one_denominator():
    """(a + 1)/c + (b + 1)/c with 30 terms each is no matter."""
    assert plus(LONG_X / Z, LONG_Y / Z) == (LONG_X + LONG_Y) / Z


def test_work_is_the_products_of_terms():
    """(x + y)/z times (x + y + 1)/(y + z): 2·3 + 1·2 products and one; (x)(y): 1 + 1 and one."""
    work = Work(12)
    work.spend((X + Y) / Z, (X + Y + 1) / (Y + Z))
    assert work.done == 9
    work.spend(X, Y)
    assert work.done == 12
    with pytest.raises(OutsideClassError, match="too much work"):
        work.spend(X, Y)


def test_long_numbers_are_refused_now_and_then():
    """Of one in eight products the coefficients are measured: 4 097 bits are too many."""
    work = Work()
    for _ in range(7):  # each counts 3
        work.spend(X * 2**4096, Y)
    with pytest.raises(OutsideClassError, match="too long a number"):
        work.spend(X * 2**4096, Y)
    work = Work()
    for _ in range(8):
        work.spend(X * 2**4000, Y)


def test_bits():
    """12 has four bits over one, 1/8 one over four; nothing has none."""
    assert bits((12 * X).numer) == 5
    assert bits(X.numer.mul_ground(QQ(1, 8)) + Y.numer * 2) == 5
    assert bits(FIELD.ring.zero) == 0


def test_primes():
    """360 = 2³ 3² 5; a product of two primes above 10 000 stays as it is."""
    assert primes(360) == {2: 3, 3: 2, 5: 1}
    assert primes(1) == {}
    large = 1_000_003 * 10_000_019
    assert primes(2 * large) == {2: 1, large: 1}


def test_variables():
    """x² z and x depend on x and z, and on x; 1 on nothing."""
    assert list(variables((X**2 * Z + X).numer)) == ["x", "z"]
    assert list(variables(FIELD.ring.one)) == []


def test_names_tell_forms_apart():
    """x/y, y/x, x² and Σ x have other names; more variables in the field change none."""
    forms = [(X / Y, {}), (Y / X, {}), (X**2, {}), (X, {}), (FIELD.zero, {"w": X}), (X + Y, {})]
    assert len({key(each) for each in forms}) == len(forms)
    wide = FracField(symbols("a x y z"), QQ, lex)
    assert key((wide.gens[1] / wide.gens[2], {})) == key((X / Y, {}))
    assert key((X / Y, {"w": X, "l": Y})) == key((X / Y, {"l": Y, "w": X}))
    assert key((X, {}), {"x": "y"}) == key((Y, {}))
    assert application("f", ((X, {}), (Y, {}))) != application("f", ((Y, {}), (X, {})))
    assert application("f", ((X, {}),), {"x": "z"}) == application("f", ((Z, {}),))
    assert application("f", ((X, {}),)) != application("g", ((X, {}),))


def test_atoms_of_a_form():
    """Those above the line and below; of all parts."""
    form = NormalForm(X / Y, {"w": Z}, {"x": "a", "y": "b", "z": "c"})
    assert form.atoms_of(form.constant) == ["a", "b"]
    assert form.present() == ["a", "b", "c"]


def test_an_error_names_its_part():
    error = OutsideClassError("too much")
    assert str(error) == "too much"
    error.part = "exp(gamma)"
    assert str(error) == "too much, in exp(gamma)"
