"""Tiny language models trained on a world: the reference, policies by any loss, learned priors.

Plain torch on the CPU. A loss is called as users call it, `loss.from_statistics(chosen, rejected)`.
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401 - asked for here, so that the error can say what to install
except ModuleNotFoundError as error:
    raise ImportError(
        "midpo lab train needs PyTorch, NumPy and Matplotlib: in a checkout, pip install "
        "'.[lab,torch]'"
    ) from error

from midpo_sym.lab.training.encoding import Encoding
from midpo_sym.lab.training.fit import Outcome, Snapshot, fit
from midpo_sym.lab.training.inputs import missing_inputs
from midpo_sym.lab.training.losses import build_loss, load_loss, parameters_of
from midpo_sym.lab.training.model import Transformer, log_policy
from midpo_sym.lab.training.objectives import LossObjective, Objective
from midpo_sym.lab.training.priors import KINDS, PriorObjective
from midpo_sym.lab.training.reference import fit_reference
from midpo_sym.lab.training.settings import ModelSettings, ReferenceSettings, TrainingSettings

__all__ = [
    "KINDS",
    "Encoding",
    "LossObjective",
    "ModelSettings",
    "Objective",
    "Outcome",
    "PriorObjective",
    "ReferenceSettings",
    "Snapshot",
    "TrainingSettings",
    "Transformer",
    "build_loss",
    "fit",
    "fit_reference",
    "load_loss",
    "log_policy",
    "missing_inputs",
    "parameters_of",
]
