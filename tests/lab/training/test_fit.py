"""Training: to the bit the same, only what may move moves, and the optimum where it is known."""

import copy

import numpy as np
import pytest
import torch
from generators.lab.tiny_worlds import bench

from midpo_sym.lab.optimum import optimum
from midpo_sym.lab.study import rejections
from midpo_sym.lab.training import (
    Encoding,
    LossObjective,
    ModelSettings,
    PriorObjective,
    ReferenceSettings,
    TrainingSettings,
    build_loss,
    fit,
    fit_reference,
    log_policy,
)
from midpo_sym.lab.worlds import WorldSettings, build, everybody, measure

SHORT = TrainingSettings(steps=4, batch=8, snapshots=2)


def trained(objective, seed=3, settings=SHORT):
    here, seen = bench(), []

    def watch(policy, snapshot):
        seen.append((copy.deepcopy(policy), snapshot))

    outcome = fit(
        *(here.reference, here.encoding, here.pairs, objective, settings),
        learning_rate=0.01,
        seed=seed,
        watch=watch,
    )
    return outcome, seen


def dpo():
    return LossObjective(build_loss("dpo", {"beta": 0.5}))


def same(one, other):
    return all(map(torch.equal, one.parameters(), other.parameters()))


def test_a_seed_makes_one_run_to_the_bit():
    (one, first), (again, second), (other, _) = (trained(dpo(), each) for each in (3, 3, 4))
    assert same(one.policy, again.policy)
    assert [each for _, each in first] == [each for _, each in second]
    assert not same(one.policy, other.policy)


def test_a_run_is_looked_at_as_often_as_asked():
    _, seen = trained(dpo())
    assert [snapshot.step for _, snapshot in seen] == [2, 4]


def test_what_the_training_pairs_say_is_measured_by_hand():
    here = bench()
    outcome, seen = trained(dpo())
    policy = log_policy(outcome.policy, here.encoding, here.world) - here.log_reference
    chosen = policy[here.pairs.prompt, here.pairs.chosen]
    rejected = policy[here.pairs.prompt, here.pairs.rejected]
    last = seen[-1][1]
    assert last.chosen_displacement == pytest.approx(chosen.mean(), abs=1e-4)
    assert last.rejected_displacement == pytest.approx(rejected.mean(), abs=1e-4)
    wanted = np.log1p(np.exp(-0.5 * (chosen - rejected))).mean()
    assert last.loss == pytest.approx(wanted, abs=1e-4)


def test_the_reference_stays_as_it_is():
    before = copy.deepcopy(bench().reference)
    trained(dpo())
    trained(PriorObjective("learned_per_prompt", 0.5, copy.deepcopy(bench().reference), 40))
    assert same(before, bench().reference)


def test_without_its_gradient_a_policy_stays_the_reference():
    """The degenerate case: the loss falls, and no policy was learned."""
    free = PriorObjective("learned_alone", 0.5, copy.deepcopy(bench().reference), 40)
    outcome, seen = trained(free)
    assert same(outcome.policy, bench().reference)
    assert seen[-1][1].loss < seen[0][1].loss < np.log(2)


def test_a_run_that_is_not_finite_ends_there():
    class Broken(LossObjective):
        def losses(self, policy, batch, step):
            return super().losses(policy, batch, step) * (float("nan") if step == 2 else 1)

    outcome, seen = trained(Broken(build_loss("dpo", {})))
    assert outcome.diverged
    assert [snapshot.step for _, snapshot in seen] == [2]


def values(seeds, beta):
    """Return what DPO's policy is worth after four steps, for each seed."""
    here, found = bench(), []
    for seed in seeds:
        loss = LossObjective(build_loss("dpo", {"beta": beta}))
        outcome, _ = trained(loss, seed, TrainingSettings(steps=4, batch=8, snapshots=1))
        policy = log_policy(outcome.policy, here.encoding, here.world)
        found.append(measure(here.world, policy, here.log_reference, 0.5).value)
    return np.array(found)


@pytest.mark.slow
def test_a_planted_null_differs_as_often_as_the_level_says():
    """Groups of six reject with probability 2/2⁶: of ten more than two once in 300 such tests.

    Against the reference, whose value is 0, they see what four steps are worth.
    """
    one, other = values(range(60), 0.5), values(range(1000, 1060), 0.5)
    rejected, groups = rejections(list(one - other), 6, 0.05)
    assert groups == 10
    assert rejected <= 2
    assert rejections(list(one), 6, 0.05)[0] >= 8


@pytest.mark.slow
def test_dpo_ends_at_the_optimum_of_the_tabular_laboratory():
    """On all pairs of seven answers, weighed as Bradley and Terry say, π ∝ π_ref·exp(r/β)."""
    beta = 0.5
    world = build(WorldSettings(letters=2, longest=2, prompts=2, unseen=0, states=4), 4)
    encoding, size = Encoding(world), ModelSettings(width=16, layers=1, heads=1)
    reference = fit_reference(world, encoding, size, ReferenceSettings(400, 60, 64, 0.01))
    pairs = everybody(world)
    log_reference = log_policy(reference, encoding, world)
    outcome = fit(
        *(reference, encoding, pairs, LossObjective(build_loss("dpo", {"beta": beta}))),
        TrainingSettings(steps=500, batch=len(pairs), snapshots=1),
        learning_rate=0.01,
        seed=1,
        watch=lambda *_: None,
    )
    found = np.exp(log_policy(outcome.policy, encoding, world))
    best = optimum(world.reward, np.exp(log_reference), 1 / beta).policy
    distance = np.abs(found - best).sum(axis=1).max() / 2
    moved = np.abs(np.exp(log_reference) - best).sum(axis=1).min() / 2
    assert moved > 0.1, "there is something to learn"
    assert distance < 0.01
