"""Solve equations between parameters, and see to it that what comes out lies in their domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.order import nonnegative
from midpo_sym.kernel.theorem import normal_form
from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.sign import can_be_positive
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import (
    NotReadableError,
    factor_list,
    rational,
    rebuild,
)
from midpo_sym.prover.equivalence.equations import REFUSED, System

_MOST_WORK = 2_000  # terms of equations that a search meets
_MOST_TERMS = 400  # of an equation
_MOST_SOLUTIONS = 12
_MOST_GUESSES = 3  # terms of a sum that an unknown is taken for

Solution = Mapping[str, Expression]


@dataclass
class Budget:
    """How many terms of equations all searches of a comparison may meet: no clock is asked."""

    left: int = 4_000


@dataclass
class _Search:
    """What a search has met so far.

    Attributes:
        system: the equations.
        domains: of every unknown.
        budget: what it shares with other searches.
        work: how many terms of equations it has met.
        factored: the factors of polynomials.
        values: fractions as expressions, if they lie in the domain of an unknown.
    """

    system: System
    domains: Mapping[str, str]
    budget: Budget
    work: int = 0
    factored: dict[PolyElement, tuple[PolyElement, ...]] = field(default_factory=dict)
    values: dict[tuple[str, FracElement], Expression | None] = field(default_factory=dict)

    def factors(self, polynomial: PolyElement) -> tuple[PolyElement, ...]:
        """Return the factors of a polynomial; none if it is too large."""
        if polynomial not in self.factored:
            try:
                found = tuple(factor for factor, _ in factor_list(polynomial)[1])
            except NotReadableError:
                found = ()
            self.factored[polynomial] = found
        return self.factored[polynomial]

    def by_name(
        self, polynomial: PolyElement, places: Mapping[str, int]
    ) -> list[tuple[str, FracElement]]:
        """Return guesses that an unknown in a polynomial is a known parameter in it."""
        degrees = polynomial.degrees()
        variables = self.system.variables
        known = [
            name
            for name in variables
            if name not in places and degrees[_place(self.system, name)] > 0
        ]
        return [
            (name, variables[other])
            for name, k in places.items()
            for other in known
            if degrees[k] > 0 and self.domains.get(other) == self.domains[name]
        ][:_MOST_GUESSES]

    def shown(self, name: str, value: FracElement) -> Expression | None:
        """Return the value of an unknown as an expression; None if it may leave its domain."""
        if (name, value) not in self.values:
            self.values[name, value] = self._shown(name, value)
        return self.values[name, value]

    def _shown(self, name: str, value: FracElement) -> Expression | None:
        try:
            shown = rational(value, dict(self.system.atoms))
        except NotReadableError:
            return None
        # What has a number of its own for each token, response or pair is no value.
        given = any(isinstance(node, (tree.Weight, tree.Datum)) for node in shown.walk())
        return None if given or not lies_in(shown, self.domains[name]) else shown


def solutions(
    system: System,
    unknown: Sequence[str],
    domains: Mapping[str, str],
    fixed: Mapping[str, int | str] | None = None,
    budget: Budget | None = None,
) -> Iterator[Solution]:
    """Yield values of unknowns that solve a system, in terms of the other parameters.

    An equation is solved by a factor that is linear in an unknown. What is not said of an unknown
    is free.

    Args:
        system: the equations.
        unknown: what may be solved for, that first which is to be solved for first.
        domains: of every unknown.
        fixed: unknowns that are given a number, or are another parameter, by its name.
        budget: of the comparison; None for one of its own.
    """
    given = {
        name: system.field(value) if isinstance(value, int) else system.variables[value]
        for name, value in (fixed or {}).items()
        if name in system.variables and (isinstance(value, int) or value in system.variables)
    }
    names = [name for name in unknown if name in system.variables and name not in given]
    seen: list[Solution] = []
    search = _Search(system, domains, budget or Budget())
    for alternative in system.alternatives:
        equations = [_put(each, given, search) for each in alternative]
        for found in _solve(equations, names, search):
            values = {name: search.shown(name, value) for name, value in found.items()}
            shown = {name: value for name, value in values.items() if value is not None}
            if len(shown) == len(values) and shown not in seen:
                seen.append(shown)
                yield shown
            if len(seen) >= _MOST_SOLUTIONS:
                return


def _solve(
    equations: Sequence[FracElement], unknown: Sequence[str], search: _Search
) -> Iterator[dict[str, FracElement]]:
    terms = sum(len(each.numer) for each in equations)
    search.work += terms
    search.budget.left -= terms
    open_ = sorted(dict.fromkeys(each.numer for each in equations if each), key=len)
    if not open_:
        yield {}
        return
    places = {name: _place(search.system, name) for name in unknown}
    spent = search.work > _MOST_WORK or search.budget.left < 0
    if spent or len(open_[-1]) > _MOST_TERMS:
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

    None if there are none to be seen, because no factor is linear in an unknown. Where a factor can
    be solved for an unknown whose value then lies in its domain, no other one is solved for.
    """
    field = search.system.field
    linear = False
    found: list[tuple[str, FracElement]] = []
    for factor in search.factors(equation):
        degrees = factor.degrees()
        roots: list[tuple[str, FracElement]] = []
        guesses = search.by_name(factor, places)
        for name, k in places.items():
            if degrees[k] != 1:
                continue
            linear = True
            slope = factor.diff(k)
            value = -field(factor - slope * factor.ring.gens[k]) / field(slope)
            if not value and search.domains[name] in tree.ABOVE_ZERO:
                continue
            if search.shown(name, value) is not None:
                roots, guesses = [(name, value)], []
                break
            roots.append((name, value))
            guesses += [(name, part) for part in _terms(value, places)]
        found += [*roots, *guesses]
    return found if linear else None


