"""The losses by their names: those that are shipped, and a file of the user's own."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from midpo_sym import losses
from midpo_sym.lab.checks import LabError
from midpo_sym.tensor import PreferenceLoss

# Where a paper leaves a number open, or its scale is that of another problem.
_OPEN = {
    "alpha": 0.5,
    "beta": 0.5,
    "delta": 1.0,
    "eta": 1.0,
    "gamma": 0.5,
    "label_smoothing": 0.1,
    "lam": 1.0,
    "max_reward": 10.0,
    "nll_weight": 0.5,
    "sensitivity": 0.5,
    "tau": 0.5,
    "w": 0.5,
}


def load_loss(path: Path) -> type[PreferenceLoss]:
    """Return the loss module of a file that `midpo generate` wrote.

    Raises:
        LabError: it has none.
    """
    name = f"midpo_lab_loss_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LabError(f"{path} is no Python file; midpo generate --spec writes one")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    for found in vars(module).values():
        if not isinstance(found, type) or not issubclass(found, PreferenceLoss):
            continue
        if found.__module__ == name:  # and not what it imports
            return found
    raise LabError(f"{path} has no loss; midpo generate --spec writes one")


def parameters_of(kind: type[PreferenceLoss]) -> dict[str, float]:
    """Return a loss's hyper-parameters: its defaults, and numbers where it has none."""
    found = {}
    for each in inspect.signature(kind).parameters.values():
        if each.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        is_open = each.default is inspect.Parameter.empty
        found[each.name] = float(_OPEN.get(each.name, 1.0) if is_open else each.default)
    return found


def build_loss(
    name: str, parameters: Mapping[str, float], own: Mapping[str, Path] | None = None
) -> PreferenceLoss:
    """Return a loss with its hyper-parameters.

    Args:
        name: its id.
        parameters: those that differ from `parameters_of`.
        own: files of the user's losses, by id.

    Raises:
        LabError: there is no such loss or parameter, or a number is out of its range.
    """
    kind = find_loss(name, own)
    known = parameters_of(kind)
    unknown = [each for each in parameters if each not in known]
    if unknown:
        allowed = ", ".join(known) or "none"
        raise LabError(f"{name} has no parameter {unknown[0]!r}; it has {allowed}")
    arguments: dict[str, Any] = {**known, **parameters}
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise LabError(f"{name}: {error}") from None


def find_loss(name: str, own: Mapping[str, Path] | None = None) -> type[PreferenceLoss]:
    """Return the class of a loss.

    Raises:
        LabError: there is no such loss.
    """
    if own and name in own:
        return load_loss(own[name])
    try:
        return losses.get(name)
    except ValueError:
        raise LabError(f"there is no loss {name!r}; `midpo list` names all") from None
