"""Losses of pairs from hidden states, in a single pass where the loss allows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.entries.call import Call
from midpo_sym.tensor.entries.logits import cut, with_vocabulary
from midpo_sym.tensor.entries.outcome import Triple
from midpo_sym.tensor.heads.output import scaled
from midpo_sym.tensor.inputs import values
from midpo_sym.tensor.inputs.layout import arranged, blank_of, joined_sides
from midpo_sym.tensor.kernels.fused import attach, single_pass
from midpo_sym.tensor.kernels.measured import Measured, nothing_yet
from midpo_sym.tensor.kernels.projection import Head
from midpo_sym.tensor.kernels.sizes import accumulation_dtype
from midpo_sym.tensor.linear import heads, linear_statistics
from midpo_sym.tensor.needs import Given
from midpo_sym.tensor.parameters import arguments_of, links_of
from midpo_sym.tensor.slopes import (
    as_leaves,
    check_agreement,
    derivatives,
    through_arguments,
    through_sums,
)
from midpo_sym.tensor.statistics import widen
from midpo_sym.tensor.steady.dtensors import States, is_shared, local_heads, replicated
from midpo_sym.tensor.steady.shard import VocabularyShard

if TYPE_CHECKING:
    from midpo_sym.tensor.loss import PreferenceLoss


class Rows(NamedTuple):
    """A batch as (2B, T), chosen responses first.

    Attributes:
        labels: token ids.
        mask: completion mask, or None.
        prev_logps: of the previous policy, or None.
    """

    labels: Tensor
    mask: Tensor | None
    prev_logps: Tensor | None


def from_tensors(
    call: Call,
    tokens: Mapping[str, Any],
    states: States,
    ref_states: States,
    *,
    vocabulary: int | None,
    scales: tuple[float | None, float | None],
    softcaps: tuple[float | None, float | None],
) -> Triple:
    """Return the loss and the rewards of a batch as it is given.

    Args:
        call: of the entry.
        tokens: labels, mask and prev_logps by these names.
        states: of the policy.
        ref_states: of the reference, or three times None.
        vocabulary: how many rows of the weights are tokens, or None.
        scales: what the logits of the two models are multiplied by.
        softcaps: of the two.

    Raises:
        TypeError: as `linear_statistics` raises it.
        ValueError: as `linear_statistics` and `PreferenceLoss.from_statistics` raise it, or the
            layout does not fit the batch.
    """
    sides = {"hidden": states[0], "ref_hidden": ref_states[0]}
    if any(map(is_shared, (*states, *ref_states))):
        states, ref_states, shard = local_heads(states, ref_states)
        tokens = {name: replicated(name, each) for name, each in tokens.items()}
        call = dataclasses.replace(call, shard=shard)
        sides = {"hidden": states[0], "ref_hidden": ref_states[0]}
    call, rows, found = _rows_of(call, tokens, sides)
    shard = call.shard
    policy = _trimmed("", (found["hidden"], *states[1:]), vocabulary, scales[0], shard)
    reference = _trimmed(
        "ref_", (found["ref_hidden"], *ref_states[1:]), vocabulary, scales[1], shard
    )
    if shard is not None and vocabulary is not None:
        call = dataclasses.replace(call, shard=shard.without_padding(vocabulary))
    return _loss_of(call, rows, policy, reference, softcaps)


def _loss_of(
    call: Call,
    rows: Rows,
    states: States,
    ref_states: States,
    softcaps: tuple[float | None, float | None],
) -> Triple:
    """Return the loss and the rewards.

    Args:
        call: of the entry, its per-token arguments as `rows` has them.
        rows: the batch.
        states: of the policy.
        ref_states: of the reference, or three times None.
        softcaps: of the two.

    Raises:
        TypeError: as `linear_statistics` raises it.
        ValueError: as `linear_statistics` and `PreferenceLoss.from_statistics` raise it.
    """
    loss = call.loss
    steady = call.shard is not None or not values.free_to_read(states[0].device)
    if call.outcome.reduction != "none" and not steady and _fuses(loss, *states):
        models = heads(states, ref_states, softcaps)
        found = _single_pass(call, rows, models)
        if found is not None:
            return found
    statistics = linear_statistics(
        *states[:2],
        rows.labels,
        bias=states[2],
        ref_hidden=ref_states[0],
        ref_weight=ref_states[1],
        ref_bias=ref_states[2],
        softcap=softcaps[0],
        ref_softcap=softcaps[1],
        ref_logps=call.ref_logps,
        prev_logps=rows.prev_logps,
        kl=loss.needs.kl,
        mask=rows.mask,
        weights=call.weights,
        shifted=call.layout.shifted,
        empty=call.outcome.empty,
        shard=call.shard,
    )
    sources: Mapping[str, tuple[Tensor | None, ...]] = {"pi": states, "ref": ref_states}
    statistics = with_vocabulary(call, statistics, sources, softcaps)
    statistics = dataclasses.replace(statistics, data=call.data, ref_sums=call.ref_sums)
    return loss.outcome(*statistics.chunk(), call.outcome)


def _fuses(loss: PreferenceLoss, *trained: Tensor | None) -> bool:
    """Return whether gradients are wanted, and can be formed with the loss."""
    return (
        (loss.needs.linear or loss.needs.by_sums)
        and not loss.needs.statistics
        and not loss.redefined
        and not torch.compiler.is_compiling()
        and torch.is_grad_enabled()
        and any(each is not None and each.requires_grad for each in trained)
    )


def _single_pass(call: Call, rows: Rows, models: tuple[Head, Head | None]) -> Triple | None:
    """Do the same, and form the gradients on the way; None if no response has a token."""
    loss, outcome, shifted = call.loss, call.outcome, call.layout.shifted
    policy, reference = models
    kl, has_ref = loss.needs.kl, reference is not None
    inputs.check_reference(kl, "ref_hidden and ref_weight", given=has_ref, cached=call.ref_logps)
    shape, device = tuple(policy.hidden.shape[:2]), policy.hidden.device
    live = inputs.live_tokens(rows.labels, rows.mask, shape, device, "hidden", shifted=shifted)
    skips = outcome.empty == "skip"
    if skips and not bool(live.any()):
        return None
    labels, others = rows.labels, (call.ref_logps, rows.prev_logps, call.weights)
    if shifted:
        labels, *others = widen(labels, *others)  # type: ignore[assignment]
    given = Given(*others, call.data, call.ref_sums)
    blank = nothing_yet(
        live,
        accumulation_dtype(policy.hidden.dtype),
        reference=has_ref,
        kl_ref_pi="ref_pi" in kl,
        kl_pi_ref="pi_ref" in kl,
    )
    kept = live.any(-1).view(2, -1).all(0)

    def argument(measured: Measured) -> Tensor:
        sides = given.join(measured, live).chunk()
        return arguments_of(loss, *(outcome.prepared(*sides)[:2] if skips else sides))[0]

    def loss_of(arguments: Tensor) -> Tensor:
        return outcome.reduce(outcome.smoothed(lambda each: links_of(loss, each), arguments), kept)

    if not skips:
        inputs.check_values(labels, live, policy.vocabulary)
    linear = loss.needs.linear
    through = through_arguments if linear else through_sums
    coefficients, slopes = through(argument, loss_of, blank, live)
    measured, gradients = single_pass(
        policy, reference, labels, live, coefficients, slopes, kl=kl, apart=not linear, empty=skips
    )
    # What else the loss depends on, learned token weights above all, gets its gradient here.
    leaves = as_leaves(measured)
    found, *rewards = loss.outcome(*given.join(leaves, live).chunk(), outcome)
    moves = derivatives(found, leaves)
    check_agreement(type(loss).__name__, moves, coefficients, gradients.slopes, live, linear=linear)
    found = attach(found, gradients, policy, reference, labels, live, measured, moves)
    return found, rewards[0], rewards[1]


def _rows_of(
    call: Call, tokens: Mapping[str, Any], states: Mapping[str, Any]
) -> tuple[Call, Rows, dict[str, Any]]:
    """Return a batch as (2B, T), chosen responses first, whatever its layout.

    Args:
        call: of the entry.
        tokens: labels, mask and prev_logps by these names.
        states: hidden and ref_hidden.

    Returns:
        The call, whose per-token arguments are of that form; the rows; and the states.

    Raises:
        TypeError: as `Layout.places` raises it.
        ValueError: the layout does not fit the batch.
    """
    every: dict[str, Any] = {**tokens, "ref_logps": call.ref_logps, **call.weights}
    every = {name: joined_sides(name, each, blank=blank_of(name)) for name, each in every.items()}
    states = {name: joined_sides(name, each) for name, each in states.items()}
    if not call.layout.shifted and isinstance(states["hidden"], Tensor):
        inputs.check_shift("hidden", states["hidden"], every["labels"])
    found: Any = (every, states)
    if call.layout.packed or call.layout.pairs != "halves":
        found = arranged(call.layout, every, states)
    tokens, states = found
    rows = Rows(tokens["labels"], tokens["mask"], tokens["prev_logps"])
    weights = {name: tokens[name] for name in call.weights}
    call = dataclasses.replace(call, weights=weights, ref_logps=tokens["ref_logps"])
    return call, rows, dict(states)


def _trimmed(
    prefix: str,
    states: States,
    vocabulary: int | None,
    logit_scale: float | None,
    shard: VocabularyShard | None,
) -> States:
    """Return hidden states, weight and bias without what pads the vocabulary, and scaled.

    Args:
        prefix: "" for the policy's arguments, "ref_" for the reference's.
        states: (2B, T, H), (V, H) and (V,), or None.
        vocabulary: how many rows are tokens, or None.
        logit_scale: or None.
        shard: which of the rows are here, None for all.

    Raises:
        TypeError: an argument is of another type.
        ValueError: shapes do not fit, or the scale is no positive number.
    """
    hidden, weight, bias = states
    weight = cut(f"{prefix}weight", weight, vocabulary, dim=0, shard=shard)
    bias = cut(f"{prefix}bias", bias, vocabulary, dim=0, shard=shard)
    if hidden is None or weight is None:
        return hidden, weight, bias
    hidden, bias = scaled(prefix, hidden, weight, bias, logit_scale)
    return hidden, weight, bias
