"""`midpo generate`: torch losses from specifications."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    UsageError,
    chosen_set,
    complain,
    print_json,
    progress,
)
from midpo_sym.files import write_file
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import load

if TYPE_CHECKING:
    from midpo_sym.code.own import Outcome
    from midpo_sym.targets.torch.files import Change

_LIMIT = 120.0


@click.command(
    epilog="Examples: midpo generate --check, midpo generate --paper --diff, "
    "midpo generate --spec my.toml --out my_loss.py"
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; fail if a file is not as generated, or its code is not proved.",
)
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--spec", type=Path, metavar="FILE", help="A specification of your own.")
@click.option("--out", type=Path, metavar="FILE", help="Where to write the loss of --spec.")
@click.option("--force", is_flag=True, help="Replace the file that --out names.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that share the proofs of --check.  [default: one for each core]",
)
@click.option(
    "--limit",
    type=click.FloatRange(min=0, min_open=True),
    default=_LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="Processor time that --check may take for each loss.",
)
@chosen_set
@AS_JSON
def generate(  # noqa: PLR0913 - click passes each option
    *,
    check: bool,
    diff: bool,
    spec: Path | None,
    out: Path | None,
    force: bool,
    jobs: int | None,
    limit: float,
    as_json: bool,
    chosen: str | None,
) -> None:
    """Write the torch loss of every specification that is proved, into midpo_sym/losses.

    Those of the atlas go into midpo_sym/losses/atlas; what has no code there is listed with the
    reason. What `losses.find` knows is taken from the index (`midpo index`).

    With --spec and --out, write the loss of a specification of your own; the file needs torch and
    midpo_sym.tensor only. Without --out it is printed. What is refuted or undecided generates
    nothing.

    The generated code is run before it is written: its losses, gradients and rewards are compared
    with the specification on random numbers, and a difference is an error. Where torch is not
    installed, its formulas are evaluated in plain Python instead. The file says which.

    With --check, each file of the package is read besides, as `midpo verify` reads code: function,
    module, and the module from statistics of tokens, each proved equal to its specification in
    value, gradient and both rewards, for all hyper-parameters. That takes some seconds a file;
    several processes share the files. There is no list of what need not be proved: what is not
    decided, or not read within --limit, is a failure as well.

    Exit status: 0 done, 1 a specification is not proved, code is not what its specification says,
    or is not proved to be, or a file is not as generated, 2 the input is wrong.
    """
    if spec is None and (out or force):
        raise UsageError("--out and --force go with --spec")
    if jobs and not check:
        raise UsageError("--jobs goes with --check")
    if check and diff:
        raise UsageError("--check and --diff exclude each other: both write nothing")
    if spec is not None:
        if as_json:
            raise UsageError("--json goes without --spec")
        if chosen:
            raise UsageError(f"--{chosen} goes without --spec: it chooses a set")
        _one(spec, out, force=force, check=check, diff=diff)
    else:
        _all(
            check=check,
            diff=diff,
            jobs=jobs,
            limit=limit,
            as_json=as_json,
            chosen=chosen or library.EVERYTHING,
        )


def _one(spec: Path, out: Path | None, *, force: bool, check: bool, diff: bool) -> None:
    derivation = load(spec)
    from midpo_sym import api  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.torch.errors import NotGeneratedError, NotProvedError  # noqa: PLC0415
    from midpo_sym.targets.torch.files import changes  # noqa: PLC0415

    try:
        text = api.generate(derivation)
    except NotGeneratedError as error:
        hint = f". See: midpo prove {spec}" if isinstance(error, NotProvedError) else ""
        complain(f"{error}; nothing is generated{hint}")
        sys.exit(FAILED)
    if out is None:
        if check or diff:
            raise UsageError("--check and --diff need the --out to compare with")
        click.echo(text, nl=False)
        return
    if check or diff:
        if not out.parent.is_dir():
            raise UsageError(f"{out.parent} is not a folder")
        found = [each for each in changes({out.name: text}, out.parent) if each.name == out.name]
        _tell(found, diff=diff)
        sys.exit(FAILED if found else PROVED)
    write_file(out, text.encode(), force=force)
    click.echo(f"{out} written.")


def _all(
    *, check: bool, diff: bool, jobs: int | None, limit: float, as_json: bool, chosen: str
) -> None:
    from midpo_sym.targets.torch.check.compare import has_torch  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.torch.errors import NotGeneratedError  # noqa: PLC0415

    if not (check or diff or has_torch()):
        raise UsageError(
            "the losses of the package are written where PyTorch is, since their files say that "
            "they were run in it; --check, --diff and --spec work without"
        )
    try:
        made = _made(chosen)
    except NotGeneratedError as error:
        complain(f"{error}; nothing is generated")
        sys.exit(FAILED)
    outcomes = _proved(made, jobs=jobs, limit=limit) if check and has_torch() else []
    unproved = [each for one in outcomes for each in one.unproved]
    dry = check or diff
    found = _written(made, dry=dry)
    strays = [each for each in found if each.what == "stray"]
    if as_json:
        changed = {each.name: each.what for each in found}
        said = {"losses": list(made.losses), "not_proved": list(made.missing), "changes": changed}
        said |= {"refused": made.refused} if made.refused else {}
        print_json({**said, "code_not_proved": unproved} if check else said)
    else:
        for id_ in made.missing:
            complain(f"{id_} is not proved; nothing is generated. See: midpo prove {id_}")
        for each in unproved:
            complain(each)
        if outcomes:
            entries = sum(each.proved for each in outcomes)
            click.echo(
                f"{len(outcomes)} losses, {entries} entries proved in value, gradient and rewards."
            )
        for why in made.refused.values():
            click.echo(f"no code: {why}")
        _tell(found, diff=dry)
        count = sum(len(files) for files in made.folders.values())
        if not found:
            click.echo(f"{count} files, all as generated.")
        elif not dry:
            click.echo(f"{len(found) - len(strays)} of {count} files changed.")
        if strays and not dry:
            where = ", ".join(map(str, made.folders))
            complain(f"no specification has the strays; if nothing needs them, remove: {where}")
    failed = made.missing or strays or unproved or (dry and found)
    sys.exit(FAILED if failed else PROVED)


@dataclass(frozen=True)
class _Made:
    """What is generated for the package.

    Attributes:
        folders: for each folder, its files by name.
        losses: the specifications that have code, by id.
        missing: the ids of the paper's that are not proved.
        refused: why others of the atlas have no code, by id.
    """

    folders: dict[Path, dict[str, str]]
    losses: dict[str, Derivation]
    missing: tuple[str, ...]
    refused: dict[str, str]


def _made(chosen: str) -> _Made:
    """Return what is generated for a set of specifications.

    Raises:
        NotGeneratedError: one of the paper has no code, or code is wrong.
    """
    from midpo_sym.atlas import index  # noqa: PLC0415 - if it is asked for
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy
    from midpo_sym.prover.verdict import Proved  # noqa: PLC0415
    from midpo_sym.targets.torch import atlas  # noqa: PLC0415
    from midpo_sym.targets.torch.files import LOSSES, render_all  # noqa: PLC0415

    pipeline = Pipeline()
    found: dict[str, dict[str, Any]] = {}
    for of in (library.PAPER, library.ATLAS):
        derivations = [library.get(each) for each in library.ids(of)]
        if chosen not in (of, library.EVERYTHING):
            derivations = []
        results = [pipeline.judge(each) for each in progress(derivations, "proving")]
        becomes = pipeline.special_cases(results)
        found[of] = {each.derivation.id: (each, becomes[each.derivation.id]) for each in results}
    ours, others = found[library.PAPER], found[library.ATLAS]
    proved = {id_: each for id_, each in ours.items() if isinstance(each[0].verdict, Proved)}
    folders = {LOSSES: render_all(proved)} if proved else {}
    refused: dict[str, str] = {}
    if chosen != library.PAPER:
        folders[atlas.FOLDER], refused = atlas.render_atlas(others)
    with_code = [*proved, *(id_ for id_ in others if id_ not in refused)]
    if chosen == library.EVERYTHING:
        folders[LOSSES][atlas.PROPERTIES] = atlas.render_properties(index.current().rows, with_code)
    elif proved:
        folders[LOSSES][atlas.PROPERTIES] = (LOSSES / atlas.PROPERTIES).read_text(encoding="utf-8")
    losses = {id_: {**ours, **others}[id_][0].derivation for id_ in with_code}
    missing = tuple(id_ for id_ in ours if id_ not in proved)
    return _Made(folders, losses, missing, refused)


def _written(made: _Made, *, dry: bool) -> list[Change]:
    """Write what differs, unless it is dry, and return it."""
    from midpo_sym.targets.torch.files import changes, write  # noqa: PLC0415 - loads SymPy

    found = []
    for folder, files in made.folders.items():
        if not (files or folder.is_dir()):
            continue
        if not dry:
            folder.mkdir(exist_ok=True)
        found += changes(files, folder) if dry else write(files, folder)
    return found


def _proved(made: _Made, *, jobs: int | None, limit: float) -> list[Outcome]:
    """Return whether the entries of files are proved to be their specifications.

    Args:
        made: what is generated.
        jobs: how many processes share the work; None for one for each core.
        limit: seconds of processor time for each file.
    """
    from midpo_sym.code.own import Task, check_generated  # noqa: PLC0415 - loads torch
    from midpo_sym.workers import each_of  # noqa: PLC0415 - if it is asked for

    files = {name: text for each in made.folders.values() for name, text in each.items()}
    tasks = [Task(files[f"{id_}.py"], each, limit) for id_, each in made.losses.items()]
    tasks.sort(key=lambda task: task.cost, reverse=True)  # the longest first: none is left alone
    done = progress(each_of(check_generated, tasks, jobs=jobs), "reading", len(tasks))
    found = {each.id: each for each in done}
    return [found[id_] for id_ in made.losses]


def _tell(found: list[Change], *, diff: bool) -> None:
    for each in found:
        click.echo(f"{each.name}: {each.what}")
        if diff:
            click.echo(each.diff, nl=False)
