"""The atlas as a record: CSV, BibTeX, and how it is cited."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from midpo_sym import __version__
from midpo_sym.atlas.rows import Row, flat
from midpo_sym.spec import library

_AUTHOR = "The midpo_sym developers"
_TITLE = "An atlas of preference losses with computed verdicts"


def to_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV, with a line of names; claims are `id: value` after one another."""
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(flat(rows[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in flat(row).items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Return a value as one cell."""
    if isinstance(value, (list, tuple)):
        return "; ".join(f"{each['id']}: {each['value']}" for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    return value


def to_bibtex(rows: Iterable[Row]) -> str:
    """Return the BibTeX of the atlas itself, and of the works that introduced the losses."""
    known = library.works()
    keys = dict.fromkeys(row.work for row in rows if row.work in known)
    return "\n\n".join([citation(), *(known[key].bibtex() for key in keys)])


def to_cff() -> str:
    """Return the citation of the atlas, in this version, as a file CITATION.cff has it."""
    return "\n".join(
        [
            "# Written by `midpo list --cff`; the BibTeX is that of `midpo list --bibtex`.",
            "cff-version: 1.2.0",
            "message: Please cite the atlas, and the works that introduced the losses you use.",
            "type: dataset",
            f"title: {_TITLE}",
            "authors:",
            f"  - name: {_AUTHOR}",
            f"version: {__version__}",
            "license: Apache-2.0",
            "keywords: [preference optimisation, DPO, formal verification, language models]",
            "",
        ]
    )


def citation() -> str:
    """Return the BibTeX entry of the atlas, in this version."""
    fields = {
        "author": f"{{{_AUTHOR}}}",
        "title": f"{{{_TITLE}}}",
        "note": f"midpo_sym {__version__}",
        "version": __version__,
    }
    lines = [f"  {name:<13} = {{{value}}}" for name, value in fields.items()]
    return "\n".join(["@software{midposym_atlas,", ",\n".join(lines), "}"])
