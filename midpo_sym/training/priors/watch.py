"""Whether a prior does the work of the policy: the degenerate case, and its name in the log."""

from __future__ import annotations

import logging
import math

from torch import Tensor

_LOG = logging.getLogger("midpo_sym.training")
_EXPLAINED = math.log(3)  # a mean argument at which three preferences of four are explained


class PriorWatch:
    """Watches how much of the loss's argument the prior makes, relative to the reference.

    The argument is β Δ log π/π_ref, which the policy makes, and β Δ log π_ref/ζ, which the prior
    does. If the preferences are explained and nearly all of it is the prior's, the loss has fallen
    and the policy has learned next to nothing.

    Attributes:
        share: of the argument that is the prior's, over the last batches.
        degenerate: whether it has been named.
    """

    def __init__(self, *, batches: int = 20, limit: float = 0.9) -> None:
        """Make one.

        Args:
            batches: about how many are averaged, and seen before anything is said.
            limit: the share from which a run is degenerate.
        """
        self.batches, self.limit = batches, limit
        self.share, self.degenerate = 0.0, False
        self._seen, self._policy, self._prior = 0, 0.0, 0.0

    def see(self, policy: Tensor, prior: Tensor, cure: str) -> None:
        """Look at a batch, and name the degenerate case once.

        Args:
            policy: its part of each argument; (B,).
            prior: its part; (B,).
            cure: what to change, for the message.
        """
        self._seen += 1
        step = 1 / min(self._seen, self.batches)
        self._policy += step * (float(policy.detach().mean()) - self._policy)
        self._prior += step * (float(prior.detach().mean()) - self._prior)
        total = self._policy + self._prior
        self.share = self._prior / total if total > 0 else 0.0
        late = self._seen >= self.batches and total > _EXPLAINED
        if late and self.share > self.limit and not self.degenerate:
            self.degenerate = True
            _LOG.warning(
                "degenerate prior: %.0f %% of the argument of the loss is the prior's, so the "
                "loss falls without the policy learning; a prior that is free explains any "
                "preferences without a cycle (section 5.2 of the paper). %s",
                100 * self.share,
                cure,
            )
