"""Seeded rewritings of expressions that change no value: each is one law, read either way."""

from __future__ import annotations

import random
from collections.abc import Iterator

from generators.trees.mutants import paths, put

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression, Number

ONE, TWO = Number(1), Number(2)


def equals(  # noqa: PLR0915 - a table of laws
    node: Expression, chance: random.Random
) -> Iterator[tuple[str, Expression]]:
    """Yield expressions equal to a node, each with the law that says so."""
    alpha = tree.Parameter("alpha", "positive")
    yield "a = a + 0", tree.add(node, Number(0))
    yield "a = 1 a", tree.mul(ONE, node)
    yield "a = a α/α", tree.Div(tree.mul(node, alpha), alpha)
    yield "a = (exp k/exp k) a", tree.mul(tree.Div(tree.Exp(alpha), tree.Exp(alpha)), node)
    yield "a definition", tree.Defined("d", "", token=False, body=node)
    yield "a stop-gradient", tree.StopGradient(node)
    if node.positive:
        yield "a = a¹", tree.Pow(node, ONE)
        yield "a = a² a^-1", tree.mul(tree.Pow(node, TWO), tree.Pow(node, tree.Neg(ONE)))
        yield "a = 1/(1/a)", tree.Div(ONE, tree.Div(ONE, node))
    else:
        yield "a = log exp a", tree.Log(tree.Exp(node))
        yield "a = ½ a + ½ a", tree.add(tree.Div(node, TWO), tree.mul(tree.Div(ONE, TWO), node))
        yield "a = - -a", tree.Neg(tree.Neg(node))
    match node:
        case tree.Add(terms=terms):
            yield "a + b = b + a", tree.total(chance.sample(terms, len(terms)))
            cut = chance.randrange(1, len(terms))
            parts = tree.total(list(terms[:cut])), tree.total(list(terms[cut:]))
            yield "(a + b) + c = a + (b + c)", tree.add(*parts)
            yield "a + b = -(-a - b)", tree.Neg(tree.total([tree.Neg(each) for each in terms]))
            logs = [term.body for term in terms if isinstance(term, tree.Log)]
            if len(logs) == len(terms):
                yield "log a + log b = log ab", tree.Log(tree.product(logs))
        case tree.Mul(factors=factors):
            yield "ab = ba", tree.product(chance.sample(factors, len(factors)))
            cut = chance.randrange(1, len(factors))
            parts = tree.product(list(factors[:cut])), tree.product(list(factors[cut:]))
            yield "(ab)c = a(bc)", tree.mul(*parts)
            if any(isinstance(factor, tree.Add) for factor in factors):
                yield "a(b + c) = ab + ac", distributed(factors)
            if factors[0].positive:
                yield "ab = b/(1/a)", tree.Div(tree.product(list(factors[1:])), ONE / factors[0])
            last = factors[-1]
            if isinstance(last, tree.Log):
                power = tree.Pow(last.body, tree.product(list(factors[:-1])))
                yield "e log a = log a^e", tree.Log(power)
        case tree.Div(numerator=over, denominator=under):
            yield "a/b = a (1/b)", tree.mul(over, tree.Div(ONE, under))
            yield "a/b = a b^-1", tree.mul(over, tree.Pow(under, tree.Neg(ONE)))
        case tree.Neg(body=body):
            yield "-a = (-1) a", tree.mul(tree.Neg(ONE), body)
        case tree.Pow(base=tree.Probability() | tree.TokenProbability() as base, exponent=exponent):
            yield "a^e = exp(e log a)", tree.Exp(tree.mul(exponent, tree.Log(base)))
        case tree.Exp(body=tree.Add(terms=terms)):
            yield "exp(a + b) = exp a exp b", tree.product([tree.Exp(each) for each in terms])
        case tree.Exp(body=body):
            yield "exp a = 1/exp -a", tree.Div(ONE, tree.Exp(tree.Neg(body)))
        case tree.Log(body=body):
            half = tree.Log(tree.Pow(body, tree.Div(ONE, TWO)))
            yield "log a = 2 log a^½", tree.mul(TWO, half)
            yield "log a = -log 1/a", tree.Neg(tree.Log(tree.Div(ONE, body)))
            if isinstance(body, tree.Div):
                logs = tree.Log(body.numerator), tree.Neg(tree.Log(body.denominator))
                yield "log a/b = log a - log b", tree.add(*logs)
        case tree.Probability(model=model, response=response):
            token = tree.TokenProbability(model, response)
            yield "the chain rule", tree.TokenProduct(response, token)
            yield "a = exp log a", tree.Exp(tree.Log(node))
        case tree.TokenSum(response=response, body=body):
            yield "Σ a = log Π exp a", tree.Log(tree.TokenProduct(response, tree.Exp(body)))
            yield "Σ a = ½ Σ 2a", tree.Div(tree.TokenSum(response, tree.mul(TWO, body)), TWO)
            if isinstance(body, tree.Add):
                parts = [tree.TokenSum(response, each) for each in body.terms]
                yield "Σ(a + b) = Σ a + Σ b", tree.total(parts)
        case tree.TokenProduct(response=response, body=body):
            yield "Π a = exp Σ log a", tree.Exp(tree.TokenSum(response, tree.Log(body)))
        case tree.Defined(body=body) | tree.StopGradient(body=body):
            yield "a definition or stop-gradient inlined", body


def distributed(factors: tuple[Expression, ...]) -> Expression:
    """Return a product multiplied out at its first sum."""
    place = next(k for k, factor in enumerate(factors) if isinstance(factor, tree.Add))
    before, after = list(factors[:place]), list(factors[place + 1 :])
    return tree.total([tree.product([*before, each, *after]) for each in factors[place].terms])


def rewrite(node: Expression, chance: random.Random) -> tuple[str, Expression]:
    """Return an expression of equal value, and the law.

    Raises:
        ValueError: something positive by its form would be so no more, or the tree is too large.
    """
    path, inner = chance.choice(list(paths(node)))
    law, changed = chance.choice(list(equals(inner, chance)))
    return law, put(node, path, changed)
