"""What the shards hold, as rows, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.study.config import Study
from midpo_sym.lab.study.running import shards
from midpo_sym.lab.study.shards import COLUMNS as OF_SNAPSHOT
from midpo_sym.lab.study.shards import read_shard, settings_of

Row = Mapping[str, Any]
_OF_RUN = ("arm", "trial", "hyper_parameters", "seed", "failure", "seconds")
COLUMNS = ("phase", "world", "world_seed", *_OF_RUN, "is_last", *OF_SNAPSHOT)
_DIGITS = 7  # that a number has in a shard, too


@dataclass(frozen=True, slots=True)
class Results:
    """All runs of a study.

    Attributes:
        rows: one for each snapshot, and one for a run without any; by the names of `COLUMNS`.
        frontiers: by (world, seed) of the test shards, pairs of divergence and reward gained.
        provenances: where the shards come from, each different one once.
        missing: names of shards that are not there or not complete.
    """

    rows: tuple[Row, ...]
    frontiers: Mapping[tuple[str, int], Sequence[Sequence[float]]]
    provenances: tuple[Row, ...]
    missing: tuple[str, ...]

    def last(self) -> list[Row]:
        """Return the ends of the runs that are compared, and did not fail."""
        return [
            row
            for row in self.rows
            if row["phase"] == "test" and row["is_last"] and not row["failure"]
        ]

    def ends(self, measure: str) -> dict[str, dict[tuple[str, int], float]]:
        """Return a measure at the end of the runs that are compared, by arm and (world, seed)."""
        found: dict[str, dict[tuple[str, int], float]] = {}
        for row in self.last():
            if row[measure] is not None:
                place = row["world"], row["world_seed"]
                found.setdefault(row["arm"], {})[place] = float(row[measure])
        return found

    def matched(self, measure: str, arm: str, other: str) -> dict[tuple[str, int], float]:
        """Return how a measure of two arms differs at equal hyper-parameters, in the tuning seeds.

        Means over the hyper-parameters that both tried, by (world, seed): what is compared has to
        be independent, and trials on the same pairs are not.
        """
        found: dict[tuple[str, int], dict[str, dict[str, float]]] = {}
        for row in self.rows:
            usable = row["phase"] == "tuning" and row["is_last"] and not row["failure"]
            if usable and row["arm"] in {arm, other} and row[measure] is not None:
                trials = found.setdefault((row["world"], row["world_seed"]), {arm: {}, other: {}})
                trials[row["arm"]][row["hyper_parameters"]] = float(row[measure])
        differences = {}
        for place, each in found.items():
            common = each[arm].keys() & each[other].keys()
            if common:
                differences[place] = fmean(
                    each[arm][key] - each[other][key] for key in sorted(common)
                )
        return differences

    def to_csv(self) -> str:
        """Return the rows with a header, lines ended by a line feed."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.rows:
            writer.writerow(_cell(row[name]) for name in COLUMNS)
        return text.getvalue()

    def to_parquet(self) -> bytes | None:
        """Return the rows as a Parquet file, with their provenance; None without PyArrow."""
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError:
            return None
        columns = {name: [row[name] for row in self.rows] for name in COLUMNS}
        table = pa.table(columns).replace_schema_metadata(
            {"provenance": json.dumps([dict(each) for each in self.provenances])}
        )
        file = io.BytesIO()
        parquet.write_table(table, file)
        return file.getvalue()


def read_results(study: Study, folder: Path, arms_of_shard: Mapping[str, int]) -> Results:
    """Return what the shards of a study hold.

    Args:
        study: the settings.
        folder: of the results.
        arms_of_shard: how many runs a shard has, by phase.

    Raises:
        LabError: a shard cannot be read, or was made with other settings.
    """
    rows: list[Row] = []
    frontiers: dict[tuple[str, int], Sequence[Sequence[float]]] = {}
    provenances: list[Row] = []
    missing = []
    tuning, test = shards(study)
    for shard in (*tuning, *test):
        path = shard.path(folder)
        lines = read_shard(path)
        if lines and settings_of(lines) != study.digest:
            raise LabError(
                f"{path}: its runs were made with other settings than the configuration's; name "
                "the configuration that it was made with"
            )
        for line in lines:
            if "provenance" in line and line["provenance"] not in provenances:
                provenances.append(line["provenance"])
        found = [line for line in lines if "run" in line]
        if len(found) < arms_of_shard[shard.phase]:
            missing.append(shard.name)
        for line in lines:
            if "frontier" in line and shard.phase == "test":
                frontiers[shard.world, shard.seed] = line["frontier"]
        for line in found:
            head = {"phase": shard.phase, "world": shard.world, "world_seed": shard.seed}
            head |= {name: line[name] for name in _OF_RUN}
            snapshots = line["snapshots"] or [{}]
            rows += [
                {
                    **head,
                    "is_last": place == len(snapshots),
                    **{name: each.get(name) for name in OF_SNAPSHOT},
                }
                for place, each in enumerate(snapshots, 1)
            ]
    return Results(tuple(rows), frontiers, tuple(provenances), tuple(missing))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    return str(value)
