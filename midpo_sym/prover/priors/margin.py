"""From a margin m(w, l) = g(w) − g(l) to the prior with log ζ = log π − g/α, two ways.

By the normal form, which gives the shortest prior where it can be read; and term by term, which
takes any term that speaks of one response. Neither is trusted: `prior` judges what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from sympy import Symbol
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.forms import NormalForm, OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient, normal_form
from midpo_sym.language import tree
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import (
    NotReadableError,
    expanded,
    rational,
    rebuild,
    terms_of,
    with_stop_gradients,
    without_plain_sums,
)
from midpo_sym.prover.framework import FRAMEWORK_LINK

ONE, ZERO = tree.Number(1), tree.Number(0)


def readings(link: str, argument: Expression) -> Iterator[tuple[bool, Expression]]:
    """Yield the margins that a loss may be read as having.

    With each comes whether the loss is then the log-sigmoid's. A loss whose link is the identity
    may be a log-sigmoid written out.
    """
    if link == FRAMEWORK_LINK:
        yield True, argument
        return
    inner = _inside_log_sigmoid(unfold(argument)) if link == "identity" else None
    if inner is not None:
        yield True, inner
    yield False, argument


def _inside_log_sigmoid(node: Expression) -> Expression | None:
    """Return a from log(1/(1 + exp(−a))), −log(1 + exp(−a)) or log(exp(a)/(1 + exp(a)))."""
    match node:
        case tree.Log(body=tree.Div(numerator=tree.Number(1), denominator=below)):
            return _from_one_plus(below)
        case tree.Neg(body=tree.Log(body=below)):
            return _from_one_plus(below)
        case tree.Log(body=tree.Div(numerator=tree.Exp(body=a), denominator=below)):
            other = _from_one_plus(below)
            return a if other is not None and _equal(a, tree.Neg(other)) else None
    return None


def _from_one_plus(node: Expression) -> Expression | None:
    match node:
        case tree.Add(terms=(tree.Number(1), tree.Exp(body=body))):
            return negative(body)
        case tree.Add(terms=(tree.Exp(body=body), tree.Number(1))):
            return negative(body)
    return None


def from_normal_form(scale: Expression, argument: Expression) -> Expression:
    """Return the prior as powers of probabilities and an exponential.

    Raises:
        OutsideClassError: the margin has no normal form.
        ZeroDenominatorError: it divides by something that is always zero.
        NotReadableError: it has a part that is not expressible.
    """
    chosen, rejected = _rewards(argument)
    policy = tree.Log(tree.Probability("pi", "y"))
    one, other = (policy - tree.Div(reward, scale) for reward in (chosen, rejected))
    if _equal(one, other):
        return _exponential(_held(one))
    half = tree.Div(tree.add(one, tree.Neg(other)), tree.Number(2))
    apart = rebuild(_held(half), by_response=True)
    if tree.responses(apart):
        parts = [_exponential(_held(each), constants=True) for each in (one, other)]
        return tree.ByLabel("y", *parts)
    shared = _exponential(_held(tree.Div(tree.add(one, other), tree.Number(2))))
    by_label = tree.Exp(tree.ByLabel("y", apart, negative(apart)))
    return by_label if shared == ONE else tree.mul(shared, by_label)


def _held(node: Expression) -> NormalForm:
    return with_stop_gradients(read((node,), detach=True).forms[0])


def _equal(one: Expression, other: Expression) -> bool:
    """Return whether two expressions are equal in value and in gradient."""
    answers = decide(one, other).answer, decide_gradient(one, other).answer
    return answers == (Answer.EQUAL, Answer.EQUAL)


def _rewards(argument: Expression) -> tuple[Expression, Expression]:
    """Return g of the chosen and of the rejected response, both at y, with m = g(w) − g(l).

    A term without any response is shared out half and half.
    """
    form = _held(unfold(argument))
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

    below = at_one(value.denom)
    if not below:
        raise NotReadableError
    return at_one(value.numer) / below


def _exponential(form: NormalForm, *, constants: bool = False) -> Expression:
    """Return exp of a normal form, as powers of probabilities where it can be.

    What does not depend on the response is left out, as a prior is known up to such a factor;
    unless it is to be kept, as where it goes by the label.
    """
    form = without_plain_sums(form)
    powers: list[Expression] = []
    sums: dict[str, FracElement] = {}
    zero = form.constant.field.zero
    leaves = {atom.leaf: name for name, atom in form.atoms.items() if atom.leaf is not None}
    for term in terms_of(form):
        match term.node:
            case tree.Log(body=tree.Probability(model=model)) as log:
                token: Expression = tree.Log(tree.TokenProbability(model, term.response))
                base: Expression = log.body
            case tree.StopGradient(body=tree.Log(body=tree.Probability(model=model) as inner)):
                token = tree.StopGradient(tree.Log(tree.TokenProbability(model, term.response)))
                base = tree.StopGradient(inner)
            case _:
                continue
        exponent = expanded(term.coefficient, form.atoms)
        powers.append(base if exponent == ONE else tree.Pow(base, exponent))
        variable = form.constant.field(Symbol(leaves[token]))
        sums[term.response] = sums.get(term.response, zero) - term.coefficient * variable
    rest = {response: r + sums.get(response, zero) for response, r in form.sums.items()}
    constant = form.constant if constants else _with_length(form.constant)
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


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of a sum: sign × coefficient × node; no response is in the coefficient."""

    sign: int
    coefficient: Expression
    node: Expression


