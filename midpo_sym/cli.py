"""The command line: `midpo prove`, `list`, `show`, `prior`, `new`, `check`.

Exit status: 0 every verdict is as its specification expects, 1 one is not, 2 bad input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, RenderableType

from midpo_sym import __version__, catalogue
from midpo_sym.language.errors import Advice
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.load import ID, load
from midpo_sym.spec.model import Claim, Derivation

if TYPE_CHECKING:  # SymPy takes a third of a second, and half of the commands do without
    from midpo_sym.prover.prove import Result
    from midpo_sym.prover.specialise import Specialisation

PROVED, FAILED, BAD_INPUT = 0, 1, 2
_PIPE_WIDTH = 160  # columns of a table that no terminal limits

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
TARGET = click.argument("target", metavar="ID | FILE")


class _Usage(Exception):  # noqa: N818 - becomes a message and exit status 2
    """What the user asked for cannot be done."""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]}, epilog="Start with: midpo prove"
)
@click.version_option(__version__, prog_name="midpo", message="%(prog)s %(version)s")
def cli() -> None:
    """Prove that preference-optimisation losses are MI-DPO under some prior, or refute it."""


@cli.command(epilog="Examples: midpo prove, midpo prove simpo --steps, midpo prove my_loss.toml")
@click.argument("targets", nargs=-1, metavar="[ID | ID/CLAIM | FILE]...")
@click.option("--steps", is_flag=True, help="Write the derivations out, rule by rule.")
@click.option("--latex", is_flag=True, help="Print the derivations as LaTeX (amsmath).")
@AS_JSON
def prove(targets: tuple[str, ...], *, steps: bool, latex: bool, as_json: bool) -> None:
    """Prove or refute claims; all shipped ones if none is named.

    Name shipped specifications by their ids (see `midpo list`), claims in them by ID/CLAIM, and
    specifications of your own by their files.

    Exit status: 0 every verdict is as its specification expects (a file without claims expects to
    be proved), 1 one is not, 2 the input is wrong.
    """
    if latex and as_json:
        raise _Usage("--latex and --json exclude each other")
    tasks = _tasks(targets)
    from midpo_sym.prover.prove import prove_statement  # noqa: PLC0415 - loads SymPy

    results = []
    for derivation, claim in _progress(tasks, "proving"):
        statement = claim.statement if claim else derivation.statement
        with _said_of(derivation):
            results.append(prove_statement(statement, derivation, claim))
    if as_json:
        from midpo_sym.emit.json import report  # noqa: PLC0415 - loads SymPy

        _print_json(report(results, _specialises(results), steps=steps))
    elif latex:
        from midpo_sym.emit.latex import to_document  # noqa: PLC0415 - loads SymPy

        click.echo(to_document(results))
    else:
        _print_results(results, named=bool(targets), steps=steps)
    sys.exit(PROVED if all(result.as_expected for result in results) else FAILED)


@cli.command("list", epilog="Example: midpo list --json")
@AS_JSON
def list_(*, as_json: bool) -> None:
    """List the shipped specifications."""
    derivations = catalogue.everything()
    if as_json:
        rows = [
            {
                "id": each.id,
                "title": each.title,
                "summary": each.summary,
                "claims": len(each.claims),
            }
            for each in derivations
        ]
        _print_json(rows)
        return
    from rich import box  # noqa: PLC0415 - a table is not always drawn
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("id", "title", "claims", "summary"):
        table.add_column(column, overflow="fold")
    for each in derivations:
        table.add_row(each.id, each.title, str(len(each.claims)), each.summary)
    _print(table)


@cli.command(epilog="Examples: midpo show tdpo, midpo show simpo --bibtex")
@TARGET
@click.option("--bibtex", is_flag=True, help="Print the BibTeX of the works cited.")
@click.option("--source", is_flag=True, help="Print the specification itself.")
@AS_JSON
def show(target: str, *, bibtex: bool, source: bool, as_json: bool) -> None:
    """Show one specification: names, prior, loss, verdict, properties, claims."""
    derivation = catalogue.find(target)
    if bibtex + source + as_json > 1:
        raise _Usage("--bibtex, --source and --json exclude each other")
    if source:
        click.echo(derivation.text, nl=False)
        return
    if bibtex:
        cited = [each.citation.work for each in derivation.claims]
        cited += [derivation.source.work] if derivation.source else []
        known = catalogue.works()
        click.echo("\n\n".join(known[work].bibtex() for work in sorted({*cited} & {*known})))
        return
    from midpo_sym import api  # noqa: PLC0415 - loads SymPy
    from midpo_sym.emit import json as as_data  # noqa: PLC0415
    from midpo_sym.emit import terminal  # noqa: PLC0415

    with _said_of(derivation):
        result = api.prove(derivation)
    specialises = _specialises([result])[derivation.id]
    if as_json:
        _print_json(as_data.description(result, specialises, catalogue.works()))
    else:
        _print(terminal.description(derivation, result, specialises))


@cli.command(epilog="Example: midpo prior my_loss.toml")
@TARGET
@AS_JSON
def prior(target: str, *, as_json: bool) -> None:
    """Print the prior that gives a loss, solved from the loss alone.

    Exit status 1 if there is none that knows only one response, or none was found.
    """
    derivation = catalogue.find(target)
    from midpo_sym import api  # noqa: PLC0415 - loads SymPy
    from midpo_sym.emit import json as as_data  # noqa: PLC0415
    from midpo_sym.emit import terminal  # noqa: PLC0415

    with _said_of(derivation):
        found = api.prior(derivation)
    if as_json:
        _print_json(as_data.solution(derivation, found))
    else:
        _print(terminal.solution(derivation, found))
        if found.zeta is not None:  # on one line, to be copied, whatever the terminal's width
            click.echo(f'\n[prior]\nzeta = "{found.zeta}"')
    sys.exit(FAILED if found.zeta is None else PROVED)


@cli.command(epilog="Example: midpo new my_loss && midpo prove my_loss.toml")
@click.argument("id_", metavar="ID")
@click.option("--dir", "folder", type=Path, default=".", help="Where to write it.")
def new(id_: str, folder: Path) -> None:
    """Write a specification to start from, ID.toml; it proves as it stands."""
    if not ID.fullmatch(id_):
        raise _Usage(f"{id_[:60]!r} is no id: small letters, digits and _, starting with a letter")
    if id_ in catalogue.ids():
        raise _Usage(f"{id_} is the id of a shipped specification; choose another")
    if not folder.is_dir():
        raise _Usage(f"{folder} is not a folder")
    from midpo_sym.emit.scaffold import new_specification  # noqa: PLC0415 - loads jinja2

    path = folder / f"{id_}.toml"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(new_specification(id_))
    except FileExistsError:
        raise _Usage(f"{path} exists already, and is left as it is") from None
    except OSError as error:
        raise _Usage(f"{path} cannot be written: {error.strerror}") from None
    click.echo(f"{path} written. Next: midpo prove {path} --steps")


@cli.command("check", epilog="Example: midpo check my_loss.toml")
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
                _complain(str(error))
        else:
            found.append({"file": str(path), "ok": True, "claims": len(derivation.claims)})
            if not as_json:
                click.echo(f"{path}: fine, {len(derivation.claims)} claims")
    if as_json:
        _print_json(found)
    if not all(each["ok"] for each in found):
        sys.exit(BAD_INPUT)


def main() -> None:
    """Run the command line; every expected error is a message and an exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        cli(prog_name="midpo")
    except (SpecError, _Usage) as error:
        _complain(str(error))
        sys.exit(BAD_INPUT)
    except DisagreementError as error:
        _complain(f"{error}. This is a bug in midpo_sym: please report it with the file.")
        sys.exit(FAILED)


