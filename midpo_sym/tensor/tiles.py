"""Logits of live tokens that exist a tile at a time, and what is done while they do."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from midpo_sym.tensor.measured import Measured, nothing_yet
from midpo_sym.tensor.projection import Head
from midpo_sym.tensor.rows import (
    Coefficients,
    Workspace,
    measure,
    prepare,
    write_gradient,
)
from midpo_sym.tensor.sizes import accumulation_dtype, block_rows, tile_rows
from midpo_sym.tensor.tokens import Tokens


class Tiles:
    """Room for one tile of the policy's logits and one of the reference's.

    Both tiles have the same rows, so that equal models give equal logits to the last bit.

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
        self._rooms: dict[str, Tensor] = {}
        raised = accumulation_dtype(dtype)
        rows = min(self.size, block_rows(policy.vocabulary, raised, device))
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

    def logits(self, start: int, stop: int) -> Tensor:
        """Return the policy's logits of some tokens, until the next call."""
        return self.policy.project(start, stop, self._room("policy", self.policy))

    def ref_logits(self, start: int, stop: int) -> Tensor | None:
        """Return the reference's logits of some tokens, until the next call."""
        if self.reference is None:
            return None
        return self.reference.project(start, stop, self._room("reference", self.reference))

    def _room(self, name: str, head: Head) -> Tensor:
        if name not in self._rooms:
            shape, hidden = (self.size, head.vocabulary), head.hidden
            self._rooms[name] = torch.empty(shape, dtype=hidden.dtype, device=hidden.device)
        return self._rooms[name]

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
        logits, ref_logits = self.logits(start, stop), self.ref_logits(start, stop)
        for low, high in cuts(0, stop - start, self._work.rows):
            where = slice(start + low, start + high)
            rows, block = measure(
                logits[low:high],
                None if ref_logits is None else ref_logits[low:high],
                self.tokens.labels[where],
                self._work,
                kl_ref_pi=found.kl_ref_pi.numel() > 0,
                kl_pi_ref=found.kl_pi_ref.numel() > 0,
            )
            found.store(where, rows)
            if coefficients is not None:
                write_gradient(
                    block,
                    coefficients.part(where),
                    rows.kl_pi_ref,
                    logits[low:high],
                )
        return logits

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
        logits, ref_logits = self.logits(start, stop), None
        if used.kl_ref_pi is not None or used.kl_pi_ref is not None:
            ref_logits = self.ref_logits(start, stop)
        redone = bool(found.redone[start:stop].any())
        for low, high in cuts(0, stop - start, self._work.rows):
            where = slice(start + low, start + high)
            part = used.part(slice(low, high))
            block = prepare(
                logits[low:high],
                None if ref_logits is None else ref_logits[low:high],
                self.tokens.labels[where],
                self._work,
                part,
                logratios=found.logratios[where],
                redone=found.redone[where] if redone else None,
                into=None,
            )
            write_gradient(block, part, found.kl_pi_ref[where], logits[low:high])
        return logits


def cuts(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    """Return the parts of a range, as even as they can be, of at most a size."""
    parts = -(-(stop - start) // size) if stop > start else 0
    step = -(-(stop - start) // parts) if parts else 1
    for low in range(start, stop, step):
        yield low, min(stop, low + step)
