"""torchtune's log-probabilities, its DPO, and SimPO's formula on its mean log-probabilities."""

import torch
from torch import Tensor
from torchtune.rlhf import get_batch_log_probs
from torchtune.rlhf.loss import DPOLoss

from .formulas import BETA, GAMMA
from .inputs import Inputs


def from_logits(loss: str, inputs: Inputs) -> Tensor:
    assert inputs.logits is not None
    average = loss == "simpo"
    logps = get_batch_log_probs(inputs.logits, inputs.labels, return_average_logprobs=average)
    chosen, rejected = logps.chunk(2)
    if average:
        argument = BETA[loss] * (chosen - rejected) - GAMMA
        return -torch.nn.functional.logsigmoid(argument).mean()
    assert inputs.ref_logits is not None
    reference = get_batch_log_probs(inputs.ref_logits, inputs.labels).chunk(2)
    losses, _, _ = DPOLoss(beta=BETA[loss])(chosen, rejected, *reference)
    return losses.mean()
