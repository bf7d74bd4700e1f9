"""`midpo list` and `midpo index`: all losses with what is computed of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from midpo_sym.atlas import index
from midpo_sym.atlas.export import to_bibtex, to_cff, to_csv
from midpo_sym.atlas.rows import SORTS, Choice, Row, flat, years
from midpo_sym.atlas.rows import chosen as rows_chosen
from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    UsageError,
    chosen_set,
    complain,
    print_json,
    progress,
    render,
)
from midpo_sym.files import write_file

_YEARS = "2024, 2023-2024, 2024- or -2023"


@click.command(
    "list",
    epilog="Examples: midpo list, midpo list --link hinge, midpo list --prior fixed --year 2024- "
    "--sort year, midpo list length --csv, midpo list --claims-by Opal",
)
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--prior", metavar="TEXT", default="", help="What a prior knows: fixed, policy, ...")
@click.option("--link", metavar="TEXT", default="", help="A link, by name or as it is printed.")
@click.option("--terms", metavar="TEXT", default="", help="margin, anchored or added.")
@click.option("--weight", metavar="TEXT", default="", help="constant, data or policy.")
@click.option("--scope", metavar="TEXT", default="", help="pair, response or batch.")
@click.option("--family", metavar="TEXT", default="", help="A part of the line of all five.")
@click.option("--year", metavar="YEARS", default="", help=f"{_YEARS}.")
@click.option("--reference-free/--with-reference", default=None, help="By models that are needed.")
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default=None,
    help="Sort by a column; the paper's come first otherwise.",
)
@click.option(
    "--claims-by",
    metavar="WORK",
    default="",
    help="List the claims that cite a work instead, by author, title, key or arXiv id.",
)
@chosen_set
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, all columns.")
@click.option("--cff", is_flag=True, help="Print how the atlas is cited, as CITATION.cff has it.")
@click.option("--bibtex", is_flag=True, help="Print BibTeX: of the atlas, and of the works listed.")
@AS_JSON
def list_(  # noqa: PLR0913 - one for each option
    texts: tuple[str, ...],
    *,
    family: str,
    year: str,
    reference_free: bool | None,
    sort: str | None,
    claims_by: str,
    chosen: str | None,
    as_csv: bool,
    cff: bool,
    bibtex: bool,
    as_json: bool,
    **axes: str,
) -> None:
    """List losses with their axes; TEXT must stand in id, title, summary, authors or arXiv id.

    prior: what a prior of the loss has to know: fixed (neither policy nor label), policy, policy by
    token, label, pair (the other response), batch. link: what is around the arguments. terms:
    margin, a difference of two scores; anchored, a score of one response against an anchor; added.
    weight: of the terms. scope: what the loss looks at together.

    All of it is computed by the prover, and kept in an index; a row that is not current is computed
    again, and that is said.
    """
    if as_csv + bibtex + as_json > 1:
        raise UsageError("--csv, --bibtex and --json exclude each other")
    if cff:
        click.echo(to_cff(), nl=False)
        return
    span = years(year) if year else (0, 9999)
    if span is None:
        raise UsageError(f"--year {year[:40]} names no years: write {_YEARS}")
    found = index.current(lambda ids: progress(ids, "proving"))
    if found.stale:
        complain(stale(found.stale))
    choice = Choice(axes, span, family, texts, chosen or "", reference_free)
    rows = rows_chosen(found.rows, choice, sort or "")
    if claims_by:
        _print_claims(rows, claims_by, as_csv, bibtex, as_json)
    else:
        _print(rows, len(found.rows), as_csv, bibtex, as_json)


def _print_claims(
    rows: list[Row],
    work: str,
    as_csv: bool,  # noqa: FBT001
    bibtex: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    from midpo_sym.atlas.claims import claims_by, claims_csv  # noqa: PLC0415 - reads specifications

    if bibtex:
        raise UsageError("--bibtex is of losses; the claims of a work go with --csv or --json")
    found = claims_by(rows, work)
    if not found:
        raise UsageError(f"no claim of these losses cites {work[:40]!r}; who does: midpo show ID")
    if as_csv:
        click.echo(claims_csv(found), nl=False)
    elif as_json:
        print_json([asdict(each) for each in found])
    else:
        from midpo_sym.targets.terminal import atlas  # noqa: PLC0415 - a table is not always drawn

        render(atlas.claims(found))


def _print(rows: list[Row], total: int, as_csv: bool, bibtex: bool, as_json: bool) -> None:  # noqa: FBT001
    if as_csv:
        click.echo(to_csv(rows), nl=False)
    elif bibtex:
        click.echo(to_bibtex(rows))
    elif as_json:
        print_json([flat(row) for row in rows])
    else:
        from midpo_sym.targets.terminal import atlas  # noqa: PLC0415 - a table is not always drawn

        render(atlas.listing(rows, total))


def stale(ids: Sequence[str]) -> str:
    """Return that rows were computed again."""
    named = ", ".join(ids[:3]) + ("" if len(ids) <= 3 else f" and {len(ids) - 3} more")  # noqa: PLR2004
    return f"{named}: not current in the index, and computed again now. To write them: midpo index"


@click.command("index", epilog="Examples: midpo index, midpo index --check")
@click.option("--check", is_flag=True, help="Write nothing; fail if a row is not as computed.")
@click.option("--rows-only", is_flag=True, help="Leave the lattice and the gradients alone.")
@AS_JSON
def index_(*, check: bool, rows_only: bool, as_json: bool) -> None:
    """Write the index of all shipped losses, the lattice of special cases, and the gradients.

    Every verdict, axis, edge and gradient is computed, whatever the files say: about a second for
    each five losses, as long again for the lattice, and a second for each two gradients. Run it
    after a change of a specification or of the prover.

    Exit status: 0 done, or all as computed; 1 with --check, a row is not as computed.
    """
    from midpo_sym.atlas import lattices  # noqa: PLC0415 - loads SymPy
    from midpo_sym.site.atlas import slopes  # noqa: PLC0415

    found = index.computed(lambda ids: progress(ids, "proving"))
    changed = index.differences(index.read(), found)
    wanted = {index.path(): index.text(found)}
    if not rows_only:
        ties = lattices.computed(found.rows, lambda pairs: progress(pairs, "comparing"))
        wanted[lattices.path()] = lattices.text(ties)
        if lattices.read() != ties:
            changed.append(f"{lattices.LATTICE}: not as computed")
        gradients = slopes.computed()
        wanted[slopes.path()] = slopes.text(gradients)
        if slopes.read() != gradients:
            changed.append(f"{slopes.GRADIENTS}: not as computed")
    for path, text in wanted.items() if not check else ():
        path.parent.mkdir(exist_ok=True)
        write_file(path, text.encode(), force=True)
    if as_json:
        print_json({"rows": len(found.rows), "changed": changed})
    else:
        for line in changed:
            click.echo(line)
        click.echo(f"{len(found.rows)} rows; {len(changed)} not as computed before.")
    sys.exit(FAILED if check and changed else PROVED)
