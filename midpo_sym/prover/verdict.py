"""What can come out: proved, refuted or undecided, each with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from midpo_sym.language.tree import Expression

if TYPE_CHECKING:  # who prints what was proved before needs no interval arithmetic
    from midpo_sym.judges.witness import Witness

LABELS_ASSUMPTION = "no response is both chosen and rejected for the same prompt"
EXACT_PRIOR_ASSUMPTION = (
    "ζ is known exactly, or the anchor takes in α log Z(x): against an anchor it does not cancel"
)


class Status(Enum):
    """The three verdicts."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


class DisagreementError(Exception):
    """Independent judges of one statement contradict each other: there is a bug in one of them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that has to differ from zero.

    Attributes:
        expression: what must not be zero.
        given_by: why it is not, from the declared domains; "" if it has to be assumed.
    """

    expression: Expression
    given_by: str


@dataclass(frozen=True, slots=True)
class Proved:
    """True for every policy, pair of responses and value of the parameters.

    Attributes:
        conditions: denominators that must not be zero.
        assumptions: what has to be assumed of the data, in words.
    """

    conditions: tuple[Condition, ...]
    assumptions: tuple[str, ...]
    status: Status = Status.PROVED


@dataclass(frozen=True, slots=True)
class Cure:
    """A value of a parameter for which a refuted statement holds.

    Attributes:
        parameter: the parameter.
        value: its value, which lies in the parameter's domain.
        conditions: denominators that must not be zero then.
    """

    parameter: str
    value: Expression
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuted:
    """False, with a point that shows it.

    Attributes:
        part: what differs: `argument`, `link` or `gradient`; `term 2` of a loss of several.
        residual: framework minus target; for the gradient, what that has the gradient of. None
            if the difference is not expressible.
        witness: a point at which the sides differ.
        cures: values of parameters for which the statement holds after all.
    """

    part: str
    residual: Expression | None
    witness: Witness
    cures: tuple[Cure, ...] = ()
    status: Status = Status.REFUTED


@dataclass(frozen=True, slots=True)
class Undecided:
    """Neither proved nor refuted; says why."""

    reason: str
    status: Status = Status.UNDECIDED


Verdict = Proved | Refuted | Undecided


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge says of a statement.

    Attributes:
        judge: `kernel`, `witness` or `numbers`.
        of: `value` or `gradient`.
        says: `equal`, `different`, or `unknown`.
        detail: on what grounds.
    """

    judge: str
    of: str
    says: str
    detail: str
