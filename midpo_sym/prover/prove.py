"""Prove or refute a statement: the kernel decides, and independent judges have to agree.

In order: the kernel decides by normal forms (`kernel`); the witness search looks for a tiny
language model on which the sides differ, in exact arithmetic (`witness`); the numerical check
compares value and gradient on random language models in 40 digits (`numeric`). A contradiction
raises `DisagreementError`: there is no vote.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy

from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.mathematics import to_latex
from midpo_sym.language.substitute import substitute
from midpo_sym.language.symbolic import to_sympy
from midpo_sym.language.tree import Expression
from midpo_sym.prover import numeric, witness
from midpo_sym.prover.conditions import conditions
from midpo_sym.prover.forms import (
    Atom,
    NormalForm,
    OutsideClassError,
    ZeroDenominatorError,
)
from midpo_sym.prover.framework import FRAMEWORK_LINK, LOSSES, framework_argument
from midpo_sym.prover.kernel import Answer, Decision, Theorem, decide, decide_gradient
from midpo_sym.prover.prior import Solution, solve_prior
from midpo_sym.prover.properties import Properties, compute_properties, depends_on_label
from midpo_sym.prover.rebuild import NotReadableError, rational, rebuild
from midpo_sym.prover.steps import Steps, derive
from midpo_sym.prover.verdict import (
    LABELS_ASSUMPTION,
    Cure,
    DisagreementError,
    Opinion,
    Proved,
    Refuted,
    Status,
    Undecided,
    Verdict,
)
from midpo_sym.spec.model import Claim, Derivation, Statement

CONFIRMING_POINTS = 8  # exact points at which a proved statement is tried
MORE_POINTS = 8  # random points, where two do not show a difference that there has to be
SEARCH_POINTS = 400  # exact points among which a counterexample is looked for


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
    """

    derivation: Derivation
    claim: Claim | None
    statement: Statement
    verdict: Verdict
    gradient: Verdict
    opinions: tuple[Opinion, ...]
    seconds: float

    def __repr__(self) -> str:
        """Say what came out, in a line."""
        value, gradient = self.verdict.status.value, self.gradient.status.value
        return f"<Result {self.id}: {value}, gradient {gradient}>"

    @property
    def id(self) -> str:
        """Return the id of the derivation, and of the claim if there is one."""
        return f"{self.derivation.id}/{self.claim.id}" if self.claim else self.derivation.id

    @property
    def expected(self) -> tuple[Status, Status]:
        """Return the verdicts that the specification expects of value and gradient."""
        if self.claim is None:
            return Status.PROVED, Status.PROVED
        return Status(self.claim.status), Status(self.claim.gradient)

    @property
    def as_expected(self) -> bool:
        """Tell whether both verdicts, and the residual if one is given, are as expected."""
        statuses = (self.verdict.status, self.gradient.status)
        return statuses == self.expected and self.residual_as_expected

    @cached_property
    def residual_as_expected(self) -> bool:
        """Tell whether the residual equals the one that the claim expects, if it does."""
        expected = self.claim.residual if self.claim else None
        if expected is None:
            return True
        if self.residual is None:
            return False
        return decide(self.residual, expected).answer is Answer.EQUAL

    @property
    def residual(self) -> Expression | None:
        """Return framework minus target, if the value is refuted and the difference has words."""
        return self.verdict.residual if isinstance(self.verdict, Refuted) else None

    @property
    def witness(self) -> witness.Witness | None:
        """Return the counterexample of the value, or else of the gradient."""
        for verdict in (self.verdict, self.gradient):
            if isinstance(verdict, Refuted):
                return verdict.witness
        return None

    @cached_property
    def steps(self) -> Steps:
        """Return the derivation, step by step; each step is checked by the kernel.

        Raises:
            OutsideClassError: the statement is outside the class that has steps.
        """
        proved = self.verdict.status is Status.PROVED
        return derive(self.statement, proved=proved)

    @cached_property
    def properties(self) -> Properties | None:
        """Return what the statement depends on; None if it is outside the decidable class."""
        try:
            return compute_properties(self.statement)
        except (OutsideClassError, ZeroDenominatorError):
            return None

    def to_sympy(self) -> Any:
        """Return framework = target as an unevaluated equation of SymPy."""
        left, right = (to_sympy(side) for side in sides(self.statement))
        return sympy.Eq(left, right, evaluate=False)

    def _repr_latex_(self) -> str:
        """Show the verdict and the equation in a notebook."""
        left, right = (to_latex(side, self.derivation.symbols) for side in sides(self.statement))
        relation = {Status.PROVED: "=", Status.REFUTED: r"\neq"}.get(
            self.verdict.status, r"\overset{?}{=}"
        )
        verdict = rf"\textbf{{{self.verdict.status.value}}}\colon\quad "
        return rf"$\displaystyle {verdict}{left} \;{relation}\; {right}$"

    @cached_property
    def prior(self) -> Solution:
        """Return the prior that gives the statement's loss, solved from the loss alone."""
        return solve_prior(self.statement.scale, self.statement.argument)


