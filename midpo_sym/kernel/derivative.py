"""The gradient of a normal form, through the atoms of the policy. Trusted, like `kernel`."""

from __future__ import annotations

from sympy import Symbol
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.forms import (
    CAUCHY,
    Atom,
    Inside,
    NormalForm,
    ZeroDenominatorError,
    plus,
    times,
)

_OWN = ("max", CAUCHY)  # have a gradient of their own, whatever that is


def slopes_of(form: NormalForm, inside: Inside) -> dict[Atom, FracElement]:
    """Return k_a for each policy atom a, where the gradient is Σ_a Σ_t k_a(t) ∇a(t).

    Those that are zero once sg(b) = b is put in are left out; if none is left, the gradient is
    zero. By the chain rule (A10), ∇log R = ∇R/R, ∇exp e = exp(e) ∇e, and that of a sum over tokens
    is the sum of the gradients. A maximum, `CAUCHY`, and a sum over tokens that weighs the tokens
    of another sum, have a gradient of their own.
    """
    total: dict[Atom, FracElement] = {}
    _add(total, form, form.constant.field.one, inside)
    thawed = {atom: _thaw(slope, form) for atom, slope in total.items()}
    return {atom: slope for atom, slope in thawed.items() if slope}


def _add(
    total: dict[Atom, FracElement], form: NormalForm, factor: FracElement, inside: Inside
) -> None:
    """Add factor × the gradient of a form; nothing in the factor varies from token to token."""
    for atom, slope in _slopes(form.constant, form):
        _add_whole(total, form, atom, times(factor, slope), inside)
    for each in form.sums.items():
        _add_token(total, form, each, factor, inside)


def _add_token(
    total: dict[Atom, FracElement],
    form: NormalForm,
    sum_of: tuple[str, FracElement],
    factor: FracElement,
    inside: Inside,
) -> None:
    """Add Σ_t factor(t) × the gradient of r(t)."""
    response, r = sum_of
    for atom, slope in _slopes(r, form):
        here = times(factor, slope)
        if not atom.token and not any(each.token for each in form.atoms_of(here)):
            length = here.field(Symbol(f"|y_{response}|"))  # Σ_t k = k |y|
            _add_whole(total, form, atom, times(here, length), inside)
        elif atom.token and inside.get(atom.name, ("max",))[0] not in _OWN:
            function, ((argument, _),) = inside[atom.name]
            more = times(here, _outer(function, argument, atom))
            _add_token(total, form, (response, argument), more, inside)
        else:
            total[atom] = plus(total.get(atom, here.field.zero), here)


def _add_whole(
    total: dict[Atom, FracElement],
    form: NormalForm,
    atom: Atom,
    factor: FracElement,
    inside: Inside,
) -> None:
    """Add factor × the gradient of an opaque atom that does not vary from token to token."""
    function, arguments = inside[atom.name]
    if function in _OWN:
        total[atom] = plus(total.get(atom, factor.field.zero), factor)
        return
    ((constant, sums),) = arguments
    more = times(factor, _outer(function, constant, atom))
    _add(total, NormalForm(constant, sums, form.atoms), more, inside)


def _outer(function: str, argument: FracElement, atom: Atom) -> FracElement:
    """Return the derivative of log R, exp e, or a sum over tokens, by its argument."""
    if function == "log":
        return 1 / argument
    return argument.field(Symbol(atom.name)) if function == "exp" else argument.field.one


def _slopes(value: FracElement, form: NormalForm) -> list[tuple[Atom, FracElement]]:
    """Return the partial derivatives by the atoms through which a gradient flows."""
    flowing = [atom for atom in form.atoms_of(value) if atom.policy]
    return [(atom, value.diff(value.field(Symbol(atom.name)))) for atom in flowing]


def _thaw(value: FracElement, form: NormalForm) -> FracElement:
    """Return a fraction with each atom inside sg replaced by the same atom outside."""
    places = {symbol.name: place for place, symbol in enumerate(value.field.symbols)}
    target = list(places.values())
    for name, atom in form.atoms.items():
        target[places[name]] = places.get(atom.thawed, places[name])

    def thaw(polynomial: PolyElement) -> FracElement:
        terms: dict[tuple[int, ...], object] = {}
        for monomial, coefficient in polynomial.terms():
            exponents = [0] * len(target)
            for place, exponent in enumerate(monomial):
                exponents[target[place]] += exponent
            key = tuple(exponents)
            terms[key] = terms.get(key, 0) + coefficient
        return value.field(value.field.ring.from_dict(terms))

    denominator = thaw(value.denom)
    if not denominator:
        raise ZeroDenominatorError
    return times(value.field(thaw(value.numer)), 1 / value.field(denominator))
