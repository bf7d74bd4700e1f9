"""Kernels for devices, on the CPU: right, and never with the host asking for a value."""

import pytest
import torch
from oracles.tensor.literal import (
    DPO,
    LOSSES,
    TDPO,
    TISDPO,
    Everything,
    assert_same,
    batch,
    evaluate,
    expect,
    needed,
)
from oracles.tensor.waiting import NoWaiting, as_on_a_device, backward_of
from torch._subclasses import FakeTensorMode

PATHS = ("logits", "overwritten", "projected twice")


def given_for(kind, reference, weights):
    return needed(kind(), reference, weights, -weights["omega"])


def hidden_loss(kind, shapes):
    """Return a loss from hidden states of two models, and what is trained."""
    hidden, weight, bias, ref_hidden, ref_weight, labels, weights = shapes
    loss = kind()
    given = dict.fromkeys(loss.needs.weights, weights)
    if loss.needs.reference_model == "prev":
        given |= {"prev_logps": -weights}
    elif loss.needs.reference:
        given |= {"ref_hidden": ref_hidden, "ref_weight": ref_weight}
    return loss.from_hidden(hidden, weight, labels, bias=bias, **given)


def made(device):
    """Return hidden states and lm_heads of two models, labels, and a weight of each token."""
    generator = torch.Generator().manual_seed(3)

    def random(*shape):
        return torch.randn(*shape, generator=generator).to(device)

    labels = torch.randint(11, (4, 6), generator=generator)
    labels[1, :3] = -100
    hidden, weight, bias = (
        random(*shape).requires_grad_() for shape in ((4, 6, 5), (11, 5), (11,))
    )
    rest = random(4, 6, 5), random(11, 5), labels.to(device), random(4, 6).abs()
    return hidden, weight, bias, *rest


def test_the_host_asks_for_no_value():
    """Forward and backward, from logits and from hidden states, every statistic of a loss."""
    logits, labels, reference, weights = batch()
    given = given_for(Everything, reference, weights)
    given |= given.pop("weights")
    logits.requires_grad_()
    tensors = made("cpu")
    with as_on_a_device(), NoWaiting():
        backward_of(Everything().from_logits(logits, labels, **given)[0])
        backward_of(hidden_loss(TDPO, tensors)[0])
    assert all(each.grad.isfinite().all() for each in (logits, *tensors[:3]))


def test_the_spy_sees_what_waits():
    """As the kernels of the CPU do."""
    logits, labels, reference, _ = batch()
    with pytest.raises(AssertionError, match="waits for the device"), NoWaiting():
        DPO().from_logits(logits, labels, ref_logits=reference)


def test_values_are_checked_by_the_device_or_on_request():
    """The device says what is wrong by an assertion of its own; the host, if asked, says where."""
    logits, labels, reference, _ = batch()
    labels[2, 5] = 17
    given = {"ref_logits": reference}
    with as_on_a_device():
        with pytest.raises(RuntimeError, match="labels: out of the vocabulary"):
            DPO().from_logits(logits, labels, **given)
        with pytest.raises(ValueError, match=r"got 17 at \[response, position\] \[2, 5\]"):
            DPO().from_logits(logits, labels, **given, validate=True)
        DPO().from_logits(logits, labels, **given, validate=False)
    with pytest.raises(ValueError, match="got 17 at"):
        DPO().from_logits(logits, labels, **given)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "rows"), [(torch.float64, 3), (torch.float32, None), (torch.bfloat16, None)]
)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", LOSSES)
def test_value_rewards_and_gradient_are_the_literal_ones(kind, path, dtype, rows):
    logits, labels, reference, weights = batch(dtype=dtype)
    given = given_for(kind, reference, weights)
    with as_on_a_device(rows):
        got = evaluate(path, kind(), logits, labels, **given)
    wanted = expect(kind(), logits, labels, **given)
    exact = {torch.float64: 1e-12}.get(dtype, 2e-6)
    assert_same(got[:3], wanted[:3], exact)
    assert_same(got[3:], wanted[3:], 2**-7 if dtype == torch.bfloat16 else exact)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", LOSSES)
def test_nothing_leaks_of_what_does_not_count(kind, path):
    """NaN in rows that predict nothing, of both models, in two sequences at least."""
    logits, labels, reference, weights = batch()
    given = given_for(kind, reference, weights)
    wanted = expect(kind(), logits, labels, **given)
    dead = torch.nn.functional.pad(labels[:, 1:] == -100, (0, 1), value=True)
    assert dead.any(-1).sum() > 1
    logits, reference = (
        each.masked_fill(dead.unsqueeze(-1), torch.nan) for each in (logits, reference)
    )
    given = given_for(kind, reference, weights)
    with as_on_a_device():
        assert_same(evaluate(path, kind(), logits, labels, **given), wanted, 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("gap", [80.0, 104.0, 150.0, 800.0])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", [DPO, TDPO, TISDPO])
def test_gaps_at_which_float32_softmax_underflows(kind, path, gap):
    """One logit towers over the others by the gap, in each model another."""
    logits, labels, reference, weights = batch(dtype=torch.float32)
    logits[..., 0] += gap
    reference[..., 1] += gap
    given = given_for(kind, reference, weights)
    wanted = expect(kind(), logits, labels, **given)
    with as_on_a_device():
        assert_same(evaluate(path, kind(), logits, labels, **given), wanted, 3e-6 + 1e-7 * gap)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS[:2])
@pytest.mark.parametrize("kind", [DPO, TDPO, Everything])
def test_columns_that_are_masked_in_both_models(kind, path):
    """Logits of -∞: 0·log 0 = 0. No label is masked."""
    logits, labels, reference, weights = batch()
    labels[labels == 4] = 5
    logits[..., 4] = reference[..., 4] = -torch.inf
    given = given_for(kind, reference, weights)
    wanted = expect(
        kind(),
        *(each for each in (logits.clamp_min(-1e4), labels)),
        **given | {"ref_logits": reference.clamp_min(-1e4)},
    )
    with as_on_a_device():
        assert_same(evaluate(path, kind(), logits, labels, **given), wanted, 1e-12)


def test_meta_tensors_go_through_forward_and_backward():
    """They have no values at all, so whatever branches on one fails."""
    tensors = made("meta")
    logits = torch.empty(4, 6, 11, device="meta", requires_grad=True)
    given = {"mu1": tensors[6], "ref_logits": logits.detach()}
    backward_of(Everything().to("meta").from_logits(logits, tensors[5], **given)[0])
    backward_of(hidden_loss(TISDPO, tensors)[0])
    assert logits.grad.shape == (4, 6, 11)
    assert [tuple(each.grad.shape) for each in tensors[:3]] == [(4, 6, 5), (11, 5), (11,)]


def test_fake_tensors_go_through_forward_and_backward():
    """As a compiler traces them; their device is taken for one."""
    with as_on_a_device(), FakeTensorMode():
        tensors = made("cpu")
        backward_of(hidden_loss(TDPO, tensors)[0])
        assert tuple(tensors[1].grad.shape) == (11, 5)
