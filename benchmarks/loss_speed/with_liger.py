"""Liger's fused linear DPO and SimPO."""

from collections.abc import Callable

import torch
from liger_kernel.chunked_loss import LigerFusedLinearDPOLoss, LigerFusedLinearSimPOLoss
from torch import Tensor

from .formulas import BETA, GAMMA
from .inputs import Inputs


def fused(*, compiled: bool) -> Callable[[str], Callable[[str, Inputs], Tensor]]:
    """Return what makes Liger's loss, compiled or not."""

    def make(loss: str) -> Callable[[str, Inputs], Tensor]:
        torch._dynamo.reset()  # noqa: SLF001 - or the last shape's graph would be made to fit all
        if loss == "dpo":
            module = LigerFusedLinearDPOLoss(beta=BETA[loss], compiled=compiled)
        else:
            module = LigerFusedLinearSimPOLoss(
                beta=BETA[loss], gamma=GAMMA, compute_nll_loss=False, compiled=compiled
            )

        def run(_: str, inputs: Inputs) -> Tensor:
            assert inputs.hidden is not None
            assert inputs.ref_hidden is not None
            arguments = (inputs.weight, inputs.hidden[:, :-1], inputs.labels[:, 1:])
            if loss == "dpo":
                reference = {
                    "ref_input": inputs.ref_hidden[:, :-1],
                    "ref_weight": inputs.ref_weight,
                }
            else:
                reference = {}
            return module(*arguments, **reference)[0]

        return run

    return make
