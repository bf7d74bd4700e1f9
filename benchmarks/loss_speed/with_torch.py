"""Plain torch: what one writes from the formula, and the formulation of the official code."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from .formulas import KL, mean_loss, shift
from .inputs import Inputs


def pick(rows: Tensor, labels: Tensor) -> Tensor:
    return rows.gather(-1, labels.unsqueeze(-1)).squeeze(-1)


def naive(
    loss: str, inputs: Inputs, logits: Tensor | None = None, reference: Tensor | None = None
) -> Tensor:
    """Return the loss through `log_softmax` of both models, in the type the logits have.

    Args:
        loss: which.
        inputs: with labels and weights, and with logits unless these are given.
        logits: the policy's; (N, T, V).
        reference: its reference's; (N, T, V).
    """
    tokens = shift(inputs)
    if logits is None:
        logits, reference = inputs.logits, inputs.ref_logits
    assert logits is not None
    log_p = logits[:, :-1].log_softmax(-1)
    logps = pick(log_p, tokens.labels)
    if loss == "simpo":
        return mean_loss(loss, tokens, logps, None, None)
    assert reference is not None
    log_q = reference[:, :-1].log_softmax(-1)
    kl = None
    if loss in KL:
        first, second = (log_q, log_p) if KL[loss] == "ref_pi" else (log_p, log_q)
        kl = (first.exp() * (first - second)).sum(-1)
    return mean_loss(loss, tokens, logps, pick(log_q, tokens.labels), kl)


def compiled(loss: str, inputs: Inputs) -> Callable[[], Tensor]:
    """Return the naive way through `torch.compile`, for the shape of the inputs alone."""
    torch._dynamo.reset()  # noqa: SLF001 - or the last shape's graph would be made to fit all
    return partial(torch.compile(naive, dynamic=False, fullgraph=True), loss, inputs)


def official(loss: str, inputs: Inputs) -> Tensor:
    """Return the loss as the published code of TDPO, SparsePO and TIS-DPO computes it.

    All bring the logits to float32 first. TDPO takes the policy's log_softmax, the reference's
    softmax and its logarithm; SparsePO the reference's softmax and log_softmax; TIS-DPO softmax
    and its logarithm of both. Written from the formulas.
    """
    tokens = shift(inputs)
    assert inputs.logits is not None
    assert inputs.ref_logits is not None
    logits = inputs.logits.float()[:, :-1]
    reference = inputs.ref_logits.float()[:, :-1]
    q = reference.softmax(-1)
    log_q = reference.log_softmax(-1) if loss == "sparsepo" else q.log()
    if loss == "tis_dpo":
        p = logits.softmax(-1)
        log_p = p.log()
        kl = (p * (log_p - log_q)).sum(-1)
    else:
        log_p = logits.log_softmax(-1)
        kl = (q * (log_q - log_p)).sum(-1)
    logps, ref_logps = pick(log_p, tokens.labels), pick(log_q, tokens.labels)
    return mean_loss(loss, tokens, logps, ref_logps, kl)


def project(inputs: Inputs) -> tuple[Tensor, Tensor | None]:
    assert inputs.hidden is not None
    assert inputs.weight is not None
    logits = inputs.hidden @ inputs.weight.T
    if inputs.ref_hidden is None or inputs.ref_weight is None:
        return logits, None
    return logits, inputs.ref_hidden @ inputs.ref_weight.T


def materialised(loss: str, inputs: Inputs) -> Tensor:
    """Return the loss through all the logits, with `log_softmax` in float32."""
    logits, reference = project(inputs)
    if loss == "simpo" or reference is None:
        return naive(loss, inputs, logits.float(), None)
    return naive(loss, inputs, logits.float(), reference.float())


def products(loss: str, inputs: Inputs) -> Callable[[], None]:
    """Return the matrix products that no way from hidden states can do without.

    One projection for each model, one product for each gradient. Logits are written to memory that
    is there before, so that the system's work on fresh pages is not counted.
    """
    hidden, weight = inputs.hidden, inputs.weight
    assert hidden is not None
    assert weight is not None
    rows = hidden.detach()[:, :-1].flatten(0, 1)
    logits = torch.zeros(rows.shape[0], weight.shape[0], dtype=weight.dtype)

    def run() -> None:
        with torch.no_grad():
            if loss != "simpo":
                assert inputs.ref_hidden is not None
                assert inputs.ref_weight is not None
                torch.mm(inputs.ref_hidden[:, :-1].flatten(0, 1), inputs.ref_weight.T, out=logits)
            torch.mm(rows, weight.T, out=logits)
            weight.grad = logits.T @ rows
            hidden.grad = torch.nn.functional.pad(
                (logits @ weight).view(*hidden.shape[:1], -1, hidden.shape[2]), (0, 0, 0, 1)
            )

    return run
