"""Check the chains of the theory: every step by the kernel, then all of them joined.

A step that the kernel rejects ends the chain there. Every theorem is tried on random finite
problems as well, and a contradiction is an error.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover import finite_numeric, kernel
from midpo_sym.prover.forms import Denominator, OutsideClassError, ZeroDenominatorError
from midpo_sym.prover.hypotheses import Hypothesis
from midpo_sym.prover.kernel import Theorem
from midpo_sym.prover.verdict import DisagreementError, Status
from midpo_sym.spec.theory import Assumption, Chain, ChainStep, Setting, Theory


@dataclass(frozen=True)
class StepResult:
    """A step that holds.

    Attributes:
        step: what the file says.
        theorem: the kernel's theorem, smaller side first.
        more: the theorem of `equal_where` or `zero_where`, if the step has one.
    """

    step: ChainStep
    theorem: Theorem
    more: Theorem | None


@dataclass(frozen=True, repr=False)
class ChainResult:
    """A chain, checked.

    Attributes:
        setting: what its file declares.
        chain: what the file says.
        steps: the steps that hold, up to the first that does not.
        theorem: what the chain proves, first line against last; None if a step fails.
        failure: why the first step that fails does so; "" if all hold.
        seconds: how long it took.
    """

    setting: Setting
    chain: Chain
    steps: tuple[StepResult, ...]
    theorem: Theorem | None
    failure: str
    seconds: float

    def __repr__(self) -> str:
        """Return what a notebook shows: the id and the verdict."""
        return f"<ChainResult {self.id}: {self.status.value}>"

    @property
    def id(self) -> str:
        """Return the name of the file and of the chain: `lemma_1/split`."""
        return f"{self.setting.id}/{self.chain.id}"

    @property
    def status(self) -> Status:
        """Return whether the chain is proved; a chain that is not proves nothing."""
        return Status.PROVED if self.theorem else Status.UNDECIDED

    @property
    def failed_at(self) -> int | None:
        """Return the number of the first step that fails, from 1."""
        return None if self.theorem else len(self.steps) + 1

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Return the hypotheses that the chain uses."""
        names = {name for each in self.steps for name in each.step.using}
        return tuple(each for name, each in self.setting.assumptions.items() if name in names)

    @property
    def conditions(self) -> tuple[Expression, ...]:
        """Return what must not be zero and is not positive by its form."""
        theorems = [t for each in self.steps for t in (each.theorem, each.more) if t]
        return open_denominators(each for t in theorems for each in t.denominators)


class _RejectedError(Exception):
    """A step does not hold; says why."""


def open_denominators(denominators: Iterable[Denominator]) -> tuple[Expression, ...]:
    """Return the denominators that have to be assumed different from zero, each once."""
    nodes = (each.node for each in denominators if not each.node.positive)
    return tuple(dict.fromkeys(nodes))


def hypothesis_of(assumption: Assumption) -> Hypothesis:
    """Return a hypothesis in the kernel's form."""
    return Hypothesis(assumption.function, assumption.over, assumption.body)


def hypotheses_of(names: Iterable[str], setting: Setting) -> tuple[Hypothesis, ...]:
    """Return hypotheses in the kernel's form, by their names."""
    return tuple(hypothesis_of(setting.assumptions[name]) for name in names)


def check_theory(theory: Theory) -> tuple[ChainResult, ...]:
    """Check all chains of a file.

    Raises:
        DisagreementError: the kernel proves a step and random problems contradict it.
    """
    return tuple(check_chain(chain, theory.setting) for chain in theory.chains)


def check_chain(chain: Chain, setting: Setting) -> ChainResult:
    """Check a chain, step by step.

    Raises:
        DisagreementError: the kernel proves a step and random problems contradict it.
    """
    start = time.perf_counter()
    done: list[StepResult] = []
    total: Theorem | None = None
    failure = ""
    down = any(step.sign == ">=" for step in chain.steps)
    before = chain.start
    try:
        for step in chain.steps:
            result = _checked(step, before, total, down, hypotheses_of(step.using, setting))
            total = result.theorem if step.over else _joined(total, result.theorem, down)
            done.append(result)
            before = step.to
    except _RejectedError as error:
        failure, total = str(error), None
    except (OutsideClassError, ZeroDenominatorError) as error:
        failure = str(error) or "a denominator is zero whatever its variables are"
        total = None
    return ChainResult(setting, chain, tuple(done), total, failure, time.perf_counter() - start)


