"""From a specification to all that is said of it: the stages, in the order in which they run.

    read      A file becomes a `Derivation`: trees, whose every part knows its place in the file
              (`language`, `spec`).
    judge     Does MI-DPO with this prior have this loss? The kernel, exact counterexamples and
              random numbers each answer for the value and for the gradient, and have to agree
              (`kernel`, `judges`, `prover.judge`). What comes out is a `Result`.
    explain   The steps of the derivation, what the loss depends on and the implicit rewards are
              computed when a `Result` is asked for them; the prior is solved from the loss alone;
              special cases are searched for; the loss is differentiated, in the log-probabilities
              and statistics of the tokens. Each is handed to the kernel again (`prover`).
    compare   Two losses are the same, or up to what, or where; or a point tells them apart
              (`prover.equivalence`).
    target    Results become text (`targets`). Torch is written for what is proved, and run first.
    verify    A torch function is run on variables, and what it computes is compared with a
              specification (`code`); only this runs code of a user, and only when it is asked for.

Beside them stand the derivations of the framework and the verdicts on what the paper prints, over
finite sets instead of responses (`theory`).

A pipeline runs its stages in one session, which owns all that they remember (decision 17).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midpo_sym.prover.denominators import placed
from midpo_sym.prover.equivalence.answers import Comparison
from midpo_sym.prover.equivalence.compare import compare
from midpo_sym.prover.equivalence.lattice import Lattice, compare_all
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT, Side, side
from midpo_sym.prover.priors.solve import Solution, solve_prior
from midpo_sym.prover.prove import Result, prove_derivation, prove_statement
from midpo_sym.prover.special_cases import Specialisation, specialisations
from midpo_sym.session import Session, remembering
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Claim, Derivation
from midpo_sym.spec.reading.losses import load

if TYPE_CHECKING:
    from midpo_sym.atlas.like import Likeness
    from midpo_sym.chains.audit import EntryResult
    from midpo_sym.chains.chain import ChainResult
    from midpo_sym.code.verdicts import Verification
    from midpo_sym.prover.gradients.report import GradientResult

Spec = str | os.PathLike[str] | Derivation


class Pipeline:
    """The stages, over one session.

    Args:
        session: what remembers; None for the session that is active, or else for a new one.
    """

    def __init__(self, session: Session | None = None) -> None:
        with remembering(session) as self.session:
            pass

    def read(self, spec: Spec) -> Derivation:
        """Return a specification: by its id, by the path of its file, or itself."""
        if isinstance(spec, Derivation):
            return spec
        with remembering(self.session):
            return library.find(spec) if isinstance(spec, str) else load(Path(spec))

    def judge(self, derivation: Derivation, claim: Claim | None = None, *, work: int = 1) -> Result:
        """Prove or refute a claim, or what [prior] and [loss] say.

        Raises:
            SpecError: the statement divides by something that is always zero.
            DisagreementError: two judges contradict each other.
        """
        statement = claim.statement if claim else derivation.statement
        with remembering(self.session), placed(derivation):
            return prove_statement(statement, derivation, claim, work=work)

    def judge_claims(self, derivation: Derivation) -> tuple[Result, ...]:
        """Judge all claims, and what [prior] and [loss] say if no claim is just that."""
        with remembering(self.session), placed(derivation):
            return prove_derivation(derivation)

    def differentiate(
        self, derivation: Derivation, claim: Claim | None = None, *, work: int = 1
    ) -> GradientResult:
        """Return the gradient of the loss of a claim, or of [loss], proved or undecided.

        Raises:
            SpecError: the loss divides by something that is always zero.
            DisagreementError: the kernel proves it, and finite differences contradict it.
        """
        from midpo_sym.prover.gradients.report import gradient_result  # noqa: PLC0415 - if it is asked

        with remembering(self.session), placed(derivation):
            return gradient_result(derivation, claim, work=work)

    def solve(self, derivation: Derivation) -> Solution:
        """Return the prior that gives a loss, solved from the loss alone."""
        with remembering(self.session), placed(derivation):
            return solve_prior(derivation.statement)

    def solve_all(self, derivation: Derivation) -> tuple[Solution, ...]:
        """Return that prior, and beside it that of a term, if terms are read one by one."""
        whole = self.solve(derivation)
        statement = derivation.statement
        if statement.gives == "loss" or statement.target.is_one_term:
            return (whole,)
        return whole, self.judge(derivation).prior

    def special_cases(self, results: Iterable[Result]) -> dict[str, tuple[Specialisation, ...]]:
        """Return what the specification of each result becomes at special values, by its id."""
        with remembering(self.session):
            others = library.paper()
            derivations = {each.derivation.id: each.derivation for each in results}
            return {id_: specialisations(each, others) for id_, each in derivations.items()}

    def compare(self, one: Spec, other: Spec) -> Comparison:
        """Compare two losses: named by ids, `id/claim` or files, or specifications themselves.

        Raises:
            SpecError: there is no such specification or claim, it breaks a rule of the language,
                or it is about every link and so has no loss.
        """
        with remembering(self.session):
            left, right = (
                self._loss(label, *self._named(spec))
                for label, spec in ((LEFT, one), (RIGHT, other))
            )
            return compare(left, right)

    def compare_all(
        self,
        derivations: Sequence[Derivation],
        progress: Callable[[list[Any]], Iterable[Any]] = iter,
    ) -> Lattice:
        """Compare every two of some specifications.

        Args:
            derivations: the specifications, no two of which have the same id.
            progress: goes through the pairs, and may show how far it is.

        Raises:
            SpecError: one of them is about every link and so has no loss.
        """
        with remembering(self.session):
            for each in derivations:
                self._loss(LEFT, each, None)
            return compare_all(derivations, progress)

    def like(self, spec: Spec) -> Likeness:
        """Return which published losses a loss is, specialises, or is nearest to.

        Raises:
            SpecError: there is no such specification, it breaks a rule of the language, or it is
                about every link and so has no loss.
        """
        from midpo_sym.atlas.like import like  # noqa: PLC0415 - if it is asked for

        with remembering(self.session):
            return like(self.read(spec))

    def _loss(self, label: str, derivation: Derivation, claim: Claim | None) -> Side:
        """Return a side of a comparison.

        Raises:
            SpecError: it has no loss.
        """
        found = side(label, derivation, claim)
        if not found.has_loss:
            raise SpecError(found.id, "its link stands for every function: it has no loss")
        return found

    def _named(self, spec: Spec) -> tuple[Derivation, Claim | None]:
        if isinstance(spec, str):
            return library.find_statement(spec)
        return self.read(spec), None

    def derive(self, target: str) -> tuple[ChainResult, ...]:
        """Check the chains of the theory that are named by a file, an id or `id/chain`."""
        from midpo_sym.chains.chain import check_chain  # noqa: PLC0415 - if it is asked for

        with remembering(self.session):
            return tuple(check_chain(*each) for each in library.find_chains(target))

    def audit(self, ids: Sequence[str]) -> tuple[EntryResult, ...]:
        """Compute the verdicts on entries of the audit; on all of them if none is named."""
        from midpo_sym.chains.audit import check_entry, find_entries  # noqa: PLC0415 - as above

        with remembering(self.session):
            return tuple(check_entry(*each) for each in find_entries(ids))

    def to_json(self, results: Sequence[Result], *, steps: bool = False) -> dict[str, Any]:
        """Return the report on results, as data."""
        from midpo_sym.targets.json.report import report  # noqa: PLC0415 - if it is asked for

        with remembering(self.session):
            return report(results, self.special_cases(results), steps=steps)

    def to_latex(self, results: Sequence[Result], *, steps: bool = False) -> str:
        """Return the derivations of results, as LaTeX; `steps` writes them out rule by rule."""
        from midpo_sym.targets.latex.losses import to_document  # noqa: PLC0415 - if it is asked for

        with remembering(self.session):
            return to_document(results, levels="both" if steps else "top")

    def comparison_to_json(self, found: Comparison, *, steps: bool = False) -> dict[str, Any]:
        """Return a comparison, as data; `steps` derives what is proved, and the difference."""
        from midpo_sym.targets.json.equivalence import comparison  # noqa: PLC0415 - as above

        with remembering(self.session):
            return comparison(found, steps=steps)

    def gradients_to_json(
        self, results: Sequence[GradientResult], *, steps: bool = False
    ) -> dict[str, Any]:
        """Return the report on gradients, as data."""
        from midpo_sym.targets.json.gradients import report  # noqa: PLC0415 - if it is asked for

        with remembering(self.session):
            return report(results, steps=steps)

    def gradients_to_latex(self, results: Sequence[GradientResult], *, steps: bool = False) -> str:
        """Return gradients, as LaTeX."""
        from midpo_sym.targets.latex.gradients import to_document  # noqa: PLC0415 - as above

        with remembering(self.session):
            return to_document(results, steps=steps)

    def to_torch(self, result: Result) -> str:
        """Return the Python file of a torch loss, once its code has been run.

        Raises:
            NotGeneratedError: there is none.
        """
        from midpo_sym.targets.torch.files import render  # noqa: PLC0415 - if it is asked for

        with remembering(self.session):
            return render(result, self.special_cases([result])[result.derivation.id])

    def verify(
        self,
        function: Any,
        derivation: Derivation,
        *,
        bind: Mapping[str, str] | None = None,
        at: Mapping[str, Any] | None = None,
    ) -> Verification:
        """Return whether a torch function is the loss of a specification; it is run.

        Raises:
            NotVerifiableError: it does not run, or what an argument is is not known.
        """
        from midpo_sym.code.verify import verify  # noqa: PLC0415 - loads torch

        with remembering(self.session):
            return verify(function, derivation, bind_=bind, at=at)
