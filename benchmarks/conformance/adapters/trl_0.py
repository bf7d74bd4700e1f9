"""TRL before 0.29: trainers have methods that take log-probabilities of responses."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from stubs import trainer
from torch import Tensor
from trl import CPOTrainer, DPOTrainer, KTOTrainer, ORPOTrainer
from trl.trainer.dpo_config import FDivergenceType


def attributes(
    loss_type: str,
    f_divergence_type: str,
    discopop_tau: float,
    **numbers: float,
) -> dict[str, object]:
    """Return what `DPOTrainer.dpo_loss` looks at."""
    return {
        "args": SimpleNamespace(discopop_tau=discopop_tau),
        "loss_type": loss_type,
        "f_divergence_type": FDivergenceType(f_divergence_type),
        "reference_free": False,
        **numbers,
    }


def dpo(  # noqa: PLR0913, PLR0917 - as many as the trainer has settings
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    beta: float = 0.1,
    label_smoothing: float = 0.0,
    discopop_tau: float = 0.05,
    alpha_divergence_coef: float = 1.0,
    delta: float = 0.0,
    loss_type: str = "sigmoid",
    f_divergence_type: str = "reverse_kl",
) -> tuple[Tensor, ...]:
    """`DPOTrainer.dpo_loss`, with a running mean of the rewards that is given."""
    made = trainer(
        DPOTrainer,
        **attributes(
            loss_type, f_divergence_type, discopop_tau, beta=beta, label_smoothing=label_smoothing
        ),
        f_divergence_params={"alpha_divergence_coef": alpha_divergence_coef},
    )
    made.running = SimpleNamespace(update=lambda _: None, mean=delta)
    given = chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps
    found: tuple[Tensor, ...] = made.dpo_loss(*given, loss_type=loss_type)
    return found


def cpo(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    beta: float = 0.1,
    simpo_gamma: float = 0.5,
    label_smoothing: float = 0.0,
    alpha: float = 0.0,
    loss_type: str = "sigmoid",
) -> tuple[Tensor, ...]:
    """`CPOTrainer.cpo_loss`: the part without the likelihood that `cpo_alpha` adds."""
    made = trainer(
        CPOTrainer,
        beta=beta,
        simpo_gamma=simpo_gamma,
        label_smoothing=label_smoothing,
        alpha=alpha,
        loss_type=loss_type,
    )
    found: tuple[Tensor, ...] = made.cpo_loss(chosen_logps, rejected_logps)
    return found


def orpo(chosen_logps: Tensor, rejected_logps: Tensor, beta: float = 0.1) -> tuple[Tensor, ...]:
    """`ORPOTrainer.odds_ratio_loss`, with the sign that its caller gives it."""
    made = trainer(ORPOTrainer, beta=beta)
    losses, *rewards = made.odds_ratio_loss(chosen_logps, rejected_logps)
    return (-losses, *rewards[:2])


def kto(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    beta: float = 0.1,
    kl: float = 0.0,
    loss_type: str = "kto",
) -> tuple[Tensor, ...]:
    """`KTOTrainer.kto_loss`, the losses of chosen and of rejected responses added up."""
    made = trainer(
        KTOTrainer,
        beta=beta,
        loss_type=loss_type,
        calculate_KL=loss_type == "kto",
        desirable_weight=1.0,
        undesirable_weight=1.0,
    )
    zeros = torch.zeros(1, dtype=chosen_logps.dtype)
    losses, *rewards, _ = made.kto_loss(
        chosen_logps, rejected_logps, zeros + kl, ref_chosen_logps, ref_rejected_logps, zeros
    )
    chosen, rejected = losses.chunk(2)
    return (chosen + rejected, *rewards)
