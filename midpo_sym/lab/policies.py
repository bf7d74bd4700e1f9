"""Policies over answers, and the next-token distributions that they have.

A policy is a table of logits, π(y|x) ∝ exp h(x, y). It says the probability of each next token:
the share of the answers that go on with the token, among those that go through the prefix.
Functions here take complex logits too, with any leading dimensions: a derivative of a function
that is analytic is its imaginary part after an imaginary step, to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from midpo_sym.lab.answers import Answers
from midpo_sym.lab.checks import Array

Logits: TypeAlias = NDArray[Any]  # real, or complex where a second derivative is taken


def log_policy(logits: Logits) -> Logits:
    """Return log π(y|x); shape (…, prompts, answers)."""
    top = logits.real.max(axis=-1, keepdims=True)
    return np.asarray(logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True)))


@dataclass(frozen=True, slots=True)
class Tokens:
    """The next-token distributions of a policy.

    Attributes:
        log: log-probability of each edge; shape (…, prompts, edges).
        shares: π(y|x) over the probability of passing the edge; (…, prompts, answers, edges),
            0 where the answer does not pass it.
        node_shares: the same for nodes; (…, prompts, answers, nodes).
    """

    log: Logits
    shares: Logits
    node_shares: Logits

    def pulled_back(self, by_edge: Logits, answers: Answers) -> Logits:
        """Return the derivative by the logits, given that by the log-probabilities of edges."""
        by_node = by_edge @ answers.edges_of.T
        return np.asarray(
            np.einsum("...ye,...e->...y", self.shares, by_edge)
            - np.einsum("...yn,...n->...y", self.node_shares, by_node)
        )


def tokens(logits: Logits, answers: Answers) -> Tokens:
    """Return the next-token distributions of a policy, computed on logarithms."""
    log_passing, shares = _sums(logits, answers.on_path)
    log_visiting, node_shares = _sums(logits, answers.visits)
    return Tokens(log_passing - log_visiting @ answers.edges_of, shares, node_shares)


def _sums(logits: Logits, members: Array) -> tuple[Logits, Logits]:
    """Return log Σ exp of the logits of each column's members, and their shares of the sum."""
    inside = members > 0
    each = logits[..., :, None]
    top = np.where(inside, each.real, -np.inf).max(axis=-2, keepdims=True)
    weights = np.exp(np.where(inside, each - top, 0)) * members
    sums = weights.sum(axis=-2, keepdims=True)
    return np.asarray((top + np.log(sums))[..., 0, :]), np.asarray(weights / sums)
