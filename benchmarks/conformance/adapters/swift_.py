"""ms-swift: its trainer has a `dpo_loss` of its own."""

from __future__ import annotations

from types import SimpleNamespace

from stubs import trainer
from swift.rlhf_trainers.dpo_trainer import DPOTrainer
from torch import Tensor


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
        args=SimpleNamespace(discopop_tau=discopop_tau),
        f_divergence_type=f_divergence_type,
        f_divergence_params={"alpha_divergence_coef": alpha_divergence_coef},
        reference_free=False,
        beta=beta,
        label_smoothing=label_smoothing,
    )
    made.running = SimpleNamespace(update=lambda _: None, mean=delta)
    given = chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps
    found: tuple[Tensor, ...] = made.dpo_loss(*given, loss_type=loss_type)
    return found
