"""`midpo map`: families, what is one, special cases, and what each loss is not."""

from __future__ import annotations

import sys

import click

from midpo_sym.cli.atlas.listing import stale
from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    UsageError,
    complain,
    print_json,
    progress,
    render,
)


@click.command("map", epilog="Examples: midpo map, midpo map hypo, midpo map --svg > lattice.svg")
@click.argument("id_", metavar="[ID]", default="")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a line for each loss.")
@click.option("--svg", is_flag=True, help="Print the lattice of special cases as a drawing.")
@AS_JSON
def map_(id_: str, *, as_csv: bool, svg: bool, as_json: bool) -> None:
    """Show what is computed of all losses together; of ID, why it is not MI-DPO's own loss.

    Losses with the same five axes are a family. An edge of the lattice leads from a loss to a
    special case of it, with the values at which it is one; what follows from other edges is left
    out. A loss that is not MI-DPO's with a prior of one response has a point, in exact tiny
    language models, at which an equation fails that all losses of MI-DPO satisfy.

    Exit status: 0; 1 if the generated lattice is not current; 2 if the input is wrong.
    """
    if as_csv + svg + as_json > 1:
        raise UsageError("--csv, --svg and --json exclude each other")
    if id_ and (as_csv or svg):
        raise UsageError("ID goes with --json or alone: --csv and --svg are of all losses")
    from midpo_sym.atlas import map as maps  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.json import atlas as as_data  # noqa: PLC0415
    from midpo_sym.targets.svg import lattice  # noqa: PLC0415
    from midpo_sym.targets.terminal import mapping  # noqa: PLC0415

    found = maps.current(lambda ids: progress(ids, "proving"))
    if id_ and id_ not in found.rows:
        raise UsageError(f"there is no loss {id_[:40]!r}: midpo list has all of them")
    if found.stale:
        complain(stale(found.stale))
    if not found.has_ties:
        complain("the lattice is not current, and is left out. To write it: midpo index")
    if as_csv:
        click.echo(maps.to_csv(found), nl=False)
    elif svg:
        click.echo(lattice.draw(found), nl=False)
    elif as_json:
        print_json(as_data.one_of_map(found, id_) if id_ else as_data.whole_map(found))
    else:
        render(mapping.one(found, id_) if id_ else mapping.whole(found))
    sys.exit(PROVED if found.has_ties else FAILED)
