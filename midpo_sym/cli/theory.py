"""`midpo theory` and `midpo audit`: the framework derived, and what the paper prints checked."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from midpo_sym import catalogue
from midpo_sym.cli.console import AS_JSON, FAILED, PROVED, print_json, progress, render
from midpo_sym.language.errors import Advice
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.load_theory import load_theory

if TYPE_CHECKING:
    from midpo_sym.spec.theory import Chain, Setting


@click.command(
    epilog="Examples: midpo theory, midpo theory lemma_1/split, midpo theory my_file.toml"
)
@click.argument("targets", nargs=-1, metavar="[ID | ID/CHAIN | FILE]...")
@AS_JSON
def theory(targets: tuple[str, ...], *, as_json: bool) -> None:
    """Derive the framework, step by step; print the steps of what is named.

    Without a name, one line for each derivation. Exit status: 0 every step holds, 1 one does not,
    2 the input is wrong.
    """
    tasks = _chains(targets)
    from midpo_sym.emit import theory as emit  # noqa: PLC0415 - loads SymPy
    from midpo_sym.prover.theory import check_chain  # noqa: PLC0415

    results = [check_chain(*task) for task in progress(tasks, "deriving")]
    if as_json:
        print_json(emit.report(results))
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
    from midpo_sym.emit import audit as emit  # noqa: PLC0415 - loads SymPy
    from midpo_sym.prover.audit import audit_entries, check_entry  # noqa: PLC0415

    known = audit_entries(catalogue.audits())
    for id_ in ids:
        if id_ not in known:
            near = difflib.get_close_matches(id_, known, n=3)
            advice = Advice(id_[:60], "midpo audit lists them", f"did you mean {', '.join(near)}?")
            raise SpecError(id_[:60], "there is no such entry", advice=advice)
    tasks = [known[id_] for id_ in ids or known]
    results = [check_entry(*task) for task in progress(tasks, "auditing")]
    if as_json:
        print_json(emit.report(results))
    elif ids:
        for result in results:
            render(emit.story(result))
    else:
        render(emit.summary(results))
    sys.exit(PROVED if all(each.as_expected for each in results) else FAILED)


def _chains(targets: tuple[str, ...]) -> list[tuple[Chain, Setting]]:
    """Return the chains that are named; all shipped ones if none is."""
    theories = catalogue.theories()
    found: list[tuple[Chain, Setting]] = []
    for target in targets or tuple(each.setting.id for each in theories):
        if target.endswith(".toml"):
            own = load_theory(Path(target))
            found += [(chain, own.setting) for chain in own.chains]
            continue
        id_, _, wanted = target.partition("/")
        chains = [
            (chain, each.setting)
            for each in theories
            for chain in each.chains
            if each.setting.id == id_ and wanted in ("", chain.id)
        ]
        if not chains:
            known = [f"{each.setting.id}/{chain.id}" for each in theories for chain in each.chains]
            near = difflib.get_close_matches(target, known, n=1)
            cure = f"did you mean {near[0]}?" if near else "midpo theory lists them"
            names = ", ".join(each.setting.id for each in theories)
            advice = Advice(target[:60], f"{names}, or one of their chains", cure)
            raise SpecError(target[:60], "there is no such derivation", advice=advice)
        found += chains
    return found
