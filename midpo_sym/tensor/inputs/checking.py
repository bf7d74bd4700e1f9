"""Checks of what users hand to the kernels: each error names the argument, what it is, the cure.

Checks of shapes, dtypes and devices cost nothing and vanish under `torch.compile`. `check_values`
looks at the labels themselves, and so waits for the device once.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor
from torch.nn import functional

from midpo_sym.tensor.inputs.values import holds

IGNORE = -100  # the label that everybody's data collators put where there is nothing to learn
DIVERGENCES = ("ref_pi", "pi_ref")
LOGITS = ("responses", "tokens", "vocabulary")
HIDDEN = ("responses", "tokens", "width")
_MANY = 8  # places listed in a message before it says "..."


def describe(value: object) -> str:
    """Return what a message says of an argument: dtype, shape and device, or its type."""
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    dtype = str(value.dtype).removeprefix("torch.")
    return f"a {dtype} tensor of shape {tuple(value.shape)} on {value.device}"


def check_matrix(name: str, value: object, shape: tuple[str, ...], *, part: bool = False) -> None:
    """Check that a model's output or weight is a floating-point tensor with so many dimensions.

    Args:
        name: of the argument.
        value: of the argument.
        shape: the names of its dimensions.
        part: whether a dimension may be 0, as it is a process's part of a larger one.

    Raises:
        TypeError: it is no tensor, or not one of floating-point numbers.
        ValueError: it has another number of dimensions, or one of them is empty.
    """
    wanted = f"({', '.join(shape)})"
    if not isinstance(value, Tensor) or not value.is_floating_point():
        raise TypeError(
            f"{name}: expected a floating-point tensor {wanted}, got {describe(value)}"
            f"{_swapped(value)}"
        )
    _check_whole(name, value)
    if value.ndim != len(shape) or (0 in value.shape and not part):
        raise ValueError(f"{name}: expected shape {wanted}, none of it 0, got {describe(value)}")


def _swapped(value: object) -> str:
    """Return a hint where integers stand in the place of a model's output."""
    if isinstance(value, Tensor) and value.dtype in {torch.int64, torch.int32}:
        return "; whole numbers look like labels: are two arguments swapped?"
    return ""


def check_alike(
    name: str, value: Tensor, shape: tuple[int, ...], device: torch.device, model: str
) -> None:
    """Check that a tensor has the shape and the device that another argument asks for.

    Args:
        name: of the argument.
        value: the argument.
        shape: the shape it has to have.
        device: the device it has to be on.
        model: the argument that decides.

    Raises:
        ValueError: it has another shape, or is on another device.
    """
    if tuple(value.shape) != shape:
        raise ValueError(
            f"{name}: expected shape {shape}, as {model} has it, got {describe(value)}"
            f"{_padded(name, value, shape)}"
        )
    if value.device != device:
        raise ValueError(
            f"{name}: expected a tensor on {device}, where {model} is, got {describe(value)}"
        )


def _padded(name: str, value: Tensor, shape: tuple[int, ...]) -> str:
    """Return the cure where two models differ by the padding of their vocabularies only."""
    place = {"ref_logits": -1, "prev_logits": -1, "ref_weight": 0}.get(name)
    if place is None or value.ndim != len(shape):
        return ""
    sizes = [list(each) for each in (value.shape, shape)]
    first, second = (each.pop(place) for each in sizes)
    if sizes[0] != sizes[1] or first == second:
        return ""
    return f"; if the vocabularies differ by padding only, pass vocabulary={min(first, second)}"


def check_per_token(
    name: str, value: object, shape: tuple[int, ...], device: torch.device, model: str
) -> None:
    """Check a tensor of one floating-point number per token.

    Raises:
        TypeError: it is no tensor, or not one of floating-point numbers.
        ValueError: it has another shape than (N, T), or is on another device.
    """
    check_matrix(name, value, ("responses", "tokens"))
    assert isinstance(value, Tensor)
    check_alike(name, value, shape, device, model)


