"""Which algorithm is which other one at special values: searched for, then proved by the kernel."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import substitute, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import conditions
from midpo_sym.prover.properties import leaves
from midpo_sym.spec.model import Derivation

_VALUES = (tree.Number(0), tree.Number(1))
_FIRST = {"positive": 1, "open unit": 2}  # of those values that a domain has; others all
_MAX_FREE = 3  # parameters and weights tried together


@dataclass(frozen=True, slots=True)
class Specialisation:
    """At these values of parameters and weights, one algorithm's loss is another's.

    Attributes:
        id: the other algorithm.
        values: what each name is set to.
        gradient: whether the gradients are the same as well.
    """

    id: str
    values: Mapping[str, Expression]
    gradient: bool


def specialisations(
    derivation: Derivation, others: Iterable[Derivation]
) -> tuple[Specialisation, ...]:
    """Return what an algorithm becomes when its parameters and weights are 0 or 1.

    An algorithm that needs a value for fewer names is listed with those only.

    Args:
        derivation: the algorithm.
        others: the algorithms to look for; the same one is passed over.
    """
    found: list[Specialisation] = []
    for other in others:
        links = {each.statement.target.as_term().link.name for each in (derivation, other)}
        if other.id == derivation.id or len(links) > 1:
            continue
        match = next(_matches(derivation, other), None)
        if match:
            found.append(match)
    return tuple(found)


def _matches(derivation: Derivation, other: Derivation) -> Iterator[Specialisation]:
    target = unfold(other.statement.target.as_term().argument)
    argument = unfold(derivation.statement.target.as_term().argument)
    names = _free_names(derivation, other)
    domains = {each.name: each.domain for each in derivation.parameters}
    domains |= {each.name: each.domain for each in derivation.weights}
    if len(names) > _MAX_FREE:
        return
    try:
        wanted = leaves(target)
    except (OutsideClassError, ZeroDenominatorError):
        return
    for size in range(1, len(names) + 1):
        for chosen in itertools.combinations(names, size):
            allowed = [_VALUES[_FIRST.get(domains[name], 0) :] for name in chosen]
            for values in itertools.product(*allowed):
                setting = dict(zip(chosen, values, strict=True))
                special = _set(argument, setting)
                if special is None or not _could_be_equal(special, wanted):
                    continue
                try:
                    if _needs(special, target) == _needs(target, target):
                        gradient = decide_gradient(special, target).answer is Answer.EQUAL
                        yield Specialisation(other.id, setting, gradient)
                except (OutsideClassError, ZeroDenominatorError):
                    continue


def _needs(left: Expression, right: Expression) -> frozenset[str] | None:
    """Return what an equation has to assume of denominators; None if it is not proved."""
    decision = decide(left, right)
    if decision.theorem is None:
        return None
    found = conditions(decision.theorem.denominators, decision.difference.atoms)
    return frozenset(to_text(each.expression) for each in found if not each.given_by)


def _free_names(derivation: Derivation, other: Derivation) -> tuple[str, ...]:
    """Return the parameters and weights that may be set: not those the other has as well."""
    theirs = {each.name for each in other.declarations}
    mine = (
        *(each.name for each in derivation.parameters if each.domain != "positive"),
        *(each.name for each in derivation.parameters if each.domain == "positive"),
        *(each.name for each in derivation.weights),
    )
    return tuple(name for name in mine if name not in theirs)


def _set(argument: Expression, setting: Mapping[str, Expression]) -> Expression | None:
    try:
        return substitute(argument, setting)
    except ValueError:  # a zero where something has to be positive
        return None


def _could_be_equal(special: Expression, wanted: set[Expression]) -> bool:
    """Compare the quantities that both sides depend on: cheap, and rules most pairs out."""
    try:
        return leaves(special) == wanted
    except (OutsideClassError, ZeroDenominatorError):
        return False
