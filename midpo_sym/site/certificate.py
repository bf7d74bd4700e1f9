"""What Coq said of the claims of an algorithm, and the files that it accepts by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.certify import checker, lock
from midpo_sym.certify.emit import Certificate, emit
from midpo_sym.prover.prove import Result


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate that the lock vouches for.

    Attributes:
        id: of the claim: `simpo/section-4`.
        says: `proved` or `refuted`.
        definitions: the prior, the scale and the argument of the loss, in Coq.
        statement: the statement, in Coq.
        axioms: what the theorem rests on.
        checker: the version of Coq that accepted it.
        file: name of the file to download.
        text: the file, with the library in it.
    """

    id: str
    says: str
    definitions: str
    statement: str
    axioms: tuple[str, ...]
    checker: str
    file: str
    text: str


def certified(result: Result) -> Certified | None:
    """Return what Coq said of a result's value; None if it is not this that it accepted."""
    certificate = emit(result)
    entry = lock.checked(certificate) if isinstance(certificate, Certificate) else None
    if not isinstance(certificate, Certificate) or entry is None:
        return None
    return Certified(
        id=result.id,
        says=result.verdict.status.value,
        definitions=certificate.definitions,
        statement=certificate.statement,
        axioms=entry.axioms,
        checker=entry.checker,
        file=f"{certificate.path.parent}_{certificate.path.stem}.v",
        text=certificate.standalone(checker.needed()),
    )
