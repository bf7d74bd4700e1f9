"""Answers as sequences of tokens, so that a policy over answers has next-token distributions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from midpo_sym.lab.checks import Array

END = "∎"


@dataclass(frozen=True, slots=True)
class Answers:
    """Every answer to a prompt, and the tree of its tokens.

    An edge of the tree is a prefix and the token after it; a node is a prefix.

    Attributes:
        names: the answers; shape (answers,).
        lengths: their numbers of tokens, ∎ counted; shape (answers,).
        on_path: 1 where an answer goes through an edge; shape (answers, edges).
        edges_of: 1 where an edge starts at a node; shape (nodes, edges).
        visits: 1 where an answer goes through a node; shape (answers, nodes).
    """

    names: tuple[str, ...]
    lengths: NDArray[np.int64]
    on_path: Array
    edges_of: Array
    visits: Array


def answers(letters: str, longest: int) -> Answers:
    """Return all sequences that end in ∎, or have the longest length without it.

    Args:
        letters: the tokens besides ∎.
        longest: the most tokens of an answer, ∎ counted.
    """
    names = [
        "".join(word) + END for size in range(longest) for word in product(letters, repeat=size)
    ]
    names += ["".join(word) for word in product(letters, repeat=longest)]
    edges = sorted({(name[:t], name[t]) for name in names for t in range(len(name))})
    nodes = sorted({prefix for prefix, _ in edges})
    on_path = [
        [float(name.startswith(prefix + token)) for prefix, token in edges] for name in names
    ]
    edges_of = np.array([[float(prefix == node) for prefix, _ in edges] for node in nodes])
    path = np.array(on_path)
    lengths = np.array([len(name) for name in names])
    return Answers(tuple(names), lengths, path, edges_of, path @ edges_of.T)
