"""The loss of a batch in a loop of one's own: Accelerate, Lightning, plain torch.

    >>> from midpo_sym.training.step import pair_loss
    >>> loss, chosen_rewards, rejected_rewards = pair_loss(
    ...     TDPOLoss(beta=0.1), model, batch, reference=reference
    ... )  # doctest: +SKIP
    >>> accelerator.backward(loss)  # doctest: +SKIP

The forward of the wrapped model runs, so that DDP sees it, and gives hidden states; the logits of
the batch are never in memory at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from midpo_sym.tensor import PreferenceLoss, read_head
from midpo_sym.tensor.entries.outcome import Triple

_OURS = ("labels", "ref_logps")  # of a batch: what the forward does not take


def pair_loss(
    loss: PreferenceLoss,
    model: nn.Module,
    batch: Mapping[str, Any],
    *,
    reference: nn.Module | None = None,
    **others: Any,
) -> Triple:
    """Return the loss of a batch, and the rewards.

    Args:
        loss: of `midpo_sym.losses`, or of a module that `midpo generate` wrote.
        model: wrapped as the loop wraps it: by DDP, by `torch.compile`, or not. Its forward takes
            `output_hidden_states`, `logits_to_keep` and `use_cache`, as those of transformers do.
        batch: `input_ids`, `attention_mask` and `labels`, -100 where a token does not count, each
            (2B, T), chosen responses first; and what else the model's forward takes. `ref_logps`,
            log-probabilities of the reference kept from before, of tokens (2B, T) or their sums
            (2B,), stand for the reference where the loss needs no more of it.
        reference: the frozen model, if the loss needs it. Without it, a model with adapters of PEFT
            is its own reference, with the adapters switched off.
        **others: as `PreferenceLoss.from_head` takes them: `empty`, `reduction`, token weights.

    Returns:
        (loss, chosen_rewards, rejected_rewards), as `from_head` returns them.

    Raises:
        ValueError: the reference is missing, or as `from_head` raises it.
    """
    labels = batch["labels"]
    given = {name: each for name, each in batch.items() if name not in _OURS}
    known: dict[str, Any] = {}
    if loss.needs.needs_ref:
        if "ref_logps" in batch:
            known = {"ref_logps": batch["ref_logps"]}
        else:
            # Before the policy's forward: DDP forgets a forward that another one follows.
            known = reference_states(loss, model, given, labels.shape[1], reference)
    _, hidden = last_states(model, given, labels.shape[1])
    return loss.from_head(hidden, read_head(unwrapped(model)), labels, **known, **others)


def reference_states(
    loss: PreferenceLoss,
    model: nn.Module,
    given: Mapping[str, Any],
    tokens: int,
    reference: nn.Module | None,
) -> dict[str, Any]:
    """Return what `from_head` takes of the reference.

    Args:
        loss: for the message.
        model: the policy, whose adapters are switched off where there is no other reference.
        given: what its forward takes.
        tokens: how many the labels have.
        reference: the frozen model, or None.

    Raises:
        ValueError: there is none.
    """
    with torch.no_grad(), _as_reference(loss, model, reference) as (whole, plain):
        _, hidden = last_states(whole, given, tokens)
        return {"ref_hidden": hidden, "ref_head": read_head(plain)}


def last_states(model: Any, given: Mapping[str, Any], tokens: int) -> tuple[Any, Tensor]:
    """Return a model's output and its last hidden states, without logits but those of one token.

    The forward of the wrapper runs, as DDP and FSDP need it.

    Args:
        model: wrapped or not.
        given: what its forward takes.
        tokens: how many the labels have; prompts learned by PEFT stand before them.
    """
    keywords = {"use_cache": False, **given}
    outputs = model(**keywords, output_hidden_states=True, logits_to_keep=1)
    return outputs, outputs.hidden_states[-1][:, -tokens:]


def unwrapped(model: Any) -> Any:
    """Return a model without DDP and `torch.compile` around it."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and isinstance(model, nn.parallel.DistributedDataParallel):
            inner = model.module
        if inner is None:
            return model
        model = inner


@contextlib.contextmanager
def _as_reference(
    loss: PreferenceLoss, model: nn.Module, reference: nn.Module | None
) -> Iterator[tuple[Any, Any]]:
    """Yield the model that is the reference, and what it is without its wrappers."""
    plain = unwrapped(model)
    if reference is not None:
        yield reference, unwrapped(reference)
    elif hasattr(plain, "disable_adapter"):
        with plain.disable_adapter():
            yield plain, plain
    else:
        raise ValueError(
            f"reference: missing, {type(loss).__name__} needs it; pass reference=, a frozen copy "
            "of the model, or ref_logps in the batch; a model with adapters of PEFT needs neither"
        )
