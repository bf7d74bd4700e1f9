"""Choices between answers: models by hand, and labels as often as they say."""

from math import erf, exp, log, sqrt

import numpy as np
import pytest

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.worlds import CHOICES, WorldSettings, build, draw, everybody, outcomes

TINY = {"letters": 2, "longest": 2, "prompts": 2, "unseen": 1, "states": 3}


@pytest.mark.parametrize(
    ("choice", "ties", "wins", "tie"),
    [
        ("bradley_terry", 0.0, 3 / 4, 0.0),  # e^gain = 3: three to one
        ("thurstone", 0.0, (1 + erf(log(3) / 2)) / 2, 0.0),  # Φ(gain/√2)
        ("by_reward", 0.0, 1.0, 0.0),
        ("davidson", 1.0, 3 / (4 + sqrt(3)), sqrt(3) / (4 + sqrt(3))),  # 3 : 1 : ν√(3·1)
        ("rao_kupper", 1.0, 3 / 5, 1 - 3 / 5 - 1 / 7),  # θ = 2: 3/(3 + 2), 1/(1 + 2·3)
    ],
)
def test_models_of_choice_by_hand(choice, ties, wins, tie):
    found = outcomes(choice, np.array([log(3)]), ties)
    assert [each[0] for each in found] == pytest.approx([wins, tie])


@pytest.mark.parametrize("choice", CHOICES)
def test_somebody_wins_or_nobody_does(choice):
    gain = np.array([-800.0, -2.0, 0.0, 0.5, 800.0])
    wins, tie = outcomes(choice, gain, 0.7)
    loses, same = outcomes(choice, -gain, 0.7)
    assert tie == pytest.approx(same)
    assert wins + loses + tie == pytest.approx(np.ones(5))


@pytest.mark.slow
def test_labels_are_as_frequent_as_their_probabilities():
    """The mean of 1 − 2p over chosen sides is 0 up to five standard errors of 40,000 labels."""
    world = build(WorldSettings(**TINY), 3)
    pairs = draw(world, world.log_language, 40_000, 2)
    margin = world.reward[pairs.prompt, pairs.chosen] - world.reward[pairs.prompt, pairs.rejected]
    assert pairs.probability == pytest.approx(1 / (1 + np.exp(-margin)))
    # Of a pair with probability p the chosen one has p or 1 − p, with expectation p² + (1 − p)².
    wanted = pairs.probability**2 + (1 - pairs.probability) ** 2
    assert abs((pairs.probability - wanted).mean()) < 5 / sqrt(40_000)
    assert (pairs.chosen != pairs.rejected).all()
    assert set(pairs.prompt) == {0}, "the other prompt has no preferences"


def test_noise_exchanges_labels():
    by_reward = {**TINY, "choice": "by_reward", "noise": 0.25}
    world = build(WorldSettings(**by_reward), 3)
    pairs = draw(world, world.log_language, 20_000, 2)
    margin = world.reward[pairs.prompt, pairs.chosen] - world.reward[pairs.prompt, pairs.rejected]
    assert (margin < 0).mean() == pytest.approx(0.25, abs=5 * 0.44 / sqrt(20_000))


@pytest.mark.parametrize("rule", ["coin", "drop"])
def test_ties_are_labelled_by_a_coin_or_dropped(rule):
    world = build(WorldSettings(**TINY, choice="davidson", ties=2.0, tie_rule=rule), 3)
    pairs = draw(world, world.log_language, 5_000, 2)
    assert (len(pairs) == 5_000) == (rule == "coin")
    assert pairs.tie.any() == (rule == "coin")


def test_answers_come_from_the_reference_or_from_elsewhere():
    for share, source in ((0.0, "log_language"), (1.0, "log_foreign")):
        world = build(WorldSettings(**TINY, off_policy=share), 5)
        pairs = draw(world, world.log_language, 30_000, 2)
        # The first answer is drawn by p, the second one until it is another.
        p = np.exp(getattr(world, source)[0])
        both = np.bincount(np.concatenate([pairs.chosen, pairs.rejected]), minlength=7) / 60_000
        assert both == pytest.approx((p + _second(p)) / 2, abs=0.02)


def _second(p):
    """Return how the second answer is distributed: that of p without the first one."""
    return np.array([sum(p[a] * p[b] / (1 - p[a]) for a in range(7) if a != b) for b in range(7)])


def test_purposes_are_independent_and_repeatable():
    world = build(WorldSettings(**TINY), 3)
    one, again, other = (draw(world, world.log_language, 50, each) for each in (2, 2, 3))
    assert (one.chosen == again.chosen).all()
    assert (one.chosen != other.chosen).any()


def test_everybody_is_each_pair_both_ways():
    """7 answers have 42 ordered pairs; both orders together count twice the mean."""
    world = build(WorldSettings(**TINY), 3)
    pairs = everybody(world)
    assert len(pairs) == 42
    weights = {
        (a, b): w for a, b, w in zip(pairs.chosen, pairs.rejected, pairs.weight, strict=True)
    }
    for (a, b), weight in weights.items():
        assert weight + weights[b, a] == pytest.approx(2)
        odds = exp(world.reward[0, a] - world.reward[0, b])
        assert weight / weights[b, a] == pytest.approx(odds)


def test_a_reference_that_says_one_thing_makes_no_pairs():
    world = build(WorldSettings(**TINY), 3)
    one = np.full_like(world.log_language, -np.inf)
    one[:, 0] = 0.0
    with pytest.raises(LabError, match="two equal answers; a larger `variety`"):
        draw(world, one, 10, 2)
