"""The transformer: probabilities of all answers, and what a seed decides."""

import numpy as np
import pytest
import torch

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.training import (
    Encoding,
    ModelSettings,
    ReferenceSettings,
    TrainingSettings,
    Transformer,
    fit_reference,
    log_policy,
)
from midpo_sym.lab.training.objectives import token_logps
from midpo_sym.lab.worlds import WorldSettings, build

WORLD = build(WorldSettings(letters=2, longest=3, prompts=3, unseen=1), 2)
ENCODING = Encoding(WORLD)
TINY = ModelSettings(width=8, layers=1, heads=2)


def test_all_answers_have_the_probability_of_their_tokens():
    """Each answer goes through the model by itself here, and through its stem there."""
    model = Transformer(TINY, ENCODING, seed=5)
    found = log_policy(model, ENCODING, WORLD)
    assert np.exp(found).sum(axis=1) == pytest.approx(np.ones(3))
    every = torch.arange(len(WORLD.answers))
    for prompt in range(3):
        ids = ENCODING.ids(torch.full_like(every, prompt), every)
        one_by_one = token_logps(model(ids), ENCODING.labels(every)).sum(-1).detach()
        assert found[prompt] == pytest.approx(one_by_one.numpy(), abs=1e-5)


def test_a_token_depends_on_what_is_before_it():
    model = Transformer(TINY, ENCODING, seed=5)
    ids = ENCODING.ids(torch.tensor([0, 0]), torch.tensor([13, 14]))
    assert (ids[0] != ids[1]).sum() == 1, "the last token differs"
    before, after = model(ids)
    assert torch.equal(before[:-1], after[:-1])
    assert not torch.equal(before[-1], after[-1])


def test_a_row_without_its_prompt_is_alike_for_all_prompts():
    prompts, answers = torch.tensor([0, 1, 2]), torch.tensor([4, 4, 4])
    blind = ENCODING.ids(prompts, answers, with_prompt=False)
    assert (blind == blind[0]).all()
    assert not (ENCODING.ids(prompts, answers) == blind).all()


def test_credits_lie_at_the_tokens_that_earn_them():
    prompt, answer = torch.tensor([1]), torch.tensor([4])
    credit, labels = ENCODING.credit(prompt, answer)[0], ENCODING.labels(answer)[0]
    assert (credit[labels < 0] == 0).all()
    assert credit[labels >= 0].numpy() == pytest.approx(WORLD.credit[1, 4, :3], rel=1e-6)


def test_a_seed_makes_one_model():
    one, again, other = (Transformer(TINY, ENCODING, seed=each) for each in (1, 1, 2))
    assert all(map(torch.equal, one.parameters(), again.parameters()))
    assert not all(map(torch.equal, one.parameters(), other.parameters()))


@pytest.mark.slow
def test_the_reference_comes_near_the_language():
    """From log 15 answers' worth of ignorance to a small divergence."""
    reference = fit_reference(WORLD, ENCODING, TINY, ReferenceSettings(2000, 200, 64, 0.02))
    found = log_policy(reference, ENCODING, WORLD)
    language = np.exp(WORLD.log_language)
    assert (language * (WORLD.log_language - found)).sum(axis=1).mean() < 0.05


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ModelSettings(width=9, heads=2), "heads is 2; it has to divide width, 9"),
        (lambda: TrainingSettings(steps=3, snapshots=4), "snapshots is 4; at most steps, 3"),
        (lambda: ReferenceSettings(learning_rate=0), "learning_rate is 0"),
    ],
)
def test_sizes_that_fit_nothing_are_refused(make, message):
    with pytest.raises(LabError, match=message):
        make()
