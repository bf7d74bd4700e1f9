"""What numbers that are given as data may be given for: a token, a response, a pair, a batch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arity:
    """What a declared number is given for.

    Attributes:
        of: how a specification says so, under `of`.
        arguments: how it is called in an expression, after its name; `r` stands for a response.
        responses: how many responses it is a number of.
        each: what there is one number for, after "one for".
        shape: its shape in torch, chosen and rejected apart if it is a number of one response.
    """

    of: str
    arguments: str
    responses: int
    each: str
    shape: str

    @property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """Return the responses of a loss that there is one number for, each time."""
        return (("w",), ("l",)) if self.responses == 1 else (("w", "l")[: self.responses],)


TOKEN = Arity("y, t", "(r, t)", 1, "each token of a response", "(batch, tokens)")
RESPONSE = Arity("y", "(r)", 1, "each response", "(batch,)")
PAIR = Arity("pair", "", 2, "each pair of responses", "(batch,)")
BATCH = Arity("batch", "", 0, "each batch, the same for all its pairs", "()")
OF_RESPONSES = {each.responses: each for each in (RESPONSE, PAIR, BATCH)}
ARITIES = {each.of: each for each in (TOKEN, RESPONSE, PAIR, BATCH)}
