"""Why a statement is outside what certificates are of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.quantities.statistics import Statistic
from midpo_sym.language.vocabulary import OTHER
from midpo_sym.prover.framework import sides
from midpo_sym.prover.verdict import Status, Verdict
from midpo_sym.spec.model import Statement
from midpo_sym.targets.coq.wording import own_statistics

_LEFT_OUT: dict[type[tree.Expression], str] = {
    tree.CauchyCdf: "certificates have no arctangent",
}


def no_certificate(statement: Statement, verdict: Verdict) -> str:
    """Return why a statement is outside what certificates are of; "" if it is not."""
    if verdict.status is Status.UNDECIDED:
        return "the prover decides neither way"
    if statement.score_of and verdict.status is Status.REFUTED:
        return "that no anchor makes it a score is shown by several points, and not certified"
    if OTHER in tree.responses(statement.target.loss):
        return f"certificates are about pairs, and this speaks of a third response, {OTHER}"
    reason = no_words_for(sides(statement))
    if reason:
        return reason
    return _no_statistic(own_statistics(statement), verdict)


def no_words_for(parts: Iterable[tree.Expression]) -> str:
    """Return why the library has no words or lemmas for what is said; "" if it has."""
    parts = tuple(parts)
    nodes = {type(node) for part in parts for node in part.walk()}
    for kind, reason in _LEFT_OUT.items():
        if kind in nodes:
            return reason
    for term in _from_zero(parts):
        if not _is_shown_from_zero(term):
            return f"no lemma of the Coq library says that {to_text(term)} is zero or more"
    return ""


def _from_zero(parts: Iterable[tree.Expression]) -> Iterator[tree.Expression]:
    """Yield what is zero or more, and no more than that, in sums that are positive."""
    for node in (node for part in parts for node in part.walk()):
        if isinstance(node, tree.Add) and node.positive:
            yield from (each for each in node.terms if each.nonnegative and not each.positive)


def _is_shown_from_zero(node: tree.Expression) -> bool:
    """Return whether the tactic `not_negative` has a case for a node, and for what it rests on."""
    match node:
        case _ if node.positive:
            return True
        case tree.Number() | tree.Parameter() | tree.Weight() | tree.Datum():
            return True
        case tree.Add() | tree.Mul() | tree.StopGradient() | tree.Defined() | tree.Call():
            return all(map(_is_shown_from_zero, node.children()))
    return False


def data(statement: Statement) -> list[str]:
    """Return the names of the data that a statement speaks of."""
    nodes = [node for side in sides(statement) for node in side.walk()]
    return sorted({node.name for node in nodes if isinstance(node, tree.Datum)})


def _no_statistic(own: tuple[Statistic, ...], verdict: Verdict) -> str:
    """Return why statistics that the library does not define have no certificate, if so."""
    for row in own:
        if row.domain == "positive":
            return f"no lemma of the Coq library says that {row.name} is positive"
        if verdict.status is Status.REFUTED:
            return f"the Coq library has values of divergences only, not of {row.name}"
    return ""
