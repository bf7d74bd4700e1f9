"""Every loss, along every path, against its literal evaluation in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.tensor.literal import (
    DPO,
    LOSSES,
    PATHS,
    SINGLE_PASS,
    Everything,
    SparsePO,
    batch,
    evaluate,
    expect,
    literal_loss,
    needed,
    small_pieces,
)
from torch.nn import functional

pytestmark = pytest.mark.slow

# Of the value and of the gradient, relative to the largest entry. Logits of low precision are
# rounded before either side sees them; their gradient is rounded up to three times: in the tile,
# as a sum over it, and with the pair's slope.
TOLERANCES = {
    torch.float64: (1e-12, 1e-12),
    torch.float32: (2e-6, 2e-6),
    torch.bfloat16: (2e-6, 2**-7),
    torch.float16: (2e-6, 2**-9),
}


def close(got, wanted, tolerance):
    scale = wanted.abs().max().clamp(min=1e-3)
    return bool((got.double() - wanted).abs().max() <= tolerance * scale)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", LOSSES)
def test_value_rewards_and_gradient_are_the_literal_ones(kind, path, dtype):
    """In every dtype; the literal form sees the same rounded logits."""
    logits, labels, reference, weights = batch(dtype=dtype)
    given = needed(kind(), reference, weights, -torch.rand(4, 9, dtype=torch.float64))
    got = evaluate(path, kind(), logits, labels, **given)
    wanted = expect(kind(), logits, labels, **given)
    value, gradient = TOLERANCES[dtype]
    for one, other in zip(got[:3], wanted[:3], strict=True):
        assert close(one, other, value)
    assert got[3].dtype == dtype
    assert close(got[3], wanted[3], gradient)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", LOSSES)
def test_a_completion_mask_counts_like_ignored_labels(kind, path):
    """Labels at masked positions are any number, even outside the vocabulary."""
    logits, labels, reference, weights = batch()
    mask = torch.ones_like(labels)
    mask[:, 3] = 0
    labels[2, 3] = 10**6
    given = needed(kind(), reference, weights, -torch.rand(4, 9, dtype=torch.float64))
    got = evaluate(path, kind(), logits, labels, mask=mask, **given)
    wanted = expect(kind(), logits, torch.where(mask == 0, -100, labels), **given)
    for one, other in zip(got, wanted, strict=True):
        assert close(one, other, 1e-12)


@pytest.mark.parametrize("pieces", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("kind", LOSSES)
def test_every_leaf_of_the_hidden_path_gets_its_gradient(kind, reduction, pieces):
    """Hidden states, weight and bias of the lm_head, learned token weights, the loss's parameters.

    Tiles of every size: a token, parts of a pair, a pair, several pairs.
    """
    _, labels, _, weights = batch(pairs=3)
    generator = torch.Generator().manual_seed(5)

    def random(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    states, ref_states, matrix, ref_matrix = (
        random(6, 9, 4),
        random(6, 9, 3),
        random(17, 4),
        random(17, 3),
    )
    bias, ref_bias, previous = random(17), random(17), -random(6, 9).abs()
    losses = []
    leaves = []
    for literal in (False, True):
        loss = kind().double()
        own = {name: each.clone().requires_grad_() for name, each in weights.items()}
        own = {name: own[name] for name in loss.needs.weights}
        h, w, b = (each.clone().requires_grad_() for each in (states, matrix, bias))
        given = needed(loss, None, own, previous)
        del given["weights"]
        if literal:
            if given.pop("ref_logits", 0) is None:
                given["ref_logits"] = functional.linear(ref_states, ref_matrix, ref_bias)
            value = literal_loss(loss, functional.linear(h, w, b), labels, weights=own, **given)[0]
            value = getattr(value, reduction)() if reduction != "none" else value
        else:
            if given.pop("ref_logits", 0) is None:
                given |= {"ref_hidden": ref_states, "ref_weight": ref_matrix, "ref_bias": ref_bias}
            with small_pieces(pieces):
                value = loss.from_hidden(h, w, labels, bias=b, reduction=reduction, **own, **given)[
                    0
                ]
        (value * torch.linspace(1, 2, 3, dtype=torch.float64)).sum().backward()
        losses.append(value.detach())
        leaves.append([h, w, b, *own.values(), *loss.parameters()])
    torch.testing.assert_close(*losses, rtol=1e-12, atol=1e-12)
    for got, wanted in zip(*leaves, strict=True):
        torch.testing.assert_close(got.grad, wanted.grad, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("trained", ["hidden", "weight", "bias", "weights", "nothing"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_only_what_is_trained_gets_a_gradient(trained, reduction):
    _, labels, _, weights = batch()
    leaves = {
        "hidden": torch.randn(4, 9, 4),
        "weight": torch.randn(17, 4),
        "bias": torch.randn(17),
        "weights": weights["mu1"].float(),
    }
    if trained != "nothing":
        leaves[trained].requires_grad_()
    loss = SparsePO().from_hidden(
        leaves["hidden"],
        leaves["weight"],
        labels,
        bias=leaves["bias"],
        ref_hidden=torch.randn(4, 9, 4),
        ref_weight=torch.randn(17, 4),
        reduction=reduction,
        mu1=leaves["weights"],
        mu2=weights["mu2"],
    )[0]
    assert loss.requires_grad is (trained != "nothing")
    if trained != "nothing":
        loss.sum().backward()
    for name, leaf in leaves.items():
        assert (leaf.grad is not None) is (name == trained)
    if trained != "nothing":
        assert leaves[trained].grad.abs().max() > 0


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(SINGLE_PASS),
    path=st.sampled_from(PATHS),
    seed=st.integers(0, 2**20),
    pairs=st.integers(1, 3),
    tokens=st.integers(5, 12),
    vocabulary=st.integers(2, 40),
    scale=st.floats(0.0, 200.0),
    pieces=st.integers(1, 30),
)
def test_any_shape_and_any_size_of_logits(
    *, kind, path, seed, pairs, tokens, vocabulary, scale, pieces
):
    """Random batches, from flat distributions to those where most probabilities underflow."""
    logits, labels, reference, weights = batch(
        seed, pairs=pairs, tokens=tokens, vocabulary=vocabulary, scale=scale
    )
    given = needed(kind(), reference, weights, -weights["omega"])
    with small_pieces(pieces):
        got = evaluate(path, kind(), logits, labels, **given)
    wanted = expect(kind(), logits, labels, **given)
    for one, other in zip(got, wanted, strict=True):
        assert close(one, other, 1e-10)


def test_cached_reference_log_probabilities_replace_the_reference():
    """DPO from ref_logps equals DPO from the reference's logits, on both paths."""
    logits, labels, reference, _ = batch()
    wanted = expect(DPO(), logits, labels, ref_logits=reference)
    target = torch.where(labels == -100, 0, labels)[:, 1:, None]
    cached = torch.log_softmax(reference[:, :-1], -1).gather(-1, target).squeeze(-1)
    cached = functional.pad(cached, (1, 0), value=float("nan"))  # nobody reads position 0
    for path in PATHS:
        got = evaluate(path, DPO(), logits, labels, ref_logps=cached)
        for one, other in zip(got, wanted, strict=True):
            assert close(one, other, 1e-12)


