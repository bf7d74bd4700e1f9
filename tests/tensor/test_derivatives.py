"""Gradients against differences of values, and what cannot be differentiated."""

import pytest
import torch
from oracles.tensor.literal import (
    DPO,
    LOSSES,
    PATHS,
    TDPO,
    TDPO2,
    Everything,
    SimPO,
    batch,
    evaluate,
    needed,
    small_pieces,
)
from torch.autograd import forward_ad, gradcheck

from midpo_sym.tensor import linear_statistics, response_statistics


@pytest.mark.slow
@pytest.mark.parametrize("kind", [each for each in LOSSES if each is not TDPO2])
def test_gradcheck_from_logits(kind):
    """But for TDPO2: a stop-gradient makes the gradient another than the value's."""
    logits, labels, reference, weights = batch(tokens=5, vocabulary=6)
    loss = kind().double()
    given = needed(loss, reference, weights, -weights["omega"])
    given |= given.pop("weights")
    assert (
        gradcheck(
            lambda x: loss.from_logits(x, labels, **given)[0],
            logits.requires_grad_(),
        )
        is (kind.__name__ != "TDPO2")
        or kind.__name__ == "TDPO2"
    )


@pytest.mark.slow
def test_gradcheck_of_every_statistic():
    """Both kernels, by logits and by hidden states, weight and bias, in tiles of two tokens."""
    logits, labels, reference, _ = batch(tokens=5, vocabulary=6)
    kl = ("ref_pi", "pi_ref")

    def measure(found):
        return found.logps, found.logratios, found.kl_ref_pi, found.kl_pi_ref

    assert gradcheck(
        lambda x: measure(response_statistics(x, labels, ref_logits=reference, kl=kl)),
        logits.requires_grad_(),
    )
    leaves = [torch.randn(shape, dtype=torch.float64) for shape in ((4, 5, 3), (6, 3), (6,))]
    with small_pieces(2):
        assert gradcheck(
            lambda h, w, b: measure(
                linear_statistics(
                    h,
                    w,
                    labels,
                    bias=b,
                    ref_hidden=reference,
                    ref_weight=torch.eye(6, dtype=torch.float64),
                    kl=kl,
                )
            ),
            [each.requires_grad_() for each in leaves],
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", [DPO, SimPO, TDPO, Everything])
def test_the_single_pass_against_differences(kind):
    """Central differences of the loss along random directions, by every leaf.

    A stop-gradient has no such difference, so TDPO2 is not here.
    """
    _, labels, _, weights = batch()
    generator = torch.Generator().manual_seed(8)

    def random(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    leaves = {"hidden": random(4, 9, 5), "weight": random(17, 5), "bias": random(17)}
    constants = {}
    if kind.needs.reference:
        constants = {"ref_hidden": random(4, 9, 5), "ref_weight": random(17, 5)}
    for name in kind.needs.weights:
        leaves[name] = weights[name].double()
    loss = kind().double()

    def value(given):
        return loss.from_hidden(labels=labels, **given, **constants)[0]

    live = {name: each.clone().requires_grad_() for name, each in leaves.items()}
    value(live).backward()
    step = 1e-5
    for name, leaf in leaves.items():
        direction = random(*leaf.shape)
        ahead, behind = (value(leaves | {name: leaf + sign * step * direction}) for sign in (1, -1))
        slope = (ahead - behind) / (2 * step)
        torch.testing.assert_close(
            (live[name].grad * direction).sum(), slope, rtol=1e-7, atol=1e-9, msg=name
        )


@pytest.mark.slow
def test_a_second_backward_pass_gives_the_same():
    """The single pass hands its gradients over once, and forms them anew when asked again."""
    _, labels, _, weights = batch()
    leaves = [
        torch.randn(4, 9, 5, dtype=torch.float64),
        torch.randn(17, 5, dtype=torch.float64),
        torch.randn(17, dtype=torch.float64),
        weights["mu1"],
    ]
    hidden, weight, bias, mask = (each.requires_grad_() for each in leaves)
    loss = Everything().from_hidden(
        hidden,
        weight,
        labels,
        bias=bias,
        ref_hidden=torch.randn(4, 9, 5, dtype=torch.float64),
        ref_weight=torch.randn(17, 5, dtype=torch.float64),
        mu1=mask,
    )[0]
    first = torch.autograd.grad(loss, leaves, retain_graph=True)
    second = torch.autograd.grad(3 * loss, leaves, retain_graph=True)
    third = torch.autograd.grad(loss, leaves)
    for one, two, three in zip(first, second, third, strict=True):
        torch.testing.assert_close(3 * one, two, rtol=1e-10, atol=1e-14)
        torch.testing.assert_close(one, three, rtol=1e-10, atol=1e-14)


def test_a_second_backward_pass_over_overwritten_logits_is_an_error():
    logits, labels, reference, _ = batch()
    leaf = logits.requires_grad_()
    losses, *_ = DPO().from_logits(leaf * 1, labels, ref_logits=reference, overwrite_logits=True)
    losses.sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        losses.sum().backward()


def test_somebody_else_who_kept_overwritten_logits_is_told():
    logits, labels, reference, _ = batch()
    made = logits.requires_grad_() * 1
    other = made.exp() * made  # its gradient reads the logits
    losses, *_ = DPO().from_logits(made, labels, ref_logits=reference, overwrite_logits=True)
    losses.sum().backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        other.sum().backward()


def value_along(path, labels, reference):
    def value(logits):
        if path in {"logits", "overwritten"}:
            return (
                DPO()
                .from_logits(
                    logits * 1,
                    labels,
                    ref_logits=reference,
                    overwrite_logits=path == "overwritten",
                )[0]
                .mean()
            )
        eye = torch.eye(17, dtype=torch.float64)
        return (
            DPO()
            .from_hidden(
                logits,
                eye,
                labels,
                ref_hidden=reference,
                ref_weight=eye,
                reduction="none" if path == "projected twice" else "mean",
            )[0]
            .mean()
        )

    return value


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_a_second_derivative_is_refused(path):
    """Never a silent zero: either the gradient or its own gradient says that there is none."""
    logits, labels, reference, _ = batch()
    leaf = logits.requires_grad_()
    value = value_along(path, labels, reference)(leaf)

    def differentiate_twice():
        (gradient,) = torch.autograd.grad(value, leaf, create_graph=True)
        gradient.square().sum().backward()

    with pytest.raises(NotImplementedError, match="no second derivatives"):
        differentiate_twice()


# torch's forward mode uses what torch has deprecated.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("transform", ["grad", "vjp", "jvp", "forward"])
def test_transforms_are_refused(transform, path):
    logits, labels, reference, _ = batch()
    value = value_along(path, labels, reference)

    def forward():
        with forward_ad.dual_level():
            value(forward_ad.make_dual(logits, logits))

    calls = {
        "grad": lambda: torch.func.grad(value)(logits),
        "vjp": lambda: torch.func.vjp(value, logits),
        "jvp": lambda: torch.func.jvp(value, (logits,), (logits,)),
        "forward": forward,
    }
    with pytest.raises(NotImplementedError, match=r"neither under the transforms of torch\.func"):
        calls[transform]()


def test_from_statistics_can_be_transformed():
    """By torch.func.grad: the derivative of -log σ(m) by every live log-ratio is -β σ(-m)."""
    logits, labels, reference, _ = batch()
    chosen, rejected = response_statistics(logits, labels, ref_logits=reference).chunk()

    def value(logratios):
        moved = type(chosen)(logps=chosen.logps, mask=chosen.mask, logratios=logratios)
        return DPO().from_statistics(moved, rejected)[0].sum()

    found = torch.func.grad(value)(chosen.logratios)
    argument = 0.3 * (chosen.logratios - rejected.logratios).sum(-1)
    wanted = -0.3 * torch.sigmoid(-argument).unsqueeze(1).expand_as(found)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)


def test_evaluate_is_deterministic():
    """Two runs give the same bits."""
    logits, labels, reference, _ = batch(dtype=torch.float32)
    one, two = (evaluate("single pass", TDPO(), logits, labels, ref_logits=reference) for _ in "12")
    for first, second in zip(one, two, strict=True):
        assert torch.equal(first, second)
