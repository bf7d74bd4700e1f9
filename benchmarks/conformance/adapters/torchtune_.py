"""torchtune: modules of losses, beside recipes that read data sets."""

from __future__ import annotations

from stubs import stand_in
from torch import Tensor

stand_in("datasets", "kagglehub")  # of its recipes
from torchtune.rlhf.loss import DPOLoss, RSOLoss  # noqa: E402 - see above


def dpo(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    beta: float = 0.1,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, ...]:
    """`DPOLoss`."""
    loss = DPOLoss(beta, label_smoothing)
    found: tuple[Tensor, ...] = loss(
        chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps
    )
    return found


def rso(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    gamma: float = 0.1,
) -> tuple[Tensor, ...]:
    """`RSOLoss`."""
    found: tuple[Tensor, ...] = RSOLoss(gamma)(
        chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps
    )
    return found
