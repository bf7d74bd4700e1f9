"""`midpo lab train`: losses and learned priors on tiny models whose worlds are known."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from midpo_sym.cli.console import AS_JSON, FAILED, FORCE, UsageError, complain, print_json
from midpo_sym.files import check_folder, install

if TYPE_CHECKING:
    from midpo_sym.lab.study import Progress, Results, Study

_BY = "midpo lab train"
_OFTEN = 10.0  # seconds between two lines of progress


@click.command(
    epilog="Examples: midpo lab train --quick --out quick, "
    "midpo lab train --full --jobs 2 --out full --shard tuning/plain/0"
)
@click.option("--quick", "shipped", flag_value="quick", help="A few losses, three minutes.")
@click.option("--full", "shipped", flag_value="full", help="The whole comparison, some hours.")
@click.option("--config", type=Path, metavar="FILE", help="A configuration of your own (TOML).")
@click.option("--print-config", is_flag=True, help="Print the configuration, and run nothing.")
@click.option(
    "--spec",
    "specs",
    type=Path,
    multiple=True,
    metavar="FILE",
    help="Compare a loss of your own, too: a specification that is proved.",
)
@click.option("--out", "folder", type=Path, help="Where results are, and the report goes.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=None,
    help="Processes, each of one thread; as many as there are cores, if left out.",
)
@click.option(
    "--shard",
    "only",
    multiple=True,
    metavar="PHASE/WORLD/SEED",
    help="Run only this one; may be given several times.",
)
@click.option("--report-only", is_flag=True, help="Run nothing; write the report of what is there.")
@FORCE
@AS_JSON
def train(  # noqa: PLR0913 - options
    *,
    shipped: str | None,
    config: Path | None,
    print_config: bool,
    specs: Sequence[Path],
    folder: Path | None,
    jobs: int | None,
    only: Sequence[str],
    report_only: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Train tiny models by many losses, and by MI-DPO with learned priors, and compare them.

    Each world is a small language with all its answers listed, so that rewards, divergences and
    the best policy are exact. Hyper-parameters are chosen on seeds that are not compared.

    Each run is on the disk before the next one begins: called again, the command does what is
    missing. Results are in OUT/shards, a file for each seed of each world; the report, tables and
    figures are made of them at the end. The configuration is one TOML file: --print-config shows
    it.

    Exit status: 0 done, 1 a specification is not proved or a run failed, 2 the input is wrong.
    """
    if (shipped is None) == (config is None):
        raise UsageError("name one of --quick, --full and --config FILE")
    try:
        from midpo_sym.lab import LabError, study  # noqa: PLC0415 - loads torch
    except ImportError as error:
        raise UsageError(str(error)) from None
    path = config or study.SHIPPED / f"{shipped}.toml"
    if print_config:
        try:
            click.echo(path.read_text(encoding="utf-8"), nl=False)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: it cannot be read: {error}") from None
        return
    if folder is None:
        raise UsageError("--out is missing: name the folder of the results")
    check_folder(folder, force=force or _is_ours(folder))
    try:
        found = study.read_study(path, _own(specs, folder, force=force or _is_ours(folder)))
        study.arms(found)
        if not report_only:
            _run(found, folder, jobs or _cores(), only)
        results = _write(found, folder, path, force=force or _is_ours(folder))
    except LabError as error:
        raise UsageError(str(error)) from None
    except ImportError as error:
        raise UsageError(str(error)) from None
    failures = sum(1 for row in results.rows if row["failure"] and row["is_last"])
    if as_json:
        print_json(_as_data(found, results))
    else:
        state = f"{len(results.missing)} shards are not complete" if results.missing else "complete"
        click.echo(f"{folder / 'report.md'} written; {state}; {failures} runs failed.")
    if failures:
        sys.exit(FAILED)


def _is_ours(folder: Path) -> bool:
    """Return whether a folder has shards, as a checkout of committed results has."""
    from midpo_sym.lab.study.shards import FOLDER  # noqa: PLC0415 - loads torch

    return any((folder / FOLDER).glob("*.jsonl"))


def _own(specs: Sequence[Path], folder: Path, *, force: bool) -> dict[str, Path]:
    """Generate the losses of specifications into the folder, and return their files by id."""
    if not specs:
        return {}
    from midpo_sym import api  # noqa: PLC0415 - loads SymPy
    from midpo_sym.spec import library  # noqa: PLC0415
    from midpo_sym.spec.reading.losses import load  # noqa: PLC0415
    from midpo_sym.targets.torch.errors import NotGeneratedError  # noqa: PLC0415

    files = {}
    for path in specs:
        derivation = load(path)
        if library.is_shipped(derivation.id):
            raise UsageError(f"{path}: {derivation.id} is shipped already; give it another id")
        try:
            files[derivation.id] = api.generate(derivation).encode()
        except NotGeneratedError as error:
            complain(f"{error}; nothing is trained. See: midpo prove {path}")
            sys.exit(FAILED)
    names = {id_: f"losses/{id_}.py" for id_ in files}
    install({names[id_]: text for id_, text in files.items()}, folder, by=_BY, force=force)
    return {id_: folder / name for id_, name in names.items()}


def _run(study: Study, folder: Path, jobs: int, only: Sequence[str]) -> None:
    import torch  # noqa: PLC0415 - slow

    from midpo_sym.lab.study import execute, provenance, read_predictions  # noqa: PLC0415

    folder.mkdir(exist_ok=True)
    origin = provenance(study.digest, read_predictions()[1])
    threads, said = torch.get_num_threads(), time.monotonic()
    torch.set_num_threads(1)  # sums in one order, whatever the machine has
    try:
        for now in execute(study, folder, origin, jobs=jobs, only=only):
            if time.monotonic() - said > _OFTEN or now.done == now.total:
                said = time.monotonic()
                click.echo(_line(now), err=True)
    finally:
        torch.set_num_threads(threads)


def _line(now: Progress) -> str:
    if now.done == now.total:
        return f"{now.done} of {now.total} runs"
    left = "" if now.seconds_left is None else f", {_duration(now.seconds_left)} left"
    return f"{now.done} of {now.total} runs{left}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _write(study: Study, folder: Path, path: Path, *, force: bool) -> Results:
    from midpo_sym.lab.study import arms, read_results, report  # noqa: PLC0415 - loads torch
    from midpo_sym.lab.study.arms import AGAIN  # noqa: PLC0415

    every, _ = arms(study)
    trials = sum(len(arm.trials) for arm in every if not arm.name.endswith(AGAIN))
    results = read_results(study, folder, {"tuning": trials, "test": len(every)})
    files = {**report(study, results), "study.toml": path.read_bytes()}
    own = {f"losses/{each.name}": each.read_bytes() for each in study.own.values()}
    install({**files, **own}, folder, by=_BY, force=force)
    return results


def _as_data(study: Study, results: Results) -> dict[str, Any]:
    from midpo_sym.lab.study import read_predictions, score  # noqa: PLC0415 - loads torch
    from midpo_sym.lab.study.reporting import compared  # noqa: PLC0415

    scores = score(read_predictions()[0], results, study.study.level)
    return {
        "settings": study.digest,
        "provenance": [dict(each) for each in results.provenances],
        "missing": list(results.missing),
        "values": {
            name: _finite(asdict(each)) for name, each in compared(study, results, "value").items()
        },
        "predictions": [
            {"id": each.prediction.id, "outcome": each.outcome, **_finite(asdict(each.found))}
            for each in scores
        ],
    }


def _finite(numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isfinite(value) else None for name, value in numbers.items()}


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
