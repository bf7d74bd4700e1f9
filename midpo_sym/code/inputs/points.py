"""Numbers for variables: to run code with, to look for differences, and to show them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from midpo_sym.code.inputs.instance import LENGTH, Atom
from midpo_sym.code.tracing.evaluate import logarithm_of, value_at
from midpo_sym.language.tree import Expression

_BELOW_ONE = "_sum_of_squares_"  # the beginning of the names of what is never above one
_STRAIGHT = 1e-9
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
            _set_logarithm(found, name, -size)
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
    found: dict[str, float] = {}
    for name, atom in atoms.items():
        if atom.is_probability:
            _set_logarithm(found, name, -chance.randint(1, 40) / 8)
        elif name.startswith(LENGTH):
            found[name] = float(chance.randint(1, 9))
        elif name.startswith(_BELOW_ONE):
            found[name] = chance.choice(_VALUES["unit"])
        else:
            found[name] = chance.choice(_VALUES[atom.parameter.domain])
    return _normalised(found, atoms)


def tame_point_of(atoms: Mapping[str, Atom], seed: str) -> dict[str, float]:
    """Return random values at which low precisions are precise enough to tell a half from a whole.

    Log-probabilities are near -1, hyper-parameters and data one at most; no two sums are alike, so
    that no branch is at its edge.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    found = point_of(atoms, seed)
    for name, atom in atoms.items():
        if atom.is_probability:
            _set_logarithm(found, name, -round(chance.uniform(0.5, 1.5), 6))
        elif name.startswith(LENGTH):
            found[name] = float(chance.choice((1, 2, 4)))
        elif abs(found[name]) > 1:
            found[name] /= 4
    return _normalised(found, atoms)


def deep_point_of(atoms: Mapping[str, Atom], seed: str) -> dict[str, float]:
    """Return random values at which log-probabilities are those of long responses: to -10**5."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    found = wide_point_of(atoms, seed)
    for name, atom in atoms.items():
        if atom.is_probability:
            _set_logarithm(found, name, -round(10 ** chance.uniform(1, 5)) / 8)
        elif name.startswith(LENGTH):
            found[name] = float(round(10 ** chance.uniform(1, 4)))
    return _normalised(found, atoms)


def solved(
    node: Expression, atoms: Mapping[str, Atom], point: Mapping[str, float], names: Sequence[str]
) -> dict[str, float] | None:
    """Return a point beside another at which an expression is zero; None if none is found.

    Args:
        node: the expression.
        atoms: the variables.
        point: where to begin.
        names: the variables that may be moved: one in which the expression is linear is.
    """
    for name in names:
        atom = atoms[name]
        if atom.group:
            continue
        key = logarithm_of(name) if atom.is_probability else name
        start = point[key]
        values = [
            value_at(node, _moved(point, name, start + step, atom)) for step in (0.0, -0.25, -0.5)
        ]
        rise = (values[0] - values[1]) / 0.25
        if not rise or not math.isfinite(rise):
            continue
        if abs(values[0] - 2 * values[1] + values[2]) > _STRAIGHT * (1 + abs(values[0])):
            continue
        there = _moved(point, name, shown(start - values[0] / rise), atom)
        if _is_inside(atom, there[key]) and abs(value_at(node, there)) <= _STRAIGHT:
            return there
    return None


def _moved(point: Mapping[str, float], name: str, value: float, atom: Atom) -> dict[str, float]:
    found = {**point, name: value}
    if atom.is_probability:
        _set_logarithm(found, name, value)
    return found


def _is_inside(atom: Atom, value: float) -> bool:
    if atom.is_probability:
        return value < 0
    if atom.parameter.name.startswith(LENGTH):
        return value >= 1 and value == round(value)
    return {
        "nonnegative": value >= 0,
        "positive": value > 0,
        "unit": 0 <= value <= 1,
        "open unit": 0 < value < 1,
    }.get(atom.parameter.domain, True)


def _set_logarithm(point: dict[str, float], name: str, value: float) -> None:
    """Set a probability by its logarithm: it may be too small for a float itself."""
    point[logarithm_of(name)] = value
    point[name] = math.exp(value)


def _normalised(point: dict[str, float], atoms: Mapping[str, Atom]) -> dict[str, float]:
    """Return a point at which the probabilities of the words of a distribution sum to one."""
    groups: dict[str, list[str]] = {}
    for name, atom in atoms.items():
        if atom.group:
            groups.setdefault(atom.group, []).append(name)
    for names in groups.values():
        logs = [point[logarithm_of(name)] for name in names]
        whole = max(logs) + math.log(math.fsum(math.exp(each - max(logs)) for each in logs))
        for name, each in zip(names, logs, strict=True):
            _set_logarithm(point, name, each - whole)
    return point


def shown(value: float) -> float:
    """Return a number without the rounding of its last places."""
    return round(value, 12)