def _terms(value: FracElement, places: Mapping[str, int]) -> list[FracElement]:
    """Return the terms of a sum that have no unknown in them, if there is more to it than these.

    Where u + v = a + b has to be, u = a and v = b is a guess as good as any.
    """
    field = value.field
    if len(value.numer) == 1:
        return []
    pieces = [
        field(field.ring.from_dict({monomial: number})) / field(value.denom)
        for monomial, number in value.numer.terms()
        if number > 0
    ]
    free = [
        piece
        for piece in pieces
        if not any(
            part.degrees()[k] > 0 for part in (piece.numer, piece.denom) for k in places.values()
        )
    ]
    return free[:_MOST_GUESSES]


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
    above, below = (_polynomial(part, places) for part in parts)
    if not below[0]:
        return search.system.field.one  # no solution: something is divided by zero
    return search.system.field(above[0] * below[1]) / search.system.field(below[0] * above[1])


def _polynomial(
    polynomial: PolyElement, places: Mapping[int, FracElement]
) -> tuple[PolyElement, PolyElement]:
    """Return numerator and denominator of a polynomial with variables replaced by fractions.

    They are over one denominator from the start, and so cancelled once only.
    """
    ring = polynomial.ring
    degrees = {k: max(degree, 0) for k, degree in enumerate(polynomial.degrees()) if k in places}
    total = ring.zero
    for monomial, number in polynomial.terms():
        rest = tuple(0 if k in places else e for k, e in enumerate(monomial))
        piece = ring.from_dict({rest: number})
        for k, most in degrees.items():
            each, power = places[k], monomial[k]
            if power:
                piece *= each.numer**power
            if most > power:
                piece *= each.denom ** (most - power)
        total += piece
    under = ring.one
    for k, most in degrees.items():
        under *= places[k].denom ** most
    return total, under


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
    return (nonnegative(node) or not can_be_positive(tree.Neg(node))) and not above


def is_never_zero(value: Expression) -> bool:
    """Return whether an expression in parameters is seen to be no zero; of a doubtful one, no."""
    number = constant(value)
    if number is not None:
        return number != 0
    return value.positive or _minus(value).positive


def tidied(value: Expression) -> Expression:
    """Return an expression in parameters as short as its normal form says it."""
    try:
        return rebuild(normal_form(value), by_response=True)
    except (*REFUSED, NotReadableError):
        return value


def _minus(value: Expression) -> Expression:
    """Return minus an expression, without two signs where one is seen."""
    match value:
        case tree.Neg(body=body):
            return body
        case tree.Div(numerator=over, denominator=under):
            return tree.Div(_minus(over), under)
        case tree.Mul(factors=(first, *rest)):
            return tree.product([_minus(first), *rest])
    return tree.Neg(value)
