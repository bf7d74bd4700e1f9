"""What needs a library says which when it is not there."""

import builtins
import importlib
import sys

import pytest

# Of each module: what is not there, and what the message says to do.
CASES = {
    "trl": (
        "trl",
        r"needs TRL: pip install 'trl>=1.16,<1.17', or .* pip install '\.\[train\]'",
    ),
    "lightning": ("lightning", r"needs Lightning: .* in a checkout pip install '\.\[train\]'"),
    "liger": ("liger_kernel", r"needs Liger: .* in a checkout pip install '\.\[liger\]'"),
    "nemo_rl": ("nemo_rl", "needs NeMo-RL: pip install 'nemo-rl'"),
    "ms_swift": ("swift", "needs ms-swift: pip install 'ms-swift>=4'"),
    "twinkle": ("twinkle", "needs twinkle: pip install 'twinkle-kit'"),
    "axolotl": ("axolotl", "needs axolotl: pip install 'axolotl'"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_module_without_its_library(name, monkeypatch):
    library, message = CASES[name]
    real = builtins.__import__

    def refuse(wanted, *others, **keywords):
        if wanted.split(".")[0] == library:
            raise ModuleNotFoundError(wanted)
        return real(wanted, *others, **keywords)

    module = f"midpo_sym.training.{name}"
    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(ImportError, match=rf"midpo_sym\.training\.{name} {message}"):
        importlib.import_module(module)
