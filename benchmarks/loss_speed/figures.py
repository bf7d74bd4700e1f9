"""The rows that come out of measuring, and how they are kept."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from .inputs import Size


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        part: what it was measured for: `logits`, `hidden`, `memory`, `accuracy` or `growth`.
        path: `logits` or `hidden`.
        loss: such as `tdpo`.
        method: a name of `methods.METHODS`.
        measure: `seconds`, `extra_mib`, `loss_error` or `gradient_error`.
        value: median of the runs; for errors the largest.
        runs: how many.
        size: the size of the problem.
    """

    part: str
    path: str
    loss: str
    method: str
    measure: str
    value: float
    runs: int
    size: Size

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others: what is measured for growth is apart from the rest."""
        part = "growth" if self.part == "growth" else "bar"
        return part, self.path, self.loss, self.method, self.measure, self.size


class Figures:
    """Rows to look up."""

    def __init__(self, rows: Iterable[Figure]) -> None:
        self.rows = list(rows)
        self._values = {row.key: row.value for row in self.rows}

    def __iter__(self) -> Iterator[Figure]:
        return iter(self.rows)

    def value(
        self, path: str, loss: str, method: str, measure: str, size: Size, *, part: str = "bar"
    ) -> float | None:
        return self._values.get((part, path, loss, method, measure, size))


def write(path: Path, rows: Iterable[Figure]) -> None:
    names = [each.name for each in (*fields(Figure)[:-1], *fields(Size))]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            cells = [getattr(row, each.name) for each in fields(Figure)[:-1]]
            cells[names.index("value")] = f"{row.value:.6g}"
            writer.writerow((*cells, *astuple(row.size)))


def read(path: Path) -> list[Figure]:
    """Return the rows of a file that `write` made."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_row(cells) for cells in csv.DictReader(file)]


def _row(cells: dict[str, str]) -> Figure:
    size = Size(**{each.name: each.type(cells.pop(each.name)) for each in fields(Size)})
    value, runs = float(cells.pop("value")), int(cells.pop("runs"))
    return Figure(**cells, value=value, runs=runs, size=size)
