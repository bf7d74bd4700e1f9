"""`midpo site`: the website of all derivations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from midpo_sym.cli.console import BAD_INPUT, FAILED, FORCE, UsageError, complain

if TYPE_CHECKING:
    from midpo_sym.site.mkdocs.project import Written

_CONFIG = click.option(
    "--config",
    "config_file",
    type=Path,
    default="mkdocs.yml",
    show_default=True,
    help="The configuration of mkdocs.",
)


@click.group(epilog="Example: midpo site build")
def site() -> None:
    """Build the website: every proof, browsable without a network."""


@site.command(epilog="Example: midpo site build --out /tmp/pages")
@_CONFIG
@click.option("--out", type=Path, help="Where to write it, instead of where --config says.")
@click.option(
    "--site-url", default="", help="Where it will be: for the sitemap and canonical links."
)
@FORCE
def build(config_file: Path, out: Path | None, *, site_url: str, force: bool) -> None:
    """Prove every claim again and build the pages.

    Of what is in the folder, only pages of an earlier build that nobody changed are replaced or
    removed.

    Exit status: 1 if a claim does not come out as its specification expects, 2 if a
    specification, a formula or a link is wrong.
    """
    with _said():
        from midpo_sym.site.mkdocs import project  # noqa: PLC0415 - loads mkdocs and SymPy

        written = project.build(config_file, out, site_url=site_url, force=force)
        click.echo(f"built: {written.folder / 'index.html'}")
        _tell_left(written)


@site.command(epilog="Example: midpo site serve --address 127.0.0.1:8001")
@_CONFIG
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="IP:PORT")
def serve(config_file: Path, address: str) -> None:
    """Serve the pages on this machine, and build them anew when a file changes."""
    with _said():
        from midpo_sym.site.mkdocs import project  # noqa: PLC0415 - loads mkdocs and SymPy

        project.serve(config_file, address)


@site.command(epilog="Example: midpo site stage --out /tmp/staged")
@_CONFIG
@click.option("--out", type=Path, required=True, help="An empty folder, or an earlier stage.")
@FORCE
def stage(config_file: Path, out: Path, *, force: bool) -> None:
    """Write the Markdown of all pages, generated ones included, for another builder."""
    with _said():
        from midpo_sym.site.mkdocs import project  # noqa: PLC0415 - loads mkdocs and SymPy

        written = project.stage(config_file, out, force=force)
        click.echo(f"{written.files} files in {out}")
        _tell_left(written)


def _tell_left(written: Written) -> None:
    if written.left:
        names = ", ".join(written.left)
        complain(f"{written.folder}: nothing needs {names} now, but somebody changed it: left")


@contextmanager
def _said() -> Iterator[None]:
    """Turn what stops a build into a message and an exit status."""
    try:
        from midpo_sym.site.mkdocs.errors import (  # noqa: PLC0415 - with the rest of the website
            SiteError,
            UnexpectedVerdictError,
        )

        yield
    except ModuleNotFoundError as error:
        if str(error.name).startswith("midpo_sym"):
            raise
        message = f"the website needs {error.name}; in a checkout: pip install '.[site]'"
        raise UsageError(message) from None
    except UnexpectedVerdictError as error:
        complain(str(error))
        sys.exit(FAILED)
    except SiteError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)
