"""The names of variables, with each index in marks, and factors. Trusted, like `kernel`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

INDEX = re.compile("‹([^›]*)›")
VALUE = re.compile(r"(\w+)((?:‹[^›]*›)+)")  # a function at indices


def single(value: FracElement) -> str:
    """Return the name of the variable that a fraction is, or nothing."""
    numer = value.numer
    alone = value.denom == 1 and len(numer) == 1 and numer.LC == 1 and sum(numer.LM) == 1
    return str(value.field.symbols[numer.LM.index(1)]) if alone else ""


def factored(polynomial: PolyElement) -> tuple[Any, list[tuple[PolyElement, int]]]:
    """Return the constant factor of a polynomial, and its irreducible factors with their powers."""
    if len(polynomial) > 1:
        content, factors = polynomial.factor_list()
        return content, factors
    gens = polynomial.ring.gens
    return polynomial.LC, [(gens[k], e) for k, e in enumerate(polynomial.LM) if e]


def shape(name: str) -> str:
    """Return a name without its indices: what is positive is so at every index."""
    return INDEX.sub("‹›", re.sub(r"[xyiab]\$\d+", "$", name))


def depends(name: str, tokens: Iterable[str]) -> bool:
    """Return whether one of some indices stands in a name."""
    return any(f"‹{token}›" in name for token in tokens)


def renamed(name: str, new: Mapping[str, str]) -> str:
    """Return a name with other indices, all at once."""
    return INDEX.sub(lambda found: f"‹{new.get(found[1], found[1])}›", name)
