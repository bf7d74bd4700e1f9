"""Losses of pairs from logits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.entries.call import Call
from midpo_sym.tensor.inputs.layout import Layout, arranged, check_sides, one_row
from midpo_sym.tensor.kernels.vocabulary import Source, measure
from midpo_sym.tensor.logits import MODELS, response_statistics
from midpo_sym.tensor.statistics import ResponseStatistics
from midpo_sym.tensor.steady.dtensors import local_logits
from midpo_sym.tensor.steady.shard import VocabularyShard

_TOKENS = ("labels", "mask", "ref_logps", "prev_logps")


def responses_of(labels: Any, layout: Layout) -> int:
    """Return how many responses labels are of, and leave it to others to find fault with them."""
    if isinstance(labels, tuple | list):
        return sum(len(each) for each in labels if isinstance(each, Tensor) and each.ndim)
    if layout.pairs == "shared" and layout.segments is not None:
        return 2 * len(layout.segments)
    if isinstance(layout.cu_seqlens, Tensor) and layout.cu_seqlens.ndim == 1:
        return max(0, len(layout.cu_seqlens) - 1)
    if isinstance(layout.segments, Tensor) and layout.segments.numel():
        return int(layout.segments.max()) + 1
    return len(labels) if isinstance(labels, Tensor) and labels.ndim else 0


def statistics_of(
    call: Call,
    given: Mapping[str, Any],
    *,
    vocabulary: int | None,
    overwrite: bool,
) -> tuple[ResponseStatistics, ResponseStatistics]:
    """Return the statistics of the chosen and of the rejected responses.

    Args:
        call: of the entry.
        given: logits, labels and per-token arguments by their names.
        vocabulary: how many columns are tokens, None for all.
        overwrite: write the gradient over the memory of the logits.

    Raises:
        TypeError: as `response_statistics` raises it.
        ValueError: as `response_statistics` raises it, or the layout does not fit.
    """
    found, shard = local_logits({**given, "ref_logps": call.ref_logps, **call.weights}, MODELS)
    weights = {name: found.pop(name) for name in call.weights}
    given, call = found, dataclasses.replace(call, shard=shard)
    if isinstance(given["logits"], tuple | list):
        if call.layout.packed or call.layout.pairs != "halves":
            raise ValueError(
                "pairs: two tensors say which responses are chosen; leave out pairs, cu_seqlens "
                "and segments"
            )
        every = {**given, **weights}
        for name, each in every.items():
            if each is not None:
                check_sides(name, each)
        half = [
            {name: None if each is None else each[side] for name, each in every.items()}
            for side in (0, 1)
        ]
        sides = [
            _measured(
                call, each, {name: each[name] for name in weights}, vocabulary, overwrite=overwrite
            )
            for each in half
        ]
        both = sides[0], sides[1]
        parts = {
            name: each.chunk(2) if each.ndim else (each, each) for name, each in call.data.items()
        }
        sums = (None, None) if call.ref_sums is None else call.ref_sums.chunk(2)
        first, second = (
            dataclasses.replace(
                each, data={name: part[k] for name, part in parts.items()}, ref_sums=sums[k]
            )
            for k, each in enumerate(both)
        )
        return first, second
    one = _arranged(call, given, weights, vocabulary, overwrite=overwrite)
    return dataclasses.replace(one, data=call.data, ref_sums=call.ref_sums).chunk()


def _arranged(
    call: Call,
    given: Mapping[str, Any],
    weights: dict[str, Tensor],
    vocabulary: int | None,
    *,
    overwrite: bool,
) -> ResponseStatistics:
    """Measure a batch as it is given, and return its statistics chosen responses first."""
    layout = call.layout
    tokens = {**{name: given[name] for name in _TOKENS}, **weights}
    states = {name: given[name] for name in MODELS}
    if layout.pairs == "shared":
        tokens, states = arranged(layout, tokens, states)
        weights = {name: tokens[name] for name in weights}  # type: ignore[misc]
        return _measured(call, {**tokens, **states}, weights, vocabulary, overwrite=False)
    if not layout.packed:
        found = _measured(call, given, weights, vocabulary, overwrite=overwrite)
        order = layout.order(len(found.mask), found.mask.device)
        return found if order is None else found.map(lambda each: each[order])
    tokens, states = one_row(tokens, states)
    labels, mask = tokens["labels"], tokens["mask"]
    assert isinstance(labels, Tensor)
    places = layout.places(tuple(labels.shape), labels.device)
    assert places is not None
    if not layout.shifted:
        # What stands before the first token of a response is another one, and predicts nothing.
        first = torch.zeros_like(labels, dtype=torch.int32).flatten()
        first.index_add_(0, places.where[:, 0], places.there[:, 0].int())
        kept = first.view(labels.shape) == 0
        mask = kept if mask is None else kept & (mask != 0)
    weights = {name: tokens[name] for name in weights}  # type: ignore[misc]
    found = _measured(
        call,
        {**tokens, **states, "mask": mask},
        weights,
        vocabulary,
        overwrite=overwrite,
    )
    found = found.map(lambda each: places.tokens(each, 0))
    order = layout.order(len(found.mask), found.mask.device)
    return found if order is None else found.map(lambda each: each[order])


def _measured(
    call: Call,
    given: Mapping[str, Any],
    weights: Mapping[str, Any],
    vocabulary: int | None,
    *,
    overwrite: bool,
) -> ResponseStatistics:
    """Measure rows of logits, and what no kernel measures of them."""
    needs, layout = call.loss.needs, call.layout
    shard = call.shard
    logits, ref_logits, prev_logits = (
        cut(name, given[name], vocabulary, shard=shard) for name in MODELS
    )
    if not needs.needs_ref:
        ref_logits = None
    if not layout.shifted:
        inputs.check_shift("logits", logits, given["labels"])
    statistics = response_statistics(
        logits,
        given["labels"],
        ref_logits=ref_logits,
        ref_logps=given["ref_logps"],
        prev_logps=given["prev_logps"],
        kl=needs.kl,
        mask=given["mask"],
        weights=weights,
        overwrite_logits=overwrite,
        shifted=layout.shifted,
        empty="skip" if call.outcome.empty == "skip" or layout.packed else "raise",
        shard=shard and shard.without_padding(vocabulary or shard.vocabulary),
    )
    sources = {"pi": (logits,), "ref": (ref_logits,), "prev": (prev_logits,)}
    return with_vocabulary(call, statistics, sources, overwritten=overwrite)


def cut(
    name: str,
    value: Any,
    vocabulary: int | None,
    dim: int = -1,
    shard: VocabularyShard | None = None,
) -> Any:
    """Return logits, a weight or a bias without the columns that pad the vocabulary.

    Args:
        name: of the argument.
        value: of the argument.
        vocabulary: how many columns are tokens, or None for all.
        dim: the dimension of the columns.
        shard: which of them are here, None for all.

    Raises:
        ValueError: there are fewer columns than tokens.
    """
    if vocabulary is None or not isinstance(value, Tensor):
        return value
    columns = value.shape[dim] if shard is None else shard.vocabulary
    if not 1 <= vocabulary <= columns:
        raise ValueError(
            f"vocabulary: expected a number of tokens from 1 to {columns}, the columns of "
            f"{name}, got {vocabulary}"
        )
    size = vocabulary if shard is None else shard.without_padding(vocabulary).size
    return value.narrow(dim, 0, size)


def with_vocabulary(
    call: Call,
    statistics: ResponseStatistics,
    sources: Mapping[str, tuple[Tensor | None, ...]],
    softcaps: tuple[float | None, float | None] = (None, None),
    *,
    overwritten: bool = False,
) -> ResponseStatistics:
    """Add the statistics of next-token distributions that have no kernel.

    Args:
        call: of the entry.
        statistics: measured already.
        sources: of each model, its logits, or its hidden states, weight and bias.
        softcaps: of the policy and of the reference.
        overwritten: whether the memory of the logits is.

    Raises:
        TypeError: a source is no floating-point tensor.
        ValueError: a source is missing, has another shape, or is overwritten.
    """
    wanted = call.loss.needs.statistics
    if not wanted:
        return statistics
    if call.shard is not None:
        raise ValueError(
            f"{type(call.loss).__name__}: {', '.join(wanted)} sums over the whole vocabulary by a "
            "function of its own, which is not known in parts; pass whole logits, "
            "logits.redistribute(placements=[Replicate()]).to_local()"
        )
    if overwritten:
        raise ValueError(
            f"overwrite_logits: {type(call.loss).__name__} reads the logits again in the backward "
            f"pass, for {', '.join(wanted)}; leave it out"
        )
    there: dict[str, Source] = {
        model: tuple(
            each.clone() if each.is_inference() else each for each in source if each is not None
        )
        for model, source in sources.items()
        if source[0] is not None
    }
    caps = dict(zip(("pi", "ref"), softcaps, strict=True))
    live = statistics.mask
    if call.layout.shifted:
        live = torch.nn.functional.pad(live, (1, 0))
    found = measure(wanted, there, live, caps)
    if call.layout.shifted:
        found = {name: each[:, 1:] for name, each in found.items()}
    return dataclasses.replace(statistics, vocabulary=found)
