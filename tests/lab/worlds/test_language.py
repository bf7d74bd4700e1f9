"""The language of a world: all answers, their probabilities, and rewards as they were asked for."""

import numpy as np
import pytest

from midpo_sym.lab.answers import END, answers
from midpo_sym.lab.checks import LabError
from midpo_sym.lab.worlds import WorldSettings, build

SMALL = WorldSettings(letters=2, longest=3, prompts=3, unseen=1, length_correlation=0.6)
WORLD = build(SMALL, 7)
LANGUAGE = np.exp(WORLD.log_language)


def mean(values):
    return (LANGUAGE * values).sum(axis=1)


def test_the_answers_are_those_of_the_tabular_laboratory():
    """It lists the sequences of two letters that end in ∎ or have three tokens: 15 of them."""
    letters = "ab" + END
    names = ["".join(letters[token] for token in row if token >= 0) for row in WORLD.answers]
    wanted = answers("ab", 3)
    assert names == list(wanted.names)
    assert len(names) == SMALL.answers == 15
    assert list(WORLD.lengths) == list(wanted.lengths)


def test_an_answer_is_as_probable_as_its_tokens_are():
    assert LANGUAGE.sum(axis=1) == pytest.approx(np.ones(3))
    assert LANGUAGE.min() > 0


def test_the_reward_has_the_spread_and_the_correlation_asked_for():
    lengths = np.broadcast_to(WORLD.lengths - mean(WORLD.lengths)[:, None], LANGUAGE.shape)
    assert mean(WORLD.reward) == pytest.approx(np.zeros(3), abs=1e-12)
    assert mean(WORLD.reward**2).mean() == pytest.approx(1)
    covariance = mean(WORLD.reward * lengths).mean()
    assert covariance / np.sqrt(mean(lengths**2).mean()) == pytest.approx(0.6)


def test_tokens_earn_the_reward():
    """The sum of the credits is the reward, up to a constant of the prompt."""
    assert np.ptp(WORLD.credit.sum(axis=-1) - WORLD.reward, axis=1) == pytest.approx(np.zeros(3))
    assert (WORLD.credit[:, WORLD.answers < 0] == 0).all()


def test_prompts_differ():
    assert len({tuple(row) for row in WORLD.prompts}) == 3


def test_an_annotator_who_likes_long_answers_adds_the_standardised_length():
    biased = build(WorldSettings(letters=2, longest=3, prompts=2, unseen=0, length_bias=0.5), 7)
    weights = np.exp(biased.log_language)
    added = biased.opinions[0] - biased.reward
    assert (weights * added**2).sum(axis=1).mean() == pytest.approx(0.25)
    slopes = np.polyfit(biased.lengths, added.T, 1)
    assert np.abs(added - (np.outer(slopes[0], biased.lengths) + slopes[1][:, None])).max() < 1e-12
    assert (slopes[0] > 0).all()


def test_annotators_disagree_as_much_as_they_are_told():
    crowd = build(WorldSettings(letters=2, longest=3, annotators=40, disagreement=2.0), 7)
    weights = np.exp(crowd.log_language)
    added = crowd.opinions - crowd.reward
    assert (weights * added**2).sum(axis=2).mean() == pytest.approx(4)


def test_a_seed_makes_one_world():
    again, other = build(SMALL, 7), build(SMALL, 8)
    assert (again.reward == WORLD.reward).all()
    assert (other.reward != WORLD.reward).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"noise": 0.5}, "noise is 0.5; it has to be a number from 0 to 0.49"),
        ({"letters": 2.5}, "letters is 2.5; it has to be a whole number from 1 to 8"),
        ({"letters": True}, "letters is True"),
        ({"letters": 8, "longest": 6}, "make 299593 answers; at most 20000"),
        ({"unseen": 8}, "unseen is 8; it has to be below prompts, 8"),
        ({"choice": "coin"}, "choice is 'coin'; it has to be one of bradley_terry"),
        ({"ties": 0.5}, "choice 'bradley_terry' has none; take 0, or one of davidson"),
        ({"longest": 1}, "longest is 1; it has to be a whole number from 2 to 12"),
        ({"letters": 2, "prompts": 20}, "2 letters make 14 of up to three"),
        ({"reward_scale": float("nan")}, "reward_scale is nan"),
    ],
)
def test_what_makes_no_world_is_refused(settings, message):
    with pytest.raises(LabError, match=message.replace("(", r"\(")):
        WorldSettings(**settings)
