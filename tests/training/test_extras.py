"""What needs a library says which when it is not there."""

import builtins
import importlib
import sys

import pytest


def test_the_trainer_without_its_library(monkeypatch):
    real = builtins.__import__

    def refuse(name, *others, **keywords):
        if name.split(".")[0] == "trl":
            raise ModuleNotFoundError(name)
        return real(name, *others, **keywords)

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.delitem(sys.modules, "midpo_sym.training.trl", raising=False)
    with pytest.raises(ImportError, match=r"midpo_sym\.training\.trl needs TRL: pip install 'trl"):
        importlib.import_module("midpo_sym.training.trl")
