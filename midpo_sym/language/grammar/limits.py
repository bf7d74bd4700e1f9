"""How long, deep and large an expression may be."""

from __future__ import annotations

MAX_LENGTH = 4_000
MAX_DIGITS = 18
MAX_EXPONENT = 64
MAX_BRACKETS = 60
MAX_OPERATIONS = 150
MAX_LEVELS = MAX_BRACKETS  # so that the canonical spelling can be read again
MAX_NODES = 1_000  # well under the tree's own limit, so that the prover can build on it
