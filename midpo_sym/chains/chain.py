"""Check the chains of the theory: every step by the kernel, then all of them joined.

A step that the kernel rejects, or that is no application of the rules it names, ends the chain
there. Every theorem is tried on random finite problems as well, and a contradiction is an error.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from midpo_sym.chains.citation import check_assumed, instance, statement
from midpo_sym.judges import finite_problems
from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.forms import Denominator, OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.theorem import Theorem
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.verdict import DisagreementError, Status
from midpo_sym.rules.application import Application, MisfitError
from midpo_sym.rules.check import misfit
from midpo_sym.rules.normaliser import Cited
from midpo_sym.session import remembering
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.theory import Assumption, Chain, ChainStep, Setting, Theory

_MOST_REMEMBERED = 256  # chains


@dataclass(frozen=True)
class StepResult:
    """A step that holds.

    Attributes:
        step: what the file says.
        theorem: the kernel's theorem, smaller side first.
        more: the theorem of `equal_where` or `zero_where`, if the step has one.
        sources: the chains that it cites, checked.
    """

    step: ChainStep
    theorem: Theorem
    more: Theorem | None
    sources: tuple[ChainResult, ...] = ()


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
    with remembering():
        return tuple(check_chain(chain, theory.setting) for chain in theory.chains)


def check_chain(chain: Chain, setting: Setting) -> ChainResult:
    """Check a chain, step by step, and the chains that it cites.

    Raises:
        DisagreementError: the kernel proves a step and random problems contradict it.
    """
    return _check_once(chain, setting, (f"{setting.id}/{chain.id}",))


def _check_once(chain: Chain, setting: Setting, trail: tuple[str, ...]) -> ChainResult:
    """Return a chain, checked; `trail` says which chain cites it, and which that.

    It is checked again if its file is edited, or one that it rests on. What rests on itself, or
    on a file that cannot be read, fails by the trail that led there, and is not remembered.
    """
    below: dict[str, tuple[Path, str]] = {}
    with remembering() as session:
        try:
            _add_files(chain, setting, trail, below)
        except _RejectedError:
            return _check_chain(chain, setting, trail)
        files = (setting.path, setting.text, *sorted({*below.values()}))
        return session.recall(
            __name__,
            _MOST_REMEMBERED,
            (chain, files),
            lambda: _check_chain(chain, setting, trail),
        )


def _add_files(
    chain: Chain, setting: Setting, trail: tuple[str, ...], found: dict[str, tuple[Path, str]]
) -> None:
    """Add the files of all chains that one rests on, by the chains' ids.

    Raises:
        _RejectedError: one is not there, or they cite each other in a circle.
    """
    for step in chain.steps:
        for id_, cited, there in _cited(step, setting, trail):
            if id_ not in found:
                found[id_] = (there.path, there.text)
                _add_files(cited, there, (*trail, id_), found)


def _check_chain(chain: Chain, setting: Setting, trail: tuple[str, ...]) -> ChainResult:
    start = time.perf_counter()
    done: list[StepResult] = []
    total: Theorem | None = None
    failure = ""
    down = any(step.sign == ">=" for step in chain.steps)
    before = chain.start
    try:
        for step in chain.steps:
            sources = _sources(step, setting, trail)
            link = _Link(step, setting, before, total, down, sources)
            result = _checked(link, hypotheses_of(step.using, setting))
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


@dataclass(frozen=True, slots=True)
class _Link:
    """A step where it stands: what comes before it, and what it cites."""

    step: ChainStep
    setting: Setting
    before: Expression
    total: Theorem | None
    down: bool
    sources: tuple[ChainResult, ...]

    @property
    def sides(self) -> tuple[Expression, Expression]:
        """Return the left side and the right one of what is to be proved."""
        return (self.step.to, self.before) if self.down else (self.before, self.step.to)


def _sources(step: ChainStep, setting: Setting, trail: tuple[str, ...]) -> tuple[ChainResult, ...]:
    """Return the chains that a step cites, checked."""
    found = []
    for id_, chain, there in _cited(step, setting, trail):
        found.append(_check_once(chain, there, (*trail, id_)))
        if found[-1].theorem is None:
            raise _RejectedError(f"it cites {id_}, which is not proved")
    return tuple(found)


def _cited(
    step: ChainStep, setting: Setting, trail: tuple[str, ...]
) -> Iterator[tuple[str, Chain, Setting]]:
    """Yield the chains that a step cites, with their ids.

    Raises:
        _RejectedError: one is not there, or stands on the trail.
    """
    for each in step.by:
        if each.id in trail:
            circle = " → ".join((*trail, each.id))
            raise _RejectedError(f"chains cite each other in a circle: {circle}")
        yield each.id, *((each.chain, setting) if each.chain else _elsewhere(each.id, setting))


def _elsewhere(id_: str, setting: Setting) -> tuple[Chain, Setting]:
    """Return a chain of another file, beside this one or of those that are shipped."""
    file, _, wanted = id_.rpartition("/")
    try:
        theory = library.theory_beside(setting.path, file)
    except SpecError as error:
        raise _RejectedError(f"it cites {id_}, which cannot be read: {error}") from None
    known = {chain.id: chain for chain in theory.chains}
    if wanted not in known:
        raise _RejectedError(f"it cites {id_}; {file} has {', '.join(known)}")
    return known[wanted], theory.setting


def _checked(link: _Link, given: tuple[Hypothesis, ...]) -> StepResult:
    step = link.step
    if link.down and step.sign == "<=":
        raise _RejectedError("the chain goes up and down")
    found = _proved(link, given)
    if found is None:
        raise _RejectedError(_why(link, given))
    theorem, more = found
    for gone in given:
        rest = tuple(each for each in given if each != gone)
        if _holds_without(link, rest):
            raise _RejectedError("the step names a hypothesis that it does not need")
    sign = "=" if step.sign == "=" else "<="
    if not finite_problems.agree(theorem.left, theorem.right, sign, tuple(theorem.hypotheses)):
        raise DisagreementError(f"the kernel proves a step {step.rule!r}, random problems differ")
    if not (step.by and step.sign != "=" and step.gap is None):  # else it is what is cited
        reason = misfit(_application(link, given))
        if reason:
            raise _RejectedError(reason)
    return StepResult(step, theorem, more, link.sources)


def _application(link: _Link, given: tuple[Hypothesis, ...]) -> Application:
    step = link.step
    try:
        cited = tuple(_equation(each, link, given) for each in link.sources)
    except MisfitError as error:
        raise _RejectedError(str(error)) from None
    return Application(
        rules=step.rules,
        before=link.before,
        after=step.to,
        sign=step.sign,
        given=given,
        gap=step.gap,
        at=step.at,
        over=step.over,
        zero_where=step.zero_where,
        factor=step.factor,
        cited=cited,
    )


def _equation(source: ChainResult, link: _Link, given: tuple[Hypothesis, ...]) -> Cited:
    """Return what a cited chain proves, in the words of this file."""
    if any(step.sign != "=" for step in source.chain.steps):
        raise MisfitError(f"{source.id} proves a bound, which is cited alone and as it stands")
    if source.setting.path == link.setting.path:
        missing = [a.name for a in source.assumptions if a.name not in link.step.using]
        if missing:
            raise MisfitError(f"{source.id} assumes {', '.join(missing)}: name it in `using`")
        return statement(source.chain)
    for each in source.assumptions:
        check_assumed(hypothesis_of(each), link.step.where, given)
    return instance(source.chain, source.setting, link.setting, link.step.where)


def _proved(link: _Link, given: tuple[Hypothesis, ...]) -> tuple[Theorem, Theorem | None] | None:
    step = link.step
    left, right = link.sides
    theorem = None
    if step.over:
        theorem = _over(step, link.total) if step.sign == "<=" else None
    elif step.sign == "=":
        theorem = kernel.decide_indexed(left, right, given).theorem
    elif step.gap is not None:
        theorem = kernel.prove_at_most(left, right, step.gap, given)
    elif isinstance(left, indexed.Least) and step.at:
        theorem = kernel.prove_instance(left, right, step.at, given)
    elif link.sources:
        theorem = _bound_as_cited(link)
    return (theorem, _more(step, theorem, link.before, given)) if theorem else None


def _bound_as_cited(link: _Link) -> Theorem | None:
    """Return the bound that a chain above proves, if it is this one, word for word."""
    (source,) = link.sources[:1]
    theorem = source.theorem
    if theorem is None or source.setting.path != link.setting.path or len(link.sources) > 1:
        return None
    names = {each.name for each in source.assumptions}
    same = (theorem.left, theorem.right) == link.sides and names == {*link.step.using}
    return theorem if same else None


def _holds_without(link: _Link, rest: tuple[Hypothesis, ...]) -> bool:
    if link.step.sign != "=" and link.step.by and link.step.gap is None:
        return False  # what is cited says what it needs
    try:
        return _proved(link, rest) is not None
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
        more = kernel.prove_if_and_only_if(premise, step.factor, step.zero_where, given)
        if more is None:
            raise _RejectedError("the line is not k (log a − log b) as `zero_where` says")
    return more


def _why(link: _Link, given: tuple[Hypothesis, ...]) -> str:
    sign = "=" if link.step.sign == "=" else "<="
    if finite_problems.counterexample(*link.sides, sign, given):
        return "false: a finite problem shows it"
    return "the kernel does not find it to follow"


def chains(theories: Iterable[Theory]) -> Mapping[str, tuple[Chain, Setting]]:
    """Return all chains by their ids, `file/chain`."""
    return {
        f"{theory.setting.id}/{chain.id}": (chain, theory.setting)
        for theory in theories
        for chain in theory.chains
    }
