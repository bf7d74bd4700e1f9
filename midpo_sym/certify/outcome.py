"""What came out of certifying a statement, beside what its specification expects."""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.certify.checker import Check, Workshop
from midpo_sym.certify.emit import KINDS, Certificate, Outside, emit
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Status

PROVED, REFUTED = "proved", "refuted"
OUTSIDE, REJECTED, FOREIGN, UNEXPECTED = (
    "outside the class",
    "rejected",
    "foreign axiom",
    "not as expected",
)
UNCHECKED = "not checked"


@dataclass(frozen=True)
class Outcome:
    """What came out of certifying a statement.

    Attributes:
        id: of the statement: `simpo/section-4`.
        expected: what the specification says of the statement's value.
        certificate: its certificate, or why there is none.
        check: what Coq said of it; None if it was not asked.
    """

    id: str
    expected: Status
    certificate: Certificate | Outside
    check: Check | None

    @property
    def verdict(self) -> str:
        """Return what came out, in a word or two."""
        if isinstance(self.certificate, Outside):
            return OUTSIDE
        if self.certificate.kind is not KINDS.get(self.expected):
            return UNEXPECTED
        if self.check is None:
            return UNCHECKED
        if not self.check.accepted:
            return REJECTED
        return FOREIGN if self.check.foreign else self.expected.value

    @property
    def settled(self) -> bool:
        """Tell whether Coq settles the statement as its specification expects.

        Where that is neither way, there is nothing to settle.
        """
        if isinstance(self.certificate, Outside):
            return self.expected is Status.UNDECIDED
        return self.verdict in {PROVED, REFUTED}

    @property
    def hopeless(self) -> bool:
        """Tell whether it is not settled whatever Coq says of the certificate."""
        return self.verdict == UNEXPECTED or (self.verdict == OUTSIDE and not self.settled)

    @property
    def reason(self) -> str:
        """Return why it is not settled, or ""."""
        if isinstance(self.certificate, Outside):
            return self.certificate.reason
        match self.verdict:
            case "not as expected":
                found = self.certificate.kind.value
                return f"expected {self.expected.value}, and there is a {found}"
            case "foreign axiom" if self.check:
                return f"rests on {', '.join(self.check.foreign)}"
            case "rejected" if self.check:
                return self.check.message
        return ""


def prepare(result: Result) -> Outcome:
    """Return a statement's certificate, not checked yet."""
    return Outcome(result.id, result.expected[0], emit(result), None)


def settle(outcome: Outcome, workshop: Workshop) -> Outcome:
    """Have Coq check a certificate, and that it is one of what the specification expects."""
    certificate = outcome.certificate
    expected = KINDS.get(outcome.expected)
    if isinstance(certificate, Outside) or expected is None or outcome.verdict == UNEXPECTED:
        return outcome
    asked = f"{certificate.text}\nDefinition as_expected : {expected.theorem} := certificate.\n"
    return Outcome(outcome.id, outcome.expected, certificate, workshop.check(asked))
