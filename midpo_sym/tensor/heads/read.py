"""The lm_head of a module, read without running it: linear layers, adapters of PEFT, models.

Nothing is imported of the libraries whose modules are read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from midpo_sym.tensor.checks import check_number
from midpo_sym.tensor.heads.forward import UnreadError, read_transform
from midpo_sym.tensor.heads.output import Adapter, OutputHead
from midpo_sym.tensor.inputs import check_matrix
from midpo_sym.tensor.steady.dtensors import gathered, is_shared

_INSTEAD = "use from_logits, or from_hidden with tensors, softcap= and logit_scale="
_LORA = "peft.tuners.lora.layer"


def read_head(
    head: object, *, softcap: float | None = None, logit_scale: float | None = None
) -> OutputHead:
    """Return what turns a model's last hidden states into its logits, as it is now.

    A model says what it does to the logits after its linear layer, and that is read of the source
    of its `forward`. A linear layer by itself does not: pass the model where it caps or scales them
    (Gemma 2, Granite, Cohere), or say so by the keywords.

    Args:
        head: an `nn.Linear`; one that PEFT has wrapped, with LoRA or rsLoRA, dropout included; a
            model with `get_output_embeddings()`, also of PEFT; or an `OutputHead`.
        softcap: c where logits z become c·tanh(z/c).
        logit_scale: what the logits are multiplied by, before the cap.

    Raises:
        TypeError: it is none of these, or a keyword is no number.
        ValueError: something of it cannot be read or computed exactly, or it says otherwise than a
            keyword does; the message says what to do.
    """
    if softcap is not None:
        check_number("softcap", softcap, "positive")
    if logit_scale is not None:
        check_number("logit_scale", logit_scale, "positive")
    head = getattr(head, "_orig_mod", head)  # what torch.compile has wrapped
    if isinstance(head, OutputHead):
        return _with_keywords(head, softcap, logit_scale)
    if not isinstance(head, nn.Module):
        raise TypeError(
            "head: expected a module, an nn.Linear or a model with get_output_embeddings(), got a "
            f"{type(head).__name__}; a tensor is for from_hidden"
        )
    _check_unwrapped(head)
    model: Any = head
    if hasattr(model, "get_base_model"):
        model = model.get_base_model()
    if not hasattr(model, "get_output_embeddings"):
        return _with_keywords(_read_linear(head), softcap, logit_scale)
    linear = model.get_output_embeddings()
    data_parallel = _is_fsdp(head) or _is_fsdp(model)
    if linear is None:
        raise ValueError(
            f"head: get_output_embeddings() of {type(model).__name__} is None; pass its lm_head, "
            f"or {_INSTEAD}"
        )
    found = _read_linear(linear, data_parallel=data_parallel)
    try:
        scale, cap = read_transform(model, linear)
    except UnreadError as unread:
        raise ValueError(
            f"head: what {type(model).__name__}.forward does to hidden states and logits cannot be "
            f"read: {unread}; pass model.get_output_embeddings(), with the softcap= and "
            "logit_scale= that the model has, or use from_logits"
        ) from None
    found = dataclasses.replace(found, logit_scale=scale, softcap=cap)
    return _with_keywords(found, softcap, logit_scale)


def _with_keywords(
    head: OutputHead, softcap: float | None, logit_scale: float | None
) -> OutputHead:
    """Return a head with what the keywords say, where it does not say otherwise itself."""
    if softcap is not None and head.softcap not in {None, softcap}:
        raise ValueError(f"softcap: got {softcap}, but the head has {head.softcap}; leave it out")
    if logit_scale is not None and head.logit_scale not in {1.0, logit_scale}:
        raise ValueError(
            f"logit_scale: got {logit_scale}, but the head has {head.logit_scale}; leave it out"
        )
    return dataclasses.replace(
        head,
        softcap=head.softcap if softcap is None else softcap,
        logit_scale=head.logit_scale if logit_scale is None else logit_scale,
    )


def _check_unwrapped(head: nn.Module) -> None:
    """Check that a module is not a wrapper that has to see the forward pass.

    Raises:
        ValueError: it is one.
    """
    name = type(head).__name__
    if name in {"DistributedDataParallel", "FullyShardedDataParallel"}:
        raise ValueError(
            f"head: expected the model, got its {name} wrapper, which makes gradients right only "
            "if its own forward made the hidden states: call the loss inside the wrapped forward, "
            "or take hidden_states[-1] of wrapper(ids, output_hidden_states=True), then pass "
            "wrapper.module"
        )


def _is_fsdp(module: nn.Module) -> bool:
    """Return whether `fully_shard` was called on a module."""
    return any(each.__name__ == "FSDPModule" for each in type(module).__mro__)


def _read_linear(head: Any, *, data_parallel: bool = False) -> OutputHead:
    """Return what a linear layer, or what wraps one, adds up to.

    Args:
        head: the layer.
        data_parallel: whether a weight that processes share is one that FSDP2 has split.

    Raises:
        ValueError: it is something else.
    """
    if _is_of_peft(head, "ModulesToSaveWrapper"):
        return _read_linear(_saved_module(head), data_parallel=data_parallel)
    if _is_lora(head):
        return _read_lora(head)
    data_parallel = data_parallel or _is_fsdp(head)
    if not isinstance(head, nn.Module) or type(head).forward is not nn.Linear.forward:
        raise ValueError(
            f"head: expected an nn.Linear, or one with LoRA, got a {type(head).__name__}, whose "
            f"forward is its own (quantised layers, DoRA's and other adapters' are): {_INSTEAD}"
        )
    for kind in ("_forward_hooks", "_forward_pre_hooks"):
        if not all(map(_only_distributes, getattr(head, kind).values())):
            raise ValueError(
                f"head: has {kind.strip('_').replace('_', ' ')}, which may change its output or "
                f"gather its weight: remove them, or {_INSTEAD}"
            )
    weight, bias = head.weight, head.bias
    if data_parallel:
        weight, bias = gathered(weight), gathered(bias)
    if not is_shared(weight):
        check_matrix("head.weight", weight, ("vocabulary", "width"))
    assert isinstance(weight, Tensor)
    assert bias is None or isinstance(bias, Tensor)
    return OutputHead(weight, bias)


def _only_distributes(hook: object) -> bool:
    """Return whether a hook is torch's own, and moves what processes share, nothing else."""
    return str(getattr(hook, "__module__", "")).startswith(
        ("torch.distributed.tensor.", "torch.distributed.fsdp.")
    )


