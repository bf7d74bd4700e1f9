"""`midpo theory` and `midpo audit`: the framework derived, and what the paper prints checked."""

from __future__ import annotations

import sys

import click

from midpo_sym.cli.console import (
    AS_JSON,
    FAILED,
    PROVED,
    UsageError,
    print_json,
    progress,
    render,
)
from midpo_sym.spec import library


@click.command(
    epilog="Examples: midpo theory, midpo theory lemma_1/split, midpo theory my_file.toml"
)
@click.argument("targets", nargs=-1, metavar="[ID | ID/CHAIN | FILE]...")
@click.option("--latex", is_flag=True, help="Print the derivations as LaTeX (amsmath).")
@AS_JSON
def theory(targets: tuple[str, ...], *, latex: bool, as_json: bool) -> None:
    """Derive the framework, step by step; print the steps of what is named.

    Without a name, one line for each derivation. Exit status: 0 every step holds, 1 one does not,
    2 the input is wrong.
    """
    if latex and as_json:
        raise UsageError("--latex and --json exclude each other")
    named = targets or tuple(each.setting.id for each in library.theories())
    tasks = [task for target in named for task in library.find_chains(target)]
    from midpo_sym.chains.chain import check_chain  # noqa: PLC0415
    from midpo_sym.targets.terminal import theory as emit  # noqa: PLC0415 - loads SymPy

    results = [check_chain(*task) for task in progress(tasks, "deriving")]
    if as_json:
        print_json(emit.report(results))
    elif latex:
        from midpo_sym.targets.latex.theory import to_document  # noqa: PLC0415 - loads SymPy

        click.echo(to_document(results))
    else:
        for result in results:
            if targets or result.failed_at:
                render(emit.story(result))
        render(emit.summary(results))
    sys.exit(PROVED if all(each.theorem for each in results) else FAILED)


@click.command(
    epilog="Examples: midpo audit, midpo audit optimal-policy-section-2, midpo audit --json"
)
@click.argument("ids", nargs=-1, metavar="[ENTRY]...")
@AS_JSON
def audit(ids: tuple[str, ...], *, as_json: bool) -> None:
    """Check what the paper prints: a table, or the whole story of the entries named.

    Exit status: 0 every verdict is as its entry expects, 1 one is not, 2 the input is wrong.
    """
    from midpo_sym.chains.audit import check_entry, find_entries  # noqa: PLC0415
    from midpo_sym.targets.terminal import audit as emit  # noqa: PLC0415 - loads SymPy

    tasks = find_entries(ids)
    results = [check_entry(*task) for task in progress(tasks, "auditing")]
    if as_json:
        print_json(emit.report(results))
    elif ids:
        for result in results:
            render(emit.story(result))
    else:
        render(emit.summary(results))
    sys.exit(PROVED if all(each.as_expected for each in results) else FAILED)
