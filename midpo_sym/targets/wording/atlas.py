"""What is said of a loss and another one in a list of those that it is like."""

from __future__ import annotations

from midpo_sym.prover.equivalence.answers import (
    LINK,
    SAME,
    SPECIAL_LEFT,
    SPECIAL_RIGHT,
    UP_TO,
    WITH_ONE,
)
from midpo_sym.prover.equivalence.lattice import Entry
from midpo_sym.targets.wording.equivalence import Words

_IS = {
    SAME: "is the same",
    UP_TO: "is the same up to a substitution",
    SPECIAL_LEFT: "is a special case",
    SPECIAL_RIGHT: "has it as a special case",
    LINK: "has the same argument under another link",
    WITH_ONE: "is it with 1 in the place of a model",
}


def said_of(entry: Entry) -> tuple[str, str]:
    """Return how A is related to B, and what is proved, in words."""
    relation = entry.relation
    assert relation is not None
    words = Words(entry.left, entry.right)
    said = words.relation(relation)
    if relation.of == "loss" and relation.gradient.says != "same":
        said += f"; gradient: {words.answer(relation.gradient)}"
    return _IS.get(entry.says, entry.says), said
