"""`midpo certify`: every verdict proved anew by Coq."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    FORCE,
    PROVED,
    UsageError,
    complain,
    print_json,
    progress,
    render,
    statements,
)
from midpo_sym.files import check_folder, encoded, file_error, install
from midpo_sym.spec import library

if TYPE_CHECKING:
    from midpo_sym.pipeline import Pipeline
    from midpo_sym.spec.model import Claim, Derivation
    from midpo_sym.targets.coq.checking.checker import Check, Coq
    from midpo_sym.targets.coq.checking.outcome import Outcome

NO_CHECKER = 3
COMMAND = "midpo certify"


@click.command(
    epilog="Examples: midpo certify, midpo certify simpo/section-4, midpo certify my.toml --out coq"
)
@click.argument("targets", nargs=-1, metavar="[ID | ID/CLAIM | FILE]...")
@click.option("--emit-only", is_flag=True, help="Write the files of --out, and check nothing.")
@click.option("--out", type=Path, metavar="DIR", help="Write the certificates into this folder.")
@click.option("--standalone", is_flag=True, help="Each file of --out holds the library it needs.")
@click.option("--coverage", is_flag=True, help="Say what the shipped certificates cover; no Coq.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    default=300,
    show_default=True,
    help="Most that Coq may take for a file; it may use 4 GiB of memory.",
)
@FORCE
@AS_JSON
def certify(
    targets: tuple[str, ...],
    *,
    emit_only: bool,
    out: Path | None,
    standalone: bool,
    coverage: bool,
    limit: int,
    force: bool,
    as_json: bool,
) -> None:
    """Have Coq prove what is proved and refute what is refuted; all of it if nothing is named.

    A certificate states a claim for any vocabulary, lengths, policies and parameters, or refutes
    it at an explicit language model; both are about values. That of a gradient states the
    coefficients that midpo prove --gradient prints, along any family of policies that has a
    derivative: there is one for each specification that is named as a whole. Without names, the
    theorems about the framework are checked, too.

    A statement that is not settled is listed with the reason: the prover decides neither way, the
    procedure finds no proof in Coq, or --limit was too short. Lines of a derivation that the
    procedure does not replay are left out of its certificate, which says so.

    Exit status: 0 all is settled as the specifications expect, 1 a statement is not, or rests on
    an axiom other than those of the real numbers, or a file of the package's certificates is not
    the one that Coq accepted, 2 the input is wrong, 3 there is no Coq on this machine (the files
    of --out are written all the same).
    """
    if out is not None:
        check_folder(out, force=force)
    if (emit_only or standalone) and out is None:
        raise UsageError(f"{'--emit-only' if emit_only else '--standalone'} goes with --out DIR")
    if coverage and (targets or out):
        raise UsageError("--coverage goes without names and without --out")
    tasks = statements(targets)
    from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.coq.checking import checker, lock, outcome, report  # noqa: PLC0415 - loads SymPy

    pipeline = Pipeline()
    results = (pipeline.judge(*task) for task in progress(tasks, "proving"))
    prepared = [(task, outcome.prepare(each)) for task, each in zip(tasks, results, strict=True)]
    prepared += _gradients(pipeline, tasks, targets)
    outcomes = [each for _, found in prepared for each in found]
    tasks = [task for task, found in prepared for _ in found]
    everything = not targets
    if coverage:
        _cover(outcomes, as_json=as_json)
        sys.exit(_altered(outcomes, tasks, everything=everything) or PROVED)

    def write_out(**more: str) -> None:
        if out is not None:
            texts = {**_files(outcomes, standalone=standalone), **more}
            install(encoded(texts), out, by=COMMAND, force=force)

    write_out()
    if emit_only:
        _tell(outcomes, as_json=as_json)
        failed = any(each.hopeless for each in outcomes)
        status = FAILED if failed else PROVED
        sys.exit(_altered(outcomes, tasks, everything=everything) or status)
    try:
        coq = checker.find()
    except checker.NoCheckerError as error:
        _tell(outcomes, as_json=as_json)
        complain(f"{error}; nothing is checked. {error.advice}")
        sys.exit(_altered(outcomes, tasks, everything=everything) or NO_CHECKER)
    outcomes, theorems = _checked(outcomes, coq, limit, everything=everything)
    settled = all(each.settled for each in outcomes) and (theorems is None or theorems.sound)
    locked = settled and not standalone
    write_out(**{lock.LOCK: lock.write(outcomes, theorems, coq.version)} if locked else {})
    if as_json:
        print_json(report.report(outcomes, theorems, coq.version))
    else:
        render(report.table(outcomes, theorems, coq.version))
    status = PROVED if settled else FAILED
    sys.exit(_altered(outcomes, tasks, everything=everything) or status)


def _gradients(
    pipeline: Pipeline, tasks: list[tuple[Derivation, Claim | None]], targets: tuple[str, ...]
) -> list[tuple[tuple[Derivation, Claim | None], tuple[Outcome, ...]]]:
    """Return the gradient of each loss that is named: those of specifications named as a whole."""
    from midpo_sym.targets.coq.checking import outcome  # noqa: PLC0415 - loads SymPy

    whole = {each.id: each for each, _ in tasks}
    for target in targets:
        if "/" in target and not target.endswith(".toml"):
            whole.pop(target.partition("/")[0], None)
    found = progress(list(whole.values()), "differentiating")
    return [
        ((each, None), (outcome.prepare_gradient(pipeline.differentiate(each)),)) for each in found
    ]


def _checked(
    outcomes: list[Outcome], coq: Coq, limit: int, *, everything: bool
) -> tuple[list[Outcome], Check | None]:
    """Return what Coq says of certificates, and of the theorems of the framework."""
    from midpo_sym.targets.coq.checking import checker, outcome, theory  # noqa: PLC0415 - loads SymPy

    try:
        with checker.workshop(coq, seconds=limit) as workshop:
            settled = [outcome.settle(each, workshop) for each in progress(outcomes, "checking")]
            return settled, theory.check(workshop) if everything else None
    except checker.LibraryError as error:
        complain(f"Coq does not accept the library of certificates: {error}")
        sys.exit(FAILED)
    except OSError as error:
        raise file_error(error, Path(gettempdir())) from None


def _altered(
    outcomes: list[Outcome], tasks: list[tuple[Derivation, Claim | None]], *, everything: bool
) -> int:
    """Complain of the package's own files that are not those that Coq accepted.

    Returns:
        The exit status if there is one; 0 if there is none.
    """
    from midpo_sym.targets.coq.checking import lock  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.coq.emit import Certificate  # noqa: PLC0415

    home = library.directory()
    named = {
        each.id
        for each, (derivation, _) in zip(outcomes, tasks, strict=True)
        if derivation.path.parent == home
    }
    found = lock.altered(None if everything else named)
    if everything:
        made = [each.certificate for each in outcomes]
        found += lock.altered_golden(each for each in made if isinstance(each, Certificate))
    for each in found:
        complain(str(each))
    return FAILED if found else PROVED


def _cover(outcomes: list[Outcome], *, as_json: bool) -> None:
    from midpo_sym.targets.coq.checking import coverage, report  # noqa: PLC0415 - loads SymPy

    rows = coverage.coverage(outcomes, library.theories(), library.audits())
    if as_json:
        print_json([asdict(each) for each in rows])
    else:
        render(report.covered(rows))


def _tell(outcomes: list[Outcome], *, as_json: bool) -> None:
    from midpo_sym.targets.coq.checking import report  # noqa: PLC0415 - loads SymPy

    if as_json:
        print_json(report.report(outcomes, None, None))
    else:
        render(report.table(outcomes, None, None))


def _files(outcomes: list[Outcome], *, standalone: bool) -> dict[str, str]:
    """Return the files of certificates by their names in the folder."""
    from midpo_sym.targets.coq.checking import checker  # noqa: PLC0415 - loads SymPy
    from midpo_sym.targets.coq.checking.golden import GOLDEN, golden  # noqa: PLC0415
    from midpo_sym.targets.coq.emit import Certificate  # noqa: PLC0415

    made = [each.certificate for each in outcomes if isinstance(each.certificate, Certificate)]
    texts = {
        str(each.path): each.standalone(checker.needed(each.requires)) if standalone else each.text
        for each in made
    }
    return texts | {GOLDEN: golden(made)}
