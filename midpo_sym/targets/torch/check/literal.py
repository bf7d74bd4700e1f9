"""What a specification says of a pair of responses, evaluated word for word.

This is what generated code is held against, so it shares nothing with what writes the code: neither
the simplification of trees, nor the kernel. Probabilities are formed and multiplied, logarithms are
taken of what comes out, and derivatives are those of the operations, `sg(a)` having none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.spec.model import Statement
from midpo_sym.targets.torch.check import duals
from midpo_sym.targets.torch.check.duals import CONTEXT, Dual, Real, constant
from midpo_sym.targets.torch.check.pairs import RESPONSES, Pair

_ONE = constant(1)
# What the policy is trained through: (kind, response, token); a kind is "logps" or a statistic.
Place = tuple[str, str, int]

# -log σ(a) as log(1 + exp(-a)), and so on, as `vocabulary.LINKS` has them.
LOSSES: dict[str, Callable[[Dual], Dual]] = {
    "logsigmoid": lambda a: duals.log(_ONE + duals.exp(-a)),
    "identity": lambda a: -a,
    "hinge": lambda a: duals.maximum(constant(0), _ONE - a),
    "square": lambda a: (_ONE - a) * (_ONE - a),
    "sigmoid": lambda a: _ONE - _ONE / (_ONE + duals.exp(-a)),
}


@dataclass(frozen=True, slots=True)
class Literal:
    """What a specification says of a pair.

    Attributes:
        loss: the link of the argument.
        slopes: its derivative by each log-probability and statistic that the policy is in.
        chosen: α log π/ζ of y_w.
        rejected: α log π/ζ of y_l.
        kinked: whether the loss has no derivative here.
        largest: the largest size of a term of a sum on the way.
    """

    loss: Real
    slopes: Mapping[Place, Real]
    chosen: Real
    rejected: Real
    kinked: bool
    largest: Real


def evaluate(statement: Statement, pair: Pair) -> Literal:
    """Return what a statement says of a pair.

    Raises:
        ZeroDivisionError: something is divided by zero.
        OverflowError: a number on the way is too large to compute with.
        ValueError: a logarithm or a power is not defined.
    """
    reader = _Reader(pair)
    target = statement.target
    if target.is_one_term and target.only_term().link.is_named:
        loss = LOSSES[statement.link](reader.value(statement.argument))
    else:
        loss = reader.value(target.loss)
    rewards = []
    for response in RESPONSES:
        prior = reader.value(tree.at_responses(statement.zeta, {"y": response}))
        policy = reader.value(tree.Probability("pi", response))
        scale = reader.value(tree.at_responses(statement.scale, {"y": response}))
        rewards.append(scale * duals.log(policy / prior))
    chosen, rejected = (each.value for each in rewards)
    return Literal(loss.value, loss.slopes, chosen, rejected, loss.kinked, reader.largest)


class _Reader:
    """Evaluates trees on one pair."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.largest = CONTEXT.zero

    def value(self, node: Expression, t: int = -1) -> Dual:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        """Return the value of a node; `t` is the bound position."""
        pair = self.pair
        match node:
            case tree.Number(value=number):
                return constant(number)
            case tree.Parameter(name=name):
                return constant(pair.parameters[name])
            case tree.Weight(name=name, response=response):
                return constant(pair.weights[name, response][t])
            case tree.Datum(name=name, of=of):
                return constant(pair.data[name, of[0] if len(of) == 1 else ""])
            case tree.Position():
                return constant(t + 1)
            case tree.Length(response=response):
                return constant(pair.lengths[response])
            case tree.Probability(model=model, response=response):
                places = range(pair.lengths[response])
                return duals.product(self.probability(model, response, each) for each in places)
            case tree.TokenProbability(model=model, response=response):
                return self.probability(model, response, t)
            case tree.Statistic(name=name, response=response):
                size = pair.statistics[name, response][t]
                trained = node.row.trained
                return duals.variable(size, (name, response, t)) if trained else constant(size)
            case tree.Add(terms=terms):
                return self.sum([self.value(each, t) for each in terms])
            case tree.Mul(factors=factors):
                return duals.product(self.value(each, t) for each in factors)
            case tree.Div(numerator=numerator, denominator=denominator):
                return self.value(numerator, t) / self.value(denominator, t)
            case tree.Neg(body=body):
                return -self.value(body, t)
            case tree.Pow(base=base, exponent=exponent):
                return self.value(base, t) ** self.value(exponent, t)
            case tree.Log(body=body):
                return duals.log(self.value(body, t))
            case tree.Exp(body=body):
                return duals.exp(self.value(body, t))
            case tree.CauchyCdf(body=body):
                return duals.cauchy_cdf(self.value(body, t))
            case tree.Max(left=left, right=right):
                return duals.maximum(self.value(left, t), self.value(right, t))
            case tree.TokenSum(response=response, body=body):
                places = range(pair.lengths[response])
                return self.sum([self.value(body, each) for each in places])
            case tree.TokenProduct(response=response, body=body):
                places = range(pair.lengths[response])
                return duals.product(self.value(body, each) for each in places)
            case tree.ByLabel(response=response, chosen=chosen, rejected=rejected):
                return self.value(chosen if response == "w" else rejected, t)
            case tree.StopGradient(body=body):
                return self.value(body, t).detach()
            case tree.Defined(body=body) | tree.Call(body=body):
                return self.value(body, t)
        raise AssertionError(node)

    def probability(self, model: str, response: str, t: int) -> Dual:
        logarithm = self.pair.logps[model, response][t]
        if MODELS[model].trained:
            return duals.exp(duals.variable(logarithm, ("logps", response, t)))
        return duals.exp(constant(logarithm))

    def sum(self, terms: list[Dual]) -> Dual:
        sizes = (abs(size) for each in terms for size in (each.value, *each.slopes.values()))
        self.largest = max(self.largest, *sizes)
        return duals.total(terms)
