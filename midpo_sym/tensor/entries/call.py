"""What every entry of a loss does with its arguments by name, before anything is measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from midpo_sym.tensor.entries.outcome import Outcome
from midpo_sym.tensor.inputs import describe, values
from midpo_sym.tensor.inputs.layout import Layout, joined_sides
from midpo_sym.tensor.needs import check_given, take_data
from midpo_sym.tensor.parameters import check_names, take_parameters, with_parameters
from midpo_sym.tensor.steady.shard import VocabularyShard

if TYPE_CHECKING:
    from midpo_sym.tensor.loss import PreferenceLoss

_ROUNDING = 0.01  # how far above 0 a log-probability of low precision may be


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of an entry.

    Attributes:
        loss: with the hyper-parameters of this call.
        layout: how the batch is given.
        outcome: what is made of the losses.
        weights: per-token weights by name.
        data: (2B,) of each response or its pair, chosen first, or () of the batch.
        ref_logps: cached log π_ref(y_t), or None.
        ref_sums: cached log π_ref(y) instead, chosen first, or None; (2B,).
        shard: which columns of the vocabulary are here, None for all.
    """

    loss: PreferenceLoss
    layout: Layout
    outcome: Outcome
    weights: dict[str, Tensor]
    data: Mapping[str, Tensor]
    ref_logps: Tensor | None
    ref_sums: Tensor | None
    shard: VocabularyShard | None = None


def prepare(
    loss: PreferenceLoss,
    entry: Callable[..., Any],
    layout: Layout,
    outcome: Outcome,
    named: Mapping[str, Any],
    *,
    responses: int,
    source: str,
    reference: bool,
    ref_logps: Any,
    per_token: bool,
    prev_logps: Any,
) -> Call:
    """Check what is given by name, and sort it.

    Args:
        loss: whose entry.
        entry: the method, for its keywords.
        layout: how the batch is given.
        outcome: what is made of the losses.
        named: the arguments that are no keyword of the entry.
        responses: how many, 2B.
        source: the arguments that give the reference, for messages.
        reference: whether its distributions are given.
        ref_logps: cached log-probabilities of tokens or of responses, or None.
        per_token: whether one dimension of them is of tokens, in rows that are packed.
        prev_logps: of the previous policy, or None.

    Raises:
        TypeError: a name is unknown or missing, or a value is of another type.
        ValueError: a value has another shape, or the reference is missing or given twice.
    """
    weights = dict(named)
    needs = loss.needs
    check_names(loss, weights, entry)
    parameters = take_parameters(loss, weights, responses // 2)
    sides = {name: joined_sides(name, each) for name, each in weights.items()}
    check_given(
        type(loss).__name__,
        needs,
        sides,
        source,
        given=reference or ref_logps is not None,
        prev_logps=prev_logps,
    )
    data = take_data(needs.data, sides, responses)
    order = layout.order(responses, torch.device("cpu"))
    if order is not None:
        data = {
            name: each[order.to(each.device)] if needs.data[name][0] == "y" else each
            for name, each in data.items()
        }
    weights = {name: each for name, each in weights.items() if name in sides}
    sums = None
    if not needs.needs_ref:
        ref_logps = None
    flat = joined_sides("ref_logps", ref_logps) if _flat(ref_logps) else ref_logps
    if isinstance(flat, Tensor) and flat.ndim == 1 and not per_token:
        sums, ref_logps = _sums(flat, responses, given=reference), None
        if order is not None:
            sums = sums[order.to(sums.device)]
    if isinstance(ref_logps, Tensor) and ref_logps.is_inference():
        ref_logps = ref_logps.clone()  # autograd refuses them as they are
    return Call(with_parameters(loss, parameters), layout, outcome, weights, data, ref_logps, sums)


def _flat(value: object) -> bool:
    return isinstance(value, tuple | list) and all(
        isinstance(each, Tensor) and each.ndim == 1 for each in value
    )


def _sums(sums: Tensor, responses: int, *, given: bool) -> Tensor:
    """Return the reference's log-probabilities of whole responses, after checks."""
    if given:
        raise ValueError(
            "ref_logps: the reference's logits or hidden states give them already; pass one"
        )
    if not sums.is_floating_point():
        raise TypeError(f"ref_logps: expected a floating-point tensor, got {describe(sums)}")
    if len(sums) != responses:
        raise ValueError(
            f"ref_logps: expected one sum for each of {responses} responses, or shape "
            f"(responses, tokens), got {describe(sums)}"
        )
    if not values.holds(~(sums > _ROUNDING), "ref_logps: log-probabilities are 0 or less"):
        raise ValueError(
            f"ref_logps: log-probabilities are 0 or less, got {float(sums.max()):g}; negative "
            "log-likelihoods have the other sign"
        )
    return sums.clone() if sums.is_inference() else sums.detach()
