"""Plans compute what specifications say, whatever target prints them."""

import math

import pytest
from generators.trees.random_losses import derivation_of, taken_as_proved

from midpo_sym import prove
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.plan import operations
from midpo_sym.plan.losses import plan_loss
from midpo_sym.plan.operations import Kind
from midpo_sym.spec import library
from midpo_sym.targets.torch.check import literal, pairs

LINKS = {
    "logsigmoid": lambda a: math.log1p(math.exp(-a)),
    "identity": lambda a: -a,
    "hinge": lambda a: max(0.0, 1 - a),
    "square": lambda a: (1 - a) ** 2,
    "sigmoid": lambda a: 1 / (1 + math.exp(a)),
}
SEEDS = range(20)
LENGTHS = (3, 2)


def evaluate(node, pair, t=None):
    """Return the value of an operation on a pair, at a token; each is what its name says."""
    value = lambda each: evaluate(each, pair, t)  # noqa: E731
    match node:
        case operations.Number(value=number):
            return number
        case operations.Parameter(name=name):
            return pair.parameters[name]
        case operations.Statistic(kind=Kind.LENGTH, response=response):
            return pair.lengths[response]
        case operations.Statistic(kind=Kind.DATUM, of=(name,), response=response):
            return pair.data[name, response]
        case operations.Statistic(by_token=False):
            return math.fsum(measured(node, pair))
        case operations.Statistic():
            return measured(node, pair)[t]
        case operations.Filled(statistic=body) | operations.Column(body=body):
            return value(body)
        case operations.Detached(body=body):
            return value(body)
        case operations.Add(terms=terms):
            return sum(sign * value(each) for sign, each in terms)
        case operations.Mul(factors=factors):
            return math.prod(map(value, factors))
        case operations.Div(numerator=numerator, denominator=denominator):
            return value(numerator) / value(denominator)
        case operations.Pow(base=base, exponent=exponent):
            return value(base) ** value(exponent)
        case operations.Max(left=left, right=right):
            return max(value(left), value(right))
        case operations.Min(left=left, right=right):
            return min(value(left), value(right))
        case operations.Abs(body=body):
            return abs(value(body))
        case operations.Sigmoid(body=body):
            return 1 / (1 + math.exp(-value(body)))
        case operations.LogSigmoid(body=body):
            return -math.log(1 + math.exp(-value(body)))
        case operations.Exp(body=body):
            return math.exp(value(body))
        case operations.Expm1(body=body):
            return math.exp(value(body)) - 1
        case operations.Log(body=body):
            return math.log(value(body))
        case operations.LogSumExp(logs=logs):
            return math.log(math.fsum(math.exp(value(each)) for each in logs))
        case operations.Sum(response=response, body=body):
            return math.fsum(evaluate(body, pair, each) for each in range(pair.lengths[response]))
    raise AssertionError(node)


def measured(node, pair):
    """Return a statistic of each token of a response."""
    policy = next(name for name, model in MODELS.items() if model.trained)
    match node.kind:
        case Kind.LOG_PROBABILITY:
            return pair.logps[node.of[0], node.response]
        case Kind.LOG_RATIO:
            both = (pair.logps[each, node.response] for each in (policy, *node.of))
            return [one - other for one, other in zip(*both, strict=True)]
        case Kind.VOCABULARY:
            return pair.statistics[node.of[0], node.response]
        case Kind.WEIGHT:
            return pair.weights[node.of[0], node.response]
    raise AssertionError(node)


def compared(result) -> int:
    """Compare a plan with the specification taken literally, and return at how many pairs."""
    derivation, plan, count = result.derivation, plan_loss(result), 0
    for draw in range(3):
        numbers = pairs.parameters(derivation, draw)
        pair = pairs.pair(derivation, numbers, LENGTHS, f"plan {draw}")
        try:
            wanted = literal.evaluate(derivation.statement, pair)
        except (ArithmeticError, ValueError):  # divides by zero, or is too large
            continue
        if wanted.largest > 1e6 or abs(wanted.loss) > 1e6:
            continue
        argument, *rewards = (evaluate(each, pair) for each in plan.formulas)
        loss = LINKS[derivation.statement.link](argument)
        expected = [float(each) for each in (wanted.loss, wanted.chosen, wanted.rejected)]
        assert [loss, *rewards] == pytest.approx(expected, rel=1e-7, abs=1e-7)
        count += 1
    return count


QUICK = ("dpo", "simpo", "tis_dpo")


@pytest.mark.parametrize(
    "id_",
    [
        pytest.param(each, marks=() if each in QUICK else pytest.mark.slow)
        for each in library.paper_ids()
    ],
)
def test_the_plan_of_a_shipped_loss_computes_it(id_):
    assert compared(prove(id_)) > 0


@pytest.mark.slow
def test_plans_of_random_losses_compute_them():
    counts = [compared(taken_as_proved(derivation_of(seed))) for seed in SEEDS]
    assert sum(map(bool, counts)) >= 3 * len(SEEDS) // 4


def test_sparsepo_names_what_it_weighs_and_what_it_uses():
    """Its reward is α Σ (m log π/π_ref + m' KL), of each response: four weighted sums."""
    plan = plan_loss(prove("sparsepo"))
    assert plan.by_token
    assert [each.response for each in plan.shared] == ["w", "w", "l", "l"]
    assert not any(each.masked for each in plan.shared)
    kinds = {(each.kind, each.response) for each in plan.uses.statistics}
    wanted = (Kind.LOG_RATIO, Kind.VOCABULARY, Kind.WEIGHT)
    assert kinds == {(kind, response) for kind in wanted for response in "wl"}
    assert plan.uses.parameters == {"alpha"}
    assert plan.uses.masks == plan.uses.filled == frozenset()
