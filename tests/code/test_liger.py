"""Liger's losses, read from its own code: what each is, and what it is not.

Nothing of the library is copied. Formulas are in `tests/cases/code`, as the papers print them.
"""

import importlib
import importlib.util
import warnings
from pathlib import Path

import pytest
from oracles.needs import missing

import midpo_sym
from midpo_sym.code.verdicts import Status

CASES = Path(__file__).parents[1] / "cases" / "code"
TYPES = (
    "hinge", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "apo_zero", "apo_down",
    "discopop",
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def liger():
    if importlib.util.find_spec("liger_kernel") is None:
        missing("liger_kernel (pip install '.[peers]')")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("liger_kernel.chunked_loss")


def function(liger, kind, name):
    module = importlib.import_module(f"{liger.__name__}.{kind}_loss")
    return getattr(module, f"LigerFusedLinear{name}Function").preference_loss_fn


def test_its_sigmoid_type_is_dpo(liger):
    found = midpo_sym.verify(function(liger, "dpo", "DPO"), "dpo", at={"loss_type": "sigmoid"})
    assert found.proved, str(found)
    assert found.reduction == "mean"


def test_its_sigmoid_type_ignores_the_label_smoothing(liger):
    given = function(liger, "dpo", "DPO")
    found = midpo_sym.verify(given, CASES / "cdpo.toml", at={"loss_type": "sigmoid"})
    assert found.value.status is Status.DIFFERS
    assert "it is dpo: --as dpo" in found.suggestions


@pytest.mark.parametrize("kind", TYPES)
def test_its_other_types_are_what_their_papers_print(liger, kind):
    given = function(liger, "dpo", "DPO")
    found = midpo_sym.verify(given, CASES / f"{kind}.toml", at={"loss_type": kind})
    assert found.proved, str(found)
    assert found.settings == ()


@pytest.mark.parametrize(("kind", "name"), [("cpo", "CPO"), ("orpo", "ORPO"), ("kto", "KTO")])
def test_its_other_losses_are_what_their_papers_print(liger, kind, name):
    found = midpo_sym.verify(function(liger, kind, name), CASES / f"{kind}.toml")
    assert found.proved, str(found)


def test_its_simpo_is_simpo_and_logs_other_rewards(liger):
    """The rewards of the loss are β log π/|y| ∓ γ/2; those that it logs have no margin."""
    found = midpo_sym.verify(function(liger, "simpo", "SimPO"), "simpo")
    assert found.value.status is found.gradient.status is Status.PROVED
    assert found.outputs["chosen_rewards"].status is Status.DIFFERS
    shown = found.outputs["chosen_rewards"].counterexample
    assert shown.found - shown.wanted == pytest.approx(shown.arguments["gamma"] / 2)
