"""What the attack finds: one line for each thing that is shown and was evaluated again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["right", "wrong", "exception", "unknown"]

COLUMNS = (
    "value",
    "gradient",
    "conditions",
    "scale",
    "witness",
    "residual",
    "cures",
    "reward",
    "prior",
    "steps",
    "latex",
    "certificate",
    "json",
    "printed",
    "torch",
)


@dataclass(frozen=True)
class Finding:
    """What came out for one column; `unknown` is an honest answer, and only counted."""

    column: str
    kind: Kind
    detail: str = ""
