"""Logits of live tokens that exist a tile at a time, and what is done while they do."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from midpo_sym.tensor.kernels.measured import Measured, nothing_yet
from midpo_sym.tensor.kernels.projection import Head
from midpo_sym.tensor.kernels.rows import (
    Block,
    Coefficients,
    Workspace,
    measure,
    prepare,
    write_gradient,
)
from midpo_sym.tensor.kernels.sizes import accumulation_dtype, block_rows, part_rows, tile_rows
from midpo_sym.tensor.kernels.tokens import Tokens


class Tiles:
    """Room for one tile of the policy's logits and a part of one of the reference's.

    The models are projected by the same rows at once, so that equal models give equal logits to
    the last bit: a product's rounding may depend on how many rows it has.

    Attributes:
        tokens: the n live tokens.
        policy: with the hidden states that predict them; (n, H).
        reference: the same, or None.
        size: the most tokens a tile may have.
    """

    def __init__(
        self, policy: Head, reference: Head | None, tokens: Tokens, size: int | None = None
    ) -> None:
        self.tokens = tokens
        self.policy = policy._replace(hidden=tokens.states(policy.hidden))
        self.reference = reference and reference._replace(hidden=tokens.states(reference.hidden))
        dtype, device = policy.hidden.dtype, policy.hidden.device
        self.size = min(size or tile_rows(policy.vocabulary, dtype, device), len(tokens))
        self._part = self.size if reference is None else part_rows(self.size)
        self._rooms: dict[str, Tensor] = {}
        raised = accumulation_dtype(dtype)
        rows = min(self._part, block_rows(policy.vocabulary, raised, device))
        self._work = Workspace(rows, policy.vocabulary, raised, device)

    def nothing_yet(self, *, kl_ref_pi: bool, kl_pi_ref: bool) -> Measured:
        """Return zeros for what will be measured of the tokens, (n,) each."""
        return nothing_yet(
            torch.ones(len(self.tokens), dtype=torch.bool, device=self.policy.hidden.device),
            self._work.dtype,
            reference=self.reference is not None,
            kl_ref_pi=kl_ref_pi,
            kl_pi_ref=kl_pi_ref,
        )

    def _room(self, name: str, head: Head, size: int) -> Tensor:
        if name not in self._rooms:
            shape, hidden = (size, head.vocabulary), head.hidden
            self._rooms[name] = torch.empty(shape, dtype=hidden.dtype, device=hidden.device)
        return self._rooms[name]

    def _blocks(
        self, start: int, stop: int, reference: Head | None
    ) -> Iterator[tuple[slice, slice, Tensor | None]]:
        """Project some tokens, and yield block by block what can be worked on.

        Yields:
            (rows of the tile, tokens, the reference's logits): the policy's logits stay in the
            tile, those of the reference only until the next block.
        """
        tile = self._room("policy", self.policy, self.size)
        for low, high in cuts(0, stop - start, self._part):
            self.policy.project(start + low, start + high, tile[low:high])
            part = None
            if reference is not None:
                room = self._room("reference", reference, self._part)
                part = reference.project(start + low, start + high, room)
            for first, last in cuts(low, high, self._work.rows):
                rows, tokens = slice(first, last), slice(start + first, start + last)
                logits = None
                if reference is not None and part is not None:
                    logits = self._capped("ref_capped", reference, part[first - low : last - low])
                yield rows, tokens, logits

    def _capped(self, name: str, head: Head, logits: Tensor) -> Tensor:
        """Return a block's logits as the model has them: themselves, or capped in a buffer."""
        if head.softcap is None:
            return logits
        room = self._work.buffer(name, logits.shape[0]).copy_(logits)
        return room.div_(head.softcap).tanh_().mul_(head.softcap)

    def _write_gradient(
        self,
        block: Block,
        coefficients: Coefficients,
        kl_pi_ref: Tensor | None,
        logits: Tensor,
        out: Tensor,
    ) -> None:
        """Write the gradient by what was projected over it; capped logits are spent."""
        cap = self.policy.softcap
        if cap is None:
            write_gradient(block, coefficients, kl_pi_ref, out)
            return
        write_gradient(block, coefficients, kl_pi_ref, block.p)
        slope = logits.div_(cap).square_().neg_().add_(1)  # d c·tanh(z/c) / dz
        torch.mul(block.p, slope, out=out)

    def measure(
        self,
        start: int,
        stop: int,
        found: Measured,
        coefficients: Coefficients | None = None,
    ) -> Tensor:
        """Project and measure some tokens; return their logits, or what took their place.

        Args:
            start: the first token.
            stop: one past the last token.
            found: where the statistics go, (n,) each.
            coefficients: derivatives of the loss's argument, (n,) each: if given, the logits are
                overwritten by the gradient.
        """
        tile = self._room("policy", self.policy, self.size)
        for here, where, ref_logits in self._blocks(start, stop, self.reference):
            logits = self._capped("capped", self.policy, tile[here])
            rows, block = measure(
                logits,
                ref_logits,
                self.tokens.labels[where],
                self._work,
                kl_ref_pi=found.kl_ref_pi.numel() > 0,
                kl_pi_ref=found.kl_pi_ref.numel() > 0,
            )
            found.store(where, rows)
            if coefficients is not None:
                moves = coefficients.part(where)
                self._write_gradient(block, moves, rows.kl_pi_ref, logits, tile[here])
        return tile[: stop - start]

    def differentiate(
        self, start: int, stop: int, found: Measured, coefficients: Coefficients
    ) -> Tensor:
        """Project some tokens that were measured before; return the gradient by their logits.

        Args:
            start: the first token.
            stop: one past the last token.
            found: what was measured, (n,) each.
            coefficients: derivatives of the loss, (n,) each.
        """
        used = coefficients.part(slice(start, stop)).without_zeros()
        divergence = used.kl_ref_pi is not None or used.kl_pi_ref is not None
        redone = bool(found.redone[start:stop].any())
        tile = self._room("policy", self.policy, self.size)
        reference = self.reference if divergence else None
        for here, where, ref_logits in self._blocks(start, stop, reference):
            part = used.part(here)
            logits = self._capped("capped", self.policy, tile[here])
            block = prepare(
                logits,
                ref_logits,
                self.tokens.labels[where],
                self._work,
                part,
                logratios=found.logratios[where],
                redone=found.redone[where] if redone else None,
                into=None,
            )
            self._write_gradient(block, part, found.kl_pi_ref[where], logits, tile[here])
        return tile[: stop - start]


def cuts(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    """Return the parts of a range, as even as they can be, of at most a size."""
    parts = -(-(stop - start) // size) if stop > start else 0
    step = -(-(stop - start) // parts) if parts else 1
    for low in range(start, stop, step):
        yield low, min(stop, low + step)
