"""OpenRLHF: a module whose hyper-parameters have no defaults."""

from __future__ import annotations

from stubs import stand_in
from torch import Tensor

stand_in("flash_attn", "deepspeed", "peft", "ray", "vllm", "pylatexenc")  # of its models
from openrlhf.models.loss import DPOLoss  # noqa: E402 - see above


def dpo(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    beta: float = 0.1,
    label_smoothing: float = 0.0,
    ipo: bool = False,  # noqa: FBT001, FBT002 - as the library has it
) -> tuple[Tensor, ...]:
    """`DPOLoss`."""
    loss = DPOLoss(beta, label_smoothing, ipo)
    found: tuple[Tensor, ...] = loss(
        chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps
    )
    return found
