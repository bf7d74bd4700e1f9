"""From a specification to all that is said of it: the stages, in the order in which they run.

    read      A file becomes a `Derivation`: trees, whose every part knows its place in the file
              (`language`, `spec`).
    judge     Does MI-DPO with this prior have this loss? The kernel, exact counterexamples and
              random numbers each answer for the value and for the gradient, and have to agree
              (`kernel`, `judges`, `prover.judge`). What comes out is a `Result`.
    explain   The steps of the derivation, what the loss depends on and the implicit rewards are
              computed when a `Result` is asked for them; the prior is solved from the loss alone;
              special cases are searched for. Each is handed to the kernel again (`prover`).
    target    Results become text (`targets`). Torch is written for what is proved, and run first.

    verify    A torch function is run on variables, and what it computes is compared with a
              specification (`code`); only this runs code of a user, and only when it is asked for.

Beside them stand the derivations of the framework and the verdicts on what the paper prints, over
finite sets instead of responses (`theory`).

A pipeline runs its stages in one session, which owns all that they remember (decision 17).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midpo_sym.chains.audit import EntryResult, check_entry, find_entries
from midpo_sym.chains.chain import ChainResult, check_chain
from midpo_sym.prover.denominators import placed
from midpo_sym.prover.priors.solve import Solution, solve_prior
from midpo_sym.prover.prove import Result, prove_derivation, prove_statement
from midpo_sym.prover.special_cases import Specialisation, specialisations
from midpo_sym.session import Session, remembering
from midpo_sym.spec import library
from midpo_sym.spec.model import Claim, Derivation
from midpo_sym.spec.reading.losses import load

if TYPE_CHECKING:
    from midpo_sym.code.verdicts import Verification

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

    def solve(self, derivation: Derivation) -> Solution:
        """Return the prior that gives a loss, solved from the loss alone."""
        with remembering(self.session), placed(derivation):
            return solve_prior(derivation.statement)

    def special_cases(self, results: Iterable[Result]) -> dict[str, tuple[Specialisation, ...]]:
        """Return what the specification of each result becomes at special values, by its id."""
        with remembering(self.session):
            others = library.everything()
            derivations = {each.derivation.id: each.derivation for each in results}
            return {id_: specialisations(each, others) for id_, each in derivations.items()}

    def derive(self, target: str) -> tuple[ChainResult, ...]:
        """Check the chains of the theory that are named by a file, an id or `id/chain`."""
        with remembering(self.session):
            return tuple(check_chain(*each) for each in library.find_chains(target))

    def audit(self, ids: Sequence[str]) -> tuple[EntryResult, ...]:
        """Compute the verdicts on entries of the audit; on all of them if none is named."""
        with remembering(self.session):
            return tuple(check_entry(*each) for each in find_entries(ids))

    def to_json(self, results: Sequence[Result], *, steps: bool = False) -> Any:
        """Return the report on results, as data."""
        from midpo_sym.targets.json.report import report  # noqa: PLC0415 - if it is asked for

        with remembering(self.session):
            return report(results, self.special_cases(results), steps=steps)

    def to_latex(self, results: Sequence[Result]) -> str:
        """Return the derivations of results, as LaTeX."""
        from midpo_sym.targets.latex.losses import to_document  # noqa: PLC0415 - if it is asked for

        with remembering(self.session):
            return to_document(results)

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
