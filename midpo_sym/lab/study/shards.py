"""What was run, on disk: a file of lines for each seed of each world, and a line for each run.

A line is written whole and flushed to the disk before the next run begins; a line that a crash cut
short is dropped when the file is read again. So a shard can be committed at any time, and a crash
loses the run in hand.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.training.fit import Snapshot
from midpo_sym.lab.worlds.measures import Measures

FOLDER = "shards"
COLUMNS = tuple(each.name for kind in (Snapshot, Measures) for each in fields(kind))
_DIGITS = 7  # that a number has on the disk
_PACKAGES = ("midpo-sym", "torch", "numpy")


@dataclass(frozen=True, slots=True)
class Shard:
    """A seed of a world.

    Attributes:
        phase: `tuning`, which chooses the hyper-parameters, or `test`.
        world: its name.
        seed: from 0 on.
    """

    phase: str
    world: str
    seed: int

    @property
    def name(self) -> str:
        """Its name, as `--shard` takes it."""
        return f"{self.phase}/{self.world}/{self.seed}"

    def path(self, folder: Path) -> Path:
        """Return where its lines are."""
        return folder / FOLDER / f"{self.phase}-{self.world}-{self.seed:03}.jsonl"


def provenance(digest: str, predictions: str) -> dict[str, Any]:
    """Return where results come from: versions, the machine's kind, the commit, the settings.

    Args:
        digest: of the settings.
        predictions: of the predictions.
    """
    return {
        "settings": digest,
        "predictions": predictions,
        "versions": {name: _version(name) for name in _PACKAGES},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "commit": _commit(),
    }


def open_shard(path: Path, origin: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the runs that a shard has, by name, and make the shard ready for more.

    Raises:
        LabError: it was made with other settings, or is no shard.
    """
    if path.exists():
        lines = read_lines(path)
        if lines:
            there = settings_of(lines)
            if there != origin["settings"]:
                raise LabError(
                    f"{path}: its runs were made with other settings, {there[:12]} and not "
                    f"{origin['settings'][:12]}; name another --out, or remove the file"
                )
            last = [each["provenance"] for each in lines if "provenance" in each][-1]
            # Another version or commit goes on: from here on it says so.
            _write_whole(path, lines if last == origin else [*lines, {"provenance": dict(origin)}])
            return {each["run"]: each for each in lines[1:] if "run" in each}
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_whole(path, [{"provenance": dict(origin), "columns": list(COLUMNS)}])
    return {}


def read_shard(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a shard, snapshots as dictionaries; none if there is no shard.

    Raises:
        LabError: a line cannot be read.
    """
    lines = read_lines(path) if path.exists() else []
    columns = lines[0].get("columns", []) if lines else []
    for line in lines:
        if "run" in line:
            line["snapshots"] = [
                dict(zip(columns, each, strict=True)) for each in line["snapshots"]
            ]
    return lines


def settings_of(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return the digest of the settings that a shard was made with."""
    origin = lines[0].get("provenance") if lines else None
    return str(origin.get("settings", "")) if isinstance(origin, dict) else ""


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Write a line, and wait until it is on the disk."""
    with path.open("ab") as file:
        file.write(_line(record))
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a shard, without one that was cut short at the end.

    Raises:
        LabError: another line cannot be read.
    """
    try:
        parts = path.read_bytes().split(b"\n")
    except OSError as error:
        raise LabError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    found = []
    for number, part in enumerate(parts[:-1], 1):  # what has no newline after it was cut short
        try:
            line = json.loads(part)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise LabError(f"{path}:{number}: it is no line of a shard; remove the file")
        found.append(line)
    return found


def compact(values: Iterable[Any]) -> list[Any]:
    """Return numbers with as many digits as matter; None for those that are not finite.

    JSON has no other numbers, and hundreds of shards are to be committed.
    """
    return [_number(each) if isinstance(each, float) else each for each in values]


def _number(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def _line(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _write_whole(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    content = b"".join(map(_line, lines))
    if path.exists() and path.read_bytes() == content:
        return
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """Return the commit of the checkout that the program runs from, "" if it is none."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
