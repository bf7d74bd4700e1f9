"""What works say of each other's losses: the claims of the specifications, by the work cited."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from midpo_sym.atlas.rows import Row
from midpo_sym.spec import library
from midpo_sym.spec.model import Claim, Derivation
from midpo_sym.spec.reading.files import read_text


@dataclass(frozen=True, slots=True)
class Cited:
    """A claim, with the verdicts that came out.

    Attributes:
        loss: the id of the loss it is about.
        claim: its id in that file.
        work: short, with the year, or as it is cited.
        place: in the work.
        own: whether the work is the one that introduced the loss.
        printed: whether the work prints the formula; otherwise it is read into what it says.
        value: the verdict of the value.
        gradient: the verdict of the gradient.
        note: what it says, and whether that agrees.
    """

    loss: str
    claim: str
    work: str
    place: str
    own: bool
    printed: bool
    value: str
    gradient: str
    note: str


def claims_by(rows: Iterable[Row], text: str) -> list[Cited]:
    """Return the claims that cite a work, in the order of the rows.

    Args:
        rows: of the index, which have the verdicts.
        text: a part of the work's key, authors with the year, title or arXiv id, or of a citation.
    """
    wanted = text.lower()
    keys = {
        key
        for key, work in library.works().items()
        if wanted in f"{key} {work.short} {work.title} {work.arxiv}".lower()
    }
    found = []
    for row in rows:
        said = read_text(library.file_of(row.id))
        if wanted not in said.lower() and not any(key in said for key in keys):
            continue
        derivation = library.get(row.id)
        found += [
            _cited(derivation, claim, row)
            for claim in derivation.claims
            if claim.citation.work in keys or wanted in claim.citation.work.lower()
        ]
    return found


def _cited(derivation: Derivation, claim: Claim, row: Row) -> Cited:
    verdict = next(each for each in row.claims if each.id == claim.id)
    source = derivation.source
    return Cited(
        derivation.id,
        claim.id,
        library.cited(claim.citation.work),
        claim.citation.place,
        source is not None and source.work == claim.citation.work,
        claim.printed,
        verdict.value,
        verdict.gradient,
        " ".join(claim.note.split()),
    )


def claims_csv(claims: Sequence[Cited]) -> str:
    """Return claims as CSV, with a line of names."""
    if not claims:
        return ""
    out = io.StringIO()
    rows = [asdict(each) for each in claims]
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: ("no", "yes")[v] if isinstance(v, bool) else v for key, v in row.items()}
        for row in rows
    )
    return out.getvalue()
