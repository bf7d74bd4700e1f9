"""Liger's fused linear DPO and SimPO."""

from collections.abc import Callable

import torch
from liger_kernel.chunked_loss import LigerFusedLinearDPOLoss, LigerFusedLinearSimPOLoss
from torch import Tensor

from .formulas import BETA, GAMMA
from .inputs import Inputs


def from_hidden(loss: str, inputs: Inputs, *, compiled: bool = False) -> Callable[[], Tensor]:
    """Return Liger's loss, a pair at a time as is its default, compiled or not."""
    torch._dynamo.reset()  # noqa: SLF001 - or the last shape's graph would be made to fit all
    assert inputs.hidden is not None
    assert inputs.ref_hidden is not None
    hidden, ref_hidden, labels = inputs.hidden, inputs.ref_hidden, inputs.labels[:, 1:]
    if loss == "dpo":
        module = LigerFusedLinearDPOLoss(beta=BETA[loss], compiled=compiled)
        reference = {"ref_input": ref_hidden[:, :-1], "ref_weight": inputs.ref_weight}
    else:
        module = LigerFusedLinearSimPOLoss(
            beta=BETA[loss], gamma=GAMMA, compute_nll_loss=False, compiled=compiled
        )
        reference = {}
    return lambda: module(inputs.weight, hidden[:, :-1], labels, **reference)[0]
