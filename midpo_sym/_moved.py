"""Modules that have moved: their old names work for one release, with a warning (decision 14).

Python asks the finder below last, for modules that are found nowhere else. It has no base class:
`importlib.abc` takes longer to load than the rest of `import midpo_sym`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PACKAGE = "midpo_sym"
MOVED = {
    "catalogue": "spec.library",
    "certify": "targets.coq",
    "certify.bundle": "targets.coq.bundle",
    "certify.checker": "targets.coq.checking.checker",
    "certify.coverage": "targets.coq.checking.coverage",
    "certify.emit": "targets.coq.emit",
    "certify.golden": "targets.coq.checking.golden",
    "certify.hypotheses": "targets.coq.hypotheses",
    "certify.instance": "targets.coq.instance",
    "certify.lines": "targets.coq.lines",
    "certify.lock": "targets.coq.checking.lock",
    "certify.names": "targets.coq.names",
    "certify.outcome": "targets.coq.checking.outcome",
    "certify.printer": "targets.coq.printer",
    "certify.report": "targets.coq.checking.report",
    "certify.theory": "targets.coq.checking.theory",
    "certify.wording": "targets.coq.wording",
    "emit": "targets",
    "emit.audit": "targets.terminal.audit",
    "emit.json": "targets.json.report",
    "emit.latex": "targets.latex.losses",
    "emit.latex_theory": "targets.latex.theory",
    "emit.losses": "targets.torch",
    "emit.losses.check": "targets.torch.check.compare",
    "emit.losses.code": "plan.lower",
    "emit.losses.duals": "targets.torch.check.duals",
    "emit.losses.errors": "targets.torch.errors",
    "emit.losses.files": "targets.torch.files",
    "emit.losses.links": "targets.torch.links",
    "emit.losses.literal": "targets.torch.check.literal",
    "emit.losses.measure": "targets.torch.check.measure",
    "emit.losses.names": "targets.torch.names",
    "emit.losses.padding": "plan.padding",
    "emit.losses.pairs": "targets.torch.check.pairs",
    "emit.losses.plan": "targets.torch.file",
    "emit.losses.prose": "targets.torch.prose",
    "emit.losses.run_plain": "targets.torch.check.run_plain",
    "emit.losses.run_torch": "targets.torch.check.run_torch",
    "emit.losses.statistics": "targets.torch.statistics",
    "emit.losses.sums": "plan.sums",
    "emit.losses.syntax": "targets.torch.syntax",
    "emit.points": "targets.terminal.points",
    "emit.quantities": "targets.terminal.quantities",
    "emit.scaffold": "targets.toml.scaffold",
    "emit.terminal": "targets.terminal.losses",
    "emit.theory": "targets.terminal.theory",
    "language.cures": "language.grammar.cures",
    "language.indexed_parser": "language.grammar.finite_sets",
    "language.limits": "language.grammar.limits",
    "language.mathematics": "language.printing.mathematics",
    "language.numerals": "language.grammar.numerals",
    "language.parser": "language.grammar.losses",
    "language.plain": "language.grammar.plain",
    "language.printer": "language.printing.printer",
    "language.reader": "language.grammar.reader",
    "language.refusals": "language.grammar.refusals",
    "language.scope": "language.grammar.scope",
    "language.symbolic": "language.printing.symbolic",
    "language.symbols": "language.printing.symbols",
    "language.text": "language.printing.text",
    "prover.application": "rules.application",
    "prover.atoms": "kernel.atoms",
    "prover.audit": "chains.audit",
    "prover.citation": "chains.citation",
    "prover.computation": "prover.derivation.computation",
    "prover.differential": "kernel.finite_derivative",
    "prover.duals": "judges.duals",
    "prover.exact": "judges.exact",
    "prover.finite": "kernel.finite_sets",
    "prover.finite_numeric": "judges.finite_problems",
    "prover.forms": "kernel.forms",
    "prover.fractions_of_terms": "rules.fractions_of_terms",
    "prover.graph": "preferences",
    "prover.hypotheses": "kernel.hypotheses",
    "prover.kernel": "kernel.theorem",
    "prover.laws": "rules.laws",
    "prover.laws_of_sums": "rules.laws_of_sums",
    "prover.loss_slopes": "judges.loss_slopes",
    "prover.margin": "prover.priors.margin",
    "prover.names": "kernel.finite_atoms",
    "prover.normal_form": "kernel.responses",
    "prover.normaliser": "rules.normaliser",
    "prover.numeric": "judges.random_models",
    "prover.order": "kernel.order",
    "prover.prior": "prover.priors.solve",
    "prover.rebuild": "prover.derivation.rebuild",
    "prover.rule_check": "rules.check",
    "prover.rules": "rules.table",
    "prover.slopes": "kernel.derivative",
    "prover.specialise": "prover.special_cases",
    "prover.spelling": "rules.spelling",
    "prover.steps": "prover.derivation.steps",
    "prover.terms": "rules.terms",
    "prover.theory": "chains.chain",
    "prover.tiny": "judges.tiny",
    "prover.witness": "judges.witness",
    "site.certificate": "site.parts.certificate",
    "site.compact": "site.maths.compact",
    "site.counterexample": "site.parts.counterexample",
    "site.derivation": "site.parts.derivation",
    "site.errors": "site.mkdocs.errors",
    "site.font": "site.maths.font",
    "site.formula": "site.maths.formula",
    "site.gradient": "site.parts.gradient",
    "site.graph": "site.live.graph",
    "site.kept": "site.mkdocs.kept",
    "site.layout": "site.maths.layout",
    "site.makers": "site.mkdocs.makers",
    "site.markdown_math": "site.maths.markdown_math",
    "site.material": "site.parts.material",
    "site.plot": "site.live.plot",
    "site.plugin": "site.mkdocs.plugin",
    "site.project": "site.mkdocs.project",
    "site.render": "site.mkdocs.render",
    "site.served": "site.mkdocs.served",
    "site.session": "site.mkdocs.commands",
    "site.symbols": "site.maths.symbols",
    "site.templating": "site.mkdocs.templating",
    "site.theory": "site.parts.theory",
    "site.verdicts": "site.parts.verdicts",
    "spec.files": "spec.reading.files",
    "spec.keys": "spec.reading.keys",
    "spec.load": "spec.reading.losses",
    "spec.load_chain": "spec.reading.chains",
    "spec.load_theory": "spec.reading.theory",
    "spec.place": "spec.reading.place",
    "spec.statements": "spec.reading.statements",
    "spec.tables": "spec.reading.tables",
    "spec.texts": "spec.reading.texts",
    "spec.theory_keys": "spec.reading.keys",
    "tensor.derivatives": "tensor.kernels.derivatives",
    "tensor.fused": "tensor.kernels.fused",
    "tensor.measured": "tensor.kernels.measured",
    "tensor.projection": "tensor.kernels.projection",
    "tensor.rows": "tensor.kernels.rows",
    "tensor.sizes": "tensor.kernels.sizes",
    "tensor.spans": "tensor.kernels.spans",
    "tensor.tiles": "tensor.kernels.tiles",
    "tensor.tokens": "tensor.kernels.tokens",
}


# Old packages: what was in them is found by the table alone.
PACKAGES = ("certify", "emit", "emit.losses")


class _Alias:
    """Gives a module by its old name, and says so."""

    def __init__(self, old: str, new: str) -> None:
        self.old = old
        self.new = new

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return the module itself; for a package a new one, so that nothing is found in it."""
        message = f"{self.old} is now {self.new}; the old name goes with the next release"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        self.module = import_module(self.new)
        self.spec = self.module.__spec__
        return None if spec.submodule_search_locations is not None else self.module

    def exec_module(self, module: ModuleType) -> None:
        """Execute nothing: that has happened under the new name."""
        if module is self.module:
            module.__spec__ = self.spec
        else:
            module.__dict__.update(
                (name, value) for name, value in vars(self.module).items() if name[:2] != "__"
            )


class Finder:
    """Finds the modules of the table."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the module of an old name is, None if the name is not one."""
        del path, target
        package, _, old = fullname.partition(".")
        if package != PACKAGE or old not in MOVED:
            return None
        loader: Any = _Alias(fullname, f"{PACKAGE}.{MOVED[old]}")
        return ModuleSpec(fullname, loader, is_package=old in PACKAGES)


def install() -> None:
    """Let the old names be found, after everything else."""
    if not any(isinstance(each, Finder) for each in sys.meta_path):
        sys.meta_path.append(Finder())
