"""The command line: a module for each group of commands.

Exit status: 0 every verdict is as its specification expects, 1 one is not, 2 bad input, 130 it was
interrupted.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from midpo_sym import __version__
from midpo_sym.cli.atlas.like import like
from midpo_sym.cli.atlas.listing import index_, list_
from midpo_sym.cli.atlas.mapping import map_
from midpo_sym.cli.certify import certify
from midpo_sym.cli.console import (
    BAD_INPUT,
    FAILED,
    HOW_TO_WRITE,
    INTERRUPTED,
    UsageError,
    complain,
)
from midpo_sym.cli.diff import diff, table
from midpo_sym.cli.generate import generate
from midpo_sym.cli.laboratory import lab
from midpo_sym.cli.prove import prove
from midpo_sym.cli.show import prior, show
from midpo_sym.cli.site import site
from midpo_sym.cli.theory import audit, theory
from midpo_sym.cli.verify import verify
from midpo_sym.cli.write import check, new, schema
from midpo_sym.files import FileError
from midpo_sym.session import remembering
from midpo_sym.spec.errors import SpecError


class _Group(click.Group):
    """All commands; an interruption is a line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is named."""
        try:
            with remembering():  # the session of a command that a page runs is that of the site
                return super().invoke(ctx)
        except KeyboardInterrupt:
            complain("interrupted; no file is left half written")
            sys.exit(INTERRUPTED)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: midpo prove",
)
@click.version_option(__version__, prog_name="midpo", message="%(prog)s %(version)s")
def cli() -> None:
    """Prove that preference-optimisation losses are MI-DPO under some prior, or refute it."""


_COMMANDS = (
    *(prove, diff, table, theory, audit, list_, map_, like, show, prior, new, check, schema),
    *(generate, verify, certify, lab, site, index_),
)
for _command in _COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """Run the command line; every expected error is a message and an exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        cli(prog_name="midpo")
    except (SpecError, UsageError, FileError) as error:
        complain(str(error))
        if isinstance(error, SpecError) and error.place is not None:
            complain(HOW_TO_WRITE)
        sys.exit(BAD_INPUT)
    except Exception as error:
        from midpo_sym.prover.verdict import DisagreementError  # noqa: PLC0415 - loads the judges

        if not isinstance(error, DisagreementError):
            raise
        complain(f"{error}. This is a bug in midpo_sym: please report it with the file.")
        sys.exit(FAILED)
