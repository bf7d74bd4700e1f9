"""What users hand to the losses: checks of it, its names, and the forms that a batch comes in."""

from midpo_sym.tensor.inputs.checking import (
    DIVERGENCES,
    HIDDEN,
    IGNORE,
    LOGITS,
    check_alike,
    check_head,
    check_matrix,
    check_overwritable,
    check_per_token,
    check_reference,
    check_shift,
    check_values,
    describe,
    live_tokens,
)

__all__ = [
    "DIVERGENCES",
    "HIDDEN",
    "IGNORE",
    "LOGITS",
    "check_alike",
    "check_head",
    "check_matrix",
    "check_overwritable",
    "check_per_token",
    "check_reference",
    "check_shift",
    "check_values",
    "describe",
    "live_tokens",
]
