"""What a loss may know of the responses of a batch, token by token."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from midpo_sym.tensor import inputs
from midpo_sym.tensor.kernels.measured import Measured

ONLY_SUMS = (
    "ref_logps: this loss needs the reference token by token, expected shape (responses, tokens), "
    "got one sum for each response; pass log π_ref(y_t) of the tokens, or the reference's logits "
    "or hidden states (a loss written by hand reads sums by total('logratios'))"
)


@dataclasses.dataclass(frozen=True)
class ResponseStatistics:
    """Per-token statistics of N responses, exactly zero wherever `mask` is False.

    Position t is about the token `labels[:, t]`, so position 0, which nothing predicts, is always
    masked. Tensors have shape (N, T) and dtype float32 (float64 where the logits were float64).

    Attributes:
        logps: log π(y_t), nats.
        mask: bool, the live tokens.
        ref_logps: log π_ref(y_t), nats, a constant; None without a reference.
        logratios: log π(y_t)/π_ref(y_t), nats; None without a reference. From logits of both models
            it is the logarithm of a ratio of probabilities, never a difference of large logarithms.
        kl_ref_pi: KL(π_ref‖π) at position t over the whole vocabulary, nats, or None.
        kl_pi_ref: KL(π‖π_ref) at position t over the whole vocabulary, nats, or None.
        prev_logps: log-probability of y_t under a third, frozen model, nats, or None.
        weights: per-token weights by name.
        vocabulary: other statistics of the distributions at position t, by name.
        data: constants by name, (N,) of each response or its pair, or () of the batch.
        ref_sums: log π_ref(y), nats, a constant, where only the sum over the tokens is known, and
            `ref_logps` and `logratios` are None; (N,).
    """

    logps: Tensor
    mask: Tensor
    ref_logps: Tensor | None = None
    logratios: Tensor | None = None
    kl_ref_pi: Tensor | None = None
    kl_pi_ref: Tensor | None = None
    prev_logps: Tensor | None = None
    weights: Mapping[str, Tensor] = dataclasses.field(default_factory=dict)
    vocabulary: Mapping[str, Tensor] = dataclasses.field(default_factory=dict)
    data: Mapping[str, Tensor] = dataclasses.field(default_factory=dict)
    ref_sums: Tensor | None = None

    @property
    def lengths(self) -> Tensor:
        """Number of live tokens of each response, as floats; shape (N,)."""
        return self.mask.sum(-1).to(self.logps.dtype)

    @property
    def positions(self) -> Tensor:
        """Place of each live token in its response, from 1 on, as floats; 0 at padding; (N, T)."""
        return (self.mask.cumsum(-1) * self.mask).to(self.logps.dtype)

    def of(self, name: str) -> Tensor:
        """Return a statistic, or the weights, of a name; (N, T). Of data (N,), as a constant.

        Raises:
            ValueError: it was not measured, or not given.
        """
        if name in self.data:
            return self.data[name].detach().to(self.logps.dtype).expand(self.mask.shape[0])
        found = {**self.vocabulary, **self.weights}.get(name, getattr(self, name, None))
        if isinstance(found, Tensor):
            return found
        if self.ref_sums is not None and name in {"ref_logps", "logratios"}:
            raise ValueError(ONLY_SUMS)
        raise ValueError(f"the loss needs {name}, which the statistics are without; {_cure(name)}")

    def total(self, name: str) -> Tensor:
        """Return the sum of a statistic over the tokens of each response; (N,).

        Raises:
            ValueError: it was not measured.
        """
        if self.ref_sums is not None and name == "ref_logps":
            return self.ref_sums
        if self.ref_sums is not None and name == "logratios":
            return self.logps.sum(-1) - self.ref_sums
        return self.of(name).sum(-1)

    def chunk(self) -> tuple[ResponseStatistics, ResponseStatistics]:
        """Return the first half of the rows (chosen) and the second half (rejected).

        Raises:
            ValueError: the number of rows is odd.
        """
        rows = self.mask.shape[0]
        if rows % 2:
            raise ValueError(
                f"{rows} responses make no pairs: the first half of the rows are the chosen "
                "responses, the second half the rejected ones, in the same order"
            )
        half = rows // 2
        return self.map(lambda each: each[:half]), self.map(lambda each: each[half:])

    def row(self, number: int) -> ResponseStatistics:
        """Return the statistics of one response, as a batch of one."""
        return self.map(lambda each: each[number : number + 1])

    def without_first(self) -> ResponseStatistics:
        """Return the statistics without position 0."""
        return self.map(lambda each: each[:, 1:] if each.ndim == self.mask.ndim else each)

    def detach(self) -> ResponseStatistics:
        """Return the same statistics as constants, weights included."""
        return self.map(torch.Tensor.detach)

    def map(self, change: Callable[[Tensor], Tensor]) -> ResponseStatistics:
        """Apply a function to every tensor but the numbers of the batch."""

        def optional(each: Tensor | None) -> Tensor | None:
            return None if each is None else change(each)

        return ResponseStatistics(
            logps=change(self.logps),
            mask=change(self.mask),
            ref_logps=optional(self.ref_logps),
            logratios=optional(self.logratios),
            kl_ref_pi=optional(self.kl_ref_pi),
            kl_pi_ref=optional(self.kl_pi_ref),
            prev_logps=optional(self.prev_logps),
            weights={name: change(each) for name, each in self.weights.items()},
            vocabulary={name: change(each) for name, each in self.vocabulary.items()},
            data={name: change(each) if each.ndim else each for name, each in self.data.items()},
            ref_sums=optional(self.ref_sums),
        )


def widen(
    labels: Tensor,
    ref_logps: Tensor | None,
    prev_logps: Tensor | None,
    weights: Mapping[str, Tensor] | None,
) -> tuple[Any, ...]:
    """Return per-token arguments with a column in front, where outputs at t predict labels at t."""

    def wide(each: Tensor | None, blank: int = 0) -> Tensor | None:
        if not isinstance(each, Tensor) or each.ndim == 1:
            return each  # whoever reads it says what is wrong
        return functional.pad(each, (1, 0), value=blank)

    wider = None if weights is None else {name: wide(each) for name, each in weights.items()}
    return wide(labels, inputs.IGNORE), wide(ref_logps), wide(prev_logps), wider


def _cure(name: str) -> str:
    """Return how to come by a statistic that is missing."""
    if name in {"kl_ref_pi", "kl_pi_ref"}:
        kl = name.removeprefix("kl_")
        return f'pass kl=("{kl}",) and the logits or hidden states of the reference'
    if name in {"logratios", "ref_logps"}:
        return "pass logits, hidden states or log-probabilities of the reference"
    return f"pass {name}"


def assemble(
    measured: Measured,
    live: Tensor,
    ref_logps: Tensor | None,
    prev_logps: Tensor | None,
    weights: Mapping[str, Tensor] | None,
) -> ResponseStatistics:
    """Join what a kernel measured and what the user gave, zero at masked positions.

    Args:
        measured: by the kernel, zero at masked positions.
        live: the mask; bool (N, T).
        ref_logps: cached by the user, or None.
        prev_logps: cached by the user, or None.
        weights: by name, or None.

    Raises:
        TypeError: a per-token tensor is none, or not of floating-point numbers.
        ValueError: a per-token tensor has another shape, or is on another device.
    """
    shape, device = tuple(live.shape), live.device
    given = {"ref_logps": ref_logps, "prev_logps": prev_logps, **(weights or {})}
    for name, each in given.items():
        if each is not None:
            inputs.check_per_token(name, each, shape, device, "labels")

    def place(each: Tensor) -> Tensor:
        # A choice, not a product: what lies at a masked position may be NaN.
        return torch.where(live, each.to(measured.logps.dtype), 0.0)

    def found(each: Tensor) -> Tensor | None:
        return each if each.numel() else None

    reference, logratios = found(measured.ref_logps), found(measured.logratios)
    if ref_logps is not None:
        reference = place(ref_logps.detach())
        logratios = measured.logps - reference
    return ResponseStatistics(
        logps=measured.logps,
        mask=live,
        ref_logps=reference,
        logratios=logratios,
        kl_ref_pi=found(measured.kl_ref_pi),
        kl_pi_ref=found(measured.kl_pi_ref),
        prev_logps=None if prev_logps is None else place(prev_logps.detach()),
        weights={name: place(each) for name, each in (weights or {}).items()},
    )
