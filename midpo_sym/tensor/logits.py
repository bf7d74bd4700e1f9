"""Statistics of responses from the logits of the policy and of its reference.

The forward pass goes once over the logits, block by block; it keeps nothing of their size. The
backward pass computes the softmax again and writes the gradient once. Both are operators of
torch.library, so that `torch.compile` takes them as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.inputs import values
from midpo_sym.tensor.kernels.derivatives import check_transforms, refuse_second_derivative
from midpo_sym.tensor.kernels.measured import Measured, joined, kept, nothing_yet, save_context
from midpo_sym.tensor.kernels.rows import Coefficients, Workspace, measure, prepare, write_gradient
from midpo_sym.tensor.kernels.sizes import accumulation_dtype, block_rows
from midpo_sym.tensor.kernels.spans import spans
from midpo_sym.tensor.statistics import ResponseStatistics, assemble, widen
from midpo_sym.tensor.steady import logits as steady
from midpo_sym.tensor.steady.blocks import softmaxes
from midpo_sym.tensor.steady.dtensors import local_logits
from midpo_sym.tensor.steady.shard import VocabularyShard

MODELS = ("logits", "ref_logits", "prev_logits")


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
    overwrite_logits: bool = False,
    shifted: bool = False,
    empty: Literal["raise", "skip"] = "raise",
    shard: VocabularyShard | None = None,
) -> ResponseStatistics:
    """Return the statistics of responses from logits.

    `logits[:, t - 1]` predict `labels[:, t]`, unless `shifted` says otherwise. Only inputs are
    kept for the backward pass, and what they hold at masked positions never matters, NaN included.
    The reference is a constant: no gradient flows into it. There is no second derivative.

    Args:
        logits: the policy's; floating point (N, T, V), any strides.
        labels: token ids, -100 where ignored; int64 (N, T).
        ref_logits: the reference's; floating point (N, T, V), of any dtype.
        ref_logps: cached log π_ref(y_t), nats, instead of `ref_logits`; (N, T).
        prev_logps: cached log-probabilities of a third, frozen model, nats; (N, T).
        kl: the divergences wanted, of "ref_pi" for KL(π_ref‖π) and "pi_ref" for KL(π‖π_ref).
        mask: completion mask, combined with `labels != -100`; bool or integer (N, T).
        weights: per-token weights by name, each (N, T); gradients flow into them.
        overwrite_logits: write the gradient over the memory of `logits`, which then nobody may read
            after the backward pass. Without effect under `torch.compile`.
        shifted: `logits[:, t]` predict `labels[:, t]`, position 0 included; nothing is copied.
        empty: "skip" measures responses without a token too, as zeros.
        shard: which columns of the vocabulary the logits of both models are, where several
            processes share it. DTensors, placed `Shard(-1)`, say so by themselves. Everything else
            is the same on all of them, and so are the statistics.

    Returns:
        The statistics, float32, or float64 if `logits` are.

    Raises:
        TypeError: an argument is no tensor of the right kind.
        ValueError: shapes, devices or labels do not fit, a response has no token, a reference is
            given twice or is missing, or logits to overwrite share memory among themselves.
    """
    if shard is None:
        both, shard = local_logits({"logits": logits, "ref_logits": ref_logits}, MODELS)
        logits, ref_logits = both["logits"], both["ref_logits"]
    check_transforms(logits)
    inputs.check_matrix("logits", logits, inputs.LOGITS, part=shard is not None)
    shape, device = tuple(logits.shape[:2]), logits.device
    if ref_logits is not None:
        inputs.check_matrix("ref_logits", ref_logits, inputs.LOGITS, part=shard is not None)
        inputs.check_alike("ref_logits", ref_logits, tuple(logits.shape), device, "logits")
    inputs.check_reference(kl, "ref_logits", given=ref_logits is not None, cached=ref_logps)
    live = inputs.live_tokens(labels, mask, shape, device, "logits", shifted=shifted)
    others = (ref_logps, prev_logps, weights)
    if shifted:
        labels, *others = widen(labels, *others)  # type: ignore[assignment]
    reference = None if ref_logits is None else ref_logits.detach()
    overwrite = overwrite_logits and not torch.compiler.is_compiling()
    if overwrite:
        inputs.check_overwritable(logits)
    if shard is not None or not (values.free_to_read(device) or torch.compiler.is_compiling()):
        vocabulary = logits.shape[-1] if shard is None else shard.vocabulary
        inputs.check_values(labels, live, vocabulary, empty=empty == "skip")
        found = steady.FromLogits.apply(  # type: ignore[no-untyped-call]
            logits, labels, live, reference, shard, tuple(kl), overwrite
        )
    elif overwrite:
        found = _Overwriting.apply(  # type: ignore[no-untyped-call]
            logits, labels, live, reference, tuple(kl), empty == "skip"
        )
    else:
        found = _statistics(
            logits,
            labels,
            live,
            reference,
            kl_ref_pi="ref_pi" in kl,
            kl_pi_ref="pi_ref" in kl,
            empty=empty == "skip",
        )
    statistics = assemble(Measured(*found), live, *others)
    return statistics.without_first() if shifted else statistics


def _measure(
    logits: Tensor,
    labels: Tensor,
    live: Tensor,
    reference: Tensor | None,
    *,
    kl_ref_pi: bool,
    kl_pi_ref: bool,
    empty: bool,
) -> Measured:
    """Measure every live token; the arguments are those of the operator."""
    vocabulary = logits.shape[-1]
    inputs.check_values(labels, live, vocabulary, empty=empty)
    if not values.free_to_read(logits.device):
        batch = steady.rows_of(logits, labels, live, reference)
        return steady.measure(batch, live, kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref)[0]
    found = _nothing_yet(logits, live, reference, kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref)
    dtype = found.logps.dtype
    size = block_rows(vocabulary, dtype, logits.device)
    work = Workspace(size, vocabulary, dtype, logits.device)
    targets = torch.where(live, labels, 0).long().unsqueeze(-1)
    for span in spans(live, size):
        rows, _ = measure(
            logits[span.rows],
            None if reference is None else reference[span.rows],
            targets[span.tokens],
            work,
            kl_ref_pi=kl_ref_pi,
            kl_pi_ref=kl_pi_ref,
        )
        found.store(span.tokens, rows, None if span.full else live[span.tokens])
    return found


def _nothing_yet(
    logits: Tensor, live: Tensor, reference: Tensor | None, *, kl_ref_pi: bool, kl_pi_ref: bool
) -> Measured:
    return nothing_yet(
        live,
        accumulation_dtype(logits.dtype),
        reference=reference is not None,
        kl_ref_pi=kl_ref_pi,
        kl_pi_ref=kl_pi_ref,
    )


def _write_gradient(
    out: Tensor,
    logits: Tensor,
    labels: Tensor,
    live: Tensor,
    reference: Tensor | None,
    measured: Measured,
    coefficients: Coefficients,
) -> None:
    """Write the gradient by the logits; `out` may be the logits themselves.

    Rows that no coefficient moves get exact zeros, whatever they hold.
    """
    if not values.free_to_read(logits.device):
        batch = steady.rows_of(logits, labels, live, reference)
        steady.differentiate(batch, softmaxes(batch), measured, coefficients, out)
        return
    moved = torch.zeros_like(live)
    for each in coefficients:
        if each is not None:
            moved |= each != 0
    moved &= live
    # A stop-gradient leaves whole responses without a coefficient: no divergence is formed there.
    used = [
        [False] * len(live) if each is None else (moved & (each != 0)).any(-1).tolist()
        for each in coefficients
    ]
    redone = measured.redone.any(-1).tolist()
    vocabulary, dtype = logits.shape[-1], accumulation_dtype(logits.dtype)
    size = block_rows(vocabulary, dtype, logits.device)
    work = Workspace(size, vocabulary, dtype, logits.device)
    targets = torch.where(live, labels, 0).long().unsqueeze(-1)
    apart = out.data_ptr() != logits.data_ptr() and out.dtype == dtype
    written = [0] * len(live)
    for span in spans(moved, size):
        number, tokens = span.sequence, span.tokens
        out[number, written[number] : span.start].zero_()
        written[number] = span.stop
        target = out[span.rows]
        block_coefficients = Coefficients(
            *(
                each[tokens] if each is not None and use[number] else None
                for each, use in zip(coefficients, used, strict=True)
            )
        )
        by_kl_pi_ref = block_coefficients.kl_pi_ref is not None
        block = prepare(
            logits[span.rows],
            None if reference is None else reference[span.rows],
            targets[tokens],
            work,
            block_coefficients,
            logratios=measured.logratios[tokens] if by_kl_pi_ref else None,
            redone=measured.redone[tokens] if redone[number] else None,
            into=target if apart else None,
        )
        kl_pi_ref = measured.kl_pi_ref[tokens] if by_kl_pi_ref else None
        write_gradient(block, block_coefficients, kl_pi_ref, target)
        if not span.full:
            target[~moved[tokens]] = 0
    for number, stop in enumerate(written):
        out[number, stop:].zero_()


@torch.library.custom_op("midpo_sym::response_statistics", mutates_args=())
def _statistics(
    logits: Tensor,
    labels: Tensor,
    live: Tensor,
    reference: Tensor | None,
    *,
    kl_ref_pi: bool,
    kl_pi_ref: bool,
    empty: bool = False,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    found = _measure(
        logits, labels, live, reference, kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref, empty=empty
    )
    return found[0], found[1], found[2], found[3], found[4], found[5]


@_statistics.register_fake
def _(
    logits: Tensor,
    labels: Tensor,
    live: Tensor,
    reference: Tensor | None,
    *,
    kl_ref_pi: bool,
    kl_pi_ref: bool,
    empty: bool = False,
) -> tuple[Tensor, ...]:
    del labels, empty
    return tuple(_nothing_yet(logits, live, reference, kl_ref_pi=kl_ref_pi, kl_pi_ref=kl_pi_ref))


@torch.library.custom_op("midpo_sym::response_statistics_backward", mutates_args=())
def _gradient(
    logits: Tensor,
    labels: Tensor,
    live: Tensor,
    reference: Tensor | None,
    logratios: Tensor,
    kl_pi_ref: Tensor,
    redone: Tensor,
    by_label: Tensor | None,
    by_kl_ref_pi: Tensor | None,
    by_kl_pi_ref: Tensor | None,
) -> Tensor:
    out = torch.empty(logits.shape, dtype=logits.dtype, device=logits.device)
    none = logratios.new_empty(0)
    measured = Measured(none, none, logratios, none, kl_pi_ref, redone)
    coefficients = Coefficients(by_label, by_kl_ref_pi, by_kl_pi_ref)
    _write_gradient(out, logits, labels, live, reference, measured, coefficients)
    return out


@_gradient.register_fake
def _(logits: Tensor, *_: Any) -> Tensor:
    return torch.empty(logits.shape, dtype=logits.dtype, device=logits.device)


def _back(ctx: Any, *moves: Tensor | None) -> tuple[Tensor | None, None, None, None]:
    coefficients = joined(moves)
    if all(each is None for each in coefficients):
        return None, None, None, None
    return _gradient(*kept(ctx), *coefficients), None, None, None


_statistics.register_autograd(_back, setup_context=save_context)
_gradient.register_autograd(refuse_second_derivative)


class _Overwriting(torch.autograd.Function):
    """The same, but the gradient takes the memory of the logits."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        labels: Tensor,
        live: Tensor,
        reference: Tensor | None,
        kl: tuple[str, ...],
        empty: bool,  # noqa: FBT001 - autograd knows no keywords
    ) -> tuple[Tensor, ...]:
        found = _measure(
            logits,
            labels,
            live,
            reference,
            kl_ref_pi="ref_pi" in kl,
            kl_pi_ref="pi_ref" in kl,
            empty=empty,
        )
        save_context(ctx, (logits, labels, live, reference), {}, found)
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *moves: Tensor | None) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            refuse_second_derivative()
        coefficients = joined(moves)
        if all(each is None for each in coefficients):
            return (None,) * 6
        logits, labels, live, reference, logratios, kl_pi_ref, redone = kept(ctx)
        none = logratios.new_empty(0)
        measured = Measured(none, none, logratios, none, kl_pi_ref, redone)
        # Shares the version counter: a second backward pass is told that the logits are gone.
        out = logits.detach()
        _write_gradient(out, logits, labels, live, reference, measured, coefficients)
        return out, *(None,) * 5
