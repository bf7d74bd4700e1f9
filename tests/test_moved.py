"""Modules that have moved are found by their old names for one release, with a warning."""

import subprocess
import sys
from importlib import import_module

import pytest

from midpo_sym._moved import MOVED, PACKAGES

OPTIONAL = ("site.",)  # need what pip install '.[site]' installs


@pytest.mark.parametrize("old", [each for each in MOVED if not each.startswith(OPTIONAL)])
def test_an_old_name_gives_the_module_and_says_so(old):
    sys.modules.pop(f"midpo_sym.{old}", None)
    with pytest.warns(DeprecationWarning, match=f"midpo_sym.{MOVED[old]}"):
        found = import_module(f"midpo_sym.{old}")
    new = import_module(f"midpo_sym.{MOVED[old]}")
    assert (found is new) is (old not in PACKAGES)
    assert new.__spec__.name == f"midpo_sym.{MOVED[old]}"


@pytest.mark.slow
def test_old_packages_give_the_old_modules():
    """`emit.json` was a module; `targets.json`, where `emit` is now, is a package."""
    code = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "from midpo_sym.emit.json import report\n"
        "from midpo_sym.emit.losses.errors import NotProvedError\n"
        "from midpo_sym.prover import kernel\n"
        "import midpo_sym.prover.kernel\n"
        "print(report.__module__, NotProvedError.__module__, kernel.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "midpo_sym.targets.json.report",
        "midpo_sym.targets.torch.errors",
        "midpo_sym.kernel.theorem",
    ]


def test_a_name_that_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError):
        import_module("midpo_sym.prover.nothing")
