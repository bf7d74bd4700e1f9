"""What came out of certifying a statement, beside what its specification expects."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from midpo_sym.prover.gradients.report import GradientResult
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Status
from midpo_sym.targets.coq.checking.checker import Check, Workshop
from midpo_sym.targets.coq.emit import KINDS, Certificate, Kind, Outside, emit
from midpo_sym.targets.coq.gradients import emit_gradient
from midpo_sym.targets.coq.names import file_stem

PROVED, REFUTED = "proved", "refuted"
OUTSIDE, REJECTED, FOREIGN, UNEXPECTED = (
    "outside the class",
    "rejected",
    "foreign axiom",
    "not as expected",
)
UNCHECKED = "not checked"
NO_PROOF, OVER = "not certified", "over the limit"
_PLACE = re.compile(r'File "[^"]*", line \d+, characters [\d-]+:|Error:')
_MOST = 300  # characters of what Coq complains of
_NOT_FOUND = "midpo: the two sides are not found equal"


@dataclass(frozen=True)
class Outcome:
    """What came out of certifying a statement.

    Attributes:
        id: of the statement: `simpo/section-4`.
        expected: what the specification says of the statement's value.
        certificate: its certificate, or why there is none.
        check: what Coq said of it; None if it was not asked.
        part: what it is about: the value that a `claim` is about, or a `gradient`.
    """

    id: str
    expected: Status
    certificate: Certificate | Outside
    check: Check | None
    part: str = "claim"

    @property
    def verdict(self) -> str:
        """Return what came out, in a word or two."""
        if isinstance(self.certificate, Outside):
            return OUTSIDE
        if self.certificate.kind is not KINDS.get(self.expected):
            return UNEXPECTED
        if self.check is None:
            return UNCHECKED
        if self.check.over:
            return OVER
        if not self.check.accepted:
            return NO_PROOF if _NOT_FOUND in self.check.message else REJECTED
        return FOREIGN if self.check.foreign else self.expected.value

    @property
    def settled(self) -> bool:
        """Return whether Coq settles the statement as its specification expects.

        Where that is neither way, there is nothing to settle.
        """
        if isinstance(self.certificate, Outside):
            return self.expected is Status.UNDECIDED
        return self.verdict in {PROVED, REFUTED}

    @property
    def hopeless(self) -> bool:
        """Return whether it is not settled whatever Coq says of the certificate."""
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
            case "not certified":
                return "the procedure finds no proof in Coq, which does not make it false"
            case "over the limit" if self.check:
                return f"{self.check.message}; --limit SECONDS gives it more time"
            case "rejected" if self.check:
                return f"Coq says: {_sentence(self.check.message)}"
        return ""

    @property
    def note(self) -> str:
        """Return what a certificate does not say of the derivation, or ""."""
        if not isinstance(self.certificate, Certificate):
            return ""
        lines = self.certificate.derivation
        if not lines.left_out:
            return ""
        some = f"{len(lines.left_out)} of {len(lines.equations)} lines of the derivation"
        return f"{some} are left out: the procedure does not replay them"


def prepare(result: Result) -> tuple[Outcome, ...]:
    """Return a statement's certificate, not checked yet; or one of each term that is read alone."""
    expected = result.expected[0]
    if not result.parts:
        return (Outcome(result.id, expected, emit(result), None),)
    if result.verdict.status is not expected:
        return tuple(Outcome(p.result.id, expected, emit(p.result), None) for p in result.parts)
    return tuple(Outcome(p.result.id, p.verdict.status, emit(p.result), None) for p in result.parts)


def prepare_gradient(result: GradientResult) -> Outcome:
    """Return the certificate of the gradient of a loss, not checked yet.

    Nothing is expected of a gradient that the prover does not find.
    """
    stem = f"gradient_of_{file_stem(result.claim.id)}" if result.claim else "gradient"
    made = emit_gradient(
        result.id, result.gradient, PurePosixPath(result.derivation.id, f"{stem}.v")
    )
    expected = Status.PROVED if result.gradient.is_proved else Status.UNDECIDED
    return Outcome(made.id, expected, made, None, "gradient")


def settle(outcome: Outcome, workshop: Workshop) -> Outcome:
    """Have Coq check a certificate, and that it is one of what the specification expects."""
    certificate = outcome.certificate
    expected = KINDS.get(outcome.expected)
    if isinstance(certificate, Outside) or expected is None or outcome.verdict == UNEXPECTED:
        return outcome
    check = workshop.check(_asked(certificate, expected))
    if not check.accepted and certificate.derivation.equations:
        certificate = _replayed(certificate, workshop)
        if certificate.derivation.left_out:
            check = workshop.check(_asked(certificate, expected))
    return replace(outcome, certificate=certificate, check=check)


def _asked(certificate: Certificate, expected: Kind) -> str:
    return f"{certificate.text}\nDefinition as_expected : {expected.theorem} := certificate.\n"


def _replayed(certificate: Certificate, workshop: Workshop) -> Certificate:
    """Return a certificate with the lines of the derivation that Coq replays, and no others."""
    lines = certificate.derivation
    parts = (
        certificate.requires,
        certificate.definitions,
        lines.trial(),
        "Print Assumptions mean_ext.\n",
    )
    check = workshop.check("\n\n".join(parts))
    return certificate.without_lines(lines.not_replayed(check.said if check.accepted else ""))


def _sentence(message: str) -> str:
    """Return what Coq complains of in a line, without the place in a file that is gone."""
    return " ".join(_PLACE.sub("", message).split())[:_MOST]
