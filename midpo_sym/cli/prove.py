"""`midpo prove`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NoReturn

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    UsageError,
    chosen_set,
    named_or_chosen,
    output,
    print_json,
    progress,
    render,
    statements,
)

if TYPE_CHECKING:
    from midpo_sym.pipeline import Pipeline
    from midpo_sym.prover.prove import Result
    from midpo_sym.spec.model import Claim, Derivation
    from midpo_sym.targets.terminal.summary import Line


@click.command(
    epilog="Examples: midpo prove, midpo prove simpo --steps, midpo prove my_loss.toml, "
    "midpo prove simpo --gradient, midpo prove --paper"
)
@click.argument("targets", nargs=-1, metavar="[ID | ID/CLAIM | FILE]...")
@click.option(
    "--steps",
    is_flag=True,
    help="Write the derivations out: a few lines, and below each the rules behind it.",
)
@click.option(
    "--gradient",
    is_flag=True,
    help="Derive the gradient of the loss instead: coefficients, signs, what a step does.",
)
@click.option("--latex", is_flag=True, help="Print the derivations as LaTeX (amsmath).")
@click.option(
    "--work",
    type=click.IntRange(1, 1_000),
    default=1,
    show_default=True,
    metavar="N",
    help="Let kernel and search do N times as much before they give up.",
)
@chosen_set
@AS_JSON
def prove(
    targets: tuple[str, ...],
    *,
    steps: bool,
    gradient: bool,
    latex: bool,
    work: int,
    as_json: bool,
    chosen: str | None,
) -> None:
    """Prove or refute claims; all shipped ones, those of the atlas too, if none is named.

    Name shipped specifications by their ids (see `midpo list`), claims in them by ID/CLAIM, and
    specifications of your own by their files.

    What takes more work than the limit allows comes out as undecided and names the part; work is
    counted, in terms and nodes, so that a verdict is the same on every machine.

    With --gradient, the derivative of each loss by the log-probability of each token (and by each
    divergence) is derived and proved, with its sign, and when log π(y_w) falls under a small step.

    Exit status: 0 every verdict is as its specification expects (a file without claims expects to
    be proved; a gradient is), 1 one is not, 2 the input is wrong.
    """
    if latex and as_json:
        raise UsageError("--latex and --json exclude each other")
    tasks = statements(named_or_chosen(targets, chosen))
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy

    pipeline = Pipeline()
    if gradient:
        _differentiate(tasks, pipeline, work=work, steps=steps, latex=latex, as_json=as_json)
    if not (targets or as_json or latex or steps):
        _prove_all(tasks, pipeline, work=work)
    results = [pipeline.judge(*task, work=work) for task in progress(tasks, "proving")]
    if as_json:
        print_json(pipeline.to_json(results, steps=steps))
    elif latex:
        click.echo(pipeline.to_latex(results, steps=steps))
    else:
        _print_results(results, pipeline, named=bool(targets), steps=steps)
    sys.exit(PROVED if all(result.as_expected for result in results) else FAILED)


def _prove_all(
    tasks: Sequence[tuple[Derivation, Claim | None]], pipeline: Pipeline, *, work: int
) -> NoReturn:
    """Prove many specifications, in several processes where that pays, and print a line for each.

    A process gives back lines to print; what is not as expected is proved again, to be told.
    """
    from midpo_sym.targets.terminal import losses, summary  # noqa: PLC0415 - loads SymPy
    from midpo_sym.workers import each_of  # noqa: PLC0415

    of_each = [(work, tuple(found)) for _, found in groupby(tasks, lambda task: task[0].id)]
    lines = [
        each
        for found in progress(each_of(_lines, of_each), "proving", len(of_each))
        for each in found
    ]
    render(summary.summary(lines, width=output().width))
    wrong = [task for task, each in zip(tasks, lines, strict=True) if not each.as_expected]
    for task in wrong:
        render(losses.story(pipeline.judge(*task, work=work)))
    sys.exit(FAILED if wrong else PROVED)


def _lines(
    task: tuple[int, tuple[tuple[Derivation, Claim | None], ...]],
) -> list[Line]:
    """Return the lines of the statements of one specification."""
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.terminal.summary import line  # noqa: PLC0415 - the same

    work, statements_of_one = task
    pipeline = Pipeline()  # of the session of this process: losses have parts in common
    return [line(pipeline.judge(*each, work=work)) for each in statements_of_one]


def _differentiate(
    tasks: Sequence[tuple[Derivation, Claim | None]],
    pipeline: Pipeline,
    *,
    work: int,
    steps: bool,
    latex: bool,
    as_json: bool,
) -> NoReturn:
    """Print the gradient of each loss, once if several claims are about it."""
    losses = {
        (derivation.id, (claim.statement if claim else derivation.statement).target): (
            derivation,
            claim,
        )
        for derivation, claim in reversed(tasks)
    }
    unique = list(reversed(losses.values()))
    results = [
        pipeline.differentiate(*task, work=work) for task in progress(unique, "differentiating")
    ]
    if as_json:
        print_json(pipeline.gradients_to_json(results, steps=steps))
    elif latex:
        click.echo(pipeline.gradients_to_latex(results, steps=steps))
    else:
        from midpo_sym.targets.terminal import gradients  # noqa: PLC0415 - loads SymPy

        for result in results:
            render(gradients.story(result))
            if steps:
                render(gradients.steps(result))
    sys.exit(PROVED if all(each.gradient.is_proved for each in results) else FAILED)


def _print_results(
    results: Sequence[Result], pipeline: Pipeline, *, named: bool, steps: bool
) -> None:
    from midpo_sym.targets.terminal import losses, summary  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.terminal import steps as derivations  # noqa: PLC0415

    render(summary.summary([*map(summary.line, results)], width=output().width))
    specialises = pipeline.special_cases(results) if named else {}
    for result in results:
        if named or not result.as_expected:
            render(losses.story(result, specialises.get(result.derivation.id, ())))
        if steps:
            render(derivations.steps(result))
