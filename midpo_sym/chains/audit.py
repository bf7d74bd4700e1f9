"""The verdicts of the audit: each computed from what its entry gives as evidence."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from midpo_sym.chains.chain import (
    ChainResult,
    chains,
    check_chain,
    hypotheses_of,
    open_denominators,
)
from midpo_sym.judges import finite_problems
from midpo_sym.judges.finite_problems import Sides
from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.language.errors import Advice
from midpo_sym.language.tree import Expression, add
from midpo_sym.language.tree import Neg as Negative
from midpo_sym.prover.properties import compute_properties
from midpo_sym.prover.prove import Result, prove_statement
from midpo_sym.prover.verdict import DisagreementError, Status
from midpo_sym.session import remembered, remembering
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.theory import Audit, Entry, Evidence, Relation, Setting

NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Judgement:
    """A verdict and what it rests on.

    Attributes:
        status: `proved`, `refuted`, `undecided` or `not checked`.
        because: on what grounds, for people.
        conditions: what has to differ from zero and is not positive by its form.
        sides: a finite problem on which an equation or a bound is false.
        claims: the results of the claims it rests on.
        chains: the results of the chains it rests on.
        same: the entry whose verdict it is, or "".
    """

    status: str
    because: str
    conditions: tuple[Expression, ...] = ()
    sides: Sides | None = None
    claims: tuple[Result, ...] = ()
    chains: tuple[ChainResult, ...] = ()
    same: str = ""


@dataclass(frozen=True, repr=False)
class EntryResult:
    """An entry of the audit, judged.

    Attributes:
        setting: what its file declares.
        entry: what the file says.
        judgement: the verdict of the statement as printed.
        residual: left minus right of what is refuted, re-checked; None if it was not said.
        repair: the verdict of the repaired statement, if there is one.
        seconds: how long it took.
    """

    setting: Setting
    entry: Entry
    judgement: Judgement
    residual: Expression | None
    repair: Judgement | None
    seconds: float

    def __repr__(self) -> str:
        """Return what a notebook shows: the id and the verdict."""
        return f"<EntryResult {self.entry.id}: {self.judgement.status}>"

    @property
    def as_expected(self) -> bool:
        """Return whether the verdict, the residual and the repair are as the entry says."""
        repaired = self.repair is None or self.repair.status == Status.PROVED.value
        residual = self.entry.residual is None or self.residual is not None
        return self.judgement.status == self.entry.status and repaired and residual


def audit_entries(audits: Iterable[Audit]) -> dict[str, tuple[Entry, Setting]]:
    """Return all entries by their ids.

    Raises:
        SpecError: two entries have the same id.
    """
    found: dict[str, tuple[Entry, Setting]] = {}
    for each in audits:
        for entry in each.entries:
            if entry.id in found:
                other = found[entry.id][1].path.name
                message = f"the id {entry.id} stands in {other} already"
                raise SpecError(str(each.setting.path), message)
            found[entry.id] = (entry, each.setting)
    return found


def find_entries(ids: Sequence[str]) -> list[tuple[Entry, Setting]]:
    """Return shipped entries by their ids; all of them, in the order of the paper, without ids.

    Raises:
        SpecError: there is no entry of that id.
    """
    known = audit_entries(library.audits())
    for id_ in ids:
        if id_ not in known:
            near = difflib.get_close_matches(id_, known, n=3)
            cure = f"did you mean {', '.join(near)}?" if near else ""
            advice = Advice(id_[:60], "midpo audit lists them", cure)
            raise SpecError(id_[:60], "there is no such entry", advice=advice)
    return [known[id_] for id_ in ids or known]


def check_entry(entry: Entry, setting: Setting) -> EntryResult:
    """Compute the verdict of an entry.

    Raises:
        SpecError: it names a claim or a chain that does not exist.
        DisagreementError: two judges contradict each other.
    """
    with remembering():
        return _checked(entry, setting)


def _checked(entry: Entry, setting: Setting) -> EntryResult:
    start = time.perf_counter()
    judgement = _judged(entry.evidence, setting)
    if entry.evidence.negated:
        judgement = _negated(judgement)
    residual = None
    relation = entry.evidence.relation
    if relation and entry.residual is not None:
        given = hypotheses_of(relation.using, setting)
        difference = add(relation.left, Negative(relation.right))
        if kernel.decide_indexed(difference, entry.residual, given).theorem:
            residual = entry.residual
    repair = _judged(entry.repair.evidence, setting) if entry.repair else None
    return EntryResult(setting, entry, judgement, residual, repair, time.perf_counter() - start)


def _judged(evidence: Evidence, setting: Setting) -> Judgement:
    if evidence.relation:
        return _of_relation(evidence.relation, setting)
    if evidence.claims:
        return _of_claims(evidence.claims, setting)
    if evidence.chains:
        return _of_chains(evidence.chains, setting)
    if evidence.property:
        return _of_property(evidence)
    if evidence.same:
        return _of_entry(evidence.same, setting)
    return Judgement(NOT_CHECKED, evidence.reason)


def _negated(judgement: Judgement) -> Judgement:
    """Return the verdict of the opposite: refuted if its evidence is proved, else undecided."""
    proved = judgement.status == Status.PROVED.value
    status = Status.REFUTED if proved else Status.UNDECIDED
    because = f"what it denies is proved by {judgement.because}" if proved else judgement.because
    return replace(judgement, status=status.value, because=because)


def _of_relation(relation: Relation, setting: Setting) -> Judgement:
    return _related(relation, hypotheses_of(relation.using, setting))


@remembered(256)  # a server does not judge again what nobody has edited
def _related(relation: Relation, given: tuple[Hypothesis, ...]) -> Judgement:
    left, right, sign = relation.left, relation.right, relation.sign
    theorem = found = None
    reason = "the kernel does not find it to follow, and no small problem refutes it"
    try:
        if sign == "=":
            theorem = kernel.decide_indexed(left, right, given).theorem
        elif relation.gap is not None:
            theorem = kernel.prove_at_most(left, right, relation.gap, given)
    except (OutsideClassError, ZeroDenominatorError) as error:
        reason = str(error) or "a denominator is zero whatever its variables are"
    try:
        found = finite_problems.counterexample(left, right, sign, given)
    except OutsideClassError as error:  # a derivative, or hypotheses, without numbers
        reason = str(error)
    if theorem and found:
        raise DisagreementError("the kernel proves a statement, and a finite problem refutes it")
    if theorem:
        under = open_denominators(theorem.denominators)
        return Judgement(Status.PROVED.value, "the kernel, over any finite sets", under)
    if found:
        because = "a finite problem, in interval arithmetic"
        return Judgement(Status.REFUTED.value, because, sides=found)
    return Judgement(Status.UNDECIDED.value, reason)


def _of_claims(names: tuple[str, ...], setting: Setting) -> Judgement:
    results = []
    for name in names:
        id_, _, wanted = name.partition("/")
        derivation = library.get(id_)
        known = {each.id: each for each in derivation.claims}
        if wanted not in known:
            raise _unknown(name, "claim", setting, [f"{id_}/{each}" for each in known])
        results.append(prove_statement(known[wanted].statement, derivation, known[wanted]))
    statuses = {each.verdict.status.value for each in results}
    because = "the kernel, for all responses: " + ", ".join(f"claim {name}" for name in names)
    return Judgement(_worst(statuses), because, claims=tuple(results))


def _of_chains(names: tuple[str, ...], setting: Setting) -> Judgement:
    known = chains(library.theories())
    for name in names:
        if name not in known:
            raise _unknown(name, "chain", setting, list(known))
    results = tuple(check_chain(*known[name]) for name in names)
    under = tuple(dict.fromkeys(each for result in results for each in result.conditions))
    because = "the kernel, step by step: " + ", ".join(f"chain {name}" for name in names)
    return Judgement(
        _worst({each.status.value for each in results}), because, under, chains=results
    )


def _of_property(evidence: Evidence) -> Judgement:
    having = [
        id_
        for id_ in evidence.of
        if compute_properties(library.get(id_).statement).closed_form_applies
    ]
    names = f": {', '.join(having)}" if having else ""
    because = f"counting: {len(having)} of {len(evidence.of)} have a {evidence.property}{names}"
    most = 2 * len(having) > len(evidence.of)
    return Judgement((Status.PROVED if most else Status.REFUTED).value, because)


def _of_entry(name: str, setting: Setting) -> Judgement:
    """Return the verdict of another entry, which says the same."""
    known = audit_entries(library.audits())
    if name not in known:
        raise _unknown(name, "entry", setting, list(known))
    entry, its_setting = known[name]
    if entry.evidence.same:
        advice = Advice(name, "an entry with evidence of its own", f"name {entry.evidence.same}")
        raise SpecError(str(setting.path), "same leads to an entry that has it too", advice=advice)
    judgement = check_entry(entry, its_setting).judgement
    because = f"the same as {name}: {judgement.because}"
    return replace(judgement, because=because, same=name)


def _worst(statuses: set[str]) -> str:
    order = (Status.REFUTED.value, Status.UNDECIDED.value, Status.PROVED.value)
    return next(each for each in order if each in statuses)


def _unknown(name: str, what: str, setting: Setting, known: list[str]) -> SpecError:
    advice = Advice(name, ", ".join(known))
    return SpecError(str(setting.path), f"there is no such {what}", advice=advice)
