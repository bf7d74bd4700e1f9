"""Tree to operations: those that stay stable where probabilities underflow.

Probabilities are never formed: whatever is positive by its form is computed as its logarithm, and
the logarithm of a sum as a log-sum-exp.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain

from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE, Link
from midpo_sym.language.tree import Expression
from midpo_sym.plan.functions import STABLE
from midpo_sym.plan.operations import (
    Add,
    Argument,
    CauchyCdf,
    Column,
    Detached,
    Div,
    Exp,
    Filled,
    Kind,
    Log,
    LogCauchyCdf,
    LogSumExp,
    Max,
    Mul,
    Number,
    Operation,
    Parameter,
    Pow,
    Shape,
    Statistic,
    Sum,
    Term,
)
from midpo_sym.plan.padding import LARGEST_PLAIN_POWER, vanishes
from midpo_sym.plan.terms import add, cancelled, negated, with_log_ratios


@dataclass(frozen=True, slots=True)
class Lowering:
    """Turns the trees of one loss into operations.

    Attributes:
        by_token: whether log-probabilities and the like come per token, or summed.
        frozen: the one model that stands beside the policy in log-ratios; "" if there is none, or
            more than one.
        inside: the response whose tokens are summed over; "" outside of sums.
        filled: whether that sum is masked.
        variable: the name of the parameter that stands for the argument, in the formula of a link.
    """

    by_token: bool
    frozen: str = ""
    inside: str = ""
    filled: bool = False
    variable: str = ""

    def value(self, node: Expression) -> Operation:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        """Return the value of a node."""
        if _of_probabilities(node) and not isinstance(node, tree.Mul):
            return Exp(self.log(node))
        match node:
            case tree.Number(value=number):
                return Number(number)
            case tree.Parameter(name=name):
                return Argument() if name == self.variable else Parameter(name)
            case tree.Weight(name=name, response=response):
                return self.of_token(Kind.WEIGHT, (name,), response)
            case tree.Position(response=response):
                return self.of_token(Kind.POSITION, (), response)
            case tree.Datum(name=name, of=of):
                response = of[0] if len(of) == 1 else ""
                return self.of_response(Statistic(Kind.DATUM, (name,), response, by_token=False))
            case tree.Length(response=response):
                return self.length(response)
            case tree.Statistic(name=name, response=response):
                return self.of_token(Kind.VOCABULARY, (name,), response)
            case tree.Add() | tree.Neg() | tree.Log():
                return add(self.terms(node))
            case tree.Mul():
                return self.product([*_factors(node)])
            case tree.Div(numerator=numerator, denominator=denominator):
                return Div(self.value(numerator), self.value(denominator))
            case tree.Pow(base=base, exponent=exponent):
                return self.power(base, exponent)
            case tree.Max(left=left, right=right):
                return Max(self.value(left), self.value(right))
            case tree.CauchyCdf(body=body):
                return CauchyCdf(self.value(body))
            case tree.TokenSum(response=response, body=body):
                return self.token_sum(response, body)
            case tree.StopGradient(body=body):
                return _detached(self.value(body))
            case tree.Call():
                return self.function(node)
            case tree.Exp() | tree.TokenProduct() | tree.Probability() | tree.TokenProbability():
                return Exp(self.log(node))
        raise AssertionError(node)

    def function(self, node: tree.Call) -> Operation:
        """Return the value of a function: stably if there is a way, or as its definition says."""
        known = STABLE.get(node.function.name)
        if known is None:
            return self.value(node.body)
        if known.log_of_logs and _is_of_probabilities(node.arguments):
            return Exp(self.log(node))
        found = known.value(self.value, *node.arguments)
        plain = found.shape is Shape.NUMBER and not known.of_numbers
        return self.value(node.body) if plain else found

    def log_of_function(self, node: tree.Call) -> list[Term]:
        """Return the logarithm of a positive function as the terms of a sum."""
        known = STABLE.get(node.function.name)
        found = None
        if known and known.log_of_logs and all(each.positive for each in node.arguments):
            found = known.log_of_logs(self.log, *node.arguments)
        elif known and known.log:
            found = known.log(self.value, *node.arguments)
        if found is None or (found.shape is Shape.NUMBER and not (known and known.of_numbers)):
            return self.log_terms(node.body)
        return [(1, found)]

    def terms(self, node: Expression) -> list[Term]:
        """Return a node as the terms of a sum, in the order they are written in."""
        match node:
            case tree.Add(terms=terms):
                return self.folded(chain.from_iterable(map(self.terms, terms)))
            case tree.Neg(body=body):
                return negated(self.terms(body))
            case tree.Log(body=body):
                return self.folded(self.log_terms(body))
        found = self.value(node)
        if isinstance(node, tree.Call) and isinstance(found, Add):
            return [*found.terms]
        return [(1, found)]

    def folded(self, terms: Iterable[Term]) -> list[Term]:
        """Return terms with nothing to cancel, and log-ratios in them."""
        kept = cancelled(terms)
        return with_log_ratios(kept, self.frozen) if self.frozen else kept

    def log(self, node: Expression) -> Operation:
        """Return the logarithm of a positive node."""
        return add(self.folded(self.log_terms(node)))

    def log_terms(self, node: Expression) -> list[Term]:  # noqa: C901, PLR0911 - one case for each kind of node
        """Return the logarithm of a positive node as the terms of a sum."""
        match node:
            case tree.Probability(model=model, response=response):
                return [(1, self.logarithm(model, response))]
            case tree.TokenProbability(model=model, response=response):
                return [(1, self.of_token(Kind.LOG_PROBABILITY, (model,), response))]
            case tree.Mul(factors=factors):
                return [*chain.from_iterable(map(self.log_terms, factors))]
            case tree.Div(numerator=numerator, denominator=denominator):
                return [*self.log_terms(numerator), *negated(self.log_terms(denominator))]
            case tree.Exp(body=body):
                return self.terms(body)
            case tree.Pow(base=base, exponent=exponent) if base.positive:
                return [(1, _product([self.value(exponent), self.log(base)]))]
            case tree.Add(terms=terms) if all(each.positive for each in terms):
                return [(1, LogSumExp(tuple(map(self.log, terms))))]
            case tree.Add(terms=terms) if all(map(_of_share, terms)):
                return self.log_of_mixture(terms)
            case tree.Max(left=left, right=right) if left.positive and right.positive:
                return [(1, Max(self.log(left), self.log(right)))]
            case tree.CauchyCdf(body=body):
                return [(1, LogCauchyCdf(self.value(body)))]
            case tree.TokenProduct(response=response, body=body):
                return [(1, self.token_sum(response, tree.Log(body)))]
            case tree.StopGradient(body=body):
                return [(1, _detached(self.log(body)))]
            case tree.Call():
                return self.log_of_function(node)
            case tree.Number(value=1):
                return []
        return [(1, Log(self.value(node)))]

    def log_of_mixture(self, terms: tuple[Expression, ...]) -> list[Term]:
        """Return log Σ c·p, c from zero on, as m + log Σ c·exp(log p − m) with the largest log p.

        A share may be zero, and has no logarithm then.
        """
        rows = [[*_factors(each)] for each in terms]
        logs = [self.log(tree.product([each for each in row if each.positive])) for row in rows]
        largest = reduce(Max, logs)
        shares = [
            _product(
                [
                    *(self.value(each) for each in row if not each.positive),
                    Exp(add([(1, log), (-1, largest)])),
                ]
            )
            for row, log in zip(rows, logs, strict=True)
        ]
        return [(1, largest), (1, Log(add([(1, each) for each in shares])))]

    def logarithm(self, model: str, response: str) -> Operation:
        """Return log π(y) of a whole response."""
        found = Statistic(Kind.LOG_PROBABILITY, (model,), response, self.by_token)
        return self.of_response(Sum(response, found, masked=False) if self.by_token else found)

    def length(self, response: str) -> Operation:
        """Return |y|."""
        return self.of_response(Statistic(Kind.LENGTH, (), response, by_token=False))

    def of_token(self, kind: Kind, of: tuple[str, ...], response: str) -> Operation:
        """Return a statistic of tokens; in a masked sum, without zeros at padding."""
        found = Statistic(kind, of, response, self.by_token)
        return Filled(found) if self.filled else found

    def of_response(self, found: Operation) -> Operation:
        """Return what is of whole responses, as a column where tokens are summed over."""
        return Column(found) if self.inside else found

    def product(self, factors: list[Expression]) -> Operation:
        """Return a product: what is made of probabilities as the exponential of one sum."""
        likely = [each for each in factors if _of_probabilities(each)]
        found = [self.value(each) for each in factors if not _of_probabilities(each)]
        if likely:
            found.append(Exp(self.log(tree.product(likely))))
        return _product(found)

    def power(self, base: Expression, exponent: Expression) -> Operation:
        """Return a power: of a positive base through its logarithm, unless it is a small one."""
        small = isinstance(exponent, tree.Number) and exponent.value <= LARGEST_PLAIN_POWER
        if base.positive and not small:
            return Exp(_product([self.value(exponent), self.log(base)]))
        return Pow(self.value(base), self.value(exponent))

    def token_sum(self, response: str, body: Expression) -> Operation:
        """Return the sum of a node over the tokens of a response, padding left out."""
        if not self.by_token:  # the statistics come summed
            return self.value(body)
        masked = not vanishes(body)
        inner = replace(self, inside=response, filled=masked).value(body)
        if inner.shape is not Shape.TOKENS:  # no token changes it: as often as there are tokens
            return _product([self.value(body), self.length(response)])
        return Sum(response, inner, masked)


def _factors(node: Expression) -> Iterator[Expression]:
    """Yield the factors of a product, those of products within it among them."""
    if isinstance(node, tree.Mul):
        for each in node.factors:
            yield from _factors(each)
    else:
        yield node


def lower_link(link: Link) -> Operation:
    """Return the loss of a link as operations on its argument."""
    return Lowering(by_token=False, variable=VARIABLE.name).value(link.body)


def _of_share(node: Expression) -> bool:
    """Return whether a node is a probability, among others, times what may be zero at most."""
    factors = [*_factors(node)]
    return all(each.nonnegative for each in factors) and any(map(_of_probabilities, factors))


def _of_probabilities(node: Expression) -> bool:
    """Return whether a node is a positive product or quotient of probabilities, among others."""
    kinds = (tree.Mul, tree.Div, tree.Pow, tree.Probability, tree.TokenProbability)
    models = (tree.Probability, tree.TokenProbability)
    return (
        isinstance(node, kinds)
        and node.positive
        and any(isinstance(each, models) for each in node.walk())
    )


def _is_of_probabilities(nodes: Iterable[Expression]) -> bool:
    """Return whether nodes are all positive, and one of them is made of probabilities."""
    found = [*nodes]
    return all(each.positive for each in found) and any(map(_of_probabilities, found))


def _product(factors: list[Operation]) -> Operation:
    """Return the product of operations; one that starts with a product is one longer product."""
    first, *rest = factors
    if not rest:
        return first
    return Mul((*first.factors, *rest) if isinstance(first, Mul) else (first, *rest))


def _detached(found: Operation) -> Operation:
    return found if found.shape is Shape.NUMBER else Detached(found)
