"""`midpo prove`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    UsageError,
    output,
    print_json,
    progress,
    render,
    statements,
)

if TYPE_CHECKING:
    from midpo_sym.pipeline import Pipeline
    from midpo_sym.prover.prove import Result


@click.command(epilog="Examples: midpo prove, midpo prove simpo --steps, midpo prove my_loss.toml")
@click.argument("targets", nargs=-1, metavar="[ID | ID/CLAIM | FILE]...")
@click.option("--steps", is_flag=True, help="Write the derivations out, rule by rule.")
@click.option("--latex", is_flag=True, help="Print the derivations as LaTeX (amsmath).")
@click.option(
    "--work",
    type=click.IntRange(1, 1_000),
    default=1,
    show_default=True,
    metavar="N",
    help="Let kernel and search do N times as much before they give up.",
)
@AS_JSON
def prove(targets: tuple[str, ...], *, steps: bool, latex: bool, work: int, as_json: bool) -> None:
    """Prove or refute claims; all shipped ones if none is named.

    Name shipped specifications by their ids (see `midpo list`), claims in them by ID/CLAIM, and
    specifications of your own by their files.

    What takes more work than the limit allows comes out as undecided and names the part; work is
    counted, in terms and nodes, so that a verdict is the same on every machine.

    Exit status: 0 every verdict is as its specification expects (a file without claims expects to
    be proved), 1 one is not, 2 the input is wrong.
    """
    if latex and as_json:
        raise UsageError("--latex and --json exclude each other")
    tasks = statements(targets)
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy

    pipeline = Pipeline()
    results = [pipeline.judge(*task, work=work) for task in progress(tasks, "proving")]
    if as_json:
        print_json(pipeline.to_json(results, steps=steps))
    elif latex:
        click.echo(pipeline.to_latex(results))
    else:
        _print_results(results, pipeline, named=bool(targets), steps=steps)
    sys.exit(PROVED if all(result.as_expected for result in results) else FAILED)


def _print_results(
    results: Sequence[Result], pipeline: Pipeline, *, named: bool, steps: bool
) -> None:
    from midpo_sym.targets.terminal import losses  # noqa: PLC0415 - loads SymPy

    render(losses.summary(results, width=output().width))
    specialises = pipeline.special_cases(results) if named else {}
    for result in results:
        if named or not result.as_expected:
            render(losses.story(result, specialises.get(result.derivation.id, ())))
        if steps:
            render(losses.steps(result))
