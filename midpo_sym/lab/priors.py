"""The priors of the eight algorithms, on answers that are sequences of tokens.

With each of them, log π/ζ of an answer is, up to a constant of the prompt,

    Σ_t [ m log π_t − k log π_ref,t + f KL(π_ref‖π)_t − g KL(π‖π_ref)_t ] + b

with coefficients that may depend on answer, token and label. Nothing is approximated: on a tree of
tokens each divergence is a finite sum over the next tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from midpo_sym.lab.answers import Answers
from midpo_sym.lab.checks import Array
from midpo_sym.lab.policies import Logits, tokens
from midpo_sym.lab.problems import Problem

SCALE = 0.5  # α of every algorithm
ETA = 0.8  # cEntropy's exponent of the policy
MARGIN = 0.5  # SimPO's γ
LENGTH_PENALTY = 0.1  # R-DPO's factor of |y_w| − |y_l|


@dataclass(frozen=True, slots=True)
class Prior:
    """What log π/ζ is made of; the first axis is the label, chosen and rejected.

    Attributes:
        policy: m; shape (2, answers, edges).
        reference: k; same shape.
        forward: f, at the node where the token is drawn; shape (2, answers, nodes).
        reverse: g; same shape.
        offset: b; shape (2, answers).
        reference_tokens: log π_ref of each edge; shape (prompts, edges).
        linear: whether log π/ζ is linear in the logits up to a constant, and the loss convex.
    """

    policy: Array
    reference: Array
    forward: Array
    reverse: Array
    offset: Array
    reference_tokens: Array
    linear: bool

    @property
    def by_label(self) -> bool:
        """Whether the prior of an answer depends on its label."""
        parts = (self.policy, self.reference, self.forward, self.reverse, self.offset)
        return any(not np.array_equal(chosen, rejected) for chosen, rejected in parts)

    def scores(self, logits: Logits, tree: Answers) -> tuple[Logits, Callable[[Logits], Logits]]:
        """Return log π/ζ by label, and how a derivative by it becomes one by the logits.

        Args:
            logits: of the policy; shape (…, prompts, answers).
            tree: the answers.

        Returns:
            The scores, shape (2, …, prompts, answers), and a function from that shape to the
            shape of the logits.
        """
        here = tokens(logits, tree)
        gaps = here.log - self.reference_tokens  # log π/π_ref of each edge
        policy, reference = np.exp(here.log), np.exp(self.reference_tokens)
        forward, reverse = (-reference * gaps) @ tree.edges_of.T, (policy * gaps) @ tree.edges_of.T
        found = [
            here.log @ m.T - self.reference_tokens @ k.T + forward @ f.T - reverse @ g.T + b
            for m, k, f, g, b in zip(
                self.policy, self.reference, self.forward, self.reverse, self.offset, strict=True
            )
        ]

        def pulled_back(slopes: Logits) -> Logits:
            by_log, by_forward, by_reverse = (
                sum(slope @ part for slope, part in zip(slopes, parts, strict=True))
                for parts in (self.policy, self.forward, self.reverse)
            )
            # p log(p/q) has the derivative p (log(p/q) + 1) by log p; the 1 cancels over a node.
            by_edge = (
                by_log
                - (by_forward @ tree.edges_of) * reference
                - (by_reverse @ tree.edges_of) * policy * gaps
            )
            return here.pulled_back(by_edge, tree)

        return np.stack(found), pulled_back


def priors(problem: Problem, previous: Array) -> dict[str, Prior]:
    """Return the priors of the eight algorithms, by the id of their specification.

    Args:
        problem: the problem.
        previous: logits of the policy of the round before, for DICE; (prompts, answers).

    Source:
        Tutunov et al. 2025, section 4; of cEntropy the formula of appendix B, which is right.
    """
    tree = problem.answers
    path = tree.on_path
    nothing = np.zeros_like(path)
    reference = tokens(problem.reference, tree).log
    lengths = tree.lengths[:, None]
    chosen, rejected = problem.weights
    mask, divergence_mask = problem.masks

    def prior(
        policy: Array = path,
        fixed: Array | None = None,
        *,
        forward: Array = nothing,
        reverse: Array = nothing,
        offset: ArrayLike = 0.0,
        before: Array = reference,
        linear: bool = False,
    ) -> Prior:
        shape, node_shape = (2, *path.shape), (2, *tree.visits.shape)
        return Prior(
            policy=np.broadcast_to(policy, shape),
            reference=np.broadcast_to(policy if fixed is None else fixed, shape),
            forward=np.broadcast_to(forward @ tree.edges_of.T, node_shape),
            reverse=np.broadcast_to(reverse @ tree.edges_of.T, node_shape),
            offset=np.broadcast_to(offset, (2, len(tree.names))),
            reference_tokens=before,
            linear=linear,
        )

    margin = MARGIN / (2 * SCALE)
    by_label = path * np.stack([chosen, rejected])[:, None, :]
    return {
        "dpo": prior(linear=True),
        "dice": prior(before=tokens(previous, tree).log, linear=True),
        "centropy": prior(ETA * path, path, linear=True),
        "simpo": prior(path / lengths, nothing, offset=np.array([[-margin], [margin]])),
        "r_dpo": prior(offset=np.asarray(LENGTH_PENALTY / SCALE * tree.lengths), linear=True),
        "tdpo": prior(forward=path),
        "tis_dpo": prior(by_label, reverse=by_label),
        "sparsepo": prior(path * mask, forward=path * divergence_mask),
    }