def from_terms(scale: Expression, argument: Expression) -> Expression:
    """Return the prior that takes each term of the margin as it stands.

    Raises:
        NotReadableError: a term speaks of both responses.
    """
    terms = list(_terms(at_labels(unfold(argument))))
    if any(tree.responses(term.node) >= {"w", "l"} for term in terms):
        raise NotReadableError
    of = {
        response: [term for term in terms if response in tree.responses(term.node)]
        for response in "wl"
    }
    alone = [term for term in terms if not tree.responses(term.node)]
    whole = [_times(t.coefficient, t.node) for t in alone]
    signed = [w if t.sign > 0 else tree.Neg(w) for t, w in zip(alone, whole, strict=True)]
    if _equal(tree.total(signed), ZERO):
        alone = []
    half = [_Term(t.sign, tree.Div(t.coefficient, tree.Number(2)), t.node) for t in alone]
    chosen = [*of["w"], *half]
    rejected = [_Term(-t.sign, t.coefficient, t.node) for t in (*of["l"], *half)]
    one = _prior(scale, chosen, "w")
    other = _prior(scale, rejected, "l")
    if one == other or _equal(tree.Log(one), tree.Log(other)):
        return one
    return tree.ByLabel("y", one, other)


def mixed_part(node: Expression) -> Expression | None:
    """Return the first term of a margin that speaks of both responses."""
    mixed = (t.node for t in _terms(node) if tree.responses(t.node) >= {"w", "l"})
    return next(mixed, None)


def part_without_responses(node: Expression) -> Expression:
    """Return the sum of the terms of a node that speak of no response."""
    terms = [t for t in _terms(at_labels(unfold(node))) if not tree.responses(t.node)]
    parts = [_times(t.coefficient, t.node) for t in terms]
    signed = [part if t.sign > 0 else negative(part) for t, part in zip(terms, parts, strict=True)]
    return tree.total([each for each in signed if each != ZERO])


def _prior(scale: Expression, terms: list[_Term], response: str) -> Expression:
    """Return π exp(−g/α), with π cancelled, and k log a as a power of a."""
    powers: dict[Expression, Expression] = {tree.Probability("pi", response): ONE}
    inside: list[Expression] = []
    for term in terms:
        factor = tree.Div(term.coefficient, scale)
        size = _simplest(tree.Neg(factor) if term.sign > 0 else factor)
        match term.node:
            case tree.Log(body=body):
                powers[body] = _simplest(tree.add(powers.get(body, ZERO), size))
            case _ if term.node == ONE:
                inside.append(size)
            case _:
                inside.append(_times(size, term.node))
    parts = [
        base if exponent == ONE else tree.Pow(base, exponent)
        for base, exponent in powers.items()
        if exponent != ZERO
    ]
    if inside:
        parts.append(tree.Exp(tree.total(inside)))
    return tree.at_responses(tree.product(parts), {response: "y"})


