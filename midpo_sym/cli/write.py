"""`midpo new`, `midpo check` and `midpo schema`: writing specifications of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from midpo_sym.cli.console import AS_JSON, BAD_INPUT, HOW_TO_WRITE, UsageError, complain, print_json
from midpo_sym.files import write_file
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.losses import ID, load

SHAPES = ("pair", "link", "anchor", "terms", "tokens", "data")


@click.command(
    epilog="Examples: midpo new my_loss && midpo prove my_loss.toml, "
    "midpo new my_loss --shape anchor"
)
@click.argument("id_", metavar="ID")
@click.option("--dir", "folder", type=Path, default=".", help="Where to write it.")
@click.option(
    "--shape",
    type=click.Choice(SHAPES),
    default="pair",
    show_default=True,
    help="What to start from: see below.",
)
def new(id_: str, folder: Path, shape: str) -> None:
    """Write a specification to start from, ID.toml; it proves as it stands.

    \b
    pair    a loss of the argument of a pair, under the log-sigmoid
    link    the same under another link
    anchor  single responses, each against an anchor
    terms   several terms, and something added
    tokens  weights and divergences of tokens
    data    numbers that are given: scores, margins

    How a loss gets into the atlas: .github/CONTRIBUTING.md.
    """  # noqa: D301 - click reads the backspace
    if not ID.fullmatch(id_):
        raise UsageError(
            f"{id_[:60]!r} is no id: small letters, digits and _, starting with a letter"
        )
    if library.is_shipped(id_):
        raise UsageError(f"{id_} is the id of a shipped specification; choose another")
    from midpo_sym.targets.toml.scaffold import new_specification  # noqa: PLC0415 - loads jinja2

    path = folder / f"{id_}.toml"
    write_file(path, new_specification(id_, shape).encode(), cure="choose another id")
    click.echo(f"{path} written. Next: midpo prove {path} --steps")


@click.command(epilog="Example: midpo schema > schema.json")
def schema() -> None:
    """Print the JSON schema of specification files, for completion in editors.

    With it beside a file, write #:schema schema.json as the first line of that file: editors that
    read TOML by schemas (taplo, Even Better TOML) then know the keys, and the words they allow.
    """
    from midpo_sym.targets.toml.schema import text  # noqa: PLC0415 - if it is asked for

    click.echo(text(), nl=False)


@click.command("check", epilog="Example: midpo check my_loss.toml")
@click.argument("files", nargs=-1, required=True, type=Path, metavar="FILE...")
@AS_JSON
def check(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Check the language of specification files, without proving anything."""
    found: list[dict[str, Any]] = []
    for path in files:
        try:
            derivation = load(path)
        except SpecError as error:
            found.append(_error(error))
            if not as_json:
                complain(str(error))
        else:
            found.append({"file": str(path), "ok": True, "claims": len(derivation.claims)})
            if not as_json:
                click.echo(f"{path}: fine, {len(derivation.claims)} claims")
    if as_json:
        print_json(found)
    if not all(each["ok"] for each in found):
        if not as_json:
            complain(HOW_TO_WRITE)
        sys.exit(BAD_INPUT)


def _error(error: SpecError) -> dict[str, Any]:
    return {
        "file": error.file,
        "ok": False,
        "key": error.key,
        "line": error.place.line if error.place else None,
        "column": error.place.column if error.place else None,
        "message": error.message,
        "read": error.advice.read,
        "allowed": error.advice.allowed,
        "cure": error.advice.cure,
    }
