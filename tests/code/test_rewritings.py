"""Code that is right is proved, however it is written: value, gradient, and what it logs."""

import inspect

import pytest
from generators.code import more_rewritings, rewritings

import midpo_sym

DPO = (*rewritings.DPO, *more_rewritings.DPO)


def test_there_are_enough_rewritings_to_mean_something():
    assert len((*DPO, *rewritings.SIMPO, *rewritings.TOKENS)) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("function", DPO, ids=lambda each: each.__name__)
def test_dpo_is_proved_however_it_is_written(function):
    found = midpo_sym.verify(function, "dpo")
    assert found.proved, str(found)
    assert found.symbolic == ("alpha",)


@pytest.mark.slow
@pytest.mark.parametrize("function", rewritings.SIMPO, ids=lambda each: each.__name__)
def test_simpo_is_proved_however_it_is_written(function):
    found = midpo_sym.verify(function, "simpo")
    assert found.proved, str(found)
    assert found.symbolic == ("alpha", "gamma")


@pytest.mark.slow
@pytest.mark.parametrize("function", rewritings.TOKENS, ids=lambda each: each.__name__)
def test_dpo_of_tokens_is_proved_whatever_lies_at_padding(function):
    found = midpo_sym.verify(function, "dpo")
    assert found.proved, str(found)
    assert found.binding["chosen_logps"][0] == "log(pi(w, t))"


@pytest.mark.slow
def test_simpo_of_tokens_finds_the_lengths_in_the_masks():
    found = midpo_sym.verify(rewritings.simpo_tokens, "simpo")
    assert found.proved, str(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "reduction"),
    [
        (rewritings.textbook, "none"),
        (rewritings.averaged, "mean"),
        (rewritings.summed, "sum"),
        (rewritings.loop, "mean"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_it_is_said_what_is_done_with_a_batch(function, reduction):
    assert midpo_sym.verify(function, "dpo").reduction == reduction


@pytest.mark.slow
def test_it_is_said_where_code_compares():
    """At 0 the two branches of `by_case` are equal, and nothing is said of it all the same."""
    found = midpo_sym.verify(rewritings.by_case, "dpo")
    (where,) = found.value.excluded
    first = inspect.getsourcelines(rewritings.by_case)[1]
    assert where.endswith(f" = 0 (rewritings.py:{first + 3})")


@pytest.mark.slow
def test_a_maximum_has_a_value_everywhere_and_a_gradient_where_its_sides_differ():
    found = midpo_sym.verify(rewritings.stable, "dpo")
    assert found.value.excluded == ()
    assert len(found.gradient.excluded) == 1


@pytest.mark.slow
def test_rewards_that_are_logged_have_verdicts():
    for function in (rewritings.logs_rewards, rewritings.metrics):
        found = midpo_sym.verify(function, "dpo")
        assert set(found.outputs) == {"chosen_rewards", "rejected_rewards"}