def _is_of_peft(head: object, name: str) -> bool:
    return type(head).__name__ == name and type(head).__module__.startswith("peft.")


def _is_lora(head: object) -> bool:
    return type(head).__name__ == "Linear" and type(head).__module__ == _LORA


def _saved_module(wrapper: Any) -> nn.Module:
    """Return the copy of a module that PEFT trains, or the module where the copy is off."""
    active = [each for each in wrapper.active_adapters if each in wrapper.modules_to_save]
    if wrapper.disable_adapters or not active:
        found: nn.Module = wrapper.original_module
        return found
    if len(active) > 1:
        raise ValueError(
            f"head: {len(active)} saved copies are active, {', '.join(active)}; expected one: call "
            "set_adapter with one name"
        )
    copy: nn.Module = wrapper.modules_to_save[active[0]]
    return copy


def _read_lora(head: Any) -> OutputHead:
    """Return a linear layer with the adapters of LoRA that are active, not merged.

    Raises:
        ValueError: one is a variant, such as DoRA, that does more than add a product.
    """
    if head.merged:
        if head.disable_adapters:
            raise ValueError(
                "head: its adapters are merged into the weight, and disabled: call "
                "unmerge_adapter() first"
            )
        return _read_linear(head.base_layer)
    found = _read_linear(head.base_layer)
    if head.disable_adapters:
        return found
    adapters = []
    for name in head.active_adapters:
        if name not in head.lora_A:
            continue
        if name in getattr(head, "lora_variant", {}) or getattr(head, "use_dora", {}).get(name):
            raise ValueError(
                f"head: adapter {name!r} is a variant of LoRA (DoRA or another) that does more "
                f"than add a product of low rank; leave lm_head out of its target_modules, or use "
                "from_logits"
            )
        up = head.lora_B[name]
        check_matrix(f"head.lora_B[{name!r}].weight", up.weight, ("vocabulary", "rank"))
        scale = head.scaling[name]
        bias = None if up.bias is None else up.bias * scale
        down = _down(head.lora_A[name], head.lora_dropout[name], scale)
        adapters.append(Adapter(down, up.weight, bias))
    return dataclasses.replace(found, adapters=tuple(adapters))


def _down(first: nn.Module, dropout: nn.Module, scale: float) -> Callable[[Tensor], Tensor]:
    """Return the first half of an adapter, in the dtype of its own weight."""

    def down(hidden: Tensor) -> Tensor:
        dtype = first.weight.dtype
        assert isinstance(dtype, torch.dtype)
        found: Tensor = first(dropout(hidden.to(dtype))) * scale
        return found

    return down
