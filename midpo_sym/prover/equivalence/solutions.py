"""Solve equations between parameters, and see to it that what comes out lies in their domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.sign import can_be_positive
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import NotReadableError, factor_list, rational
from midpo_sym.prover.equivalence.equations import System

_MOST_NODES = 400  # of a search
_MOST_TERMS = 400  # of an equation
_MOST_SOLUTIONS = 12

Solution = Mapping[str, Expression]


@dataclass
class _Search:
    system: System
    domains: Mapping[str, str]
    nodes: int = 0


def solutions(
    system: System,
    unknown: Sequence[str],
    domains: Mapping[str, str],
    fixed: Mapping[str, int | str] | None = None,
) -> Iterator[Solution]:
    """Yield values of unknowns that solve a system, in terms of the other parameters.

    An equation is solved by a factor that is linear in an unknown. What is not said of an unknown
    is free.

    Args:
        system: the equations.
        unknown: what may be solved for, that first which is to be solved for first.
        domains: of every unknown.
        fixed: unknowns that are given a number, or are another parameter, by its name.
    """
    given = {
        name: system.field(value) if isinstance(value, int) else system.variables[value]
        for name, value in (fixed or {}).items()
        if name in system.variables and (isinstance(value, int) or value in system.variables)
    }
    names = [name for name in unknown if name in system.variables and name not in given]
    seen: list[Solution] = []
    for alternative in system.alternatives:
        search = _Search(system, domains)
        equations = [_put(each, given, search) for each in alternative]
        for found in _solve(equations, names, search):
            shown = _shown(found, system, domains)
            if shown is not None and shown not in seen:
                seen.append(shown)
                yield shown
            if len(seen) >= _MOST_SOLUTIONS:
                return


def _solve(
    equations: Sequence[FracElement], unknown: Sequence[str], search: _Search
) -> Iterator[dict[str, FracElement]]:
    search.nodes += 1
    open_ = sorted({each.numer for each in equations if each}, key=len)
    if not open_:
        yield {}
        return
    places = {name: _place(search.system, name) for name in unknown}
    if search.nodes > _MOST_NODES or len(open_[-1]) > _MOST_TERMS:
        return
    degrees = [each.degrees() for each in open_]
    if any(not any(degree[k] for k in places.values()) for degree in degrees):
        return  # one of them has no unknown in it
    for each in open_:
        roots = _roots(each, places, search)
        if roots is None:
            continue  # it has factors that are not linear: another equation first
        for name, value in roots:
            rest = [other for other in unknown if other != name]
            put = {name: value}
            after = [_put(search.system.field(other), put, search) for other in open_]
            for found in _solve(after, rest, search):
                yield {name: _put(value, found, search), **found}
        return


def _roots(
    equation: PolyElement, places: Mapping[str, int], search: _Search
) -> list[tuple[str, FracElement]] | None:
    """Return values of an unknown at which a factor of an equation is zero.

    None if there are none to be seen, because no factor is linear in an unknown.
    """
    field = search.system.field
    try:
        factors = factor_list(equation)[1]
    except NotReadableError:
        return None
    found: list[tuple[str, FracElement]] = []
    for factor, _ in factors:
        degrees = factor.degrees()
        for name, k in places.items():
            if degrees[k] != 1:
                continue
            slope = factor.diff(k)
            rest = factor - slope * factor.ring.gens[k]
            found.append((name, -field(rest) / field(slope)))
    return (
        [
            (name, value)
            for name, value in found
            if value or search.domains[name] not in tree.ABOVE_ZERO
        ]
        if found
        else None
    )


def _place(system: System, name: str) -> int:
    degrees = system.variables[name].numer.degrees()
    return next(k for k, degree in enumerate(degrees) if degree > 0)


def _put(value: FracElement, given: Mapping[str, FracElement], search: _Search) -> FracElement:
    """Return a fraction with unknowns replaced by fractions."""
    if not given:
        return value
    places = {_place(search.system, name): each for name, each in given.items()}
    parts = value.numer, value.denom
    if not any(part.degrees()[k] > 0 for part in parts for k in places):
        return value
    try:
        return _polynomial(value.numer, places, search) / _polynomial(value.denom, places, search)
    except ZeroDivisionError:
        return search.system.field.one  # no solution: something is divided by zero


def _polynomial(
    polynomial: PolyElement, places: Mapping[int, FracElement], search: _Search
) -> FracElement:
    field = search.system.field
    total = field.zero
    for monomial, number in polynomial.terms():
        rest = tuple(0 if k in places else e for k, e in enumerate(monomial))
        piece = field(field.ring.from_dict({rest: number}))
        for k, each in places.items():
            if monomial[k]:
                piece *= each ** monomial[k]
        total += piece
    return total


def _shown(
    found: Mapping[str, FracElement], system: System, domains: Mapping[str, str]
) -> Solution | None:
    """Return a solution as expressions; None if some value is outside its domain, or may be."""
    result: dict[str, Expression] = {}
    for name, value in found.items():
        try:
            shown = rational(value, dict(system.atoms))
        except NotReadableError:
            return None
        given = any(isinstance(node, (tree.Weight, tree.Datum)) for node in shown.walk())
        if given or not lies_in(shown, domains[name]):
            return None  # a number of its own for each token, response or pair is no value
        result[name] = shown
    return result


def lies_in(node: Expression, domain: str) -> bool:
    """Return whether all values of an expression are seen to be in a domain; of a doubtful one, no.

    Args:
        node: an expression in parameters.
        domain: a row of `DOMAINS`.
    """
    if domain == "real":
        return True
    number = constant(node)
    if number is not None:
        low = number > 0 if domain in tree.ABOVE_ZERO else number >= 0
        high = {"unit": number <= 1, "open unit": number < 1}.get(domain, True)
        return low and high
    if domain in ("positive", "open unit"):
        return node.positive and (domain == "positive" or node.below_one)
    above = can_be_positive(tree.add(node, tree.Neg(tree.Number(1)))) if domain == "unit" else False
    return not can_be_positive(tree.Neg(node)) and not above
