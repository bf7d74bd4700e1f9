"""Statistics of responses from hidden states and the lm_head, whose logits never exist at once.

The logits of a tile of live tokens are projected, measured and forgotten; the backward pass
projects them once more. This composes with any loss. `fused` is the form without the second
projection, for losses that are linear in the statistics.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.checks import check_number
from midpo_sym.tensor.inputs import values
from midpo_sym.tensor.kernels.derivatives import check_transforms, refuse_second_derivative
from midpo_sym.tensor.kernels.measured import Measured, joined, kept, nothing_yet, save_context
from midpo_sym.tensor.kernels.projection import Head, HeadGradient
from midpo_sym.tensor.kernels.rows import Coefficients
from midpo_sym.tensor.kernels.sizes import accumulation_dtype
from midpo_sym.tensor.kernels.tiles import Tiles, cuts
from midpo_sym.tensor.kernels.tokens import gather_tokens
from midpo_sym.tensor.statistics import ResponseStatistics, assemble, widen
from midpo_sym.tensor.steady import hidden as steady
from midpo_sym.tensor.steady.dtensors import local_heads
from midpo_sym.tensor.steady.shard import VocabularyShard


def linear_statistics(
    hidden: Tensor,
    weight: Tensor,
    labels: Tensor,
    *,
    bias: Tensor | None = None,
    ref_hidden: Tensor | None = None,
    ref_weight: Tensor | None = None,
    ref_bias: Tensor | None = None,
    softcap: float | None = None,
    ref_softcap: float | None = None,
    ref_logps: Tensor | None = None,
    prev_logps: Tensor | None = None,
    kl: Collection[str] = (),
    mask: Tensor | None = None,
    weights: Mapping[str, Tensor] | None = None,
    shifted: bool = False,
    empty: Literal["raise", "skip"] = "raise",
    shard: VocabularyShard | None = None,
) -> ResponseStatistics:
    """Return the statistics of responses from hidden states.

    Nothing of the size of the logits is kept, or ever in memory beyond a tile. The hidden states
    at t - 1 predict `labels[:, t]`, unless `shifted` says otherwise. Under `torch.autocast` the
    projections run in its dtype, as those of `torch.nn.Linear` would. The reference is a constant,
    and there is no second derivative.

    Args:
        hidden: the policy's last hidden states; floating point (N, T, H).
        weight: the weight of its lm_head, of the dtype of `hidden`; (V, H).
        labels: token ids, -100 where ignored; int64 (N, T).
        bias: of its lm_head; (V,), or None.
        ref_hidden: the reference's hidden states, whose width may differ; (N, T, H_ref).
        ref_weight: the weight of its lm_head; (V, H_ref).
        ref_bias: of its lm_head; (V,), or None.
        softcap: c where the policy's logits z become c·tanh(z/c), or None.
        ref_softcap: that of the reference.
        ref_logps: cached log π_ref(y_t), nats, instead of the reference's states; (N, T).
        prev_logps: cached log-probabilities of a third, frozen model, nats; (N, T).
        kl: the divergences wanted, of "ref_pi" for KL(π_ref‖π) and "pi_ref" for KL(π‖π_ref).
        mask: completion mask, combined with `labels != -100`; bool or integer (N, T).
        weights: per-token weights by name, each (N, T); gradients flow into them.
        shifted: `hidden[:, t]` predict `labels[:, t]`, position 0 included.
        empty: "skip" measures responses without a token too, as zeros.
        shard: which columns of the vocabulary the weights and biases are, where several processes
            share it. DTensors say so by themselves: the weights and biases placed `Shard(0)`, the
            hidden states `Replicate()`. Everything else is the same on all processes, and so are
            the statistics and the gradient by the hidden states.

    Returns:
        The statistics, float32, or float64 if `hidden` are.

    Raises:
        TypeError: an argument is no tensor of the right kind.
        ValueError: shapes, dtypes, devices or labels do not fit, a response has no token, or a
            reference is given twice, half, or is missing.
    """
    states, ref_states = (hidden, weight, bias), (ref_hidden, ref_weight, ref_bias)
    if shard is None:
        states, ref_states, shard = local_heads(states, ref_states)
        hidden = states[0]
    split = shard is not None
    policy, reference = heads(states, ref_states, (softcap, ref_softcap), part=split)
    inputs.check_reference(
        kl, "ref_hidden and ref_weight", given=reference is not None, cached=ref_logps
    )
    live = inputs.live_tokens(
        labels, mask, tuple(hidden.shape[:2]), hidden.device, "hidden", shifted=shifted
    )
    others = (ref_logps, prev_logps, weights)
    if shifted:
        labels, *others = widen(labels, *others)  # type: ignore[assignment]
    models = (*policy[:3], *((None, None, None) if reference is None else reference[:3]))
    caps = (policy.softcap, reference and reference.softcap)
    if split or not (values.free_to_read(live.device) or torch.compiler.is_compiling()):
        vocabulary = policy.vocabulary if shard is None else shard.vocabulary
        inputs.check_values(labels, live, vocabulary, empty=empty == "skip")
        settings = steady.Settings(shard, caps, tuple(kl))
        found = steady.FromHidden.apply(  # type: ignore[no-untyped-call]
            labels, live, settings, *models
        )
    else:
        found = _statistics(
            *models[:3],
            labels,
            live,
            *models[3:],
            kl_ref_pi="ref_pi" in kl,
            kl_pi_ref="pi_ref" in kl,
            softcap=caps[0],
            ref_softcap=caps[1],
            empty=empty == "skip",
        )
    statistics = assemble(Measured(*found), live, *others)
    return statistics.without_first() if shifted else statistics


def heads(
    states: tuple[Tensor, Tensor, Tensor | None],
    ref_states: tuple[Tensor | None, Tensor | None, Tensor | None],
    softcaps: tuple[float | None, float | None] = (None, None),
    *,
    part: bool = False,
) -> tuple[Head, Head | None]:
    """Check the heads of the policy and of its reference, and return them.

    Args:
        states: the policy's hidden states, and the weight and bias of its lm_head.
        ref_states: those of the reference.
        softcaps: of the two models.
        part: whether the lm_heads are a process's part of a vocabulary.

    Raises:
        TypeError: an argument is no floating-point tensor.
        ValueError: shapes, dtypes or devices do not fit, or half a reference is given.
    """
    hidden, weight, bias = states
    ref_hidden, ref_weight, ref_bias = ref_states
    for name, cap in zip(("softcap", "ref_softcap"), softcaps, strict=True):
        if cap is not None:
            check_number(name, cap, "positive")
    check_transforms(hidden)
    inputs.check_head("", hidden, weight, bias, part=part)
    policy = _autocast(Head(hidden, weight, bias, softcaps[0]))
    if ref_hidden is None and ref_weight is None and ref_bias is None:
        return policy, None
    if ref_hidden is None or ref_weight is None:
        missing = "ref_hidden" if ref_hidden is None else "ref_weight"
        raise ValueError(f"{missing}: is None, expected a tensor, as half a reference is given")
    inputs.check_head("ref_", ref_hidden, ref_weight, ref_bias, part=part)
    shape = (*hidden.shape[:2], ref_hidden.shape[2])
    inputs.check_alike("ref_hidden", ref_hidden, shape, hidden.device, "hidden")
    shape = (weight.shape[0], ref_weight.shape[1])
    inputs.check_alike("ref_weight", ref_weight, shape, hidden.device, "weight")
    constant = None if ref_bias is None else ref_bias.detach()
    reference = Head(ref_hidden.detach(), ref_weight.detach(), constant, softcaps[1])
    return policy, _autocast(reference)


def _autocast(head: Head) -> Head:
    """Return a head in the dtype that autocast asks for, if it is on."""
    kind = head.hidden.device.type
    on = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    if not on or head.hidden.dtype == torch.float64:
        return head
    dtype = torch.get_autocast_dtype(kind)
    bias = None if head.bias is None else head.bias.to(dtype)
    return Head(head.hidden.to(dtype), head.weight.to(dtype), bias, head.softcap)


def _measure(
    policy: Head,
    labels: Tensor,
    live: Tensor,
    reference: Head | None,
    *,
    kl_ref_pi: bool,
    kl_pi_ref: bool,
    empty: bool,
) -> Measured:
    """Measure every live token; the arguments are those of the operator."""
    inputs.check_values(labels, live, policy.vocabulary, empty=empty)
    if not values.free_to_read(live.device):
        batch = steady.batch_of(policy, reference, labels, live)
        return steady.measure(batch, live, kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref)[0]
    tokens = gather_tokens(labels, live, pairs=False)
    if not len(tokens):
        return nothing_yet(
            live,
            accumulation_dtype(policy.hidden.dtype),
            reference=reference is not None,
            kl_ref_pi=kl_ref_pi,
            kl_pi_ref=kl_pi_ref,
        )
    tiles = Tiles(policy, reference, tokens)
    found = tiles.nothing_yet(kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref)
    for start, stop in cuts(0, len(tokens), tiles.size):
        tiles.measure(start, stop, found)
    return tokens.spread(found, live.shape)


def head_gradients(
    policy: Head,
    labels: Tensor,
    live: Tensor,
    reference: Head | None,
    measured: Measured,
    coefficients: Coefficients,
    wanted: Sequence[bool],
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return the gradients by hidden states, weight and bias, projecting every tile once more.

    Args:
        policy: whose gradients.
        labels: token ids (N, T).
        live: bool (N, T).
        reference: needed where a divergence has a coefficient.
        measured: what the forward pass found; log-ratios and KL(π‖π_ref) are read.
        coefficients: the loss's derivatives, (N, T).
        wanted: which of the three gradients are; None for the others.
    """
    if not values.free_to_read(live.device):
        batch = steady.batch_of(policy, reference, labels, live)
        shape = policy.hidden.shape
        return steady.gradients(batch, None, measured, coefficients, wanted, shape)
    tokens = gather_tokens(labels, live, pairs=False)
    tiles = Tiles(policy, reference, tokens)
    found, moves = (
        Measured(*map(tokens.pick, measured)),
        coefficients.part((tokens.sequence, tokens.position)),
    )
    states = tiles.policy.hidden
    sums = HeadGradient(policy, weight=wanted[1], bias=wanted[2], once=len(tokens) <= tiles.size)
    by_states = torch.empty_like(states) if wanted[0] else None
    for start, stop in cuts(0, len(tokens), tiles.size):
        by_logits = tiles.differentiate(start, stop, found, moves)
        if by_states is not None:
            torch.mm(by_logits, policy.weight, out=by_states[start:stop])
        sums.add(by_logits, states[start:stop])
    by_weight, by_bias = sums.release(policy.hidden.dtype)
    by_hidden = None if by_states is None else tokens.put(by_states, policy.hidden.shape)
    return by_hidden, by_weight, by_bias


