"""`midpo lab tabular`: section 5.2 on finite problems."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    FORCE,
    UsageError,
    complain,
    print_json,
    progress,
    render,
)
from midpo_sym.files import check_folder, install

if TYPE_CHECKING:
    from midpo_sym.lab import Row, Settings, Worth


@click.command(epilog="Example: midpo lab tabular --seed 1 --problems 2 --out lab")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all random numbers.")
@click.option(
    "--problems",
    "count",
    type=int,
    default=6,
    show_default=True,
    help="How many random problems, besides the six structured ones.",
)
@click.option(
    "--longest",
    type=int,
    default=3,
    show_default=True,
    help="Most tokens of an answer: 1, 2, 3 or 4 make 3, 7, 15 or 31 answers.",
)
@click.option(
    "--floor",
    type=float,
    default=1e-3,
    show_default=True,
    help="Least probability that a learned prior may give an answer.",
)
@click.option(
    "--out", "folder", type=Path, help="Write losses.csv, objective.csv and losses.svg there."
)
@FORCE
@AS_JSON
def tabular(
    *,
    seed: int,
    count: int,
    longest: int,
    floor: float,
    folder: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Minimise MI-DPO's loss on finite problems, with fixed and with learned priors.

    Each problem has three prompts and a small tree of tokens for answers, so that the priors of
    all eight algorithms are exact. Policies are log-linear in three features, or tables.

    Exit status: 0 all runs converged and the inequality of section 5.2 holds where it is a
    theorem, 1 one did not or it does not, 2 the input is wrong.
    """
    try:
        from midpo_sym import lab as laboratory  # noqa: PLC0415 - loads NumPy
        from midpo_sym.lab import report  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(str(error)) from None
    if folder is not None:
        check_folder(folder, force=force)
    try:
        settings = laboratory.Settings(seed, count, longest, floor)
        benches = laboratory.benches(settings)
        rows = [row for bench in progress(benches, "measuring") for row in bench.rows()]
        worths = laboratory.worths(settings)
    except laboratory.LabError as error:
        raise UsageError(str(error)) from None
    except laboratory.NotConvergedError as error:
        complain(str(error))
        sys.exit(FAILED)
    if folder is not None:
        options = f"--seed {seed} --problems {count} --longest {longest} --floor {floor:g}"
        try:
            files = {
                "losses.csv": report.to_csv(rows, laboratory.Row).encode(),
                "objective.csv": report.to_csv(worths, laboratory.Worth).encode(),
                "losses.svg": report.figure(
                    rows, f"midpo lab tabular {options}", laboratory.expressible()
                ),
            }
        except ImportError as error:
            raise UsageError(str(error)) from None
        install(files, folder, by="midpo lab tabular", force=force)
    if as_json:
        print_json(_as_data(settings, rows, worths))
    else:
        _print(rows, worths)


def _as_data(settings: Settings, rows: Sequence[Row], worths: Sequence[Worth]) -> dict[str, Any]:
    return {
        "settings": asdict(settings),
        "losses": [asdict(row) for row in rows],
        "objective": [asdict(each) for each in worths],
    }


def _print(rows: Sequence[Row], worths: Sequence[Worth]) -> None:
    from rich import box  # noqa: PLC0415 - a table is not always drawn
    from rich.table import Table  # noqa: PLC0415

    from midpo_sym.lab.experiment import TOLERANCE  # noqa: PLC0415 - loads NumPy

    number = len({row.problem for row in rows})
    for policies in ("log-linear", "tabular"):
        title = f"{policies} policies, {number} problems"
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
        table.add_column("prior")
        for column in ("loss, mean", "least", "most", "reward, mean", "KL, mean"):
            table.add_column(column, justify="right")
        for prior in dict.fromkeys(row.prior for row in rows):
            some = [row for row in rows if (row.prior, row.policies) == (prior, policies)]
            losses = [row.loss for row in some]
            figures = [fmean(losses), min(losses), max(losses)]
            figures += [fmean(row.reward for row in some), fmean(row.divergence for row in some)]
            table.add_row(prior, *(f"{round(each, 4) + 0.0:.4f}" for each in figures))
        render(table)
    for words, member, above in (
        ("one for all prompts", "in_shared", "above_shared"),
        ("one per prompt", "in_per_prompt", "above_per_prompt"),
    ):
        fixed = [row for row in rows if row.is_fixed]
        inside = sum(1 for row in fixed if getattr(row, member))
        below = [row for row in fixed if getattr(row, above) < -TOLERANCE]
        names = f" ({', '.join(dict.fromkeys(row.prior for row in below))})" if below else ""
        render(
            f"Prior learned, {words}: {inside} of {len(fixed)} fixed priors are in its set, and "
            f"none of these has a lower loss; of the others {len(below)} have{names}."
        )
    trained = [row for row in rows if row.prior == "learned, per prompt"]
    lost = sum(1 for row in trained if row.undetermined)
    render(
        f"In {lost} of {len(trained)} runs with a prior per prompt the loss leaves directions of "
        f"the policy undetermined."
    )
    gains = [
        learned.value - max(fixed.value for fixed in worths if _same(fixed, learned))
        for learned in worths
        if learned.prior == "learned"
    ]
    render(
        f"Section 3.1's objective gains {min(gains):.3f} to {max(gains):.3f} by a learned prior, "
        f"over the better of two fixed ones."
    )


def _same(fixed: Worth, learned: Worth) -> bool:
    key = (learned.problem, learned.beta)
    return fixed.prior != "learned" and (fixed.problem, fixed.beta) == key
