"""Everything that the pages are made from: specifications, and what came of proving them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from midpo_sym.chains.audit import EntryResult, check_entry
from midpo_sym.chains.chain import ChainResult, check_theory
from midpo_sym.prover.prove import Result, prove_derivation
from midpo_sym.prover.special_cases import Specialisation, specialisations
from midpo_sym.site.atlas.gather import Atlas
from midpo_sym.site.atlas.gather import gather as gather_atlas
from midpo_sym.site.maths.formula import inline
from midpo_sym.site.mkdocs.errors import FormulaError, SiteError, UnexpectedVerdictError
from midpo_sym.site.parts.certificate import Certified, certified
from midpo_sym.spec import library
from midpo_sym.spec.library import Work
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import load
from midpo_sym.spec.theory import Audit, Theory
from midpo_sym.targets.torch.errors import NotGeneratedError
from midpo_sym.targets.torch.files import render_without_running


@dataclass(frozen=True)
class Algorithm:
    """One specification and its results.

    Attributes:
        derivation: what the specification says.
        results: of every claim, and of the specification's own statement.
        becomes: what it is at special values of its parameters.
    """

    derivation: Derivation
    results: tuple[Result, ...]
    becomes: tuple[Specialisation, ...]

    @property
    def id(self) -> str:
        """Return the id of the specification."""
        return self.derivation.id

    @cached_property
    def main(self) -> Result:
        """Return the result of what [prior] and [loss] say."""
        return next(each for each in self.results if each.claim is None or each.claim.is_main)

    @cached_property
    def loss(self) -> str | None:
        """Return the PyTorch module as `midpo generate` writes it, if it writes one."""
        try:
            return render_without_running(self.main, self.becomes)
        except NotGeneratedError:
            return None

    @cached_property
    def certificates(self) -> tuple[Certified, ...]:
        """Return what Coq said of the results, where it was asked about just these."""
        return tuple(found for each in self.results if (found := certified(each)))

    @property
    def others(self) -> tuple[Result, ...]:
        """Return the results of the claims that say something else."""
        return tuple(each for each in self.results if each.claim and not each.claim.is_main)


@dataclass(frozen=True)
class Material:
    """All algorithms, and what they cite.

    Attributes:
        algorithms: in the order of the library.
        works: the works that may be cited, by key.
        language: the description of the specification language, in Markdown.
        decisions: file and title of each decision note.
        theories: the files of the theory, in the order of the paper, with their chains.
        audits: the files of the audit, in the order of the paper, with their verdicts.
        atlas: all losses that come with the package; None for a folder of one's own.
    """

    algorithms: tuple[Algorithm, ...]
    works: Mapping[str, Work]
    language: str
    decisions: tuple[tuple[str, str], ...]
    theories: tuple[tuple[Theory, tuple[ChainResult, ...]], ...] = ()
    audits: tuple[tuple[Audit, tuple[EntryResult, ...]], ...] = ()
    atlas: Atlas | None = None

    def named(self, id_: str) -> Algorithm:
        """Return the algorithm with an id."""
        return next(each for each in self.algorithms if each.id == id_)

    def cited(self, work: str) -> str:
        """Return a citation, short."""
        return self.works[work].short if work in self.works else work


def gather(folder: Path, pages: Path) -> Material:
    """Read and prove all specifications of a folder.

    Args:
        folder: the specifications.
        pages: the hand-written pages.

    Raises:
        SpecError: one of them breaks a rule of the language.
        UnexpectedVerdictError: a claim comes out otherwise than its specification expects.
        FormulaError: a symbol is declared with LaTeX that cannot be rendered.
        SiteError: there is no specification.
    """
    derivations = [
        load(path) for path in sorted(folder.glob("*.toml")) if path.name != library.SOURCES
    ]
    if not derivations:
        raise SiteError(f"{folder} has no specification, so there is nothing to show")
    derivations.sort(key=library.order)
    for derivation in derivations:
        _check_symbols(derivation)
    algorithms = tuple(
        Algorithm(each, prove_derivation(each), specialisations(each, derivations))
        for each in derivations
    )
    _check_verdicts(result for each in algorithms for result in each.results)
    return Material(
        algorithms,
        library.read_works(folder),
        (folder / "README.md").read_text(encoding="utf-8"),
        tuple(_decisions(pages / "decisions")),
        tuple(_derived(folder)),
        tuple(_audited(folder)),
        gather_atlas(folder),
    )


def _derived(folder: Path) -> Iterator[tuple[Theory, tuple[ChainResult, ...]]]:
    for theory in library.read_theories(folder):
        results = check_theory(theory)
        for each in results:
            if each.theorem is None:
                where = f"{theory.setting.path}: {each.id} is not proved"
                raise UnexpectedVerdictError(f"{where}: step {each.failed_at}: {each.failure}")
        yield theory, results


def _audited(folder: Path) -> Iterator[tuple[Audit, tuple[EntryResult, ...]]]:
    """Yield the audit; none where claims and chains are not those that its entries name."""
    if folder.resolve() != library.directory().resolve():
        return
    for audit in library.read_audits(folder):
        results = tuple(check_entry(entry, audit.setting) for entry in audit.entries)
        for each in results:
            if not each.as_expected:
                where = f"{audit.setting.path}: {each.entry.id}"
                message = f"is expected to be {each.entry.status}, and is {each.judgement.status}"
                if each.repair:
                    message += f"; the repaired statement is {each.repair.status}"
                raise UnexpectedVerdictError(f"{where} {message}")
        yield audit, results


def _check_symbols(derivation: Derivation) -> None:
    for each in derivation.declarations:
        try:
            inline(each.symbol.latex)
        except FormulaError as error:
            error.file = str(derivation.path)
            raise


def _check_verdicts(results: Iterable[Result]) -> None:
    wrong = [each for each in results if not each.as_expected]
    if wrong:
        raise UnexpectedVerdictError("\n".join(map(_unexpected, wrong)))


def _unexpected(result: Result) -> str:
    expected = " and ".join(each.value for each in result.expected)
    found = f"{result.verdict.status.value} and {result.gradient.status.value}"
    residual = "" if result.residual_as_expected else "; the residual is not the expected one"
    return (
        f"{result.derivation.path}: {result.id} is expected to be {expected} "
        f"(value and gradient), and is {found}{residual}"
    )


def _decisions(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("[0-9]*.md")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        yield path.name, first.removeprefix("#").strip()
