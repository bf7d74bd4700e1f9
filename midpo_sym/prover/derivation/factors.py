"""Factors of polynomials, by what is cheap: most of them are linear in one of their variables.

With p = a x + b, whatever divides p and has no x in it divides a and b, and the rest is linear in
x, so that it has no factors: p is gcd(a, b) times an irreducible polynomial. Only what is linear in
no variable is left to SymPy's factorisation, which takes ever longer with variables.
"""

from __future__ import annotations

from typing import Any

from sympy.polys.rings import PolyElement

Factors = list[tuple[PolyElement, int]]


def factor_list(polynomial: PolyElement) -> tuple[Any, Factors]:
    """Return content and irreducible factors, as the method of SymPy's polynomials does.

    Args:
        polynomial: with rational coefficients.
    """
    if not polynomial:
        return polynomial.ring.domain.zero, []
    rest, factors = without_monomial(polynomial)
    while (place := _linear_in(rest)) is not None:
        slope = rest.diff(place)
        shared = slope.gcd(rest - slope * rest.ring.gens[place])
        factors.append((rest.exquo(shared), 1))
        rest = shared
    if not rest.is_ground:
        factors += rest.factor_list()[1]
    factors = [(_primitive(factor), power) for factor, power in factors]
    content = _leading(polynomial)
    for factor, power in factors:
        content /= _leading(factor) ** power
    return content, sorted(factors, key=_order)


def without_monomial(polynomial: PolyElement) -> tuple[PolyElement, Factors]:
    """Return a polynomial without the variables that divide it, and these with their powers."""
    ring = polynomial.ring
    shared = tuple(min(column) for column in zip(*polynomial.monoms(), strict=True))
    factors = [(g, e) for g, e in zip(ring.gens, shared, strict=True) if e]
    return polynomial.quo(ring.from_dict({shared: ring.domain.one})), factors


def _linear_in(polynomial: PolyElement) -> int | None:
    """Return the place of a variable in which a polynomial is linear; None if there is none."""
    degrees = polynomial.degrees()
    return next((k for k, degree in enumerate(degrees) if degree == 1), None)


def _leading(polynomial: PolyElement) -> Any:
    """Return the coefficient of the monomial that is the largest in lexicographic order."""
    return polynomial[max(polynomial.monoms())]


def _primitive(polynomial: PolyElement) -> PolyElement:
    """Return a multiple whose coefficients are whole numbers without a common divisor."""
    found = polynomial.primitive()[1]
    return found if _leading(found) > 0 else -found


def _order(factor: tuple[PolyElement, int]) -> tuple[int, int, Any]:
    """Return what SymPy sorts factors by."""
    dense = factor[0].to_dense()
    return len(dense), factor[1], dense