def _head(
    hidden: Tensor | None, weight: Tensor | None, bias: Tensor | None, softcap: float | None
) -> Head | None:
    return None if hidden is None or weight is None else Head(hidden, weight, bias, softcap)


def _save_context(
    ctx: Any, inputs: tuple[Any, ...], keyword_only_inputs: Mapping[str, Any], output: Any
) -> None:
    """Keep what `save_context` keeps, and the soft-caps."""
    save_context(ctx, inputs, keyword_only_inputs, output)
    ctx.softcaps = {name: keyword_only_inputs.get(name) for name in ("softcap", "ref_softcap")}


@torch.library.custom_op("midpo_sym::linear_statistics", mutates_args=())
def _statistics(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    labels: Tensor,
    live: Tensor,
    ref_hidden: Tensor | None,
    ref_weight: Tensor | None,
    ref_bias: Tensor | None,
    *,
    kl_ref_pi: bool,
    kl_pi_ref: bool,
    softcap: float | None = None,
    ref_softcap: float | None = None,
    empty: bool = False,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    policy = Head(hidden, weight, bias, softcap)
    reference = _head(ref_hidden, ref_weight, ref_bias, ref_softcap)
    found = _measure(
        policy, labels, live, reference, kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref, empty=empty
    )
    return found[0], found[1], found[2], found[3], found[4], found[5]


@_statistics.register_fake
def _(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    labels: Tensor,
    live: Tensor,
    ref_hidden: Tensor | None,
    ref_weight: Tensor | None,
    ref_bias: Tensor | None,
    *,
    kl_ref_pi: bool,
    kl_pi_ref: bool,
    softcap: float | None = None,
    ref_softcap: float | None = None,
    empty: bool = False,
) -> tuple[Tensor, ...]:
    del weight, bias, labels, ref_weight, ref_bias, softcap, ref_softcap, empty
    return tuple(
        nothing_yet(
            live,
            accumulation_dtype(hidden.dtype),
            reference=ref_hidden is not None,
            kl_ref_pi=kl_ref_pi,
            kl_pi_ref=kl_pi_ref,
        )
    )


@torch.library.custom_op("midpo_sym::linear_statistics_backward", mutates_args=())
def _gradients(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    labels: Tensor,
    live: Tensor,
    ref_hidden: Tensor | None,
    ref_weight: Tensor | None,
    ref_bias: Tensor | None,
    logratios: Tensor,
    kl_pi_ref: Tensor,
    redone: Tensor,
    by_label: Tensor | None,
    by_kl_ref_pi: Tensor | None,
    by_kl_pi_ref: Tensor | None,
    wanted: Sequence[bool],
    *,
    softcap: float | None = None,
    ref_softcap: float | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    none = logratios.new_empty(0)
    found = head_gradients(
        Head(hidden, weight, bias, softcap),
        labels,
        live,
        _head(ref_hidden, ref_weight, ref_bias, ref_softcap),
        Measured(none, none, logratios, none, kl_pi_ref, redone),
        Coefficients(by_label, by_kl_ref_pi, by_kl_pi_ref),
        wanted,
    )
    first, second, third = (hidden.new_empty(0) if each is None else each for each in found)
    return first, second, third


@_gradients.register_fake
def _(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, *rest: Any, **softcaps: float | None
) -> tuple[Tensor, Tensor, Tensor]:
    del softcaps
    shapes = (hidden.shape, weight.shape, None if bias is None else bias.shape)
    first, second, third = (
        hidden.new_empty(shape if shape is not None and each else (0,))
        for shape, each in zip(shapes, rest[-1], strict=True)
    )
    return first, second, third


def _back(ctx: Any, *moves: Tensor | None) -> tuple[Tensor | None, ...]:
    coefficients, wanted = joined(moves), list(ctx.needs_input_grad[:3])
    if all(each is None for each in coefficients):
        return (None,) * 8
    found = _gradients(*kept(ctx), *coefficients, wanted, **ctx.softcaps)
    heads = (each if want else None for each, want in zip(found, wanted, strict=True))
    return (*heads, *(None,) * 5)


_statistics.register_autograd(_back, setup_context=_save_context)
_gradients.register_autograd(refuse_second_derivative)
