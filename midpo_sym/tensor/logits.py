"""Statistics of responses from the logits of the policy and of its reference."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.statistics import Measured, ResponseStatistics, assemble


def response_statistics(
    logits: Tensor,
    labels: Tensor,
    *,
    ref_logits: Tensor | None = None,
    ref_logps: Tensor | None = None,
    prev_logps: Tensor | None = None,
    kl: Collection[str] = (),
    mask: Tensor | None = None,
    weights: Mapping[str, Tensor] | None = None,
    overwrite_logits: bool = False,  # noqa: ARG001  # the plain form has no use for it
) -> ResponseStatistics:
    """Return the statistics of responses from logits.

    The logits are not to be shifted: `logits[:, t - 1]` predict `labels[:, t]`. Only inputs are
    kept for the backward pass. The reference is a constant: no gradient flows into it.

    Args:
        logits: the policy's; floating point (N, T, V), any strides.
        labels: token ids, -100 where ignored; int64 (N, T).
        ref_logits: the reference's; floating point (N, T, V), of any dtype.
        ref_logps: cached log π_ref(y_t), nats, instead of `ref_logits`; (N, T).
        prev_logps: cached log-probabilities of a third, frozen model, nats; (N, T).
        kl: the divergences wanted, of "ref_pi" for KL(π_ref‖π) and "pi_ref" for KL(π‖π_ref).
        mask: completion mask, combined with `labels != -100`; bool or integer (N, T).
        weights: per-token weights by name, each (N, T); gradients flow into them.
        overwrite_logits: let the gradient be written over the memory of `logits`, which nobody may
            read after the backward pass.

    Returns:
        The statistics, float32, or float64 if `logits` are.

    Raises:
        TypeError: an argument is no tensor of the right kind.
        ValueError: shapes, devices or labels do not fit, a response has no token, or a reference is
            given twice or is missing.
    """
    shape, device = _check(logits, ref_logits, ref_logps, kl)
    live = inputs.live_tokens(labels, mask, shape, device, "logits")
    inputs.check_values(labels, live, logits.shape[-1])
    dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
    log_pi = torch.log_softmax(logits[:, :-1].to(dtype), -1)
    target = torch.where(live, labels, 0)[:, 1:, None]

    def place(found: Tensor) -> Tensor:
        full = torch.cat([found.new_zeros(shape[0], 1), found], 1)
        return torch.where(live, full, torch.zeros_like(full))

    logps = place(log_pi.gather(-1, target).squeeze(-1))
    measured = Measured(logps)
    if ref_logits is not None:
        log_ref = torch.log_softmax(ref_logits[:, :-1].detach().to(dtype), -1)
        reference = place(log_ref.gather(-1, target).squeeze(-1))
        measured = Measured(
            logps,
            reference,
            logps - reference,
            place((log_ref.exp() * (log_ref - log_pi)).sum(-1)) if "ref_pi" in kl else None,
            place((log_pi.exp() * (log_pi - log_ref)).sum(-1)) if "pi_ref" in kl else None,
        )
    return assemble(measured, live, ref_logps, prev_logps, weights)


def _check(
    logits: Tensor, ref_logits: Tensor | None, ref_logps: Tensor | None, kl: Collection[str]
) -> tuple[tuple[int, ...], torch.device]:
    """Check the models' outputs; return (N, T) and the device."""
    inputs.check_matrix("logits", logits, ("responses", "tokens", "vocabulary"))
    if ref_logits is not None:
        inputs.check_matrix("ref_logits", ref_logits, ("responses", "tokens", "vocabulary"))
        shape = tuple(logits.shape)
        inputs.check_alike("ref_logits", ref_logits, shape, logits.device, "logits")
        if ref_logps is not None:
            raise ValueError(
                "ref_logps: the reference is given twice, as ref_logits gives them too"
            )
    inputs.check_divergences(
        kl, reference=None if ref_logits is None else "ref_logits", needed="ref_logits"
    )
    return tuple(logits.shape[:2]), logits.device
