"""TRL: its selective log-softmax from logits, its chunked kernels from hidden states."""

from torch import Tensor
from trl.kernels import ChunkedLogProbFunction
from trl.kernels.chunked_divergence import ChunkedDivergenceFunction
from trl.trainer.utils import selective_log_softmax

from .formulas import KL, mean_loss, shift
from .inputs import Inputs

VOCABULARY_CHUNK = 32_768  # what TRL's trainers pass
DIRECTION = {"ref_pi": 0.0, "pi_ref": 1.0}  # the divergence's beta: KL(teacher‖student), reverse


def from_logits(loss: str, inputs: Inputs) -> Tensor:
    tokens = shift(inputs)
    assert inputs.logits is not None
    logps = selective_log_softmax(inputs.logits[:, :-1], tokens.labels)
    if loss == "simpo":
        return mean_loss(loss, tokens, logps, None, None)
    assert inputs.ref_logits is not None
    ref_logps = selective_log_softmax(inputs.ref_logits[:, :-1], tokens.labels)
    return mean_loss(loss, tokens, logps, ref_logps, None)


def logps_of(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    rows = hidden[:, :-1].flatten(0, 1)
    arguments = (rows, weight, None, labels.flatten(), 1.0, VOCABULARY_CHUNK, None, 1.0, ())
    return ChunkedLogProbFunction.apply(*arguments)[0].view_as(labels)


def from_hidden(loss: str, inputs: Inputs) -> Tensor:
    """Return the loss by the kernel for log-probabilities and, where needed, that for a KL."""
    tokens = shift(inputs)
    hidden, weight, ref_hidden = inputs.hidden, inputs.weight, inputs.ref_hidden
    assert hidden is not None
    assert weight is not None
    logps = logps_of(hidden, weight, tokens.labels)
    if loss == "simpo":
        return mean_loss(loss, tokens, logps, None, None)
    assert ref_hidden is not None
    assert inputs.ref_weight is not None
    ref_logps = logps_of(ref_hidden, inputs.ref_weight, tokens.labels)
    kl = None
    if loss in KL:
        rows, ref_rows = (each[:, :-1].flatten(0, 1) for each in (hidden, ref_hidden))
        kl, _ = ChunkedDivergenceFunction.apply(
            *(rows, weight, None, ref_rows, inputs.ref_weight, None), DIRECTION[KL[loss]]
        )
        kl = kl.view_as(logps)
    return mean_loss(loss, tokens, logps, ref_logps, kl)
