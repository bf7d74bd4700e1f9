"""A loss to operations as it is written, for responses whose tokens are all alike.

Each token has the same share of the response's log-probability, and the same statistics and
weights, so that a sum over tokens is a product. All statistics are numbers of the response.
"""

from __future__ import annotations

from midpo_sym.language import tree
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.plan.operations import (
    Add,
    Detached,
    Div,
    Exp,
    Kind,
    Log,
    Max,
    Mul,
    Number,
    Operation,
    Parameter,
    Pow,
    Statistic,
    Term,
)


def lower_alike(node: Expression) -> Operation:
    """Return the value of a node, its definitions unfolded and its labels resolved."""
    return _value(unfold(at_labels(node)))


def _value(node: Expression) -> Operation:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
    match node:
        case tree.Number(value=value):
            return Number(value)
        case tree.Parameter(name=name):
            return Parameter(name)
        case tree.Length(response=response):
            return _length(response)
        case tree.Weight(name=name, response=response):
            return _statistic(Kind.WEIGHT, response, name)
        case tree.Datum(name=name, of=of):
            return _statistic(Kind.DATUM, of[0] if len(of) == 1 else "", name)
        case tree.Statistic(name=name, response=response):
            return _statistic(Kind.VOCABULARY, response, name)
        case tree.Probability() | tree.TokenProbability() | tree.TokenProduct():
            return Exp(_logarithm(node))
        case tree.TokenSum(response=response, body=body):
            if any(isinstance(each, tree.Position) for each in body.walk()):
                message = "tokens that are all alike have no places"
                raise ValueError(message)
            return Mul((_length(response), _value(body)))
        case tree.Add(terms=terms):
            return Add(tuple(map(_term, terms)))
        case tree.Neg():
            return Add((_term(node),))
        case tree.Mul(factors=factors):
            return Mul(tuple(map(_value, factors)))
        case tree.Div(numerator=numerator, denominator=denominator):
            return Div(_value(numerator), _value(denominator))
        case tree.Pow(base=base, exponent=exponent):
            return Pow(_value(base), _value(exponent))
        case tree.Exp(body=body):
            return Exp(_value(body))
        case tree.Log(body=body):
            return _logarithm(body)
        case tree.Max(left=left, right=right):
            return Max(_value(left), _value(right))
        case tree.CauchyCdf():
            message = "midpo.js has no arctangent"
            raise ValueError(message)
        case tree.StopGradient(body=body):
            return Detached(_value(body))
    raise AssertionError(node)


def _logarithm(node: Expression) -> Operation:  # noqa: PLR0911 - one case for each kind of node
    """Return log of a node without leaving the logarithms: a response has probability e^-200."""
    match node:
        case tree.Probability(model=model, response=response):
            return _statistic(Kind.LOG_PROBABILITY, response, model)
        case tree.TokenProbability(model=model, response=response):
            whole = _statistic(Kind.LOG_PROBABILITY, response, model)
            return Div(whole, _length(response))
        case tree.TokenProduct(response=response, body=body):
            return Mul((_length(response), _logarithm(body)))
        case tree.Mul(factors=factors):
            return Add(tuple((1, _logarithm(each)) for each in factors))
        case tree.Div(numerator=numerator, denominator=denominator):
            return Add(((1, _logarithm(numerator)), (-1, _logarithm(denominator))))
        case tree.Pow(base=base, exponent=exponent):
            return Mul((_value(exponent), _logarithm(base)))
        case tree.Exp(body=body):
            return _value(body)
        case tree.Max(left=left, right=right) if left.positive and right.positive:
            return Max(_logarithm(left), _logarithm(right))
    return Log(_value(node))


def _term(node: Expression) -> Term:
    return (-1, _value(node.body)) if isinstance(node, tree.Neg) else (1, _value(node))


def _length(response: str) -> Statistic:
    return _statistic(Kind.LENGTH, response)


def _statistic(kind: Kind, response: str, *of: str) -> Statistic:
    return Statistic(kind, of, response, by_token=False)
