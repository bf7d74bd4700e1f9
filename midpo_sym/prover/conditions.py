"""From the denominators of a theorem to the conditions a reader has to check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import reduce

from sympy import QQ
from sympy.external.gmpy import MPQ

from midpo_sym.kernel.forms import Atom, Denominator, NormalForm
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.prover.derivation.rebuild import NotReadableError, factor_list, rational, rebuild
from midpo_sym.prover.verdict import Condition

_ZERO = tree.Number(0)


class NoGradientError(Exception):
    """The gradient exists nowhere; says of what."""


def conditions(
    denominators: tuple[Denominator, ...], atoms: dict[str, Atom]
) -> tuple[Condition, ...]:
    """Return the factors of denominators that are not plain numbers, each once."""
    found = {
        to_text(factor): Condition(factor, _reason(factor))
        for denominator in denominators
        for factor in _factors(denominator, atoms)
    }
    return tuple(found[key] for key in sorted(found))


def kinks(*sides: Expression) -> tuple[Condition, ...]:
    """Return what must not be zero for the gradients of expressions to exist.

    A maximum of two things through which a gradient flows has one where the two differ.

    Raises:
        NoGradientError: the two sides of a maximum are always equal, and their gradients are not.
        OutsideClassError: a side of a maximum has no normal form.
        ZeroDenominatorError: a side of a maximum divides by something that is always zero.
    """
    found = {to_text(node): node for side in sides for node in _maxima(at_labels(unfold(side)))}
    result: dict[str, Condition] = {}
    for node in found.values():
        right = node.right.body if isinstance(node.right, tree.Neg) else tree.Neg(node.right)
        # Where one side is zero it is the other that must not be.
        apart: Expression = node.right if node.left == _ZERO else tree.add(node.left, right)
        # Of one token: Σ_t a(t) = Σ_t b(t) for all responses if and only if a(t) = b(t).
        tokens = tree.token_responses(node)
        one, other = (
            tree.TokenSum(min(tokens), side) if tokens else side for side in (node.left, node.right)
        )
        decision = decide(one, other)
        if decision.answer is Answer.EQUAL:
            if decide_gradient(one, other).answer is not Answer.EQUAL:
                raise NoGradientError(f"{to_text(node)} has a gradient nowhere")
            continue
        difference = decision.difference
        parts = [part for part in (difference.constant, *difference.sums.values()) if part]
        if len(parts) == 1 and parts[0].numer.is_ground and parts[0].denom == 1:
            continue  # a number apart: never equal
        if tokens:  # one condition for each token
            result[to_text(apart)] = Condition(apart, "")
            continue
        with suppress(NotReadableError):
            shared = reduce(QQ.gcd, (part.numer.content() for part in parts))  # 2a = 0: a = 0
            both = [
                rebuild(_divided(difference, number), by_response=False)
                for number in (shared, -shared)
            ]
            apart = min(both, key=to_text)  # the same, whichever side is written first
        result[to_text(apart)] = Condition(apart, _reason(apart))
    return tuple(result.values())


def _divided(form: NormalForm, number: MPQ) -> NormalForm:
    sums = {response: r / number for response, r in form.sums.items()}
    return NormalForm(form.constant / number, sums, form.atoms)


def _maxima(node: Expression) -> Iterator[tree.Max]:
    """Yield the maxima outside stop-gradients through which a gradient flows."""
    if isinstance(node, tree.StopGradient):
        return
    if isinstance(node, tree.Max) and flows(node):
        yield node
    for child in node.children():
        yield from _maxima(child)


def flows(node: Expression) -> bool:
    """Return whether a gradient flows through a node into the policy."""
    match node:
        case tree.StopGradient():
            return False
        case tree.Statistic(row=row):
            return row.trained
        case tree.Probability(model=model) | tree.TokenProbability(model=model):
            return MODELS[model].trained
    return any(map(flows, node.children()))


def _factors(denominator: Denominator, atoms: dict[str, Atom]) -> Iterator[Expression]:
    """Yield the factors of a denominator.

    Where they are not expressible, it is one factor as it was written; unless it is positive by its
    form, like a sum of probabilities: that takes no condition.
    """
    value = denominator.value
    try:
        nodes = [rational(value.field(factor), atoms) for factor, _ in factor_list(value.numer)[1]]
    except NotReadableError:
        nodes = [] if denominator.node.positive else [denominator.node]
    for node in nodes:
        match node:
            case tree.Neg(body=body):
                yield body
            case tree.Add(terms=(body, tree.Neg(body=tree.Number(value=1)))) if body.below_one:
                yield tree.add(tree.Number(1), tree.Neg(body))
            case _:
                yield node


def _reason(node: Expression) -> str:
    match node:
        case tree.Length(response=response):
            return f"|y_{response}| ≥ 1"
        case (
            tree.Parameter(name=name, domain="positive") | tree.Datum(name=name, domain="positive")
        ):
            return f"{name} is positive"
        case tree.Add(terms=(tree.Number(value=1), tree.Neg(body=body))) if body.below_one:
            return f"{to_text(body)} is below one"
    if node.positive and any(not child.positive for child in node.children()):  # 1 + δ, 1 − p
        return "it is positive by its form"
    return "it is a sum of positive terms" if node.positive else ""