@contextmanager
def _said_of(derivation: Derivation) -> Iterator[None]:
    """Name the file in which a denominator is always zero."""
    from midpo_sym.prover.forms import ZeroDenominatorError  # noqa: PLC0415 - loads SymPy

    try:
        yield
    except ZeroDenominatorError:
        advice = Advice(cure="look for a difference of equal things under a fraction bar")
        message = "divides by something that is zero whatever its parameters are"
        raise SpecError(str(derivation.path), message, advice=advice) from None


def _tasks(targets: Sequence[str]) -> list[tuple[Derivation, Claim | None]]:
    """Return what to prove: a claim, or a specification's own statement."""
    tasks: list[tuple[Derivation, Claim | None]] = []
    seen: dict[str, Path] = {}
    for target in targets or catalogue.ids():
        name, _, wanted = target.partition("/")
        claim_named = bool(wanted) and name in catalogue.ids() and not target.endswith(".toml")
        derivation = catalogue.find(name if claim_named else target)
        known = seen.setdefault(derivation.id, derivation.path.resolve())
        if known != derivation.path.resolve():
            raise _Usage(f"two specifications have the id {derivation.id}")
        claims = [each for each in derivation.claims if not claim_named or each.id == wanted]
        if claim_named and not claims:
            allowed = ", ".join(f"{name}/{each.id}" for each in derivation.claims)
            raise SpecError(target, "there is no such claim", advice=Advice(wanted, allowed))
        own = not claim_named and not any(each.is_main for each in claims)
        found = [*([None] if own else []), *claims]
        tasks += [(derivation, each) for each in found if (derivation, each) not in tasks]
    return tasks


def _specialises(results: Sequence[Result]) -> dict[str, Iterable[Specialisation]]:
    from midpo_sym.prover.specialise import specialisations  # noqa: PLC0415 - loads SymPy

    others = catalogue.everything()
    derivations = {result.derivation.id: result.derivation for result in results}
    return {id_: specialisations(each, others) for id_, each in derivations.items()}


def _print_results(results: Sequence[Result], *, named: bool, steps: bool) -> None:
    from midpo_sym.emit import terminal  # noqa: PLC0415 - loads SymPy

    _print(terminal.summary(results, width=_console().width))
    specialises = _specialises(results) if named else {}
    for result in results:
        if named or not result.as_expected:
            _print(terminal.story(result, specialises.get(result.derivation.id, ())))
        if steps:
            _print(terminal.steps(result))


def _progress(tasks: list[Any], what: str) -> Iterable[Any]:
    """Show a bar on a terminal; nothing in a pipe."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return tasks
    from rich.progress import track  # noqa: PLC0415 - only for terminals

    return track(tasks, what, console=console, transient=True)


def _print(what: RenderableType) -> None:
    console = _console()
    if console.is_terminal:
        console.print(what)
        return
    with console.capture() as captured:
        console.print(what)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _console() -> Console:
    console = Console(highlight=False, markup=False)
    return (
        console
        if console.is_terminal
        else Console(width=_PIPE_WIDTH, highlight=False, markup=False)
    )


def _print_json(what: Any) -> None:
    click.echo(json.dumps(what, indent=2, ensure_ascii=False))


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


def _complain(message: str) -> None:
    click.echo(f"midpo: {message}", err=True)


if __name__ == "__main__":
    main()
