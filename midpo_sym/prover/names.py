"""The names of variables, with each index in marks: `log π‹x›‹y›`. Trusted, like `kernel`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sympy.polys.fields import FracElement

INDEX = re.compile("‹([^›]*)›")
VALUE = re.compile(r"(\w+)((?:‹[^›]*›)+)")  # a function at indices


def single(value: FracElement) -> str:
    """Return the name of the variable that a fraction is, or nothing."""
    numer = value.numer
    alone = value.denom == 1 and len(numer) == 1 and numer.LC == 1 and sum(numer.LM) == 1
    return str(value.field.symbols[numer.LM.index(1)]) if alone else ""


def shape(name: str) -> str:
    """Return a name without its indices: what is positive is so at every index."""
    return INDEX.sub("‹›", re.sub(r"[xyiab]\$\d+", "$", name))


def depends(name: str, tokens: Iterable[str]) -> bool:
    """Tell whether one of some indices stands in a name."""
    return any(f"‹{token}›" in name for token in tokens)


def renamed(name: str, new: Mapping[str, str]) -> str:
    """Return a name with other indices, all at once."""
    return INDEX.sub(lambda found: f"‹{new.get(found[1], found[1])}›", name)
