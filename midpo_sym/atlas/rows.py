"""A row of the index: what is said of one loss, and how rows are chosen and sorted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

MARGIN, ANCHORED, OF_A_PAIR = "margin", "anchored", "of a pair"
_YEARS = re.compile(r"(\d{4})?(-)?(\d{4})?")


@dataclass(frozen=True, slots=True)
class Axes:
    """What is said of a loss, each axis in words.

    Attributes:
        prior: what a prior of it knows: `fixed` (no policy, no label), `policy`, `policy by token`,
            `label`, `pair`, ...; `response` if a prior was only solved for; or `undecided`.
        link: its links, by name or as expressions in a.
        terms: `margin`, `anchored`, `added`, or `of a pair` where neither of the two is proved.
        weight: of its terms: `constant`, `data`, `policy`, or `policy, detached`.
        scope: `pair` or `response`, and `batch` if it depends on numbers of the batch.
    """

    prior: str
    link: str
    terms: str
    weight: str
    scope: str

    @property
    def family(self) -> str:
        """Return the five in a line; losses of the same five are a family."""
        return " · ".join(asdict(self).values())

    def apart(self, other: Axes) -> tuple[str, ...]:
        """Return the axes on which another loss differs."""
        return tuple(name for name in AXES if getattr(self, name) != getattr(other, name))


AXES = tuple(each.name for each in fields(Axes))


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim, with the verdicts that came out.

    Attributes:
        id: within the file.
        value: the verdict of the value.
        gradient: the verdict of the gradient.
        as_expected: whether the specification expects all that came out.
        printed: whether a work prints it.
        convention: the library whose code computes it; "" for what a work prints.
    """

    id: str
    value: str
    gradient: str
    as_expected: bool
    printed: bool
    convention: str


@dataclass(frozen=True, slots=True)
class Row:
    """What is said of one loss; verdicts and axes are the prover's.

    Attributes:
        id: of the specification.
        of: the set it is from, `paper` or `atlas`.
        title: short name.
        summary: one sentence.
        work: key of the work that introduced it, or a citation; "" if none is named.
        authors: of that work, short, with the year.
        year: of that work; 0 if that is not known.
        arxiv: of that work; "" if it has none.
        checked: where the formula was read.
        value: the verdict on the statement of [prior] and [loss].
        gradient: the verdict of its gradient.
        gives: what of the loss MI-DPO is said to give.
        zeta: the prior of the statement.
        axes: the five.
        closed_form: whether the closed form of the optimal policy holds with that prior.
        reference_free: whether the loss needs no model but the policy.
        needs_divergence: whether it needs next-token distributions over the vocabulary.
        needs_length: whether it needs numbers of tokens.
        needs_weights: whether it needs a number of each token.
        stop_gradient: whether the loss stops a gradient.
        claims: with their verdicts.
        profile: what the loss is made of, to find losses like it; see `likeness`.
        digest: of all that the row was computed from.
    """

    id: str
    of: str
    title: str
    summary: str
    work: str
    authors: str
    year: int
    arxiv: str
    checked: str
    value: str
    gradient: str
    gives: str
    zeta: str
    axes: Axes
    closed_form: bool | None
    reference_free: bool | None
    needs_divergence: bool | None
    needs_length: bool | None
    needs_weights: bool | None
    stop_gradient: bool | None
    claims: tuple[ClaimRow, ...]
    profile: Mapping[str, Sequence[str]] | None
    digest: str

    @property
    def as_expected(self) -> bool:
        """Return whether every claim came out as its specification expects."""
        return all(each.as_expected for each in self.claims)

    def to_data(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        return asdict(self)

    @staticmethod
    def of_data(data: Mapping[str, Any]) -> Row:
        """Return a row from JSON.

        Raises:
            TypeError: it has other keys.
        """
        claims = tuple(ClaimRow(**each) for each in data["claims"])
        return Row(**{**data, "axes": Axes(**data["axes"]), "claims": claims})


SORTS = ("id", "title", "year", *AXES, "value")


def flat(row: Row) -> dict[str, Any]:
    """Return what people and other programs read of a row, axes among the rest."""
    data = row.to_data()
    del data["profile"], data["digest"]
    axes = data.pop("axes")
    start = {key: data.pop(key) for key in ("id", "of", "title", "year", "authors", "arxiv")}
    return {**start, **axes, "family": row.axes.family, **data, "as_expected": row.as_expected}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are asked for; what is left empty chooses all.

    Attributes:
        axes: for each axis, a text that its words must hold.
        years: the first and the last.
        family: a text that the family must hold.
        texts: each must stand in id, title, summary, authors or arXiv id.
        of: the set.
        reference_free: whether the loss needs no other model.
    """

    axes: Mapping[str, str]
    years: tuple[int, int] = (0, 9999)
    family: str = ""
    texts: tuple[str, ...] = ()
    of: str = ""
    reference_free: bool | None = None

    def takes(self, row: Row) -> bool:
        """Return whether a row is asked for."""
        said = f"{row.id} {row.title} {row.summary} {row.authors} {row.arxiv}".lower()
        return (
            all(_holds(getattr(row.axes, axis), text) for axis, text in self.axes.items())
            and (self.years == (0, 9999) or self.years[0] <= row.year <= self.years[1])
            and self.family.lower() in row.axes.family.lower()
            and all(text.lower() in said for text in self.texts)
            and self.of in ("", row.of)
            and self.reference_free in (None, row.reference_free)
        )


def _holds(said: str, text: str) -> bool:
    """Return whether the words of an axis hold those asked for, as whole words."""
    return (
        not text or re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said, re.IGNORECASE) is not None
    )


def chosen(rows: Iterable[Row], choice: Choice, sort: str = "") -> list[Row]:
    """Return the rows that are asked for, sorted by a row of `SORTS` and then by id.

    Without `sort` the order is kept.
    """
    found = [row for row in rows if choice.takes(row)]
    if not sort:
        return found
    return sorted(found, key=lambda row: (_key(row, sort), row.id))


def _key(row: Row, sort: str) -> tuple[int, str]:
    value = getattr(row.axes if sort in AXES else row, sort)
    return (value, "") if isinstance(value, int) else (0, str(value).lower())


def years(text: str) -> tuple[int, int] | None:
    """Return the years that `2024`, `2023-2024`, `2024-` or `-2023` names; None if it is none."""
    found = _YEARS.fullmatch(text.replace(" ", ""))
    if not found or not any(found.groups()[::2]):
        return None
    first, dash, last = found.groups()
    if dash:
        return int(first or 0), int(last or 9999)
    return (int(first), int(first)) if first and not last else None
