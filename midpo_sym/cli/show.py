"""`midpo show` and `midpo prior`: what specifications say."""

from __future__ import annotations

import sys

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    TARGET,
    UsageError,
    print_json,
    render,
)
from midpo_sym.spec import library


@click.command(epilog="Examples: midpo show tdpo, midpo show simpo --bibtex")
@TARGET
@click.option("--bibtex", is_flag=True, help="Print the BibTeX of the works cited.")
@click.option("--source", is_flag=True, help="Print the specification itself.")
@AS_JSON
def show(target: str, *, bibtex: bool, source: bool, as_json: bool) -> None:
    """Show one specification: names, prior, loss, verdict, properties, claims."""
    derivation = library.find(target)
    if bibtex + source + as_json > 1:
        raise UsageError("--bibtex, --source and --json exclude each other")
    if source:
        click.echo(derivation.text, nl=False)
        return
    if bibtex:
        cited = [each.citation.work for each in derivation.claims]
        cited += [derivation.source.work] if derivation.source else []
        known = library.works()
        click.echo("\n\n".join(known[work].bibtex() for work in sorted({*cited} & {*known})))
        return
    from midpo_sym import api  # noqa: PLC0415 - loads SymPy
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415
    from midpo_sym.targets.json import report as as_data  # noqa: PLC0415
    from midpo_sym.targets.terminal import losses  # noqa: PLC0415

    result = api.prove(derivation)
    specialises = Pipeline().special_cases([result])[derivation.id]
    if as_json:
        print_json(as_data.description(result, specialises, library.works()))
    else:
        render(losses.description(derivation, result, specialises))


@click.command(epilog="Example: midpo prior my_loss.toml")
@TARGET
@AS_JSON
def prior(target: str, *, as_json: bool) -> None:
    """Print the prior that gives a loss, solved from the loss alone.

    A loss of several terms has one with which MI-DPO has minus the whole as its argument; and if
    gives says that its terms are read one by one, there is beside it that of a term.

    Exit status 1 if there is none that knows only one response, or none was found.
    """
    derivation = library.find(target)
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.json import report as as_data  # noqa: PLC0415
    from midpo_sym.targets.terminal import points  # noqa: PLC0415

    found, *more = solved = Pipeline().solve_all(derivation)
    if as_json:
        print_json(as_data.solutions(derivation, solved))
    else:
        render(points.solutions(derivation, solved))
        if found.zeta is not None and not more:  # to be copied, whatever the terminal's width
            click.echo(f'\n[prior]\nzeta = "{found.zeta}"')
    sys.exit(FAILED if found.zeta is None else PROVED)