def live_tokens(
    labels: object,
    mask: object,
    shape: tuple[int, ...],
    device: torch.device,
    model: str,
    *,
    shifted: bool = False,
) -> Tensor:
    """Check labels and completion mask and return which tokens count.

    Args:
        labels: token ids, -100 where ignored; integers (N, T).
        mask: completion mask, True or non-zero where a token counts; bool or integers (N, T), or
            None.
        shape: (N, T), as the model's output has it.
        device: where the model's output is.
        model: the name of that output, for messages.
        shifted: whether the output at t predicts the label at t.

    Returns:
        bool (N, T); position 0 is never live, as nothing predicts it. If shifted, (N, T + 1), as if
        the labels had a column in front.

    Raises:
        TypeError: labels or mask are no tensors of integers.
        ValueError: they have another shape, or are on another device.
    """
    if not isinstance(labels, Tensor) or labels.dtype not in {torch.int64, torch.int32}:
        raise TypeError(
            f"labels: expected int64 token ids (responses, tokens), got {describe(labels)}"
        )
    check_alike("labels", labels, shape, device, model)
    live = labels != IGNORE
    if not shifted:
        live = live & (torch.arange(shape[1], device=device) > 0)
    if mask is None:
        return functional.pad(live, (1, 0)) if shifted else live
    if not isinstance(mask, Tensor) or mask.is_floating_point() or mask.is_complex():
        raise TypeError(
            f"mask: expected a bool or integer completion mask (responses, tokens), got "
            f"{describe(mask)}"
        )
    check_alike("mask", mask, shape, device, model)
    live = live & (mask != 0)
    return functional.pad(live, (1, 0)) if shifted else live


def check_shift(name: str, output: Tensor, labels: object) -> None:
    """Check that nobody has shifted a model's output and the labels, the idiom z[:, :-1], y[:, 1:].

    Their place in memory tells: the output is without its last row, the labels without their first.

    Args:
        name: of the output.
        output: (N, T, ...).
        labels: (N, T), if a tensor.

    Raises:
        ValueError: they are shifted.
    """
    if torch.compiler.is_compiling() or not isinstance(labels, Tensor):
        return
    if output.ndim != len(LOGITS) or labels.ndim != len(LOGITS) - 1 or 1 in output.shape[:2]:
        return
    rows, width = output.shape[1], labels.stride(0)
    cut = output.stride(0) == (rows + 1) * output.stride(1)
    cut = cut and width == rows + 1 and labels.stride(1) == 1
    if cut and labels.storage_offset() % width == 1 and output.storage_offset() == 0:
        raise ValueError(
            f"{name}: is without its last position, and labels without their first: these are "
            "shifted already. Pass shifted=True, or both as they were: a loss shifts by itself"
        )


def check_values(labels: Tensor, live: Tensor, vocabulary: int, *, empty: bool = False) -> None:
    """Check the token ids that count, and that every response has one.

    Args:
        labels: token ids (N, T).
        live: bool (N, T).
        vocabulary: how many ids there are.
        empty: whether a response may be without a live token.

    Raises:
        ValueError: an id outside the vocabulary, or a response without a live token.
    """
    wrong = live & ((labels < 0) | (labels >= vocabulary))
    without = torch.zeros_like(live[:, 0]) if empty else ~live.any(-1)
    if holds(~(wrong.any() | without.any()), "labels: out of the vocabulary, or a response empty"):
        return
    if wrong.any():
        places = wrong.nonzero()
        values = labels[wrong][:_MANY].tolist()
        raise ValueError(
            f"labels: expected token ids 0 to {vocabulary - 1}, or {IGNORE} for tokens to ignore, "
            f"got {_listed(values, len(places))} at [response, position] "
            f"{_listed(places[:_MANY].tolist(), len(places))} of {describe(labels)}"
        )
    rows = without.nonzero().flatten()
    raise ValueError(
        f"labels: response {_listed(rows[:_MANY].tolist(), len(rows))} of {describe(labels)} has "
        f"no token: expected at least one label other than {IGNORE}, unmasked, after position 0, "
        "which nothing predicts; drop the pair from the batch, or pass empty='skip'"
    )


def _listed(found: list[object], number: int) -> str:
    return ", ".join(map(str, found)) + (", ..." if number > len(found) else "")


