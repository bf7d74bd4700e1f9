"""Finds the function that a user names, by importing the file that it is in: that runs the file."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from midpo_sym.code.verify import NotVerifiableError

_ALLOWED = "my_loss.py::my_loss, my_loss.py::Class.method, package.module:name"


def load(target: str) -> Any:
    """Return what a target names: a function, a static method, or an instance of a class.

    Args:
        target: `file.py::name`, `file.py::Class.method` or `package.module:name`.

    Raises:
        NotVerifiableError: there is none, or the file cannot be imported.
    """
    file, separator, name = target.partition("::")
    if separator:
        module = _from_file(Path(file))
    else:
        file, separator, name = target.partition(":")
        if not separator:
            message = f"{target} names no function\n  allowed: {_ALLOWED}"
            raise NotVerifiableError(message)
        module = _imported(file)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = ", ".join(each for each in vars(found) if not each.startswith("_"))
            message = f"{file} has no {name}\n  allowed: {known:.300}"
            raise NotVerifiableError(message)
        found = getattr(found, part)
    return _instance(found, name)


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        message = f"{path}: there is no such file\n  allowed: {_ALLOWED}"
        raise NotVerifiableError(message)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        message = f"{path} is no Python file\n  allowed: {_ALLOWED}"
        raise NotVerifiableError(message)
    module = importlib.util.module_from_spec(spec)
    known = sys.modules.get(path.stem)
    sys.modules[path.stem] = module  # dataclasses look for their module there
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        message = f"{path} cannot be imported: {type(error).__name__}: {error}"
        raise NotVerifiableError(message) from error
    finally:
        sys.path.remove(str(path.resolve().parent))
        if known is not None:
            sys.modules[path.stem] = known
    return module


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        message = (
            f"{name} cannot be imported: {type(error).__name__}: {error}\n"
            "  cure: install it beside midpo_sym, or name a file: my_loss.py::my_loss"
        )
        raise NotVerifiableError(message) from error


def _instance(found: Any, name: str) -> Any:
    if isinstance(found, type):
        try:
            return found()
        except (Exception, SystemExit) as error:
            message = (
                f"{name} cannot be made without arguments: {error}\n"
                "  cure: name a function that makes one and calls it"
            )
            raise NotVerifiableError(message) from error
    if not callable(found):
        message = f"{name} is no function\n  allowed: {_ALLOWED}"
        raise NotVerifiableError(message)
    if next(iter(inspect.signature(found).parameters), "") == "self":
        message = (
            f"{name} is a method of an instance\n  cure: name a function that makes the instance "
            "and calls it"
        )
        raise NotVerifiableError(message)
    return found
