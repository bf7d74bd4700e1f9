"""Loss and gradients from hidden states in a single pass.

For losses in which a response moves its pair through one number only, whose derivative by the
statistics is known beforehand: the argument of the pair, if that is linear, or the response's
log-probability. So while a tile's logits are there to be measured, the gradient of that *number*
takes their place. Once the whole pair is measured, the slopes of the loss are known, and are
applied to what is small: rows of hidden states. No logits are projected twice, and two products per
model and two for the gradients are the least that there can be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.kernels.derivatives import refuse_second_derivative
from midpo_sym.tensor.kernels.measured import Measured, keep, kept
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
        slopes: derivatives of the loss by the responses' numbers, as they were applied; (2B,).
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
            states: derivatives of the numbers by hidden states; (n, H).
            factors: of the rows of `states`, to make them derivatives of the loss; (n,).
            sums: derivatives of the loss by weight and bias.
            slopes: derivatives of the loss by the numbers, as they were applied; (2B,).
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
    apart: bool = False,
    empty: bool = False,
) -> tuple[Measured, Gradients]:
    """Measure a batch and form the gradients of its loss.

    Args:
        policy: whose gradients are formed, where its tensors require them.
        reference: or None.
        labels: token ids, chosen responses first; (2B, T).
        live: bool (2B, T).
        coefficients: derivatives of each response's number by its own statistics; (2B, T).
        slopes: from what is measured so far, (2B, T), to the derivatives of the loss by the
            numbers of the responses whose pairs are measured whole; (2B,).
        kl: the divergences wanted.
        apart: whether the two responses of a pair may have different slopes.
        empty: whether a response may be without a token; one of the batch has one.

    Raises:
        ValueError: a label is outside the vocabulary, or a response has no token.
    """
    inputs.check_values(labels, live, policy.vocabulary, empty=empty)
    tokens = gather_tokens(labels, live, pairs=True)
    counts = torch.tensor(tokens.counts, device=live.device)  # chosen, rejected, chosen, …
    lengths = [sum(pair) for pair in zip(tokens.counts[::2], tokens.counts[1::2], strict=True)]
    bounds = list(accumulate(lengths, initial=0))
    tiles = Tiles(policy, reference, tokens, _tile_size(policy, lengths))
    found = tiles.nothing_yet(kl_ref_pi="ref_pi" in kl, kl_pi_ref="pi_ref" in kl)
    moves = coefficients.part((tokens.sequence, tokens.position))
    states = tiles.policy.hidden
    by_states = torch.empty_like(states) if policy.hidden.requires_grad else None
    factors = torch.zeros_like(found.logps)
    used: list[Tensor] = []
    # Half precision has no room for gradients that a loss scale has yet to lift.
    once = len(tokens) <= tiles.size and policy.hidden.dtype != torch.float16

    def nothing() -> HeadGradient:
        bias = policy.bias is not None and policy.bias.requires_grad
        return HeadGradient(policy, weight=policy.weight.requires_grad, bias=bias, once=once)

    sums = nothing()
    spares: list[HeadGradient] = []

    def measure(start: int, stop: int) -> Tensor:
        by_logits = tiles.measure(start, stop, found, moves)
        if by_states is not None:
            torch.mm(by_logits, policy.weight, out=by_states[start:stop])
        return by_logits

    def slopes_of(first: int, last: int) -> Tensor:
        pairs = slopes(tokens.spread(found, live.shape)).view(2, -1)[:, first:last]
        used.append(pairs)
        return pairs.t().reshape(-1)  # as the tokens come: chosen, rejected, chosen, …

    for first, last in _groups(lengths, tiles.size):
        begin, end = bounds[first], bounds[last]
        if end - begin <= tiles.size:
            by_logits = measure(begin, end)
            factors[begin:end] = slopes_of(first, last).repeat_interleave(
                counts[2 * first : 2 * last], output_size=end - begin
            )
            sums.add(by_logits, states[begin:end], factors[begin:end])
            continue
        middle = begin + tokens.counts[2 * first]
        ends = [begin, middle, end] if apart else [begin, end]
        parts: list[HeadGradient] = []
        for low, high in pairwise(ends):
            waiting = sum(each is not sums for each in parts)
            if sums.started and waiting == len(spares):
                spares.append(nothing())  # what has no slope yet waits in sums of its own
            part = spares[waiting] if sums.started else sums
            for start, stop in cuts(low, high, tiles.size):
                part.add(measure(start, stop), states[start:stop])
            parts.append(part)
        slope = slopes_of(first, last)
        factors[begin:end] = slope.repeat_interleave(
            counts[2 * first : 2 * last], output_size=end - begin
        )
        for part, factor in zip(parts, slope.tolist(), strict=False):
            if part is sums:
                sums.scale(factor)
            else:
                sums.take(part, factor)
    slope = torch.cat(used, dim=1).reshape(-1)
    gradients = Gradients(policy.hidden, tokens, by_states, factors, sums, slope)
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
    states = (None, None, None) if reference is None else reference[:3]
    others = (*states, labels, live, *measured, *coefficients)
    attached: Tensor = _Attach.apply(  # type: ignore[no-untyped-call]
        loss, *policy[:3], gradients, (policy.softcap, reference and reference.softcap), *others
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
        softcaps: tuple[float | None, float | None],
        *others: Tensor | None,
    ) -> Tensor:
        ctx.gradients, ctx.softcaps, ctx.others = gradients, softcaps, 2 + len(others)
        keep(ctx, hidden, weight, bias, *others)
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, move: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            refuse_second_derivative()
        if ctx.gradients.there:
            found = ctx.gradients.hand_over(move)
        else:
            hidden, weight, bias, *others = kept(ctx)
            states, matrix, constant, labels, live, *rest = others
            cap, ref_cap = ctx.softcaps
            reference = None if states is None else Head(states, matrix, constant, ref_cap)
            found = head_gradients(
                Head(hidden, weight, bias, cap),
                labels,
                live,
                reference,
                Measured(*rest[:6]),
                Coefficients(*(None if each is None else each * move for each in rest[6:])),
                ctx.needs_input_grad[1:4],
            )
        return move, *found, *(None,) * ctx.others
