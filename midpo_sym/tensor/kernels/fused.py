"""Loss and gradients from hidden states in a single pass, for losses linear in the statistics.

A pair moves the loss through one number only, its argument, and the derivative of the argument by
the statistics is known beforehand. So while a tile's logits are there to be measured, the gradient
of the *argument* takes their place. Once the whole pair is measured, the slope of the loss at its
argument is known, and is applied to what is small: rows of hidden states. No logits are projected
twice, and two products per model and two for the gradients are the least that there can be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.kernels.derivatives import refuse_second_derivative
from midpo_sym.tensor.kernels.measured import Measured
from midpo_sym.tensor.kernels.projection import Head, HeadGradient
from midpo_sym.tensor.kernels.rows import Coefficients
from midpo_sym.tensor.kernels.sizes import accumulation_dtype, tile_rows
from midpo_sym.tensor.kernels.tiles import Tiles, cuts
from midpo_sym.tensor.kernels.tokens import Tokens, gather_tokens
from midpo_sym.tensor.linear import head_gradients


class Gradients:
    """Gradients of a scalar loss by hidden states, weight and bias, for one backward pass.

    They are handed over, not copied; a second backward pass computes them anew.

    Attributes:
        slopes: derivatives of the loss by the arguments, as they were applied; (B,).
        there: whether they have not been handed over yet.
    """

    def __init__(
        self,
        hidden: Tensor,
        tokens: Tokens,
        states: Tensor | None,
        factors: Tensor,
        sums: HeadGradient,
        slopes: Tensor,
    ) -> None:
        """Keep them.

        Args:
            hidden: whose shape the gradient by hidden states has, and whose dtype all have.
            tokens: where the hidden states belong.
            states: derivatives of the arguments by hidden states; (n, H).
            factors: of the rows of `states`, to make them derivatives of the loss; (n,).
            sums: derivatives of the loss by weight and bias.
            slopes: derivatives of the loss by the arguments, as they were applied; (B,).
        """
        self._shape, self._dtype = hidden.shape, hidden.dtype
        self._tokens, self._states, self._factors, self._sums = tokens, states, factors, sums
        self.slopes = slopes
        self.there = True

    def hand_over(self, move: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Return the gradients times the derivative of what the loss is used for, once.

        Args:
            move: that derivative; a scalar.
        """
        by_hidden = None
        if self._states is not None:
            states = self._states * (self._factors * move).unsqueeze(1)
            by_hidden = self._tokens.put(states.to(self._dtype), self._shape)
        if bool(move != 1):
            self._sums.scale(float(move))
        weight, bias = self._sums.release(self._dtype)
        self.there, self._states = False, None
        return by_hidden, weight, bias


@torch.no_grad()
def single_pass(
    policy: Head,
    reference: Head | None,
    labels: Tensor,
    live: Tensor,
    coefficients: Coefficients,
    slopes: Callable[[Measured], Tensor],
    *,
    kl: Sequence[str],
) -> tuple[Measured, Gradients]:
    """Measure a batch and form the gradients of its loss.

    Args:
        policy: whose gradients are formed, where its tensors require them.
        reference: or None.
        labels: token ids, chosen responses first; (2B, T).
        live: bool (2B, T).
        coefficients: derivatives of each pair's argument by its own statistics; (2B, T).
        slopes: from what is measured so far, (2B, T), to the derivatives of the loss by the
            arguments of the pairs that are measured whole; (B,).
        kl: the divergences wanted.

    Raises:
        ValueError: a label is outside the vocabulary, or a response has no token.
    """
    inputs.check_values(labels, live, policy.vocabulary)
    tokens = gather_tokens(labels, live, pairs=True)
    lengths = [sum(pair) for pair in zip(tokens.counts[::2], tokens.counts[1::2], strict=True)]
    bounds = list(accumulate(lengths, initial=0))
    tiles = Tiles(policy, reference, tokens, _tile_size(policy, lengths))
    found = tiles.nothing_yet(kl_ref_pi="ref_pi" in kl, kl_pi_ref="pi_ref" in kl)
    moves = coefficients.part((tokens.sequence, tokens.position))
    states = tiles.policy.hidden
    by_states = torch.empty_like(states) if policy.hidden.requires_grad else None
    factors, used = torch.zeros_like(found.logps), []
    # Half precision has no room for gradients that a loss scale has yet to lift.
    once = len(tokens) <= tiles.size and policy.hidden.dtype != torch.float16

    def nothing() -> HeadGradient:
        bias = policy.bias is not None and policy.bias.requires_grad
        return HeadGradient(policy, weight=policy.weight.requires_grad, bias=bias, once=once)

    sums, spare = nothing(), None
    for first, last in _groups(lengths, tiles.size):
        begin, end = bounds[first], bounds[last]
        whole = end - begin <= tiles.size
        if not whole and sums.started and spare is None:
            spare = nothing()
        part = spare if spare is not None and sums.started else sums
        by_logits = states
        for start, stop in cuts(begin, end, tiles.size):
            by_logits = tiles.measure(start, stop, found, moves)
            if by_states is not None:
                torch.mm(by_logits, policy.weight, out=by_states[start:stop])
            if not whole:
                part.add(by_logits, states[start:stop])
        slope = slopes(tokens.spread(found, live.shape))[first:last]
        used.append(slope)
        counts = torch.tensor(lengths[first:last], device=slope.device)
        factors[begin:end] = slope.repeat_interleave(counts, output_size=end - begin)
        if whole:
            sums.add(by_logits, states[begin:end], factors[begin:end])
        elif part is sums:
            sums.scale(float(slope))
        else:
            sums.take(part, float(slope))
    gradients = Gradients(policy.hidden, tokens, by_states, factors, sums, torch.cat(used))
    return tokens.spread(found, live.shape), gradients


