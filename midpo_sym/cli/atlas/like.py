"""`midpo like`: which published loss a loss is, or is nearest to."""

from __future__ import annotations

import click

from midpo_sym.cli.console import AS_JSON, TARGET, complain, print_json, render
from midpo_sym.spec import library


@click.command(epilog="Examples: midpo like my_loss.toml, midpo like simpo --json")
@TARGET
@AS_JSON
def like(target: str, *, as_json: bool) -> None:
    """Say which published losses a loss is, specialises, or is nearest to.

    What it is made of rules most losses out; with the rest it is compared as by `midpo diff`, and
    each relation is proved in this run. The others are sorted by how many of the five axes of
    `midpo list` differ, then by steps in the lattice of special cases.

    Exit status: 0, or 2 if the input is wrong.
    """
    derivation = library.find(target)
    from midpo_sym.cli.atlas.listing import stale  # noqa: PLC0415
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy

    found = Pipeline().like(derivation)
    if found.stale:
        complain(stale(found.stale))
    if as_json:
        from midpo_sym.targets.json import atlas as as_data  # noqa: PLC0415

        print_json(as_data.likeness(found))
    else:
        from midpo_sym.targets.terminal import atlas  # noqa: PLC0415

        render(atlas.likeness(found))
