"""What Coq said of the claims of an algorithm, and the files that it accepts by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from midpo_sym.prover.prove import Result
from midpo_sym.session import remembering
from midpo_sym.spec.theory import Audit, Theory
from midpo_sym.targets.coq.checking import checker, lock
from midpo_sym.targets.coq.checking.coverage import Row, coverage
from midpo_sym.targets.coq.checking.outcome import Outcome
from midpo_sym.targets.coq.emit import Certificate, Outside, emit

_MOST_REMEMBERED = 256  # certificates


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate that the lock vouches for.

    Attributes:
        id: of the claim: `simpo/section-4`.
        says: `proved` or `refuted`.
        blocks: the definitions of prior, scale and argument of the loss, and the statement, in Coq.
        axioms: what the theorem rests on.
        checker: the version of Coq that accepted it.
        file: name of the file to download.
        text: the file, with the library in it.
    """

    id: str
    says: str
    blocks: tuple[str, ...]
    axioms: tuple[str, ...]
    checker: str
    file: str
    text: str


def certified(result: Result) -> Certified | None:
    """Return what Coq said of a result's value; None if it is not this that it accepted."""
    certificate = _certificate(result)
    entry = lock.checked(certificate) if isinstance(certificate, Certificate) else None
    if not isinstance(certificate, Certificate) or entry is None:
        return None
    certificate = certificate.without_lines(entry.left_out)
    return Certified(
        id=result.id,
        says=result.verdict.status.value,
        blocks=(*certificate.definitions.split("\n\n"), certificate.statement),
        axioms=entry.axioms,
        checker=entry.checker,
        file=f"{certificate.path.parent}_{certificate.path.stem}.v",
        text=certificate.standalone(checker.needed()),
    )


def uncertified(
    results: Iterable[Result], theories: Iterable[Theory], audits: Iterable[Audit]
) -> list[Row]:
    """Return what of claims, theory and audit Coq did not check, and why not."""
    outcomes = [Outcome(each.id, each.expected[0], _certificate(each), None) for each in results]
    return [row for row in coverage(outcomes, theories, audits) if not row.by]


def _certificate(result: Result) -> Certificate | Outside:
    """Return a certificate; of a specification that nobody has edited, the same."""
    key = (result.id, result.derivation.path, result.derivation.text)
    with remembering() as session:
        return session.recall(__name__, _MOST_REMEMBERED, key, lambda: emit(result))


def news(certificates: Sequence[Certified]) -> list[str]:
    """Return what each certificate says that none before it has said, and its theorem, in Coq."""
    said: set[str] = set()
    texts = []
    for each in certificates:
        new = [block for block in each.blocks if block not in said]
        said.update(new)
        as_above = "(* The rest is as above. *)" if len(new) < len(each.blocks) else ""
        theorem = "statement" if each.says == "proved" else "~ statement"
        parts = [*new, as_above, f"Theorem certificate : {theorem}."]
        texts.append("\n\n".join(part for part in parts if part))
    return texts
