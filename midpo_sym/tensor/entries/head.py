"""Tensors of an lm_head that is given as a module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.heads.read import read_head
from midpo_sym.tensor.inputs.layout import joined_sides
from midpo_sym.tensor.kernels.projection import Head
from midpo_sym.tensor.steady.dtensors import is_shared


def read_models(
    hidden: Any,
    head: Any,
    labels: Any,
    *,
    softcap: float | None,
    logit_scale: float | None,
    ref_hidden: Any,
    ref_head: Any,
) -> tuple[Head, dict[str, Any]]:
    """Return the policy's hidden states and head, and keywords of `from_hidden` for the rest.

    Args:
        hidden: as `PreferenceLoss.from_head` takes it, as the others.
        head: of the policy.
        labels: token ids; packed if they have one dimension.
        softcap: of the policy.
        logit_scale: of the policy.
        ref_hidden: of the reference.
        ref_head: of the reference.

    Raises:
        TypeError: as `read_head` raises it.
        ValueError: as `read_head` raises it, or half a reference is given.
    """
    hidden, ref_hidden = joined_sides("hidden", hidden), joined_sides("ref_hidden", ref_hidden)
    packed = isinstance(labels, Tensor) and labels.ndim == 1
    wanted = inputs.HIDDEN[1:] if packed else inputs.HIDDEN
    _check("hidden", hidden, wanted)
    policy = read_head(head, softcap=softcap, logit_scale=logit_scale).on(hidden)
    given: dict[str, Any] = {"bias": policy.bias, "softcap": policy.softcap}
    if (ref_hidden is None) != (ref_head is None):
        missing = "ref_hidden" if ref_hidden is None else "ref_head"
        raise ValueError(
            f"{missing}: is None, as half a reference is given; the reference's hidden states "
            "go with its model, or with read_head(model) while its adapters are disabled"
        )
    if ref_hidden is not None:
        _check("ref_hidden", ref_hidden, wanted)
        with torch.no_grad():
            other = read_head(ref_head).on(ref_hidden)
        given |= {"ref_hidden": other.hidden, "ref_weight": other.weight}
        given |= {"ref_bias": other.bias, "ref_softcap": other.softcap}
    return policy, given


def _check(name: str, hidden: Any, wanted: tuple[str, ...]) -> None:
    """Check hidden states; those that processes share are looked at where they are taken apart."""
    if not is_shared(hidden):
        inputs.check_matrix(name, hidden, wanted)
