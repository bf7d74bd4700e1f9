"""The torch losses of the atlas: files, an index that loads none of them, and what each is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from midpo_sym.atlas.rows import AXES, Row
from midpo_sym.prover.prove import Result
from midpo_sym.prover.special_cases import Specialisation
from midpo_sym.targets.torch.check.compare import IN_TORCH
from midpo_sym.targets.torch.errors import NotExpressibleError, NotProvedError
from midpo_sym.targets.torch.file import loss_file
from midpo_sym.targets.torch.files import INDEX, LOSSES, planned, render
from midpo_sym.targets.torch.target import environment

FOLDER = LOSSES / "atlas"
PROPERTIES = "properties.py"
_REST = ("gives", "reference_free", "needs_divergence", "needs_length", "needs_weights", "year")


@dataclass(frozen=True, slots=True)
class _Plan:
    id: str
    function: str
    module: str


@dataclass(frozen=True, slots=True)
class _Properties:
    id: str
    properties: tuple[tuple[str, str], ...]


def render_atlas(
    results: Mapping[str, tuple[Result, Sequence[Specialisation]]],
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files of the atlas by name, each run first, and why others have none, by id.

    Args:
        results: for each id, its result and what it becomes at special values.

    Raises:
        WrongCodeError: code computes something else than its specification says.
    """
    files, refused, plans = {}, {}, []
    for id_, each in results.items():
        try:
            file = loss_file(planned(*each))
            files[f"{id_}.py"] = render(*each, said=IN_TORCH)
        except (NotProvedError, NotExpressibleError) as error:
            refused[id_] = str(error)
            continue
        plans.append(_Plan(id_, file.function, file.module))
    template = environment().get_template("atlas.py.jinja")
    return {**files, INDEX: template.render(plans=plans)}, refused


def render_properties(rows: Iterable[Row], with_code: Iterable[str]) -> str:
    """Return the file that says what each loss is.

    Args:
        rows: of the index.
        with_code: the ids of the losses that have code.
    """
    wanted = set(with_code)
    found = [_properties(row) for row in rows if row.id in wanted]
    return environment().get_template("properties.py.jinja").render(rows=found)


def _properties(row: Row) -> _Properties:
    values: dict[str, Any] = {axis: getattr(row.axes, axis) for axis in AXES}
    values |= {name: getattr(row, name) for name in _REST} | {"of": row.of}
    shown = {
        k: json.dumps(v, ensure_ascii=False) if isinstance(v, str) else repr(v)
        for k, v in values.items()
    }
    return _Properties(row.id, tuple(shown.items()))
