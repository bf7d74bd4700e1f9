"""The five axes of a loss: what its prior knows, its links, its terms, its weights, its scope.

Each is read off a `Result`: of what is proved where the statement is, and where it is not, of the
prior that is solved from the loss alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from midpo_sym.atlas.rows import ANCHORED, MARGIN, OF_A_PAIR, Axes
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language import tree
from midpo_sym.language.links import LINKS, Link
from midpo_sym.language.objective import Objective
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import prior
from midpo_sym.prover.priors.solve import Reach
from midpo_sym.prover.properties import leaves
from midpo_sym.prover.prove import Result
from midpo_sym.prover.shapes.scope import Unit
from midpo_sym.prover.verdict import Status

_REACHES = {
    Reach.RESPONSE: "response",
    Reach.LABEL: "label",
    Reach.PAIR: "pair",
    Reach.UNKNOWN: "undecided",
}


def axes_of(result: Result) -> Axes:
    """Return the axes of a loss, of the result of its own statement."""
    target = result.statement.target
    return Axes(
        prior=_prior(result),
        link=", ".join(links(target)),
        terms=_terms(result),
        weight=_weight(target),
        scope=_scope(result),
    )


def links(target: Objective) -> list[str]:
    """Return the links of a loss, each once: a row of `LINKS` if the kernel says that it is one."""
    return list(dict.fromkeys(_name(term.link) for term in target.terms))


def _name(link: Link) -> str:
    if link.is_any:
        return "any"
    if link.is_named:
        return link.name
    body = unfold(link.body)
    for name, row in LINKS.items():
        try:
            if decide(body, unfold(row.body)).answer is Answer.EQUAL:
                return name
        except (OutsideClassError, ZeroDenominatorError):
            continue
    return to_text(unfold(link.body, keep_functions=True))


def _prior(result: Result) -> str:
    """Return what a prior of the loss has to know."""
    found = result.properties
    if result.verdict.status is not Status.PROVED or found is None:
        solved = result.prior
        return _REACHES[solved.reach] if solved.is_needed else "undecided"
    if found.prior_depends_on_label:
        known = "label"
    elif found.prior_depends_on_policy:
        known = "policy by token" if _by_token(result) else "policy"
    else:
        known = "fixed"
    batch = ", batch" if _has_batch(result.statement.zeta) else ""
    return f"{known}{batch}{', stop-gradient' if found.prior_uses_stop_gradient else ''}"


def _by_token(result: Result) -> bool:
    """Return whether the prior needs more of the tokens than their log-probabilities' sum."""
    kinds = (tree.Statistic, tree.Weight)
    try:
        found = leaves(tree.Log(prior(result.statement, "w")), detach=True)
    except (OutsideClassError, ZeroDenominatorError):
        return False
    return any(isinstance(each, kinds) for each in found)


def _has_batch(node: Expression) -> bool:
    return any(isinstance(each, tree.Datum) and not each.of for each in unfold(node).walk())


def _terms(result: Result) -> str:
    target = result.statement.target
    if result.statement.gives == "loss":
        proved = result.verdict.status is Status.PROVED
        kinds = [MARGIN if proved else OF_A_PAIR]
    else:
        kinds = [
            OF_A_PAIR
            if part.verdict.status is not Status.PROVED
            else (ANCHORED if part.reading.score_of else MARGIN)
            for part in result.parts
        ]
    found = [each for each in (MARGIN, ANCHORED, OF_A_PAIR) if each in kinds]
    return " + ".join([*found, *(["added"] if target.additive else [])])


def _weight(target: Objective) -> str:
    """Return what the weights of the terms depend on."""
    kinds = {_kind_of_weight(at_labels(unfold(term.weight))) for term in target.terms}
    order = ("policy", "policy, detached", "data", "constant")
    found = [each for each in order if each in kinds]
    return " + ".join(found if len(found) == 1 else [e for e in found if e != "constant"])


def _kind_of_weight(weight: Expression) -> str:
    if _has_policy(_outside_of_stops(weight)):
        return "policy"
    nodes = set(weight.walk())
    if _has_policy(nodes):
        return "policy, detached"
    given = any(isinstance(each, (tree.Weight, tree.Datum, tree.Length)) for each in nodes)
    return "data" if given or tree.responses(weight) else "constant"


def _outside_of_stops(node: Expression) -> set[Expression]:
    """Return the nodes through which a gradient flows."""
    if isinstance(node, tree.StopGradient):
        return set()
    return {node}.union(*map(_outside_of_stops, node.children()))


def _has_policy(nodes: Iterable[Expression]) -> bool:
    return any(
        (isinstance(each, (tree.Probability, tree.TokenProbability)) and each.model == "pi")
        or (isinstance(each, tree.Statistic) and "pi" in each.row.models)
        for each in nodes
    )


def _scope(result: Result) -> str:
    unit = "response" if result.scope.unit is Unit.RESPONSE else "pair"
    return f"{unit}, batch" if result.scope.of_batch else unit
