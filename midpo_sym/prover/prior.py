"""Which prior gives a loss: solved from the argument of the link alone.

With margin m(a, b) for chosen a and rejected b, a prior that may know the label exists iff
m(a, b) − m(a, d) − m(c, b) + m(c, d) = 0, and one that may not iff m(a, b) + m(b, c) = m(a, c).
Then log ζ = log π − g/α with m(a, b) = g(a) − g(b). That *some* prior exists says little; what it
has to depend on says much.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sympy import Symbol
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.language import tree
from midpo_sym.language.substitute import resolve_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.forms import NormalForm, OutsideClassError, ZeroDenominatorError
from midpo_sym.prover.framework import framework_argument
from midpo_sym.prover.kernel import Answer, decide, normal_form
from midpo_sym.prover.rebuild import (
    NotReadableError,
    expanded,
    rebuild,
    terms_of,
    without_plain_sums,
)
from midpo_sym.spec.model import Statement


class Reach(Enum):
    """What a prior has to know besides the response it is taken at."""

    RESPONSE = "the response alone"
    LABEL = "whether the response is chosen or rejected"
    PAIR = "the other response of the pair"
    UNKNOWN = "undecided"


@dataclass(frozen=True, slots=True)
class Solution:
    """A prior for a given argument.

    Attributes:
        reach: what it has to know.
        zeta: the prior, up to a factor that depends on x only; None if it has no words, or if
            it would have to know the other response.
    """

    reach: Reach
    zeta: Expression | None


def solve_prior(scale: Expression, argument: Expression) -> Solution:
    """Return the prior with which MI-DPO has a given argument.

    Args:
        scale: α of the framework.
        argument: what goes into the log-sigmoid, in terms of the responses w and l.
    """
    try:
        reach = _reach(argument)
        if reach in (Reach.PAIR, Reach.UNKNOWN):
            return Solution(reach, None)
        zeta = _zeta(scale, argument)
        statement = Statement(scale, zeta, "logsigmoid", argument)
        checked = decide(framework_argument(statement), argument).answer is Answer.EQUAL
    except (OutsideClassError, ZeroDenominatorError, NotReadableError, ValueError):
        return Solution(Reach.UNKNOWN, None)
    return Solution(reach, zeta if checked else None)


def _reach(argument: Expression) -> Reach:
    margin = resolve_labels(argument)

    def at(chosen: str, rejected: str) -> Expression:
        return tree.at_responses(margin, {"w": chosen, "l": rejected})

    mixed = decide(at("a", "b") - at("a", "d"), at("c", "b") - at("c", "d")).answer
    if mixed is Answer.UNKNOWN:
        return Reach.UNKNOWN
    if mixed is Answer.UNEQUAL:
        return Reach.PAIR
    cocycle = decide(at("a", "b") + at("b", "c"), at("a", "c")).answer
    if cocycle is Answer.UNKNOWN:
        return Reach.UNKNOWN
    return Reach.RESPONSE if cocycle is Answer.EQUAL else Reach.LABEL


def _zeta(scale: Expression, argument: Expression) -> Expression:
    chosen, rejected = _rewards(argument)
    policy = tree.Log(tree.Probability("pi", "y"))
    one, other = (policy - tree.Div(reward, scale) for reward in (chosen, rejected))
    if decide(one, other).answer is Answer.EQUAL:
        return _exponential(normal_form(one))
    shared = tree.Div(tree.add(one, other), tree.Number(2))
    half = rebuild(
        normal_form(tree.Div(tree.add(one, tree.Neg(other)), tree.Number(2))), by_response=True
    )
    by_label = tree.Exp(tree.ByLabel("y", half, tree.Neg(half)))
    return tree.mul(_exponential(normal_form(shared)), by_label)


def _rewards(argument: Expression) -> tuple[Expression, Expression]:
    """Return g of the chosen and of the rejected response, both at y, with m = g(w) − g(l).

    A term without any response is shared out half and half.
    """
    form = normal_form(unfold(argument))
    alone = _with_one_token(_with_one_token(form.constant, "w"), "l") / 2
    rewards = []
    for response, other, sign in (("w", "l", 1), ("l", "w", -1)):
        sums = {s: r * sign for s, r in form.sums.items() if s == response}
        constant = (_with_one_token(form.constant, other) - alone) * sign
        reward = rebuild(NormalForm(constant, sums, form.atoms), by_response=True)
        rewards.append(tree.at_responses(reward, {response: "y"}))
    return rewards[0], rewards[1]


def _with_one_token(value: FracElement, response: str) -> FracElement:
    """Return a fraction at |y| = 1 for one response."""
    symbols = list(value.field.symbols)
    name = Symbol(f"|y_{response}|")
    if name not in symbols:
        return value
    place = symbols.index(name)

    def at_one(polynomial: PolyElement) -> FracElement:
        terms: dict[tuple[int, ...], object] = {}
        for monomial, coefficient in polynomial.terms():
            key = (*monomial[:place], 0, *monomial[place + 1 :])
            terms[key] = terms.get(key, 0) + coefficient
        return value.field(value.field.ring.from_dict(terms))

    return at_one(value.numer) / at_one(value.denom)


def _exponential(form: NormalForm) -> Expression:
    """Return exp of a normal form, as powers of probabilities where it can be.

    What does not depend on the response is left out: a prior is known up to such a factor.
    """
    form = without_plain_sums(form)
    powers: list[Expression] = []
    sums: dict[str, FracElement] = {}
    zero = form.constant.field.zero
    for term in terms_of(form):
        match term.node:
            case tree.Log(body=tree.Probability() as probability):
                exponent = expanded(term.coefficient, form.atoms)
                powers.append(
                    probability if exponent == tree.Number(1) else tree.Pow(probability, exponent)
                )
                log = form.constant.field(Symbol(f"log({probability.model}({term.response}, t))"))
                sums[term.response] = sums.get(term.response, zero) - term.coefficient * log
    rest = {response: r + sums.get(response, zero) for response, r in form.sums.items()}
    constant = _with_length(form.constant)
    remaining = NormalForm(constant, {s: r for s, r in rest.items() if r}, form.atoms)
    if constant or remaining.sums:
        powers.append(tree.Exp(rebuild(remaining, by_response=True)))
    return tree.product(powers)


def _with_length(value: FracElement) -> FracElement:
    """Return a fraction without the terms of its numerator that are free of |y|."""
    symbols = [str(symbol) for symbol in value.field.symbols]
    if "|y_y|" not in symbols:
        return value.field.zero
    place = symbols.index("|y_y|")
    if value.denom.degree(place) > 0:
        return value
    kept = {monomial: c for monomial, c in value.numer.terms() if monomial[place]}
    return value.field(value.field.ring.from_dict(kept)) / value.field(value.denom)
