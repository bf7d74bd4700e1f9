"""The gradient of a normal form, through the atoms of the policy. Trusted, like `kernel`."""

from __future__ import annotations

from sympy import Symbol
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.prover.forms import FROZEN, Atom, NormalForm, ZeroDenominatorError


def slopes_of(form: NormalForm) -> dict[Atom, FracElement]:
    """Return ∂r/∂a for each policy atom a, where it is not zero once sg(b) = b is put in.

    The gradient of Σ_t r(t) is Σ_t Σ_a (∂r/∂a) ∇a, and the ∇a of one token are independent.
    """
    found: dict[Atom, FracElement] = {}
    for part in (form.constant, *form.sums.values()):
        for atom in form.atoms_of(part):
            if atom.policy:
                slope = _thaw(part.diff(part.field(Symbol(atom.name))))
                if slope:
                    found[atom] = slope
    return found


def _thaw(value: FracElement) -> FracElement:
    """Return a fraction with each atom inside sg replaced by the same atom outside."""
    names = [str(symbol) for symbol in value.field.symbols]
    target = [names.index(name.removesuffix(FROZEN)) for name in names]

    def thaw(polynomial: PolyElement) -> FracElement:
        terms: dict[tuple[int, ...], object] = {}
        for monomial, coefficient in polynomial.terms():
            exponents = [0] * len(names)
            for place, exponent in enumerate(monomial):
                exponents[target[place]] += exponent
            key = tuple(exponents)
            terms[key] = terms.get(key, 0) + coefficient
        return value.field(value.field.ring.from_dict(terms))

    denominator = thaw(value.denom)
    if not denominator:
        raise ZeroDenominatorError
    return thaw(value.numer) / denominator
