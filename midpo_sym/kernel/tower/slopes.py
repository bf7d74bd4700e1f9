"""Gradients in the tower, through the atoms of the policy. Trusted, like `theorem`."""

from __future__ import annotations

from sympy.polys.fields import FracElement

from midpo_sym.kernel.tower.generators import Place, Tower

Slopes = dict[Place, FracElement]


def is_still(tower: Tower, value: FracElement) -> bool:
    """Return whether the gradient of an element is zero, with sg(a) = a put into it (A8, A10)."""
    slopes: Slopes = {}
    _add(tower, slopes, value, tower.one, "")
    return all(tower.is_zero(tower.thawed(each)) for each in slopes.values())


def _add(
    tower: Tower, slopes: Slopes, value: FracElement, factor: FracElement, response: str
) -> None:
    """Add factor × the gradient of an element; if it varies with t, summed over a response."""
    for place in tower.places(value):
        made = tower.generators[place]
        if not made.policy:
            continue
        variable = tower.field.gens[place]
        here = tower.times(factor, tower.slope(value, place))
        inner = "" if response and not made.token else response
        if inner != response:  # Σ_t k(t) ∇a = (Σ_t k(t)) ∇a
            here = tower.sum(response, here)
        if made.of is None:
            slopes[place] = tower.plus(slopes.get(place, tower.zero), here)
            continue
        match made.kind:
            case "exp":
                here = tower.times(here, tower.part(variable, made.root))
            case "log":
                here = tower.over(here, made.of)
            case "root":
                here = tower.over(tower.times(here, tower.part(variable, made.root)), made.of)
            case _:  # a sum over tokens
                inner = made.name
        _add(tower, slopes, made.of, here, inner)
