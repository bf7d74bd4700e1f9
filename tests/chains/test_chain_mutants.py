"""A slip planted in a chain is rejected at the very step in which it was planted."""

from dataclasses import replace

import pytest
from oracles.trees.finite import compare

from midpo_sym.chains.chain import chains, check_chain
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import over
from midpo_sym.spec import library

pytestmark = pytest.mark.slow

CHAINS = chains(library.theories())
STEPS = [(name, k) for name, (chain, _) in CHAINS.items() for k in range(len(chain.steps))]
MUTANTS_OF_A_LINE = 2


def slips(node):
    """Yield a node with one slip: a sign turned, a factor lost, a number off by one."""
    match node:
        case tree.Neg(body=body):
            yield body
        case tree.Mul(factors=factors):
            for k in range(len(factors)):
                yield tree.product([*factors[:k], *factors[k + 1 :]])
        case tree.Number(value=value):
            yield tree.Number(value + 1)
        case tree.Log(body=body):
            yield body
        case indexed.Applied():
            return
    children = list(node.children())
    for k, child in enumerate(children):
        for slip in slips(child):
            try:
                yield over(node, [*children[:k], slip, *children[k + 1 :]])
            except ValueError:  # the logarithm of what may be negative
                continue


def spread(found, count):
    """Return some of many, from the first to the last."""
    found = list(dict.fromkeys(found))
    return found[:: max(1, len(found) // count)][:count]


def with_step(chain, k, **changes):
    steps = list(chain.steps)
    steps[k] = replace(steps[k], **changes)
    return replace(chain, steps=tuple(steps))


def from_step(chain, k):
    """Return the chain from its k-th step on, which is then the first; whole if it looks back."""
    if k == 0 or chain.steps[k].over:
        return chain, k
    return replace(chain, start=chain.steps[k - 1].to, steps=chain.steps[k : k + 1]), 0


def is_another(left, right, assumptions):
    try:
        return not compare(left, right, assumptions, seeds=(5,))[0]
    except (ZeroDivisionError, ValueError):
        return True


@pytest.mark.parametrize(("name", "k"), STEPS, ids=[f"{name}-{k + 1}" for name, k in STEPS])
def test_a_slip_in_a_line_is_rejected_there(name, k):
    """Slips that do not change the value, by the independent evaluation, are none."""
    chain, setting = CHAINS[name]
    chain, k = from_step(chain, k)
    step = chain.steps[k]
    assumptions = [setting.assumptions[each] for each in step.using]
    planted = 0
    for slip in [step.to + 1, *spread(slips(step.to), MUTANTS_OF_A_LINE)]:
        if is_another(slip, step.to, assumptions):
            planted += 1
            result = check_chain(with_step(chain, k, to=slip), setting)
            assert result.failed_at == k + 1, f"{name}, step {k + 1}: {slip}"
    assert planted


@pytest.mark.parametrize("name", CHAINS)
def test_the_whole_chain_is_rejected_at_the_very_step(name):
    """The steps before the slip stand, and none after it is looked at."""
    chain, setting = CHAINS[name]
    for k, step in enumerate(chain.steps):
        result = check_chain(with_step(chain, k, to=step.to + 1), setting)
        assert (result.failed_at, len(result.steps)) == (k + 1, k)
        assert result.theorem is None
        assert result.failure


GAPS = [(n, k) for n, k in STEPS if CHAINS[n][0].steps[k].gap is not None]


@pytest.mark.parametrize(("name", "k"), GAPS, ids=[f"{name}-{k + 1}" for name, k in GAPS])
def test_a_slip_in_a_gap_is_rejected_there(name, k):
    chain, setting = CHAINS[name]
    chain, k = from_step(chain, k)
    step = chain.steps[k]
    assumptions = [setting.assumptions[each] for each in step.using]
    planted = 0
    for slip in spread(slips(step.gap), MUTANTS_OF_A_LINE):
        if is_another(slip, step.gap, assumptions):
            planted += 1
            result = check_chain(with_step(chain, k, gap=slip), setting)
            assert result.failed_at == k + 1, f"{name}, step {k + 1}: {slip}"
    assert planted


HYPOTHESES = [(n, k) for n, k in STEPS if CHAINS[n][0].steps[k].using]


@pytest.mark.parametrize(("name", "k"), HYPOTHESES, ids=[f"{n}-{k + 1}" for n, k in HYPOTHESES])
def test_a_step_without_one_of_its_hypotheses_is_rejected(name, k):
    chain, setting = CHAINS[name]
    chain, k = from_step(chain, k)
    using = chain.steps[k].using
    for gone in using:
        rest = tuple(each for each in using if each != gone)
        assert check_chain(with_step(chain, k, using=rest), setting).failed_at == k + 1


@pytest.mark.parametrize(("name", "k"), STEPS, ids=[f"{name}-{k + 1}" for name, k in STEPS])
def test_a_step_with_a_hypothesis_too_many_is_rejected(name, k):
    """No hypothesis of the file can be smuggled into a step that does not need it."""
    chain, setting = CHAINS[name]
    chain, k = from_step(chain, k)
    using = chain.steps[k].using
    for more in setting.assumptions:
        if more not in using:
            result = check_chain(with_step(chain, k, using=(*using, more)), setting)
            assert result.failed_at == k + 1, more


@pytest.mark.parametrize(("name", "k"), STEPS, ids=[f"{name}-{k + 1}" for name, k in STEPS])
def test_a_relation_turned_round_is_rejected(name, k):
    """A bound claimed as an equation, or in the other direction, is no theorem."""
    chain, setting = CHAINS[name]
    chain, k = from_step(chain, k)
    sign = chain.steps[k].sign
    for other in {"<=", ">=", "="} - {sign} if sign != "=" else ():
        assert check_chain(with_step(chain, k, sign=other), setting).theorem is None
