"""Numbers for variables: to run code with, to look for differences, and to show them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from midpo_sym.code.inputs.instance import LENGTH, Atom

_BELOW_ONE = "_sum_of_squares_"  # the beginning of the names of what is never above one
# Inside of the domains: at their ends code may do something else.
_VALUES = {
    "real": [k / 4 for k in range(-8, 9) if k],
    "nonnegative": [k / 4 for k in range(1, 9)],
    "positive": [k / 8 for k in range(1, 17)],
    "unit": [k / 8 for k in range(1, 8)],
    "open unit": [k / 8 for k in range(1, 8)],
}


def wide_point_of(atoms: Mapping[str, Atom], seed: str) -> dict[str, float]:
    """Return random values of variables of all sizes, where code may branch that looks harmless."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    found = point_of(atoms, seed)
    for name, atom in atoms.items():
        size = 10 ** chance.uniform(-3, 2)
        if atom.is_probability:
            found[name] = math.exp(-size)
        elif name.startswith(LENGTH):
            found[name] = float(1 + round(size))
        elif atom.parameter.domain in ("real", "nonnegative", "positive"):
            found[name] = size if found[name] > 0 else -size
    return _normalised(found, atoms)


def point_of(atoms: Mapping[str, Atom], seed: str) -> dict[str, float]:
    """Return random values of variables, the same for the same seed.

    Log-probabilities are eighths, so that they can be read and pasted.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    found = {}
    for name, atom in atoms.items():
        if atom.is_probability:
            found[name] = math.exp(-chance.randint(1, 40) / 8)
        elif name.startswith(LENGTH):
            found[name] = float(chance.randint(1, 9))
        elif name.startswith(_BELOW_ONE):
            found[name] = chance.choice(_VALUES["unit"])
        else:
            found[name] = chance.choice(_VALUES[atom.parameter.domain])
    return _normalised(found, atoms)


def _normalised(point: dict[str, float], atoms: Mapping[str, Atom]) -> dict[str, float]:
    """Return a point at which the probabilities of the words of a distribution sum to one."""
    sums: dict[str, float] = {}
    for name, atom in atoms.items():
        if atom.group:
            sums[atom.group] = sums.get(atom.group, 0.0) + point[name]
    for name, atom in atoms.items():
        if atom.group:
            point[name] /= sums[atom.group]
    return point


def shown(value: float) -> float:
    """Return a number without the rounding of its last places."""
    return round(value, 12)
