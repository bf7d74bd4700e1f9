"""What may be verified besides plain functions: objects, partial functions, **kwargs."""

import functools
import math

import pytest
from generators.code import rewritings
from torch import nn
from torch.nn import functional

import midpo_sym
from midpo_sym.code.verify import NotVerifiableError

BIND = {
    "chosen": "log(pi(w))",
    "rejected": "log(pi(l))",
    "ref_chosen": "log(ref(w))",
    "ref_rejected": "log(ref(l))",
    "scale": "alpha",
}


class Halved(nn.Module):
    """A module that keeps a number made of its hyper-parameter, and uses that one."""

    def __init__(self, beta=0.25, factor=2.0):
        super().__init__()
        self.beta, self.factor, self.half = beta, factor, beta / 2

    def forward(self, chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps):
        margin = chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps
        return -functional.logsigmoid(self.factor * self.half * margin)


def by_keywords(**given):
    return rewritings.textbook(
        given["chosen"], given["rejected"], given["ref_chosen"], given["ref_rejected"],
        given["scale"],
    )  # fmt: skip


@pytest.mark.slow
def test_numbers_made_of_a_hyper_parameter_where_an_object_is_made_are_right():
    found = midpo_sym.verify(Halved(), "dpo")
    assert found.proved, str(found)
    assert found.settings == ({"alpha": "1/4"},)


@pytest.mark.slow
def test_or_wrong():
    found = midpo_sym.verify(Halved(factor=3.0), "dpo")
    assert not found.proved
    assert found.value.counterexample.arguments["beta"] == 0.25


@pytest.mark.slow
def test_a_partial_function_keeps_its_values():
    found = midpo_sym.verify(functools.partial(rewritings.textbook, beta=0.2), "dpo")
    assert found.proved, str(found)
    assert found.symbolic == ()
    assert found.binding["beta"] == ("0.2", "as said")


@pytest.mark.slow
def test_keywords_of_any_names_are_what_they_are_said_to_be():
    assert midpo_sym.verify(by_keywords, "dpo", bind=BIND).proved


def test_keywords_of_which_nothing_is_said_are_asked_about():
    with pytest.raises(NotVerifiableError, match=r"--bind chosen_logps=.* of \*\*kwargs too"):
        midpo_sym.verify(by_keywords, "dpo")


def test_a_name_that_a_function_does_not_take_is_refused():
    wrong = r"there is no argument chosen\n  allowed: chosen_"
    with pytest.raises(NotVerifiableError, match=wrong):
        midpo_sym.verify(rewritings.textbook, "dpo", bind=BIND)


def test_a_batch_in_a_dictionary_takes_an_adapter():
    def loss(batch, beta=0.1):
        return beta * batch["chosen"]

    with pytest.raises(NotVerifiableError, match=r"examples/verify_my_loss\.py"):
        midpo_sym.verify(loss, "dpo")


@pytest.mark.slow
def test_it_is_said_that_rewards_are_averaged():
    found = midpo_sym.verify(rewritings.metrics, "dpo")
    assert found.outputs["chosen_rewards"].reduction == "mean"
    assert "chosen_rewards      ✓ proved; the mean over the pairs" in str(found)


@pytest.mark.slow
def test_a_check_that_a_hyper_parameter_is_finite_keeps_its_name():
    def checked(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        if not math.isfinite(beta):
            raise ValueError("beta")
        margin = chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps
        return -functional.logsigmoid(beta * margin)

    assert midpo_sym.verify(checked, "dpo").symbolic == ("alpha",)
