"""Products with the lm_head: logits of some tokens, and the gradients of its weight and bias."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.sizes import accumulation_dtype

_SLICE = 8 << 20  # bytes of a product of low precision on its way into a sum of high precision


class Head(NamedTuple):
    """Hidden states and the lm_head that turns them into logits.

    Attributes:
        hidden: (N, T, H), or (n, H) of live tokens only.
        weight: (V, H).
        bias: (V,) or None.
        softcap: c where the logits z become c·tanh(z/c), or None.
    """

    hidden: Tensor
    weight: Tensor
    bias: Tensor | None
    softcap: float | None = None

    @property
    def vocabulary(self) -> int:
        return self.weight.shape[0]

    def project(self, start: int, stop: int, out: Tensor) -> Tensor:
        """Write the logits of some tokens over the first rows of a tile, and return these."""
        rows = out[: stop - start]
        hidden, weight = self.hidden[start:stop], self.weight.t()
        if self.bias is None:
            return torch.mm(hidden, weight, out=rows)
        return torch.addmm(self.bias, hidden, weight, out=rows)


class HeadGradient:
    """Sums of products for the gradients of an lm_head.

    Attributes:
        weight: (V, H), or None if not wanted.
        bias: (V,), or None if not wanted.
        started: whether something was added.
    """

    def __init__(self, head: Head, *, weight: bool, bias: bool, once: bool) -> None:
        """Make room.

        Args:
            head: whose gradients.
            weight: whether that of the weight is wanted.
            bias: whether that of the bias is wanted.
            once: only one tile will be added, so that a sum of high precision is not needed.
        """
        dtype, device = head.hidden.dtype, head.hidden.device
        if not once:
            dtype = accumulation_dtype(dtype)
        self.weight = torch.empty(head.weight.shape, dtype=dtype, device=device) if weight else None
        self.bias = torch.zeros(head.weight.shape[0], dtype=dtype, device=device) if bias else None
        self.started = False

    def add(self, by_logits: Tensor, hidden: Tensor, scale: Tensor | None = None) -> None:
        """Add what a tile contributes.

        Args:
            by_logits: derivative by the tile's logits; (n, V).
            hidden: the hidden states; (n, H).
            scale: factor of every row; (n,), None for 1.
        """
        if not len(hidden):
            return  # of pairs without a token, before one that fills tiles
        alpha, dtype = 1.0, hidden.dtype
        if scale is None:
            rows = torch.ones_like(by_logits[:, 0])
        else:
            # The size of the factors stays a float: half precision would lose small ones.
            alpha = float(scale.abs().max()) or 1.0
            rows = (scale / alpha).to(dtype)
            hidden = hidden * rows.unsqueeze(1)
        if self.bias is not None:
            self.bias.add_(torch.mv(by_logits.t(), rows), alpha=alpha)
        if self.weight is not None:
            self._add_to_weight(self.weight, by_logits.t(), hidden, alpha)
        self.started = True

    def _add_to_weight(self, weight: Tensor, left: Tensor, right: Tensor, alpha: float) -> None:
        beta = 1.0 if self.started else 0.0
        if weight.dtype == right.dtype:
            torch.addmm(weight, left, right, beta=beta, alpha=alpha, out=weight)
            return
        # A slice of the vocabulary at a time: no second matrix of the weight's size.
        step = max(1, _SLICE // (right.shape[1] * right.dtype.itemsize))
        for low in range(0, weight.shape[0], step):
            part, target = torch.mm(left[low : low + step], right), weight[low : low + step]
            if self.started:
                target.add_(part, alpha=alpha)
            else:
                torch.mul(part, alpha, out=target)

    def scale(self, factor: float) -> None:
        """Multiply the sums."""
        for each in (self.weight, self.bias):
            if each is not None:
                each.mul_(factor)

    def take(self, other: HeadGradient, factor: float) -> None:
        """Add a multiple of other sums, which start anew."""
        for mine, its in ((self.weight, other.weight), (self.bias, other.bias)):
            if mine is not None and its is not None:
                mine.add_(its, alpha=factor)
        other.started = False
        if other.bias is not None:
            other.bias.zero_()

    def release(self, dtype: torch.dtype) -> tuple[Tensor | None, Tensor | None]:
        """Return the sums by weight and bias in a dtype, and forget them."""
        if self.weight is not None and not self.started:
            self.weight.zero_()
        weight = None if self.weight is None else self.weight.to(dtype)
        bias = None if self.bias is None else self.bias.to(dtype)
        self.weight = self.bias = None
        return weight, bias
