"""Whether a prior does the work of the policy: the degenerate case, and its name in the log."""

from __future__ import annotations

import logging
import math

import torch
from torch import Tensor

_LOG = logging.getLogger("midpo_sym.training")
_EXPLAINED = math.log(3)  # a mean argument at which three preferences of four are explained


class PriorWatch:
    """Watches how much of the loss's argument the prior makes, relative to the reference.

    The argument is β Δ log π/π_ref, which the policy makes, and β Δ log π_ref/ζ, which the prior
    does. If the preferences are explained and nearly all of it is the prior's, the loss has fallen
    and the policy has learned next to nothing.

    Nothing waits for a device but every so many batches.

    Attributes:
        degenerate: whether the case has been named.
    """

    def __init__(self, *, batches: int = 20, limit: float = 0.9) -> None:
        """Make one.

        Args:
            batches: about how many are averaged, and seen between two looks.
            limit: the share from which a run is degenerate.
        """
        self.batches, self.limit, self.degenerate = batches, limit, False
        self._seen = 0
        self._parts: Tensor | None = None  # of the policy and of the prior; (2,)

    @property
    def share(self) -> Tensor:
        """The part of the argument that is the prior's, over the last batches; ()."""
        if self._parts is None:
            return torch.zeros(())
        total = self._parts.sum()
        return torch.where(total > 0, self._parts[1] / total, 0.0)

    def see(self, policy: Tensor, prior: Tensor, cure: str) -> None:
        """Look at a batch, and name the degenerate case once.

        Args:
            policy: its part of each argument; (B,).
            prior: its part; (B,).
            cure: what to change, for the message.
        """
        self._seen += 1
        found = torch.stack([policy.detach().mean(), prior.detach().mean()])
        if self._parts is None:
            self._parts = torch.zeros_like(found)
        self._parts = self._parts + (found - self._parts) / min(self._seen, self.batches)
        if self._seen % self.batches or self.degenerate:
            return
        share = float(self.share)
        if float(self._parts.sum()) > _EXPLAINED and share > self.limit:
            self.degenerate = True
            _LOG.warning(
                "degenerate prior: %.0f %% of the argument of the loss is the prior's, so the "
                "loss falls without the policy learning; a prior that is free explains any "
                "preferences without a cycle (section 5.2 of the paper). %s",
                100 * share,
                cure,
            )
