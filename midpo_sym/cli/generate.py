"""`midpo generate`: torch losses from specifications."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    UsageError,
    complain,
    print_json,
    progress,
)
from midpo_sym.files import write_file
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import load

if TYPE_CHECKING:
    from midpo_sym.targets.torch.files import Change


@click.command(
    epilog="Examples: midpo generate --check, midpo generate --spec my.toml --out my_loss.py"
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
@AS_JSON
def generate(
    *, check: bool, diff: bool, spec: Path | None, out: Path | None, force: bool, as_json: bool
) -> None:
    """Write the torch loss of every specification that is proved, into midpo_sym/losses.

    With --spec and --out, write the loss of a specification of your own; the file needs torch and
    midpo_sym.tensor only. Without --out it is printed. What is refuted or undecided generates
    nothing.

    The generated code is run before it is written: its losses, gradients and rewards are compared
    with the specification on random numbers, and a difference is an error. Where torch is not
    installed, its formulas are evaluated in plain Python instead. The file says which.

    With --check, each file of the package is read besides, as `midpo verify` reads code: function,
    module, and the module from statistics of tokens, each proved equal to its specification in
    value, gradient and both rewards, for all hyper-parameters. That takes some seconds a file.

    Exit status: 0 done, 1 a specification is not proved, code is not what its specification says,
    or a file is not as generated, 2 the input is wrong.
    """
    if spec is None and (out or force):
        raise UsageError("--out and --force go with --spec")
    if check and diff:
        raise UsageError("--check and --diff exclude each other: both write nothing")
    if spec is not None:
        if as_json:
            raise UsageError("--json goes without --spec")
        _one(spec, out, force=force, check=check, diff=diff)
    else:
        _all(check=check, diff=diff, as_json=as_json)


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


def _all(*, check: bool, diff: bool, as_json: bool) -> None:
    from midpo_sym import api  # noqa: PLC0415 - loads SymPy
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415
    from midpo_sym.prover.verdict import Proved  # noqa: PLC0415
    from midpo_sym.targets.torch.check.compare import has_torch  # noqa: PLC0415
    from midpo_sym.targets.torch.errors import NotGeneratedError  # noqa: PLC0415
    from midpo_sym.targets.torch.files import LOSSES, changes, render_all, write  # noqa: PLC0415

    if not (check or diff or has_torch()):
        raise UsageError(
            "the losses of the package are written where PyTorch is, since their files say that "
            "they were run in it; --check, --diff and --spec work without"
        )

    results = [api.prove(each) for each in progress(list(library.paper()), "proving")]
    becomes = Pipeline().special_cases(results)
    proved = {
        each.derivation.id: (each, becomes[each.derivation.id])
        for each in results
        if isinstance(each.verdict, Proved)
    }
    missing = [each.derivation.id for each in results if each.derivation.id not in proved]
    try:
        files = render_all(proved)
    except NotGeneratedError as error:
        complain(f"{error}; nothing is generated")
        sys.exit(FAILED)
    unproved = _unproved(files, [each.derivation for each, _ in proved.values()], check=check)
    dry = check or diff
    found = changes(files, LOSSES) if dry else write(files, LOSSES)
    strays = [each for each in found if each.what == "stray"]
    if as_json:
        changed = {each.name: each.what for each in found}
        said = {"losses": list(proved), "not_proved": missing, "changes": changed}
        print_json({**said, "code_not_proved": unproved} if check else said)
    else:
        for id_ in missing:
            complain(f"{id_} is not proved; nothing is generated. See: midpo prove {id_}")
        for each in unproved:
            complain(each)
        _tell(found, diff=dry)
        if not found:
            click.echo(f"{len(files)} files, all as generated.")
        elif not dry:
            click.echo(f"{len(found) - len(strays)} of {len(files)} files changed.")
        if strays and not dry:
            complain(f"no specification has the strays; if nothing needs them, remove: {LOSSES}")
    failed = missing or strays or unproved or (dry and found)
    sys.exit(FAILED if failed else PROVED)


def _unproved(files: Mapping[str, str], of: Sequence[Derivation], *, check: bool) -> list[str]:
    """Return the entries of files that are not proved to be their specifications, where torch is.

    Args:
        files: by name.
        of: the specifications.
        check: whether to look.
    """
    from midpo_sym.targets.torch.check.compare import has_torch  # noqa: PLC0415 - loads SymPy

    if not (check and has_torch()):
        return []
    from midpo_sym.code.own import verify_generated  # noqa: PLC0415 - loads torch
    from midpo_sym.code.verify import NotVerifiableError  # noqa: PLC0415

    unproved = []
    for each in progress([*of], "reading"):
        try:
            found = verify_generated(files[f"{each.id}.py"], each)
        except NotVerifiableError as error:
            unproved.append(f"the code of {each.id} does not run: {error}")
            continue
        unproved += [
            f"the code of {each.id} is not proved to be its specification, {what}:\n{answer}"
            for what, answer in found.items()
            if not answer.proved
        ]
    return unproved


def _tell(found: list[Change], *, diff: bool) -> None:
    for each in found:
        click.echo(f"{each.name}: {each.what}")
        if diff:
            click.echo(each.diff, nl=False)
