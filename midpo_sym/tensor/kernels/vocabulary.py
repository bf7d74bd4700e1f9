"""Statistics of whole next-token distributions that no kernel of `rows` measures: by autograd.

The log-probabilities of one response are in memory at a time. Nothing of their size is kept for the
backward pass, which forms them once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from midpo_sym.tensor import inputs
from midpo_sym.tensor.inputs import values
from midpo_sym.tensor.kernels.sizes import accumulation_dtype

# A function of log-probabilities (tokens, vocabulary), one for each model, and those models.
Measure: TypeAlias = tuple[Callable[..., Tensor], tuple[str, ...]]
# Of a model: its logits, or its hidden states, the weight of its lm_head and perhaps a bias.
Source: TypeAlias = tuple[Tensor, ...]


def weigh(logps: Tensor, values: Tensor) -> Tensor:
    """Return exp(logps) * values, 0 wherever a probability is 0, whatever the value is there.

    Args:
        logps: log-probabilities, -inf where there is no probability.
        values: of the same shape.
    """
    there = logps.exp() > 0
    return torch.where(there, logps.exp() * torch.where(there, values, 0.0), 0.0)


def measure(
    measures: Mapping[str, Measure],
    sources: Mapping[str, Source],
    live: Tensor,
    softcaps: Mapping[str, float | None] | None = None,
) -> dict[str, Tensor]:
    """Return statistics of next-token distributions by name, 0 at masked positions; each (N, T).

    Args:
        measures: what to measure.
        sources: where the distributions of each model come from, not shifted; (N, T, ...).
        live: the mask; bool (N, T).
        softcaps: c of each model whose logits z become c·tanh(z/c).

    Raises:
        TypeError: a source is no floating-point tensor.
        ValueError: the distributions of a model are missing, or have another shape.
    """
    wanted = {model: name for name, (_, models) in measures.items() for model in models}
    for model, name in wanted.items():
        if model not in sources:
            raise ValueError(_missing(model, name, hidden=len(sources["pi"]) > 1))
    policy = sources["pi"][0]
    for model in wanted:
        name = "logits" if model == "pi" else f"{model}_logits"
        inputs.check_matrix(name, sources[model][0], inputs.LOGITS)
        shape = (*policy.shape[:2], sources[model][0].shape[2])
        if len(sources[model]) == 1 == len(sources["pi"]):
            shape = tuple(policy.shape)
        inputs.check_alike(name, sources[model][0], shape, policy.device, "logits")
    dtype = accumulation_dtype(policy.dtype)
    rows: dict[str, list[Tensor]] = {name: [] for name in measures}
    known = values.free_to_read(live.device)
    every = torch.arange(1, live.shape[1], device=live.device)
    for number in range(len(live)):
        places = live[number].nonzero().flatten() if known else every
        there = live[number, places].unsqueeze(-1)  # what lies elsewhere may be NaN
        parts = [
            each if place else torch.where(there, each[number, places - 1], 0.0)
            for model in wanted
            for place, each in enumerate(sources[model])  # what predicts a token stands before it
        ]
        counts = {model: (len(sources[model]), (softcaps or {}).get(model)) for model in wanted}
        found = checkpoint(_row, measures, counts, dtype, *parts, use_reentrant=False)
        for name, row in zip(measures, found, strict=True):
            blank = torch.zeros(live.shape[1], dtype=dtype, device=live.device)
            row_there = torch.where(there.squeeze(-1), row, 0.0)
            rows[name].append(blank.index_put((places,), row_there))
    return {name: torch.stack(each) for name, each in rows.items()}


def _missing(model: str, name: str, *, hidden: bool) -> str:
    """Return what to say of distributions that are not given; `hidden` if states are."""
    given = "ref_hidden and ref_weight" if hidden and model == "ref" else f"{model}_logits"
    owner = {"ref": "the reference", "prev": "the previous policy"}[model]
    said = f"{given}: missing, {name} sums over the whole vocabulary of {owner}"
    if hidden and model == "prev":
        said += "; from hidden states there is no way to give that: use from_logits"
    return said


def _row(
    measures: Mapping[str, Measure],
    counts: Mapping[str, tuple[int, float | None]],
    dtype: torch.dtype,
    *parts: Tensor,
) -> tuple[Tensor, ...]:
    """Return the statistics of the tokens of one response, each (tokens,)."""
    rest = iter(parts)
    logps: dict[str, Tensor] = {}
    for model, (count, softcap) in counts.items():
        source = [next(rest) for _ in range(count)]
        if model != "pi":
            source = [each.detach() for each in source]
        logits = functional.linear(*source) if len(source) > 1 else source[0]
        if softcap is not None:
            logits = softcap * torch.tanh(logits / softcap)
        logps[model] = torch.log_softmax(logits.to(dtype), -1)
    return tuple(function(*map(logps.__getitem__, of)) for function, of in measures.values())
