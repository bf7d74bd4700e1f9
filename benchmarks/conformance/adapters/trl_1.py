"""TRL from 0.29 on: the loss is inside of `_compute_loss`, which is called with a stub model.

The stub gives log-probabilities of tokens, zero where a label is -100, as TRL's own models do.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from stubs import trainer
from torch import Tensor
from torch.nn import functional
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer
from trl.trainer.dpo_trainer import DPOTrainer


class _Model(torch.nn.Module):
    """Gives the same outputs whatever it is asked."""

    is_gradient_checkpointing = False

    def __init__(self, log_probs: Tensor, **outputs: Any) -> None:
        super().__init__()
        zeros = torch.zeros(log_probs.shape)
        self.outputs = SimpleNamespace(
            log_probs=log_probs, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(), **outputs
        )

    def forward(self, **_: Any) -> SimpleNamespace:
        return self.outputs


def dpo(  # noqa: PLR0913, PLR0917 - as many as the trainer has settings
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    chosen_mask: Tensor,
    rejected_mask: Tensor,
    chosen_sum_sq: Tensor | None = None,
    rejected_sum_sq: Tensor | None = None,
    beta: float = 0.1,
    label_smoothing: float = 0.0,
    discopop_tau: float = 0.05,
    f_alpha_divergence_coef: float = 0.5,
    loss_type: str = "sigmoid",
    f_divergence_type: str = "reverse_kl",
    ld_alpha: float | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """`DPOTrainer._compute_loss`, from tensors of tokens."""
    mask = torch.cat([chosen_mask, rejected_mask])
    policy = torch.where(mask, torch.cat([chosen_logps, rejected_logps]), 0.0)
    reference = torch.where(mask, torch.cat([ref_chosen_logps, ref_rejected_logps]), 0.0)
    if f_divergence_type == "alpha_divergence":  # its table of caps has no double precision
        policy, reference = policy.float(), reference.float()
    weighted = chosen_sum_sq is not None and rejected_sum_sq is not None
    outputs = {}
    if chosen_sum_sq is not None and rejected_sum_sq is not None:
        squares = torch.where(mask, torch.cat([chosen_sum_sq, rejected_sum_sq]), 1.0)
        outputs["log_sum_sq_probs"] = torch.log(squares)
    model = _Model(policy, **outputs).eval()
    made = trainer(
        DPOTrainer,
        model=model,
        ref_model=_Model(reference),
        args=SimpleNamespace(gradient_checkpointing_kwargs=None, discopop_tau=discopop_tau),
        aux_loss_enabled=False,
        precompute_ref_logps=False,
        beta=beta,
        label_smoothing=label_smoothing,
        loss_types=[loss_type],
        loss_weights=[1.0],
        f_divergence_type=f_divergence_type,
        f_alpha_divergence_coef=f_alpha_divergence_coef,
        ld_alpha=ld_alpha,
        use_weighting=weighted,
        _total_train_tokens=0,
        _tp_size=1,
    )
    made.accelerator.gather_for_metrics = lambda _: torch.zeros(())  # nothing of it is looked at
    completion_mask = functional.pad(mask.long(), (1, 0))  # the prompt is one token
    ids = torch.zeros(completion_mask.shape, dtype=torch.long)
    inputs = {"input_ids": ids, "attention_mask": ids + 1, "completion_mask": completion_mask}
    loss = made._compute_loss(model, inputs, return_outputs=False)  # noqa: SLF001
    return (loss, *made.accelerator.gathered[:2])


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