def prove_statement(
    statement: Statement, derivation: Derivation, claim: Claim | None = None
) -> Result:
    """Prove or refute one statement.

    Raises:
        DisagreementError: two judges contradict each other.
        ZeroDenominatorError: the statement divides by something that is always zero.
    """
    start = time.perf_counter()
    verdict, gradient, opinions = judge(*sides(statement), statement=statement)
    seconds = time.perf_counter() - start
    return Result(derivation, claim, statement, verdict, gradient, opinions, seconds)


def prove_derivation(derivation: Derivation) -> tuple[Result, ...]:
    """Check every claim of a specification, and its own statement if no claim is just that.

    Raises:
        DisagreementError: two judges contradict each other.
        ZeroDenominatorError: a statement divides by something that is always zero.
    """
    results = [prove_statement(claim.statement, derivation, claim) for claim in derivation.claims]
    if not any(claim.is_main for claim in derivation.claims):
        results.insert(0, prove_statement(derivation.statement, derivation))
    return tuple(results)


def sides(statement: Statement) -> tuple[Expression, Expression]:
    """Return the two expressions that are compared.

    The log-sigmoid is one to one, so under it the arguments are compared; under any other link,
    the losses.
    """
    argument = framework_argument(statement)
    if statement.link == FRAMEWORK_LINK:
        return argument, statement.argument
    return LOSSES[FRAMEWORK_LINK](argument), LOSSES[statement.link](statement.argument)


def judge(
    left: Expression, right: Expression, *, statement: Statement
) -> tuple[Verdict, Verdict, tuple[Opinion, ...]]:
    """Return the verdicts of value and gradient, and the opinions behind them.

    Raises:
        DisagreementError: two judges contradict each other.
        ZeroDenominatorError: a side divides by something that is always zero.
    """
    decision, reason = _decided(left, right)
    answer = decision.answer if decision else Answer.UNKNOWN
    equal = answer is Answer.EQUAL
    tries = CONFIRMING_POINTS if equal else SEARCH_POINTS
    found = witness.search(left, right, tries=tries)
    opinions = [
        Opinion("kernel", "value", _word(answer), reason or "normal forms"),
        _of_witness(found, "value", differs=found.value is not None),
    ]
    try:
        numbers = _compared(left, right)
        if answer is Answer.UNEQUAL and numbers.values_agree:  # a coincidence of lengths, perhaps
            numbers = _compared(left, right, points=MORE_POINTS)
    except OverflowError:
        undecided = Undecided("a number on the way is too large for the numerical check")
        return undecided, undecided, tuple(opinions)
    opinions.append(_of_numbers("value", agree=numbers.values_agree))
    if equal and found.value:
        raise DisagreementError("the kernel proves the statement, and a witness refutes it")
    if equal and not numbers.values_agree:
        raise DisagreementError("the kernel proves the statement, and random models contradict it")
    if answer is Answer.UNEQUAL and numbers.values_agree:
        raise DisagreementError("the kernel tells the sides apart, and random models do not")
    if found.value:
        verdict = _refuted(decision, found.value, statement)
        if verdict.residual is not None and statement.link == FRAMEWORK_LINK:
            _check_residual(decide(left, tree.add(right, verdict.residual)))
        return verdict, verdict, tuple(opinions)
    if not equal or decision is None or decision.theorem is None:
        undecided = Undecided(_undecided(reason, found, numbers))
        return undecided, undecided, tuple(opinions)
    proved = _proved(decision, decision.theorem, statement)
    gradient, more = _judge_gradient(left, right, proved, found, numbers)
    return proved, gradient, (*opinions, *more)


