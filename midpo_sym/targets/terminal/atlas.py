"""Lists of the atlas, and what a loss is like, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from midpo_sym.atlas.rows import AXES, Row

if TYPE_CHECKING:
    from midpo_sym.atlas.claims import Cited
    from midpo_sym.atlas.like import Likeness
    from midpo_sym.prover.equivalence.lattice import Entry

_LONGEST = 44  # characters of a link in a list; `midpo show` prints all of it


def listing(rows: Sequence[Row], total: int) -> RenderableType:
    """Return a row for each loss, with its axes."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("id", "title", "year", *AXES, "verdict"):
        table.add_column(column, overflow="fold")
    for row in rows:
        axes = [_short(getattr(row.axes, axis)) for axis in AXES]
        year = str(row.year) if row.year else ""
        table.add_row(row.id, row.title, year, *axes, _verdict(row))
    of = "" if len(rows) == total else f" of {total}"
    return Group(table, f"{len(rows)}{of} losses. What each column says: midpo list --help")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _verdict(row: Row) -> str:
    """Return what is proved of the statement, and whether its claims came out as expected."""
    said = row.value if row.gives == "loss" else f"{row.value} ({row.gives})"
    if row.gradient != row.value:
        said += f", gradient {row.gradient}"
    return said if row.as_expected else f"{said}; NOT AS EXPECTED"


def claims(found: Sequence[Cited]) -> RenderableType:
    """Return what works say of losses, with the verdicts that came out."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("loss/claim", "work", "value", "gradient", "what it says"):
        table.add_column(column, overflow="fold")
    for each in found:
        where = f"{each.work}, {each.place}"
        name = f"{each.loss}/{each.claim}"
        table.add_row(name, where, each.value, each.gradient, each.note)
    return Group(table, f"{len(found)} claims. Each is proved again by: midpo prove LOSS/CLAIM")


def likeness(found: Likeness) -> RenderableType:
    """Return what a loss is among all others, the closest first."""
    from midpo_sym.prover.equivalence.answers import LINK  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.wording.atlas import said_of  # noqa: PLC0415

    row = found.row
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for axis in AXES:
        grid.add_row(axis, getattr(row.axes, axis))
    grid.add_row("verdict", _verdict(row))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("loss", "this one", "proved, A being this one and B the other"):
        table.add_column(column, overflow="fold")
    links = [each for each in found.related if each.says == LINK]
    for entry in found.related:
        if entry.says != LINK:
            table.add_row(_named(entry), *said_of(entry))
    parts: list[RenderableType] = [f"{row.title} ({row.id})", grid]
    parts += (
        [table]
        if table.row_count
        else [
            "",
            "No loss listed here is proved to be this one, or related to it as a special case.",
        ]
    )
    if links:
        named = ", ".join(each.right.id for each in links)
        parts.append(f"The same argument under another link: {named}.")
    parts += ["", *_near(found)]
    if found.untried:
        parts.append(f"Not compared, more may be related: {', '.join(found.untried)}.")
    parts.append("That no relation was found is no proof that there is none.")
    return Group(*parts)


def _named(entry: Entry) -> str:
    derivation = entry.right.derivation
    return f"{derivation.id} ({derivation.title})"


def _near(found: Likeness) -> Iterator[str]:
    if found.nearest:
        yield "Nearest of the others, by the axes that differ:"
    for each in found.nearest:
        apart = ", ".join(each.apart) or "none, but no relation is proved"
        steps = "" if each.distance is None else f"; {each.distance} steps in the lattice"
        yield f"  {each.row.id} ({each.row.title}): {apart}{steps}"
