"""Any of the losses in twinkle, as its own are set.

    >>> from midpo_sym.losses import TDPOLoss
    >>> from midpo_sym.training.twinkle import TwinkleLoss
    >>> model.set_loss(TwinkleLoss(TDPOLoss(beta=0.1)))  # doctest: +SKIP

Twinkle's labels are shifted by its template, its rows are chosen and rejected responses in turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from twinkle.data_format import LossOutput
    from twinkle.loss.base import Loss
except ModuleNotFoundError as absent:
    from midpo_sym.training.common.extras import missing

    raise missing("midpo_sym.training.twinkle", "twinkle", "twinkle-kit") from absent

import torch
from torch import Tensor

from midpo_sym.tensor import PreferenceLoss
from midpo_sym.training.common.given import check_given, in_turns, statistics_of

_IGNORE = -100


class TwinkleLoss(Loss):  # type: ignore[misc]  # twinkle has no types
    """One of our losses as twinkle calls for it.

    Attributes:
        require_logits: whether the loss reads distributions, not only log-probabilities.
    """

    def __init__(self, loss: PreferenceLoss) -> None:
        """Make one.

        Args:
            loss: of `midpo_sym.losses`, or of a module that `midpo generate` wrote.

        Raises:
            TypeError: it is none.
            ValueError: it needs token weights, data, or a previous policy.
        """
        self.loss = loss
        self.require_logits = isinstance(loss, PreferenceLoss) and bool(
            loss.needs.kl and not (loss.needs.weights or loss.needs.data or loss.needs.statistics)
        )
        if not self.require_logits:
            check_given(loss, "twinkle")

    def __call__(
        self,
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
        *,
        ref_outputs: Mapping[str, Any] | None = None,
        ref_logps: Any = None,
        ref_chosen_logps: Any = None,
        ref_rejected_logps: Any = None,
        **others: Any,  # noqa: ARG002 - of the protocol
    ) -> Any:
        """Return the mean loss over the pairs, which twinkle divides by no number of tokens.

        Args:
            inputs: with `labels`, -100 where a token does not count; (2B, T).
            outputs: with `logps` (2B, T), or with `logits` (2B, T, V).
            ref_outputs: the same of the reference.
            ref_logps: log π_ref of the tokens instead, a tensor or lists; (2B, T).
            ref_chosen_logps: their sums instead; (B,).
            ref_rejected_logps: the same; (B,).
            **others: what is passed for other losses.

        Raises:
            ValueError: the reference is missing, or shapes do not fit.
        """
        labels = torch.as_tensor(inputs["labels"])
        labels = labels.unsqueeze(0) if labels.ndim == 1 else labels
        kept = ref_outputs or {}
        loss: Tensor
        if outputs.get("logps") is None or self.require_logits:
            loss = self._from_logits(labels, outputs, kept, ref_logps)
        else:
            logps = outputs["logps"]
            live = (labels != _IGNORE).to(logps.device)
            tokens = kept.get("logps") if ref_logps is None else ref_logps
            reference = None if tokens is None else _tokens(tokens, live, logps)
            sums = None
            if ref_chosen_logps is not None and ref_rejected_logps is not None:
                sides = (ref_chosen_logps, ref_rejected_logps)
                pairs = torch.stack([torch.as_tensor(each) for each in sides], 1)
                sums, reference = pairs.flatten().to(logps), None
            found = statistics_of(self.loss, logps, live, reference, sums)
            loss, _, _ = self.loss.from_statistics(*in_turns(found), reduction="mean")
        return LossOutput(loss=loss, num_tokens=0)

    def _from_logits(
        self, labels: Tensor, outputs: Mapping[str, Any], kept: Mapping[str, Any], tokens: Any
    ) -> Tensor:
        logits = outputs.get("logits")
        reference: dict[str, Any] = {}
        if logits is None:
            raise ValueError("outputs: expected logps or logits, got neither")
        logits = logits[:, -labels.shape[1] :]
        labels = labels.to(logits.device)
        if self.require_logits:
            if kept.get("logits") is None:
                raise ValueError(
                    f"ref_outputs: expected the reference's logits, which loss={self.loss} needs; "
                    "call forward_only(..., return_logits=True)"
                )
            reference = {"ref_logits": kept["logits"][:, -labels.shape[1] :]}
        elif self.loss.needs.needs_ref:
            given = kept.get("logps") if tokens is None else tokens
            if given is None:
                raise ValueError(f"reference: missing, loss={self.loss} needs its logps")
            like = logits[..., 0].detach().float()
            reference = {"ref_logps": _tokens(given, labels != _IGNORE, like)}
        found, _, _ = self.loss.from_logits(
            logits, labels, **reference, shifted=True, pairs="interleaved", reduction="mean"
        )
        return found


def _tokens(given: Any, live: Tensor, like: Tensor) -> Tensor:
    """Return log-probabilities of tokens as a tensor (2B, T), from one or from lists.

    Raises:
        ValueError: a list has neither all places nor those that count.
    """
    if isinstance(given, Tensor):
        if given.shape[0] != live.shape[0] or given.shape[1] < live.shape[1]:
            raise ValueError(
                f"ref_logps: expected shape {tuple(live.shape)}, got {tuple(given.shape)}"
            )
        return given[:, -live.shape[1] :].to(like)
    found = torch.zeros_like(like)
    for row, values in enumerate(given):
        each = torch.as_tensor(values).to(like)
        if len(each) == live.shape[1]:
            found[row] = each
        elif len(each) == int(live[row].sum()):
            found[row, live[row]] = each
        else:
            raise ValueError(
                f"ref_logps[{row}]: expected {live.shape[1]} numbers, or {int(live[row].sum())} "
                f"for the tokens that count, got {len(each)}"
            )
    return found