def _judge_gradient(
    left: Expression,
    right: Expression,
    proved: Proved,
    found: witness.Search,
    numbers: numeric.Comparison,
) -> tuple[Verdict, list[Opinion]]:
    """Return the verdict of the gradient of two sides whose values are equal."""
    decision = decide_gradient(left, right)
    if decision.answer is not Answer.EQUAL and not found.gradient:
        found = witness.search(left, right, tries=SEARCH_POINTS)
    opinions = [
        Opinion("kernel", "gradient", _word(decision.answer), "slopes of the normal forms"),
        _of_witness(found, "gradient", differs=found.gradient is not None),
        _of_numbers("gradient", agree=numbers.slopes_agree),
    ]
    if decision.answer is Answer.EQUAL:
        if found.gradient:
            raise DisagreementError("the kernel proves the gradients equal, a witness refutes it")
        if not numbers.slopes_agree:
            raise DisagreementError("the kernel proves the gradients equal, random models differ")
        return proved, opinions
    if decision.answer is Answer.UNEQUAL and numbers.slopes_agree:
        raise DisagreementError("the kernel tells the gradients apart, random models do not")
    if found.gradient is None:
        return Undecided(_undecided("", found, numbers)), opinions
    residual = _sloping(decision)
    if residual is not None:
        _check_residual(decide_gradient(left, tree.add(right, residual)))
    return Refuted("gradient", residual, found.gradient), opinions


def _check_residual(decision: Decision) -> None:
    if decision.answer is not Answer.EQUAL:
        raise DisagreementError("the kernel rejects the residual")


def _decided(left: Expression, right: Expression) -> tuple[Decision | None, str]:
    try:
        return decide(left, right), ""
    except OutsideClassError as error:
        return None, f"outside the class that is decided: {error}"


def _compared(
    left: Expression, right: Expression, *, points: int = numeric.POINTS
) -> numeric.Comparison:
    try:
        return numeric.compare(left, right, points=points)
    except ZeroDivisionError:  # hidden from the kernel in an opaque atom: max(a, a) - a
        raise ZeroDenominatorError from None


def _proved(decision: Decision, theorem: Theorem, statement: Statement) -> Proved:
    atoms = decision.difference.atoms
    assumptions = (LABELS_ASSUMPTION,) if depends_on_label(statement) else ()
    return Proved(conditions(theorem.denominators, atoms), assumptions)


def _refuted(decision: Decision | None, found: witness.Witness, statement: Statement) -> Refuted:
    if statement.link != FRAMEWORK_LINK:
        return _refuted_link(found, statement)
    if decision is None:
        return Refuted("argument", None, found)
    try:
        residual = rebuild(decision.difference, by_response=False)
    except NotReadableError:
        return Refuted("argument", None, found)
    return Refuted("argument", residual, found, _cures(decision.difference, residual))


def _refuted_link(found: witness.Witness, statement: Statement) -> Refuted:
    """Tell what is wrong with a loss of another link: the link alone, or its argument too."""
    argument = statement.argument
    decision, _ = _decided(framework_argument(statement), argument)
    if decision is None or decision.answer is not Answer.EQUAL:
        return Refuted("link and argument", None, found)
    ours, theirs = (LOSSES[link](argument) for link in (FRAMEWORK_LINK, statement.link))
    return Refuted("link", tree.add(ours, tree.Neg(theirs)), found)


