"""LLaMA-Factory: its trainer of preferences, with TRL's losses below it."""

from __future__ import annotations

from types import SimpleNamespace

from stubs import stand_in, trainer
from torch import Tensor

stand_in("torchaudio")  # of its templates for sounds
from llamafactory.train.dpo.trainer import CustomDPOTrainer  # noqa: E402 - see above


def dpo(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    beta: float = 0.1,
    label_smoothing: float = 0.0,
    loss_type: str = "sigmoid",
) -> tuple[Tensor, ...]:
    """`CustomDPOTrainer.compute_preference_loss` with a reference model."""
    made = trainer(
        CustomDPOTrainer,
        finetuning_args=SimpleNamespace(use_ref_model=True),
        beta=beta,
        label_smoothing=label_smoothing,
        bco_gemma=0.0,
        loss_type=loss_type,
        f_divergence_type="reverse_kl",
        reference_free=False,
    )
    given = chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps
    found: tuple[Tensor, ...] = made.compute_preference_loss(*given)
    return found


def without_reference(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    beta: float = 0.1,
    simpo_gamma: float = 0.5,
    loss_type: str = "simpo",
) -> tuple[Tensor, ...]:
    """`CustomDPOTrainer.compute_preference_loss` of SimPO and of ORPO."""
    made = trainer(
        CustomDPOTrainer,
        finetuning_args=SimpleNamespace(use_ref_model=False),
        beta=beta,
        simpo_gamma=simpo_gamma,
        loss_type=loss_type,
    )
    found: tuple[Tensor, ...] = made.compute_preference_loss(
        chosen_logps, rejected_logps, None, None
    )
    return found
