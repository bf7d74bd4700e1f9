"""Derivations for people: a chain without gaps from the framework to the target."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from generators.trees.words import IDS, shipped
from oracles.trees.independent import compare

from midpo_sym.kernel.theorem import Mode
from midpo_sym.language import tree
from midpo_sym.language.laws import Law
from midpo_sym.prover.derivation import steps as module
from midpo_sym.prover.derivation.steps import derive
from midpo_sym.prover.framework import framework_argument, implicit_reward
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import Status
from midpo_sym.rules.table import CANCELLATION, RULES, SUBSTITUTION, Rule


@cache
def results():
    found = [result for name in IDS for result in prove_derivation(shipped(name))]
    return {result.id: result for result in found if result.verdict.status is Status.PROVED}, {
        result.id: result for result in found if result.verdict.status is Status.REFUTED
    }


PROVED = [
    "dpo/section-4",
    "dpo/appendix-b",
    "dice/section-4",
    "centropy/appendix-b",
    "centropy/section-4-repaired",
    "centropy/section-4-is-dpo",
    "simpo/section-4",
    "simpo/middle-line-repaired",
    "r_dpo/own-constant",
    "tdpo/section-4",
    "tdpo2/label-free-prior",
    "tdpo2/label-dependent-prior",
    "tis_dpo/section-4",
    "tis_dpo/appendix-b",
    "sparsepo/with-log-sigmoid",
]
REFUTED = ["centropy/section-4", "simpo/middle-line", "r_dpo/framework-constant"]


def chained(chain):
    return all(one.after == two.before for one, two in pairwise(chain))


def checked(chain):
    """Every step is a theorem about its own two ends, true at random models, and no idle one."""
    for step in chain:
        assert (step.theorem.left, step.theorem.right) == (step.before, step.after)
        assert step.theorem.mode is Mode.VALUE
        assert step.before != step.after
        assert compare(step.before, step.after)[0]
    return True


@pytest.mark.slow
@pytest.mark.parametrize("claim", PROVED)
def test_proved(claim):
    """The chain starts at the framework, links up, and ends at the target as it is printed."""
    result = results()[0][claim]
    steps = result.steps
    whole = (*steps.framework, *steps.target)
    assert chained(whole)
    assert checked(whole)
    assert whole[0].before == framework_argument(result.statement)
    assert whole[0].rule is SUBSTITUTION
    assert whole[1].rule is CANCELLATION
    assert whole[-1].after == result.statement.argument
    assert all(step.backwards for step in steps.target)
    assert not any(step.backwards for step in steps.framework)


@pytest.mark.slow
@pytest.mark.parametrize("claim", REFUTED)
def test_refuted(claim):
    """Where the sides differ each has a chain of its own, down to two forms that differ."""
    result = results()[1][claim]
    steps = result.steps
    assert chained(steps.framework)
    assert chained(steps.target)
    assert checked((*steps.framework, *steps.target))
    assert steps.framework[0].before == framework_argument(result.statement)
    assert steps.target[0].before == result.statement.argument
    ends = steps.framework[-1].after, steps.target[-1].after
    assert not compare(*ends)[0]
    assert not any(step.backwards for step in (*steps.framework, *steps.target))
    for end in ends:  # normal: no logarithm of a product, no definition, no Z(x)
        kinds = (tree.Defined, tree.Normaliser, tree.ByLabel, tree.Pow)
        assert not any(isinstance(node, kinds) for node in end.walk())


@pytest.mark.slow
@pytest.mark.parametrize("claim", [*PROVED, *REFUTED])
def test_rewards(claim):
    """α log π/ζ is simplified once for any response, or for each if the prior goes by label."""
    proved, refuted = results()
    result = (proved | refuted)[claim]
    chain = result.steps.reward
    starts = [k for k, step in enumerate(chain) if k == 0 or chain[k - 1].after != step.before]
    by_label = any(isinstance(node, tree.ByLabel) for node in result.statement.zeta.walk())
    assert len(starts) == 1 + by_label
    assert checked(chain) if not by_label else True
    for start, response in zip(starts, ("w", "l") if by_label else ("y",), strict=True):
        expected = implicit_reward(result.statement, response)
        log_z = tree.mul(result.statement.scale, tree.Log(tree.Normaliser()))
        assert compare(chain[start].before, tree.add(expected, log_z))[0]


def test_a_wrong_rule_is_rejected(monkeypatch):
    """A rule that takes log(a b) to log a makes no step: the kernel confirms none of them."""

    def first(node):
        match node:
            case tree.Log(body=tree.Mul(factors=factors)) if factors[0].positive:
                return tree.Log(factors[0])
        return None

    wrong = Rule(Law("wrong", "log(a·b) = log a", ""), first)
    monkeypatch.setattr(module, "RULES", (*RULES[:6], wrong))
    steps = derive(shipped("centropy").statement, proved=True)
    lines = [*steps.reward, *steps.framework, *steps.target]
    assert lines
    assert "wrong" not in {line.rule.name for line in lines}