def _joined(total: Theorem | None, new: Theorem, down: bool) -> Theorem:  # noqa: FBT001
    if total is None:
        return new
    joined = kernel.join(new, total) if down else kernel.join(total, new)
    if joined is None:
        raise _RejectedError("the step does not go on from the line before")
    return joined


def _checked(
    step: ChainStep,
    before: Expression,
    total: Theorem | None,
    down: bool,  # noqa: FBT001
    given: tuple[Hypothesis, ...],
) -> StepResult:
    if down and step.sign == "<=":
        raise _RejectedError("the chain goes up and down")
    found = _proved(step, before, total, down, given)
    if found is None:
        raise _RejectedError(_why(step, before, down, given))
    theorem, more = found
    for gone in given:
        rest = tuple(each for each in given if each != gone)
        if _holds_without(step, before, total, down, rest):
            raise _RejectedError("the step names a hypothesis that it does not need")
    sign = "=" if step.sign == "=" else "<="
    if not finite_numeric.agree(theorem.left, theorem.right, sign, tuple(theorem.hypotheses)):
        raise DisagreementError(f"the kernel proves a step {step.rule!r}, random problems differ")
    return StepResult(step, theorem, more)


def _proved(
    step: ChainStep,
    before: Expression,
    total: Theorem | None,
    down: bool,  # noqa: FBT001
    given: tuple[Hypothesis, ...],
) -> tuple[Theorem, Theorem | None] | None:
    left, right = (step.to, before) if down else (before, step.to)
    theorem = None
    if step.over:
        theorem = _over(step, total) if step.sign == "<=" else None
    elif step.sign == "=":
        theorem = kernel.decide_indexed(left, right, given).theorem
    elif step.gap is not None:
        theorem = kernel.prove_at_most(left, right, step.gap, given)
    elif isinstance(left, indexed.Least) and step.at:
        theorem = kernel.prove_instance(left, right, step.at, given)
    return (theorem, _more(step, theorem, before, given)) if theorem else None


def _holds_without(
    step: ChainStep,
    before: Expression,
    total: Theorem | None,
    down: bool,  # noqa: FBT001
    rest: tuple[Hypothesis, ...],
) -> bool:
    try:
        return _proved(step, before, total, down, rest) is not None
    except (_RejectedError, OutsideClassError, ZeroDenominatorError):
        return False


def _over(step: ChainStep, total: Theorem | None) -> Theorem | None:
    """Return the bound of all the chain so far, with the least value on its right."""
    bound = kernel.generalise(total, step.over) if total else None
    same = kernel.decide_indexed(bound.right, step.to).theorem if bound else None
    return kernel.join(bound, same) if bound and same else None


def _more(
    step: ChainStep, theorem: Theorem, before: Expression, given: tuple[Hypothesis, ...]
) -> Theorem | None:
    more = None
    if step.equal_where:
        if step.gap is not None:
            more = kernel.prove_only_if(theorem, step.gap, *step.equal_where, given)
        if more is None:
            raise _RejectedError("equality does not follow from the gap as `equal_where` says")
    if step.zero_where and step.factor is not None:
        premise = (before, tree.Number(0))
        more = kernel.prove_just_where(premise, step.factor, step.zero_where, given)
        if more is None:
            raise _RejectedError("the line is not k (log a − log b) as `zero_where` says")
    return more


def _why(
    step: ChainStep,
    before: Expression,
    down: bool,  # noqa: FBT001
    given: tuple[Hypothesis, ...],
) -> str:
    left, right = (step.to, before) if down else (before, step.to)
    sign = "=" if step.sign == "=" else "<="
    if finite_numeric.counterexample(left, right, sign, given):
        return "false: a finite problem shows it"
    return "the kernel does not find it to follow"


def chains(theories: Iterable[Theory]) -> Mapping[str, tuple[Chain, Setting]]:
    """Return all chains by their ids, `file/chain`."""
    return {
        f"{theory.setting.id}/{chain.id}": (chain, theory.setting)
        for theory in theories
        for chain in theory.chains
    }
