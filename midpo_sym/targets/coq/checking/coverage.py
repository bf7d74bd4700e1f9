"""What of the specifications, the theory and the audit is certified, computed from the lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from midpo_sym.chains.audit import NOT_CHECKED
from midpo_sym.spec.theory import Audit, Entry, Theory
from midpo_sym.targets.coq.checking import lock
from midpo_sym.targets.coq.checking.outcome import Outcome
from midpo_sym.targets.coq.emit import Certificate


@dataclass(frozen=True, slots=True)
class Row:
    """Whether something is certified.

    Attributes:
        id: `simpo/section-4`, `lemma_1/least`, or the id of an entry of the audit.
        part: `claim`, `gradient`, `theory` or `audit`.
        by: the certificates and theorems that settle it; none if it is not certified.
        missing: why it is not certified, or "".
    """

    id: str
    part: str
    by: tuple[str, ...]
    missing: str


def coverage(
    outcomes: Iterable[Outcome],
    theories: Iterable[Theory],
    audits: Iterable[Audit],
    locked: Mapping[str, Any] | None = None,
) -> tuple[Row, ...]:
    """Return a row for each claim and gradient, derivation of the theory and entry of the audit.

    Args:
        outcomes: of all claims and gradients, whether or not Coq was asked now.
        theories: the files of the theory.
        audits: the files of the audit.
        locked: the lock that says what Coq accepted; the one of the package if none is named.
    """
    altered = {} if locked else {each.claim: each for each in lock.altered()}
    claims = {each.id: _claim(each, locked, altered.get(each.id)) for each in outcomes}
    settled: dict[str, list[str]] = {}
    for theorem in lock.theorems(locked):
        for each in theorem.settles:
            settled.setdefault(each, []).append(theorem.name)
    names = [f"{each.setting.id}/{chain.id}" for each in theories for chain in each.chains]
    chains = {
        name: Row(name, "theory", tuple(settled.get(name, ())), "" if name in settled else _NONE)
        for name in names
    }
    known = claims | chains
    entries = {entry.id: entry for each in audits for entry in each.entries}
    audit = [
        replace(_audited(entries.get(entry.evidence.same, entry), known, settled), id=entry.id)
        for entry in entries.values()
    ]
    return (*known.values(), *audit)


_NONE = "no theorem states it"
_UNCHECKED = "the prover does not check it either"


def _claim(outcome: Outcome, locked: Mapping[str, Any] | None, altered: lock.Altered | None) -> Row:
    certificate = outcome.certificate
    if not isinstance(certificate, Certificate):
        return Row(outcome.id, outcome.part, (), f"outside the class: {certificate.reason}")
    if altered:
        return Row(outcome.id, outcome.part, (), f"{altered.path.name} is {altered.what}")
    entry = lock.checked(certificate, locked)
    if entry is None or outcome.hopeless:
        return Row(outcome.id, outcome.part, (), "the lock does not vouch for it")
    return Row(outcome.id, outcome.part, (entry.file,), "")


def _audited(entry: Entry, known: Mapping[str, Row], settled: Mapping[str, list[str]]) -> Row:
    """Return the row of an entry: it rests on claims and derivations, or on a theorem about it."""
    if entry.id in settled:
        return Row(entry.id, "audit", tuple(settled[entry.id]), "")
    named = (*entry.evidence.claims, *entry.evidence.chains)
    if not named or entry.status == NOT_CHECKED:
        unchecked = entry.status == NOT_CHECKED
        return Row(entry.id, "audit", (), _UNCHECKED if unchecked else _NONE)
    rows = {name: known.get(name) for name in named}
    open_ = [name for name, row in rows.items() if row is None or not row.by]
    if open_:
        return Row(entry.id, "audit", (), f"rests on {', '.join(open_)}")
    by = dict.fromkeys(each for row in rows.values() if row for each in row.by)
    return Row(entry.id, "audit", tuple(by), "")
