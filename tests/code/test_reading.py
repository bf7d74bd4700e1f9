"""What cannot be read is said to be so, with the line; what is read is held against the code."""

import inspect
import math
import random

import pytest
import torch
from torch.nn import functional

import midpo_sym
from midpo_sym.code.verdicts import Status
from midpo_sym.code.verify import NotVerifiableError


def margin(chosen, rejected, ref_chosen, ref_rejected):
    return chosen - rejected - ref_chosen + ref_rejected


def line(function, after):
    return f"{inspect.getsourcelines(function)[1] + after}"


def sorts(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    logits = torch.sort(logits).values
    return -functional.logsigmoid(beta * logits)


def itemises(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    scale = logits.abs().max().item()
    return -functional.logsigmoid(beta * logits / scale * scale)


def drops(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return -functional.logsigmoid(beta * functional.dropout(logits, 0.1))


@pytest.mark.parametrize(
    ("function", "what", "after"), [(sorts, "sort", 2), (itemises, ".item()", 2)]
)
def test_an_operation_without_a_row_is_named_with_its_line(function, what, after):
    found = midpo_sym.verify(function, "dpo")
    assert found.value.status is Status.UNREADABLE
    assert what in found.value.reason
    assert f"test_reading.py:{line(function, after)}" in found.value.reason


@pytest.mark.slow
def test_what_is_random_is_not_read():
    assert midpo_sym.verify(drops, "dpo").value.status is Status.UNREADABLE


def to_numpy(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    mean = float(logits.detach().numpy().mean())
    return -functional.logsigmoid(beta * (logits - mean))


def to_list(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    if max(logits.tolist()) > 10**6:
        return logits
    return -functional.logsigmoid(beta * logits)


@pytest.mark.parametrize(("function", "what"), [(to_numpy, ".numpy()"), (to_list, ".tolist()")])
def test_numbers_may_not_leave_torch_without_an_operation(function, what):
    found = midpo_sym.verify(function, "dpo")
    assert found.value.status is Status.UNREADABLE
    assert f"{what} at test_reading.py:{line(function, 2)}" in found.value.reason


@pytest.mark.slow
def test_a_hyper_parameter_that_loses_its_name_is_tried_at_some_values():
    """`math.pow` wants the float and not its name: with √β² for β it is DPO at three values."""

    def squares(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(math.pow(beta, 0.5) ** 2 * logits)

    found = midpo_sym.verify(squares, "dpo")
    assert found.symbolic == ()
    assert len(found.settings) == 3
    assert found.proved


@pytest.mark.slow
def test_a_branch_on_a_hyper_parameter_that_has_lost_its_name_is_looked_for():
    """Above 5 it is wrong; the names are kept, and large values among the checks show it."""

    def large(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        scale = 2.0 if math.pow(beta, 1.0) > 5 else 1.0
        return -functional.logsigmoid(scale * beta * logits)

    assert midpo_sym.verify(large, "dpo").symbolic == ()


@pytest.mark.slow
def test_a_branch_on_a_logarithm_of_a_hyper_parameter_is_a_branch():
    """`math.log` keeps the name, so that both paths are read, and one is no DPO."""

    def large(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        scale = 2.0 if math.log(beta) > math.log(5) else 1.0
        return -functional.logsigmoid(scale * beta * logits)

    assert not midpo_sym.verify(large, "dpo").proved


@pytest.mark.slow
def test_a_function_that_remembers_is_not_read():
    state = [0.0]

    def running(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        state[0] += 1.0
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(beta * logits) + state[0]

    assert midpo_sym.verify(running, "dpo").value.status is Status.UNREADABLE


@pytest.mark.slow
def test_a_function_that_draws_numbers_in_python_is_not_read():
    def draws(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(beta * logits) * random.random()

    assert midpo_sym.verify(draws, "dpo").value.status is Status.UNREADABLE


@pytest.mark.slow
def test_pairs_that_are_coupled_are_said_to_be():
    def coupled(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(beta * (logits - logits.mean()))

    found = midpo_sym.verify(coupled, "dpo")
    assert found.value.status is Status.DIFFERS
    assert "depends on the others" in found.value.reason


@pytest.mark.slow
def test_a_branch_of_the_code_is_taken_both_ways():
    """Right where the margin is above −2, and wrong below."""

    def branch(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        if bool((logits < -2).any()):
            logits = logits.clamp(min=-2)
        return -functional.logsigmoid(logits)

    found = midpo_sym.verify(branch, "dpo")
    assert found.value.status is not Status.PROVED


@pytest.mark.slow
def test_a_rare_branch_that_is_wrong_is_not_proved():
    """No random numbers reach a margin of −1000; the path is read all the same."""

    def rare(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return torch.where(logits < -1000, 0.0, -functional.logsigmoid(logits))

    found = midpo_sym.verify(rare, "dpo")
    assert found.value.status is Status.UNDECIDED


@pytest.mark.slow
def test_a_validation_that_raises_is_said_to():
    def checks(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        if beta > 1:
            raise ValueError("beta is too large")
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(beta * logits)

    found = midpo_sym.verify(checks, "dpo")
    assert found.proved
    assert any("beta is too large" in each for each in found.value.excluded)
    assert any(
        each == "alpha - 1 > 0: it raises ValueError: beta is too large"
        for each in found.value.excluded
    )


@pytest.mark.slow
def test_a_lower_precision_is_noted():
    def single(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(beta * logits.float())

    found = midpo_sym.verify(single, "dpo")
    assert found.proved
    assert any("float32" in each for each in found.notes)


def test_a_function_that_does_not_run_is_an_error():
    def broken(chosen_logps, rejected_logps):
        return chosen_logps + rejected_logps[:, None] @ chosen_logps

    with pytest.raises(NotVerifiableError, match="RuntimeError"):
        midpo_sym.verify(broken, "dpo")


def test_a_function_that_returns_no_tensor_is_an_error():
    def nothing(chosen_logps, rejected_logps):
        return f"a loss of {len(chosen_logps) + len(rejected_logps)}"

    with pytest.raises(NotVerifiableError, match="returns str"):
        midpo_sym.verify(nothing, "dpo")


@pytest.mark.slow
def test_a_custom_backward_pass_that_is_wrong_is_found():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logits):
            ctx.save_for_backward(logits)
            return -functional.logsigmoid(logits)

        @staticmethod
        def backward(ctx, grad):
            (logits,) = ctx.saved_tensors
            return -grad * torch.sigmoid(logits)

    def custom(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        return Wrong.apply(
            beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        )

    found = midpo_sym.verify(custom, "dpo")
    assert found.value.status is Status.PROVED
    assert found.gradient.status is Status.DIFFERS


@pytest.mark.slow
def test_what_is_right_for_small_batches_only_is_found():
    """The losses of the first three pairs alone: read at two and three pairs, it is the sum."""

    def truncates(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(beta * logits[:3]).sum()

    found = midpo_sym.verify(truncates, "dpo")
    assert found.value.status is Status.DIFFERS
    assert "4 pairs" in found.value.reason
    assert len(found.value.counterexample.arguments["chosen_logps"]) == 4


@pytest.mark.slow
def test_what_is_right_for_short_responses_only_is_found():
    def truncates(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps,
                  chosen_mask, rejected_mask, beta=0.1):  # fmt: skip
        chosen = ((chosen_logps - ref_chosen_logps) * chosen_mask)[:, :5].sum(-1)
        rejected = ((rejected_logps - ref_rejected_logps) * rejected_mask)[:, :5].sum(-1)
        return -functional.logsigmoid(beta * (chosen - rejected))

    assert midpo_sym.verify(truncates, "dpo").value.status is Status.DIFFERS


@pytest.mark.slow
def test_a_tensor_that_an_operation_is_given_twice_is_read_once():
    """The gradients of both halves of a sum are one tensor, and `cat` is given it twice."""

    def loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        scores = beta * (chosen_logps - ref_chosen_logps - rejected_logps + ref_rejected_logps)
        whole = torch.cat([functional.softplus(-scores) / 2, functional.softplus(-scores) / 2])
        one, other = whole.chunk(2)
        return one + other

    assert midpo_sym.verify(loss, "dpo").proved
