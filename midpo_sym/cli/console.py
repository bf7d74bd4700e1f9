"""What every command shares: printing, progress, options, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console, RenderableType

from midpo_sym.language.errors import Advice
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Claim, Derivation

PROVED, FAILED, BAD_INPUT = 0, 1, 2
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal
# Said once, after what is wrong with a specification.
HOW_TO_WRITE = (
    "how a loss is written: midpo new --help, derivations/README.md, and, for the atlas, "
    ".github/CONTRIBUTING.md"
)
_PIPE_WIDTH = 160  # columns of a table that no terminal limits

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
FORCE = click.option(
    "--force",
    is_flag=True,
    help="Write into a folder that has other files, too, and replace those of the same names.",
)
TARGET = click.argument("target", metavar="ID | FILE")


class UsageError(Exception):
    """What the user asked for cannot be done."""


def chosen_set(command: Any) -> Any:
    """Add --paper and --atlas to a command: the argument `chosen`, a row of `library.SETS`."""
    for name, what in (
        (library.ATLAS, "Only those of the atlas."),
        (library.PAPER, "Only the algorithms of the MI-DPO paper."),
    ):
        command = click.option(f"--{name}", "chosen", flag_value=name, help=what)(command)
    return command


def named_or_chosen(targets: Sequence[str], chosen: str | None) -> Sequence[str]:
    """Return what is named, or else a set.

    Raises:
        UsageError: both are.
    """
    if targets and chosen:
        raise UsageError(f"--{chosen} chooses a set, and {targets[0]} is named: one of the two")
    return targets or library.ids(chosen or library.EVERYTHING)


def statements(targets: Sequence[str]) -> list[tuple[Derivation, Claim | None]]:
    """Return the claims that are named by ID, ID/CLAIM or FILE, or a specification's own statement.

    Those of the paper, if none is named.

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
        UsageError: two specifications have the same id.
    """
    tasks: list[tuple[Derivation, Claim | None]] = []
    seen: dict[str, Path] = {}
    for target in targets or library.paper_ids():
        name, _, wanted = target.partition("/")
        claim_named = bool(wanted) and library.is_shipped(name) and not target.endswith(".toml")
        derivation = library.find(name if claim_named else target)
        known = seen.setdefault(derivation.id, derivation.path.resolve())
        if known != derivation.path.resolve():
            raise UsageError(f"two specifications have the id {derivation.id}")
        claims = [each for each in derivation.claims if not claim_named or each.id == wanted]
        if claim_named and not claims:
            allowed = ", ".join(f"{name}/{each.id}" for each in derivation.claims)
            raise SpecError(target, "there is no such claim", advice=Advice(wanted, allowed))
        own = not claim_named and not any(each.is_main for each in claims)
        found = [*([None] if own else []), *claims]
        tasks += [(derivation, each) for each in found if (derivation, each) not in tasks]
    return tasks


def progress(tasks: Iterable[Any], what: str, total: int | None = None) -> Iterable[Any]:
    """Show a bar on a terminal; nothing in a pipe.

    Args:
        tasks: what is gone through.
        what: said beside the bar.
        total: how many there are, if the tasks do not know it themselves.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        return tasks
    from rich.progress import track  # noqa: PLC0415 - only for terminals

    return track(tasks, what, total, console=console, transient=True)


def render(what: RenderableType) -> None:
    """Print to the terminal, or as plain lines into a pipe."""
    console = output()
    if console.is_terminal:
        console.print(what)
        return
    with console.capture() as captured:
        console.print(what)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def output() -> Console:
    """Return a console as wide as the terminal, or wide enough for any table in a pipe."""
    console = Console(highlight=False, markup=False)
    return (
        console
        if console.is_terminal
        else Console(width=_PIPE_WIDTH, highlight=False, markup=False)
    )


def print_json(what: Any) -> None:
    """Print JSON to standard output."""
    click.echo(json.dumps(what, indent=2, ensure_ascii=False))


def complain(message: str) -> None:
    """Print a message to standard error."""
    click.echo(f"midpo: {message}", err=True)