def _terms(node: Expression) -> Iterator[_Term]:  # noqa: C901, PLR0912 - one case for each kind of node
    """Yield the terms of a sum, multiplied out as far as no product of responses is touched."""
    match node:
        case tree.Add(terms=terms):
            for each in terms:
                yield from _terms(each)
        case tree.Neg(body=body):
            for t in _terms(body):
                yield _Term(-t.sign, t.coefficient, t.node)
        case tree.Mul(factors=factors):
            yield from _scaled(factors)
        case tree.Div(numerator=over, denominator=under) if not tree.responses(under):
            for t in _terms(over):
                yield _Term(t.sign, tree.Div(t.coefficient, under), t.node)
        case tree.Div(numerator=over, denominator=under) if tree.responses(over):
            for t in _terms(over):
                yield _Term(t.sign, t.coefficient, tree.Div(t.node, under))
        case tree.StopGradient(body=body):
            for t in _terms(body):
                held = t.node if t.node == ONE else tree.StopGradient(t.node)
                coefficient = t.coefficient
                yield _Term(t.sign, coefficient, held)
        case tree.Log(body=tree.Mul(factors=factors)):
            for each in factors:
                yield from _terms(tree.Log(each))
        case tree.Log(body=tree.Div(numerator=over, denominator=under)):
            yield from _terms(tree.Log(over))
            yield from _terms(tree.Neg(tree.Log(under)))
        case tree.Log(body=tree.Pow(base=base, exponent=exponent)) if base.positive:
            yield from _terms(tree.mul(exponent, tree.Log(base)))
        case tree.Log(body=tree.Exp(body=body)):
            yield from _terms(body)
        case tree.Log(body=tree.StopGradient(body=body)):
            yield from _terms(tree.StopGradient(tree.Log(body)))
        case _ if tree.responses(node) or isinstance(node, tree.Log):
            yield _Term(1, ONE, node)
        case tree.Number(value=0):
            return
        case _:
            yield _Term(1, node, ONE)


def _scaled(factors: tuple[Expression, ...]) -> Iterator[_Term]:
    """Yield the terms of a product: only one factor that is a sum is multiplied out."""
    plain = [each for each in factors if not tree.responses(each)]
    other = [each for each in factors if tree.responses(each)]
    log = next((each for each in plain if isinstance(each, tree.Log)), None)
    if not other and log is not None:  # a power of what is under the logarithm, in the end
        other = [log]
        plain.remove(log)
    coefficient = tree.product(plain)
    if not other:
        yield _Term(1, coefficient, ONE)
        return
    sums = [each for each in other if len(list(_terms(each))) > 1]
    whole = sums[0] if sums else other[-1]
    rest = list(other)
    rest.remove(whole)
    for t in _terms(whole):
        node = tree.product([*rest, t.node]) if rest else t.node
        yield _Term(t.sign, _times(coefficient, t.coefficient), node)


def _times(one: Expression, other: Expression) -> Expression:
    if one == ONE:
        return other
    if other == ONE:
        return one
    if isinstance(one, tree.Neg):
        return tree.Neg(_times(one.body, other))
    return tree.mul(one, other)


def _simplest(node: Expression) -> Expression:
    """Return a coefficient in lowest terms, if it is an expressible rational function."""
    try:
        form = without_plain_sums(normal_form(node))
        return node if form.sums else rational(form.constant, form.atoms)
    except (NotReadableError, OutsideClassError, ZeroDenominatorError):
        return node


def negative(node: Expression) -> Expression:
    """Return the negative of a node, with its signs turned where it has some."""
    match node:
        case tree.Neg(body=body):
            return body
        case tree.Add(terms=terms):
            return tree.total([negative(each) for each in terms])
        case tree.Div(numerator=tree.Neg(body=over), denominator=under):
            return tree.Div(over, under)
        case tree.Mul(factors=(tree.Neg(body=first), *rest)):
            return reduce(tree.mul, rest, first)
    return tree.Neg(node)
