"""`midpo diff`: whether two losses are the same."""

from __future__ import annotations

import sys

import click

from midpo_sym.cli.console import AS_JSON, FAILED, PROVED, UsageError, print_json, render


@click.command(
    epilog="Examples: midpo diff simpo r_dpo, midpo diff dpo my_loss.toml --json, "
    "midpo diff tdpo2/main tdpo"
)
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--latex", is_flag=True, help="Print the answer as LaTeX (amsmath).")
@AS_JSON
def diff(one: str, other: str, *, latex: bool, as_json: bool) -> None:
    """Compare two losses: value, gradient, and the rewards that are logged.

    Each is named by an id (see `midpo list`), by ID/CLAIM, or by a file. Parameters of the two have
    nothing to do with each other, whatever they are called; they are printed as A.α and B.α. What
    the losses are the same up to is found by solving for parameters, and proved by the kernel; what
    tells them apart is an exact point, or one in certified intervals.

    Exit status: 0 they are the same, or the same up to what is printed; 1 they are not, or only in
    special cases, or it is undecided; 2 the input is wrong.
    """
    if latex and as_json:
        raise UsageError("--latex and --json exclude each other")
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy

    found = Pipeline().compare(one, other)
    if as_json:
        from midpo_sym.targets.json import equivalence as as_data  # noqa: PLC0415

        print_json(as_data.comparison(found))
    elif latex:
        from midpo_sym.targets.latex import equivalence as as_latex  # noqa: PLC0415

        click.echo(as_latex.fragment(found))
    else:
        from midpo_sym.targets.terminal import equivalence  # noqa: PLC0415

        render(equivalence.story(found))
    sys.exit(PROVED if found.verdict in ("same", "same up to") else FAILED)
