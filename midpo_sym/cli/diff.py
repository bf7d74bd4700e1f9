"""`midpo diff` and `midpo table`: whether losses are the same, and what each is made of."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    UsageError,
    chosen_set,
    complain,
    named_or_chosen,
    print_json,
    progress,
    render,
)
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation

_PAIR = 2


@click.command(
    epilog="Examples: midpo diff simpo r_dpo, midpo diff dpo my_loss.toml --json, "
    "midpo diff simpo r_dpo --steps, midpo diff dpo centropy/section-4, "
    "midpo diff --all my_losses, midpo diff --all --paper"
)
@click.argument("targets", nargs=-1, metavar="A B | [DIR...]")
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Compare all pairs of the shipped specifications, and of those in the folders named.",
)
@click.option("--steps", is_flag=True, help="Derive what is proved, and the difference, too.")
@click.option("--latex", is_flag=True, help="Print the answer as LaTeX (amsmath).")
@chosen_set
@AS_JSON
def diff(
    targets: tuple[str, ...],
    *,
    every: bool,
    steps: bool,
    latex: bool,
    as_json: bool,
    chosen: str | None,
) -> None:
    """Compare two losses: value, gradient, and the rewards that are logged.

    Each is named by an id (see `midpo list`), by ID/CLAIM, or by a file. Parameters of the two have
    nothing to do with each other, whatever they are called; they are printed as A.α and B.α. What
    the losses are the same up to is found by solving for parameters, and proved by the kernel; what
    tells them apart is an exact point, or one in certified intervals.

    With --all, every two losses are compared, and the special cases among them listed.

    Exit status: 0 they are the same, or the same up to what is printed; 1 they are not, or only in
    special cases or in value, or it is undecided; 2 the input is wrong. With --all: 0.
    """
    if latex and (as_json or every):
        raise UsageError(f"--latex and {'--json' if as_json else '--all'} exclude each other")
    if steps and every:
        raise UsageError("--steps and --all exclude each other: derive a pair, midpo diff A B")
    if every:
        _compare_all(targets, chosen or library.EVERYTHING, as_json=as_json)
        return
    if chosen:
        raise UsageError(f"--{chosen} goes with --all: it chooses what is compared")
    if len(targets) != _PAIR:
        raise UsageError(
            f"two losses are compared, and {len(targets)} named: midpo diff A B, or --all"
        )
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy

    pipeline = Pipeline()
    found = pipeline.compare(*targets)
    if as_json:
        print_json(pipeline.comparison_to_json(found, steps=steps))
    elif latex:
        from midpo_sym.targets.latex import equivalence as as_latex  # noqa: PLC0415

        click.echo(as_latex.fragment(found, steps=steps))
    else:
        from midpo_sym.targets.terminal import equivalence  # noqa: PLC0415

        render(equivalence.story(found))
        if steps:
            render(equivalence.steps(found))
    sys.exit(PROVED if found.verdict in ("same", "same up to") else FAILED)


@click.command(epilog="Examples: midpo table dpo simpo r_dpo, midpo table dpo simpo --latex")
@click.argument("targets", nargs=-1, metavar="[ID | FILE]...")
@click.option("--latex", is_flag=True, help="Print a tabular for a paper; it needs amsmath.")
@chosen_set
@AS_JSON
def table(targets: tuple[str, ...], *, latex: bool, as_json: bool, chosen: str | None) -> None:
    """Print a table of losses: formula, prior, links, parameters, and what each needs.

    All shipped ones, if none is named. Everything in it is computed from the specifications; a
    prior stands in it if it is proved that MI-DPO has with it what the specification says.

    Exit status: 0, or 2 if the input is wrong.
    """
    if latex and as_json:
        raise UsageError("--latex and --json exclude each other")
    derivations = [library.find(each) for each in named_or_chosen(targets, chosen)]
    from midpo_sym import api  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.wording import table as words  # noqa: PLC0415
    from midpo_sym.targets.wording.notation import LATEX, UNICODE  # noqa: PLC0415

    results = [api.prove(each) for each in progress(derivations, "proving")]
    rows = [*words.rows(results, LATEX if latex else UNICODE)]
    if as_json:
        print_json([dict(zip(words.HEADINGS, row.cells, strict=True)) for row in rows])
    elif latex:
        from midpo_sym.targets.latex import equivalence as as_latex  # noqa: PLC0415

        click.echo(as_latex.table(rows))
    else:
        from midpo_sym.targets.terminal import equivalence  # noqa: PLC0415

        render(equivalence.table(rows))


def _compare_all(folders: tuple[str, ...], chosen: str, *, as_json: bool) -> None:
    gathered = _gathered(folders, chosen)
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy
    from midpo_sym.prover.equivalence.sides import LEFT, side  # noqa: PLC0415

    derivations = [each for each in gathered if side(LEFT, each).has_loss]
    left_out = [each.id for each in gathered if each not in derivations]
    if left_out:
        complain(f"not compared, as every link is a loss of theirs: {', '.join(left_out)}")
    found = Pipeline().compare_all(derivations, lambda pairs: progress(pairs, "comparing"))
    if as_json:
        from midpo_sym.targets.json import equivalence as as_data  # noqa: PLC0415

        print_json(as_data.lattice(found))
        return
    from midpo_sym.targets.terminal import equivalence  # noqa: PLC0415

    render(equivalence.lattice(found))


def _gathered(folders: tuple[str, ...], chosen: str) -> list[Derivation]:
    """Return a set of shipped specifications and those in folders.

    Raises:
        SpecError: a file breaks a rule of the language.
        UsageError: there is no such folder, or two specifications have the same id.
    """
    found = {id_: library.get(id_) for id_ in library.ids(chosen)}
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder: --all compares the files of folders")
        for path in sorted(folder.glob("*.toml")):
            derivation = library.find(str(path))
            if derivation.id in found:
                raise UsageError(f"two specifications have the id {derivation.id}")
            found[derivation.id] = derivation
    return [*found.values()]
