"""A scale and a soft-cap of logits, given as numbers: the same as from logits that torch capped."""

import pytest
import torch
from oracles.tensor.literal import TDPO, Curved, batch

CAPS, SCALES = (0.7, 1.3), (0.25, 2.0)
ONE, OTHER = (Curved, TDPO)  # projects twice, and in a single pass


def heads():
    """Hidden states, weights and biases of two models in float64, and labels."""
    labels = batch()[1]
    generator = torch.Generator().manual_seed(3)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    models = [(draw(*labels.shape, 5), draw(17, 5), draw(17)) for _ in range(2)]
    return models, labels


def logits(hidden, weight, bias, scale, cap):
    return cap * torch.tanh(scale * (hidden @ weight.t() + bias) / cap)


@pytest.mark.parametrize(
    ("loss", "reduction"),
    [
        pytest.param(ONE, "mean", marks=pytest.mark.slow),
        pytest.param(OTHER, "mean", marks=pytest.mark.slow),
        (OTHER, "none"),
    ],
)
def test_cap_and_scale_are_what_torch_makes_of_the_logits(loss, reduction):
    (policy, reference), labels = heads()
    trained = [each.requires_grad_() for each in policy]
    made = [
        logits(*model, scale, cap)
        for model, scale, cap in zip((policy, reference), SCALES, CAPS, strict=True)
    ]
    losses, *rewards = loss().from_logits(made[0], labels, ref_logits=made[1])
    wanted = losses if reduction == "none" else losses.mean()
    found, *others = loss().from_hidden(
        *policy[:2],
        labels,
        bias=policy[2],
        softcap=CAPS[0],
        logit_scale=SCALES[0],
        ref_hidden=reference[0],
        ref_weight=reference[1],
        ref_bias=reference[2],
        ref_softcap=CAPS[1],
        ref_logit_scale=SCALES[1],
        reduction=reduction,
    )
    for one, other in zip((found, *others), (wanted, *rewards), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-13)
    slopes, expected = (
        torch.autograd.grad(each.sum(), trained, retain_graph=True) for each in (found, wanted)
    )
    for one, other in zip(slopes, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-13)
    again = torch.autograd.grad(found.sum(), trained)  # computed anew, not handed over
    for one, other in zip(again, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-13)


def test_half_precision_loses_no_more_than_rounding_the_logits():
    """bfloat16 logits are off by 2^-9 of 1.3 at most, so a log-probability by 0.006."""
    (policy, _), labels = heads()
    hidden, weight, bias = (each.bfloat16() for each in policy)
    wanted = logits(*(each.double() for each in (hidden, weight, bias)), 1.0, 1.3)
    exact = TDPO().from_logits(wanted, labels, ref_logits=wanted)
    found = TDPO().from_hidden(
        hidden, weight, labels, bias=bias, softcap=1.3,
        ref_hidden=hidden, ref_weight=weight, ref_bias=bias, ref_softcap=1.3,
    )  # fmt: skip
    for one, other in zip(found[1:], exact[1:], strict=True):
        torch.testing.assert_close(one.double(), other, rtol=0, atol=0.006)


@pytest.mark.parametrize("name", ["softcap", "logit_scale", "ref_softcap", "ref_logit_scale"])
def test_no_positive_number_is_refused(name):
    (policy, reference), labels = heads()
    with pytest.raises(ValueError, match=f"{name} is -1"):
        TDPO().from_hidden(
            *policy[:2], labels, ref_hidden=reference[0], ref_weight=reference[1], **{name: -1.0}
        )


@pytest.mark.parametrize(
    ("states", "weight"), [(torch.bfloat16, torch.float32), (torch.float32, torch.bfloat16)]
)
def test_autocast_takes_two_dtypes_as_a_linear_layer_does(states, weight):
    (policy, _), labels = heads()
    hidden, matrix = policy[0].to(states), policy[1].to(weight).requires_grad_()
    given = {"ref_hidden": hidden.detach() + 0.1, "ref_weight": matrix.detach()}
    with pytest.raises(ValueError, match=r"torch\.autocast"):
        TDPO().from_hidden(hidden, matrix, labels, **given)
    with torch.autocast("cpu", torch.bfloat16):
        found, *_ = TDPO().from_hidden(hidden, matrix, labels, **given)
        made = [torch.nn.functional.linear(each, matrix) for each in (hidden, given["ref_hidden"])]
    wanted, *_ = TDPO().from_logits(made[0], labels, ref_logits=made[1].detach())
    torch.testing.assert_close(found, wanted.mean(), rtol=1e-5, atol=1e-5)
    found.backward()
    assert matrix.grad.dtype == weight