def _cures(difference: NormalForm, residual: Expression) -> tuple[Cure, ...]:
    """Return the values of single parameters at which a difference vanishes.

    They come from factors of the whole difference that are linear in a parameter; the kernel
    checks each.
    """
    shared = None
    for part in (difference.constant, *difference.sums.values()):
        if part:
            shared = part.numer if shared is None else shared.gcd(part.numer)
    found: list[Cure] = []
    if shared is None:
        return ()
    for factor, _ in shared.factor_list()[1]:
        atoms = difference.atoms_of(difference.constant.field(factor))
        for atom in atoms:
            cure = _cure(factor, atom, difference)
            if cure and _vanishes(residual, cure):
                found.append(cure)
    return tuple(found)


def _cure(factor: object, atom: Atom, difference: NormalForm) -> Cure | None:
    """Solve factor = 0 for a parameter, where it is linear in it: a p + b = 0."""
    if not isinstance(atom.leaf, tree.Parameter):
        return None
    field = difference.constant.field
    variable = field(field.symbols[list(difference.atoms).index(atom.name)])
    polynomial = field(factor)
    slope = polynomial.diff(variable)
    if not slope or slope.diff(variable):
        return None
    rest = polynomial - slope * variable
    if any(other.token for other in difference.atoms_of(rest / slope)):
        return None
    value = rational(-rest / slope, difference.atoms)
    return Cure(atom.leaf.name, value) if _allowed(value, atom.leaf.domain) else None


def _allowed(value: Expression, domain: str) -> bool:
    """Tell whether a parameter of a domain may have a value; of a doubtful one, no."""
    if domain == "real":
        return True
    number = constant(value)
    if number is None:
        return domain != "unit" and value.positive
    return (number > 0 or (number == 0 and domain != "positive")) and (
        number <= 1 or domain != "unit"
    )


def _vanishes(residual: Expression, cure: Cure) -> bool:
    try:
        special = substitute(residual, {cure.parameter: cure.value})
        return decide(special, tree.Number(0)).answer is Answer.EQUAL
    except (ValueError, OutsideClassError, ZeroDenominatorError):
        return False


def _sloping(decision: Decision) -> Expression | None:
    """Return an expression whose gradient is the difference of the gradients.

    It is Σ_a sg(∂r/∂a) a over the policy's atoms a, under the sum over the tokens they are of.
    """
    atoms = decision.difference.atoms
    try:
        terms: list[Expression] = []
        for atom, slope in decision.slopes.items():
            if atom.leaf is None:
                return None
            coefficient = rational(slope, atoms)
            if any(each.policy for each in decision.difference.atoms_of(slope)):
                coefficient = tree.StopGradient(coefficient)
            response = min(tree.responses(atom.leaf))
            if tree.token_responses(coefficient):
                terms.append(tree.TokenSum(response, tree.product([coefficient, atom.leaf])))
            else:
                terms.append(tree.mul(coefficient, tree.TokenSum(response, atom.leaf)))
    except NotReadableError:
        return None
    return tree.total(terms)


def _word(answer: Answer) -> str:
    return {Answer.EQUAL: "equal", Answer.UNEQUAL: "different"}.get(answer, "unknown")


def _of_witness(found: witness.Search, of: str, *, differs: bool) -> Opinion:
    says = "different" if differs else "equal" if found.points else "unknown"
    where = "a tiny language model, exactly" if differs else f"{found.points} tiny language models"
    return Opinion("witness", of, says, where)


def _of_numbers(of: str, *, agree: bool) -> Opinion:
    detail = f"{numeric.POINTS} random language models, {numeric.DIGITS} digits"
    return Opinion("numbers", of, "equal" if agree else "different", detail)


def _undecided(reason: str, found: witness.Search, numbers: numeric.Comparison) -> str:
    first = reason or "the sides have parts whose equality the kernel does not decide"
    seen = (
        "random language models show no difference"
        if numbers.values_agree and numbers.slopes_agree
        else f"random language models differ, {numbers.left} against {numbers.right}"
    )
    return f"{first}; no exact counterexample at {found.points} points; {seen}"
