"""Prove or refute the statements of a specification."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy

from midpo_sym.judges import witness
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.symbolic import to_sympy
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.outline import Outline, outline
from midpo_sym.prover.derivation.steps import Steps, derive
from midpo_sym.prover.framework import sides
from midpo_sym.prover.judge import judge
from midpo_sym.prover.priors.solve import Reach, Solution, solve_prior
from midpo_sym.prover.properties import Properties, compute_properties, simplest_reward
from midpo_sym.prover.shapes.scope import Scope, scope_of
from midpo_sym.prover.shapes.terms import Part, combined, framework_loss, no_other, read_term
from midpo_sym.prover.verdict import Opinion, Refuted, Status, Verdict
from midpo_sym.session import Session, remembered, remembering
from midpo_sym.spec.model import Claim, Derivation, Statement


@dataclass(frozen=True, repr=False)
class Result:
    """What came out of checking one statement.

    Attributes:
        derivation: the specification it is from.
        claim: the claim it checks; None for the statement of [prior] and [loss] itself.
        statement: what was checked.
        verdict: of the value.
        gradient: of the gradient.
        opinions: what each judge said.
        seconds: how long it took.
        session: remembers what is computed for the properties below; that of the verdict.
        parts: of a loss whose terms are read one by one, what came out of each.
        term: of such a part, the place of its term among them, from 1; 0 of anything else.
    """

    derivation: Derivation
    claim: Claim | None
    statement: Statement
    verdict: Verdict
    gradient: Verdict
    opinions: tuple[Opinion, ...]
    seconds: float
    session: Session = field(default_factory=Session, compare=False)
    parts: tuple[Part, ...] = ()
    term: int = 0

    def __repr__(self) -> str:
        """Say what came out, in a line."""
        value, gradient = self.verdict.status.value, self.gradient.status.value
        return f"<Result {self.id}: {value}, gradient {gradient}>"

    @property
    def id(self) -> str:
        """Return the id of the derivation, of the claim if there is one, and of the term."""
        whole = f"{self.derivation.id}/{self.claim.id}" if self.claim else self.derivation.id
        return f"{whole}/term-{self.term}" if self.term else whole

    @property
    def expected(self) -> tuple[Status, Status]:
        """Return the verdicts that the specification expects of value and gradient."""
        if self.claim is None:
            return Status.PROVED, Status.PROVED
        return Status(self.claim.status), Status(self.claim.gradient)

    @property
    def as_expected(self) -> bool:
        """Return whether verdicts, and what else the claim expects, come out as expected."""
        statuses = (self.verdict.status, self.gradient.status)
        known = self.residual_as_expected and self.knowledge_as_expected
        return statuses == self.expected and known

    @cached_property
    def knowledge_as_expected(self) -> bool:
        """Return whether a prior for the loss has to know what the claim expects, if it does."""
        expected = self.claim.knows if self.claim else ""
        return not expected or (self.prior.is_needed and self.prior.reach.name.lower() == expected)

    @cached_property
    def residual_as_expected(self) -> bool:
        """Return whether the residual equals the one that the claim expects, if it does."""
        expected = self.claim.residual if self.claim else None
        if expected is None:
            return True
        if self.residual is None:
            return False
        try:
            with remembering(self.session):
                return decide(self.residual, expected).answer is Answer.EQUAL
        except (OutsideClassError, ZeroDenominatorError):
            return False

    @property
    def residual(self) -> Expression | None:
        """Return framework minus target, if the value is refuted and that is expressible."""
        return self.verdict.residual if isinstance(self.verdict, Refuted) else None

    @property
    def witness(self) -> witness.Witness | None:
        """Return the counterexample of the value, or else of the gradient."""
        for verdict in (self.verdict, self.gradient):
            if isinstance(verdict, Refuted):
                return verdict.witness
        return None

    @cached_property
    def steps(self) -> Steps | None:
        """Return the derivation, each step checked by the kernel; a proved statement has one.

        Where terms are read one by one, each of the `parts` has its own.
        """
        if self.parts:
            return None
        try:
            with remembering(self.session):
                return derive(self.statement, proved=self.verdict.status is Status.PROVED)
        except (OutsideClassError, ZeroDenominatorError):
            return None

    @cached_property
    def outline(self) -> Outline | None:
        """Return the top level of the derivation: a few lines, each checked by the kernel."""
        if self.steps is None:
            return None
        with remembering(self.session):
            return outline(self.steps, proved=self.verdict.status is Status.PROVED)

    @cached_property
    def properties(self) -> Properties | None:
        """Return what the statement depends on; None if it is outside the decidable class."""
        try:
            with remembering(self.session):
                return compute_properties(self.statement)
        except (OutsideClassError, ZeroDenominatorError):
            return None

    @cached_property
    def scope(self) -> Scope:
        """Return what the loss looks at together: a response or a pair, and the batch."""
        with remembering(self.session):
            return scope_of(self.statement.target)

    @cached_property
    def rewards(self) -> tuple[Expression, Expression]:
        """Return the implicit rewards of y_w and y_l."""
        with remembering(self.session):
            chosen, rejected = (simplest_reward(self.statement, each) for each in ("w", "l"))
        return chosen, rejected

    @property
    def sides(self) -> tuple[Expression, Expression]:
        """Return what is compared: the side of MI-DPO, and that of the loss."""
        if not self.parts:
            return sides(self.statement)
        readings = [part.reading for part in self.parts]
        return framework_loss(self.statement, readings), self.statement.target.loss

    def to_sympy(self) -> Any:
        """Return framework = target as an unevaluated equation of SymPy."""
        left, right = (to_sympy(side) for side in self.sides)
        return sympy.Eq(left, right, evaluate=False)

    def _repr_latex_(self) -> str:
        """Show the verdict and the equation in a notebook."""
        left, right = (to_latex(side, self.derivation.symbols) for side in self.sides)
        relation = {Status.PROVED: "=", Status.REFUTED: r"\neq"}.get(
            self.verdict.status, r"\overset{?}{=}"
        )
        status, gradient = self.verdict.status, self.gradient.status
        said = status.value if gradient is status else f"{status.value}, gradient {gradient.value}"
        verdict = rf"\textbf{{{said}}}\colon\quad "
        return rf"$\displaystyle {verdict}{left} \;{relation}\; {right}$"

    @cached_property
    def prior(self) -> Solution:
        """Return the prior that gives the statement's loss, solved from the loss alone.

        Where terms are read one by one, it is that of the argument of a pair, if there is one.
        """
        if self.parts:
            part = next((part for part in self.parts if not part.reading.score_of), None)
            if part is None:
                why = "its terms are of one response each, and any prior has some anchors"
                return Solution(Reach.UNKNOWN, None, reason=why, term=0)
            return replace(
                part.result.prior,
                link=part.term.link.name,
                gives_loss=False,
                term=None if self.statement.target.is_one_term else part.number,
                minus=part.reading.sign < 0,
            )
        with remembering(self.session):
            return solve_prior(self.statement)


def prove_statement(
    statement: Statement,
    derivation: Derivation,
    claim: Claim | None = None,
    *,
    work: int = 1,
) -> Result:
    """Prove or refute one statement.

    Args:
        statement: what to check.
        derivation: the specification it is from.
        claim: the claim it checks, if it does.
        work: how many times the usual limits of work the kernel and the search may take.

    Raises:
        DisagreementError: two judges contradict each other.
        ZeroDenominatorError: the statement divides by something that is always zero.
    """
    with remembering():
        return _proved(statement, derivation, claim, work)


@remembered(256)  # the audit and the website ask for the claims of the specifications again
def _proved(statement: Statement, derivation: Derivation, claim: Claim | None, work: int) -> Result:
    start = time.perf_counter()
    parts: tuple[Part, ...] = ()
    if statement.gives == "loss":
        verdict, gradient, opinions = judge(*sides(statement), statement=statement, work=work)
    else:
        parts = tuple(
            _part(statement, derivation, claim, place, work)
            for place in range(len(statement.target.terms))
        )
        verdict, gradient, opinions = combined(statement, parts)
    seconds = time.perf_counter() - start
    with remembering() as session:
        return Result(
            derivation, claim, statement, verdict, gradient, opinions, seconds, session, parts
        )


def _part(
    statement: Statement, derivation: Derivation, claim: Claim | None, place: int, work: int
) -> Part:
    """Return what the argument of one term is."""
    term = statement.target.terms[place]
    first, *_ = read_term(statement, term.argument)
    judged = prove_statement(first.statement, derivation, work=work)
    result = replace(judged, claim=claim, term=place + 1)
    refuted = result.verdict.status is Status.REFUTED
    alone = not refuted or no_other(statement, term.argument)
    return Part(place + 1, term, first, result, alone, statement)


def prove_derivation(derivation: Derivation) -> tuple[Result, ...]:
    """Check every claim of a specification, and its own statement if no claim is just that.

    Raises:
        DisagreementError: two judges contradict each other.
        ZeroDenominatorError: a statement divides by something that is always zero.
    """
    claims: list[Claim | None] = list(derivation.claims)
    if not any(claim.is_main for claim in derivation.claims):
        claims.insert(0, None)
    with remembering():
        return tuple(
            prove_statement(claim.statement if claim else derivation.statement, derivation, claim)
            for claim in claims
        )