def _tile_size(policy: Head, lengths: Sequence[int]) -> int:
    """Return how many tokens make a tile: a whole pair, where that saves the second sum."""
    dtype, device = policy.hidden.dtype, policy.hidden.device
    size, longest = tile_rows(policy.vocabulary, dtype, device), max(lengths)
    if size < longest and len(lengths) > 1 and policy.weight.requires_grad:
        # A pair in parts needs a second sum of the weight's size: as many bytes as so many rows.
        width = policy.hidden.shape[-1] * accumulation_dtype(dtype).itemsize
        if longest - size <= width // dtype.itemsize:
            return longest
    return size


def _groups(lengths: Sequence[int], size: int) -> list[tuple[int, int]]:
    """Return runs of neighbouring pairs that fit into a tile; a longer pair is its own run."""
    groups, first = [], 0
    while first < len(lengths):
        last, total = first + 1, lengths[first]
        while last < len(lengths) and total + lengths[last] <= size:
            total += lengths[last]
            last += 1
        groups.append((first, last))
        first = last
    return groups


def attach(
    loss: Tensor,
    gradients: Gradients,
    policy: Head,
    reference: Head | None,
    labels: Tensor,
    live: Tensor,
    measured: Measured,
    coefficients: Coefficients,
) -> Tensor:
    """Return a loss whose backward pass hands over gradients that are formed already.

    Args:
        loss: a scalar; differentiable by what else it depends on, such as learned token weights.
        gradients: of the loss.
        policy: what they belong to.
        reference: or None.
        labels: (2B, T).
        live: bool (2B, T).
        measured: as constants.
        coefficients: derivatives of the loss by what was measured; (2B, T).
    """
    others = (*(reference or (None, None, None)), labels, live, *measured, *coefficients)
    attached: Tensor = _Attach.apply(  # type: ignore[no-untyped-call]
        loss, *policy, gradients, *others
    )
    return attached


class _Attach(torch.autograd.Function):
    """The identity of a loss, with gradients of its own."""

    @staticmethod
    def forward(
        ctx: Any,
        loss: Tensor,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        gradients: Gradients,
        *others: Tensor | None,
    ) -> Tensor:
        ctx.gradients, ctx.others = gradients, 1 + len(others)
        ctx.save_for_backward(hidden, weight, bias, *others)
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, move: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            refuse_second_derivative()
        if ctx.gradients.there:
            found = ctx.gradients.hand_over(move)
        else:
            hidden, weight, bias, *others = ctx.saved_tensors
            states, matrix, constant, labels, live, *rest = others
            reference = None if states is None else Head(states, matrix, constant)
            found = head_gradients(
                Head(hidden, weight, bias),
                labels,
                live,
                reference,
                Measured(*rest[:6]),
                Coefficients(*(None if each is None else each * move for each in rest[6:])),
                ctx.needs_input_grad[1:4],
            )
        return move, *found, *(None,) * ctx.others
