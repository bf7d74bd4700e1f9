"""What can come out for code: proved, different, undecided, or not readable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Status(Enum):
    """The verdicts on a part of a function."""

    PROVED = "proved"
    DIFFERS = "differs"
    UNDECIDED = "undecided"
    UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Arguments on which the function was run, and what it should have given.

    Attributes:
        arguments: what was passed, by name; tensors as lists of numbers.
        what: which number differs.
        found: what the function gives, in double precision.
        wanted: what the specification says.
    """

    arguments: Mapping[str, Any]
    what: str
    found: float
    wanted: float


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one part: the value, the gradient, a logged output.

    Attributes:
        status: the verdict.
        reason: why, in words; "" if there is nothing to add.
        counterexample: where it differs.
        excluded: where the code compares something, and the proof says nothing: at `... = 0`.
        reduction: what is done with the numbers of a batch, if it is proved: `none`, `mean`, `sum`.
    """

    status: Status
    reason: str = ""
    counterexample: Counterexample | None = None
    excluded: tuple[str, ...] = ()
    reduction: str = "none"


@dataclass(frozen=True, slots=True)
class Verification:
    """What came out for a function.

    Attributes:
        function: its name.
        specification: the id of the specification.
        binding: what each argument is, and why it was taken to be this.
        symbolic: the hyper-parameters of which it holds for all values of their domains.
        settings: the values at which it was shown, one after the other, of those it is not.
        reduction: what is done with the losses of a batch: `none`, `mean` or `sum`.
        value: of the loss.
        gradient: of the loss.
        outputs: of what is returned beside it, by name.
        notes: what was read in a way that one may want to know.
        suggestions: what the function is, if it is not the specification.
    """

    function: str
    specification: str
    binding: Mapping[str, tuple[str, str]]
    symbolic: tuple[str, ...]
    settings: tuple[Mapping[str, str], ...]
    reduction: str
    value: Finding
    gradient: Finding
    outputs: Mapping[str, Finding]
    notes: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()

    @property
    def findings(self) -> Mapping[str, Finding]:
        """Return all verdicts, by what they are on."""
        return {"value": self.value, "gradient": self.gradient, **self.outputs}

    @property
    def proved(self) -> bool:
        """Return whether everything is proved: value, gradient, and each logged output."""
        return all(each.status is Status.PROVED for each in self.findings.values())

    @property
    def holds_for_all(self) -> bool:
        """Return whether what is proved holds for all hyper-parameters of the specification."""
        return not self.settings

    def __str__(self) -> str:
        """Return the answer as the command prints it."""
        from midpo_sym.code.wording import to_text  # noqa: PLC0415 - it prints this very class

        return to_text(self)