@pytest.mark.parametrize("pair", [(torch.float32, torch.bfloat16), (torch.bfloat16, torch.float32)])
@pytest.mark.parametrize("path", PATHS)
def test_policy_and_reference_may_differ_in_dtype(path, pair):
    logits, labels, reference, weights = batch()
    logits, reference = logits.to(pair[0]), reference.to(pair[1])
    given = {"ref_logits": reference, "weights": {"mu1": weights["mu1"]}}
    got = evaluate(path, Everything(), logits, labels, **given)
    wanted = expect(Everything(), logits, labels, **given)
    assert close(got[0], wanted[0], 2e-6)
    assert close(got[3], wanted[3], TOLERANCES[pair[0]][1])


def strided(whole):
    """Return the same values in every second entry of a larger tensor, dimensions swapped."""
    large = whole.new_full((2 * whole.shape[1], whole.shape[0], 2 * whole.shape[2]), float("nan"))
    view = large.transpose(0, 1)[:, ::2, ::2]
    view.copy_(whole)
    return view


@pytest.mark.parametrize("overwrite", [False, True])
def test_strides_do_not_matter(overwrite):
    """Neither those of the logits nor of the reference; in place, the same memory is written."""
    logits, labels, reference, weights = batch()
    wanted = expect(
        Everything(), logits, labels, ref_logits=reference, weights={"mu1": weights["mu1"]}
    )
    odd = strided(logits)
    leaf = odd.requires_grad_()
    losses = Everything().from_logits(
        leaf,
        labels,
        ref_logits=strided(reference),
        overwrite_logits=overwrite,
        mu1=strided(weights["mu1"][..., None])[..., 0],
    )[0]
    losses.mean().backward()
    assert close(losses.detach().mean(), wanted[0], 1e-12)
    assert close(leaf.grad, wanted[3], 1e-12)
    assert torch.equal(leaf.detach(), leaf.grad) is overwrite


def test_expanded_logits_and_hidden_states_get_the_sum_of_gradients():
    """One row of logits for all responses: the gradient of the row is the sum over responses."""
    logits, labels, reference, weights = batch()
    given = {"ref_logits": reference, "weights": {"mu1": weights["mu1"]}}
    wanted = expect(Everything(), logits[:1].expand(4, -1, -1).contiguous(), labels, **given)
    row = logits[:1].clone().requires_grad_()
    losses = Everything().from_logits(
        row.expand(4, -1, -1), labels, ref_logits=reference, mu1=weights["mu1"]
    )[0]
    losses.mean().backward()
    assert close(row.grad, wanted[3].sum(0, keepdim=True), 1e-12)
    row.grad = None
    eye = torch.eye(17, dtype=torch.float64)
    Everything().from_hidden(
        row.expand(4, -1, -1),
        eye.requires_grad_(),
        labels,
        ref_hidden=reference,
        ref_weight=eye.detach(),
        mu1=weights["mu1"],
    )[0].backward()
    assert close(row.grad, wanted[3].sum(0, keepdim=True), 1e-12)