def check_reference(
    kl: Collection[str], source: str, *, given: bool, cached: Tensor | None
) -> None:
    """Check the names of the divergences wanted, and that there is one reference at most.

    Args:
        kl: names wanted.
        source: the arguments that give the reference's whole distribution.
        given: whether they were.
        cached: the reference's log-probabilities of the labels, or None.

    Raises:
        ValueError: an unknown name, a divergence without the reference's distribution, or two
            references.
    """
    unknown = [kl] if isinstance(kl, str) else sorted(set(kl) - set(DIVERGENCES))
    if unknown:
        raise ValueError(
            f"kl: expected a collection of {' and '.join(map(repr, DIVERGENCES))}, got {unknown}"
        )
    if kl and not given:
        raise ValueError(
            f"kl: {sorted(kl)} sums over the whole vocabulary of the reference: pass {source}; "
            "log-probabilities of the labels are not enough"
        )
    if given and cached is not None:
        raise ValueError(f"ref_logps: {source} gives them already; pass one of the two")


def check_overwritable(logits: Tensor) -> None:
    """Check that every logit has memory of its own.

    Raises:
        ValueError: the tensor is expanded, or its strides overlap.
    """
    if torch._debug_has_internal_overlap(logits) == 1:  # noqa: SLF001  # what torch itself asks
        raise ValueError(
            f"logits: overwrite_logits needs a place in memory for every logit, got "
            f"{describe(logits)} with strides {logits.stride()}"
        )


def check_head(
    prefix: str, hidden: object, weight: object, bias: object, *, part: bool = False
) -> None:
    """Check hidden states and the lm_head that belongs to them.

    Args:
        prefix: "" for the policy's arguments, "ref_" for the reference's.
        hidden: (N, T, H).
        weight: (V, H).
        bias: (V,) or None.
        part: whether they are a process's part of a vocabulary, which may be empty.

    Raises:
        TypeError: one is no tensor of floating-point numbers.
        ValueError: shapes, dtypes or devices do not fit together.
    """
    name = f"{prefix}hidden"
    check_matrix(name, hidden, HIDDEN)
    check_matrix(f"{prefix}weight", weight, ("vocabulary", "width"), part=part)
    assert isinstance(hidden, Tensor)
    assert isinstance(weight, Tensor)
    shape = (weight.shape[0], hidden.shape[2])
    parts: list[tuple[str, Tensor, tuple[int, ...]]] = [(f"{prefix}weight", weight, shape)]
    if bias is not None:
        check_matrix(f"{prefix}bias", bias, ("vocabulary",), part=part)
        assert isinstance(bias, Tensor)
        parts.append((f"{prefix}bias", bias, shape[:1]))
    for each, value, wanted in parts:
        check_alike(each, value, wanted, hidden.device, name)
        if value.dtype != hidden.dtype and not _cast_alike(value, hidden):
            raise ValueError(
                f"{each}: expected the dtype of {name}, which is {describe(hidden)}, got "
                f"{describe(value)}; convert one, or call the loss under torch.autocast"
            )


def _cast_alike(value: Tensor, hidden: Tensor) -> bool:
    """Return whether autocast brings two tensors to one dtype; it leaves float64 alone."""
    wide = torch.float64 in (value.dtype, hidden.dtype)
    kind = hidden.device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind) and not wide


def _check_whole(name: str, value: Tensor) -> None:
    """Check that a tensor is all there, and not a piece of one that several processes share.

    Raises:
        ValueError: it is a DTensor, or a parameter that ZeRO-3 or FSDP has taken apart.
    """
    if hasattr(value, "placements"):
        cure = (
            "gather it: tensor.full_tensor(grad_placements=[Partial('avg')]) of "
            "torch.distributed.tensor where ranks have different data (without grad_placements its "
            "gradient is wrong), or call the loss with the logits inside the wrapped forward"
        )
        raise ValueError(f"{name}: expected a whole tensor, got a DTensor; {cure}")
    if hasattr(value, "ds_id") and value.numel() == 0:
        raise ValueError(
            f"{name}: expected a whole tensor, got a parameter that ZeRO-3 has partitioned; put "
            "forward and backward under deepspeed.zero.GatheredParameters(head.parameters()), or "
            "use from_logits"
        )
    if getattr(value, "_is_flat_param", False) or getattr(value, "_fsdp_flattened", False):
        raise ValueError(
            f"{name}: expected a whole tensor, got a parameter that FSDP has flattened; call the "
            "loss inside the wrapped forward, or use from_logits"
        )
