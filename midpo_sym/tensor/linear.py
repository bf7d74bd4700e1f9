"""Statistics of responses from hidden states and the weight of the lm_head."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import Tensor
from torch.nn import functional

from midpo_sym.tensor.logits import response_statistics
from midpo_sym.tensor.statistics import ResponseStatistics


def linear_statistics(
    hidden: Tensor,
    weight: Tensor,
    labels: Tensor,
    *,
    bias: Tensor | None = None,
    ref_hidden: Tensor | None = None,
    ref_weight: Tensor | None = None,
    ref_bias: Tensor | None = None,
    ref_logps: Tensor | None = None,
    prev_logps: Tensor | None = None,
    kl: Collection[str] = (),
    mask: Tensor | None = None,
    weights: Mapping[str, Tensor] | None = None,
) -> ResponseStatistics:
    """Return the statistics of responses from hidden states."""
    ref_logits = None
    if ref_hidden is not None and ref_weight is not None:
        ref_logits = functional.linear(ref_hidden, ref_weight, ref_bias)
    return response_statistics(
        functional.linear(hidden, weight, bias),
        labels,
        ref_logits=ref_logits,
        ref_logps=ref_logps,
        prev_logps=prev_logps,
        kl=kl,
        mask=mask,
        weights=weights,
    )
