"""Logits of -inf: what is finite stays right, what is infinite is so on the right side."""

import pytest
import torch
from oracles.tensor.literal import (
    DPO,
    PATHS,
    SINGLE_PASS,
    TDPO,
    TISDPO,
    SimPO,
    assert_same,
    batch,
    evaluate,
    expect,
    given_for,
)

pytestmark = pytest.mark.slow

INFINITY = float("inf")
FLOATS = (torch.float64, torch.float32)
LOGITS_PATHS = PATHS[:2]


def masked_columns(model, dtype):
    """Return a batch whose last three vocabulary entries are -inf in a model or both."""
    logits, labels, reference, weights = batch(dtype=dtype)
    labels %= 14
    labels[labels == -100 % 14] = 3
    labels[:, 0] = -100
    if model in {"policy", "both"}:
        logits[..., -3:] = -INFINITY
    if model in {"reference", "both"}:
        reference[..., -3:] = -INFINITY
    return logits, labels, reference, weights


@pytest.mark.parametrize("dtype", [*FLOATS, torch.bfloat16])
@pytest.mark.parametrize("path", LOGITS_PATHS)
@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_vocabulary_masked_in_both_models(kind, path, dtype):
    """0·log(0/0) = 0 in every divergence, and no gradient flows into a masked entry."""
    logits, labels, reference, weights = masked_columns("both", dtype)
    given = given_for(kind, reference, weights)
    got = evaluate(path, kind(), logits, labels, **given)
    wanted = expect(kind(), logits, labels, **given)
    assert_same(
        got, wanted, {torch.float64: 1e-11, torch.float32: 3e-6, torch.bfloat16: 2**-8}[dtype]
    )
    assert (got[3][..., -3:] == 0).all()


@pytest.mark.parametrize("model", ["policy", "reference"])
@pytest.mark.parametrize("path", LOGITS_PATHS)
@pytest.mark.parametrize("kind", [DPO, SimPO])
def test_vocabulary_masked_in_one_model_where_no_divergence_is_needed(kind, path, model):
    logits, labels, reference, weights = masked_columns(model, torch.float64)
    given = given_for(kind, reference, weights)
    got = evaluate(path, kind(), logits, labels, **given)
    assert_same(got, expect(kind(), logits, labels, **given), 1e-11)


@pytest.mark.parametrize("path", LOGITS_PATHS)
def test_kl_ref_pi_infinite_on_one_side(path):
    """KL(π_ref‖π) = ∞ for the chosen responses: argument ∞, loss -log σ(∞) = 0, gradient 0.

    For the rejected ones: argument -∞, loss ∞, and the gradient is that of the argument, whose
    slope is -1: dKL(q‖p)/dz = p - q, finite though KL is not.
    """
    logits, labels, reference, _ = masked_columns("neither", torch.float64)
    half = len(logits) // 2
    chosen = logits.clone()
    chosen[:half, :, -1] = -INFINITY
    loss, good, bad, gradient = evaluate(path, TDPO(), chosen, labels, ref_logits=reference)
    assert loss == 0
    assert (good == INFINITY).all()
    assert bad.isfinite().all()
    assert (gradient == 0).all()
    rejected = logits.clone()
    rejected[half:, :, -1] = -INFINITY
    loss, good, bad, gradient = evaluate(path, TDPO(), rejected, labels, ref_logits=reference)
    assert loss == INFINITY
    assert (bad == INFINITY).all()
    p, q = torch.softmax(rejected, -1), torch.softmax(reference, -1)
    wanted = torch.zeros_like(gradient)
    for row in range(2 * half):
        # d(-mean log σ)/d(argument) = -1/half; the argument falls with the rejected side.
        slope = (-1 if row < half else 1) * 0.3 / half
        for t in range(1, labels.shape[1]):
            if labels[row, t] != -100:
                label = torch.nn.functional.one_hot(labels[row, t], p.shape[-1])
                wanted[row, t - 1] = slope * (label - p[row, t - 1] + p[row, t - 1] - q[row, t - 1])
    torch.testing.assert_close(gradient, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("path", LOGITS_PATHS)
def test_kl_pi_ref_infinite_on_one_side(path):
    """KL(π‖π_ref) = ∞ for the rejected responses: argument ∞, loss 0 and gradient 0.

    For the chosen ones: argument -∞ and loss ∞. An infinite KL(π‖π_ref) has no derivative, so only
    the log-ratios move the policy there.
    """
    logits, labels, reference, weights = masked_columns("neither", torch.float64)
    half = len(logits) // 2
    given = {"weights": {"omega": weights["omega"]}}
    one = reference.clone()
    one[half:, :, -1] = -INFINITY
    loss, _, bad, gradient = evaluate(path, TISDPO(), logits, labels, ref_logits=one, **given)
    assert loss == 0
    assert (bad == -INFINITY).all()
    assert (gradient == 0).all()
    two = reference.clone()
    two[:half, :, -1] = -INFINITY
    loss, _, _, gradient = evaluate(path, TISDPO(), logits, labels, ref_logits=two, **given)
    assert loss == INFINITY
    p = torch.softmax(logits, -1)
    for row in range(half):
        for t in range(1, labels.shape[1]):
            if labels[row, t] != -100:
                label = torch.nn.functional.one_hot(labels[row, t], p.shape[-1])
                wanted = -0.3 / half * weights["omega"][row, t] * (label - p[row, t - 1])
                torch.testing.assert_close(gradient[row, t - 1], wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("path", LOGITS_PATHS)
@pytest.mark.parametrize(("kind", "model"), [(TDPO, "policy"), (TISDPO, "reference")])
def test_infinite_divergence_on_both_sides_is_an_error(kind, model, path):
    logits, labels, reference, weights = masked_columns(model, torch.float64)
    given = given_for(kind, reference, weights)
    with pytest.raises(ValueError, match=r"pair \[0, 1\] is ∞ - ∞.*chosen\.kl_.*rejected\.kl_"):
        evaluate(path, kind(), logits, labels, **given)


@pytest.mark.parametrize("path", PATHS[2:])
@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_vocabulary_masked_by_the_bias_of_the_lm_head(kind, path):
    """The hidden paths: a bias of -inf in both models; the same as without those entries."""
    logits, labels, reference, weights = masked_columns("neither", torch.float64)
    given = given_for(kind, reference[..., :-3], weights)
    wanted = expect(kind(), logits[..., :-3], labels, **given)
    given = given_for(kind, reference, weights)
    bias = torch.zeros(17, dtype=torch.float64)
    bias[-3:] = -INFINITY
    if "ref_logits" in given:
        given["ref_bias"] = bias
    got = evaluate(path, kind(), logits, labels, bias=bias.clone(), **given)
    assert_same((*got[:3], got[3][..., :-3]), wanted, 1e-11)
    assert (got[3][..., -3:] == 0).all()


@pytest.mark.parametrize("path", LOGITS_PATHS)
@pytest.mark.parametrize("side", ["chosen", "rejected"])
@pytest.mark.parametrize("model", ["policy", "reference"])
def test_a_label_of_probability_zero(model, side, path):
    """log π = -∞ (policy) or log π/π_ref = +∞ (reference) of one token of pair 0.

    argument of pair 0 | chosen | rejected
    policy             | -∞     | +∞
    reference          | +∞     | -∞

    -∞ gives loss ∞, whose slope by the argument is -1 like any bad pair's; +∞ gives 0 and none.
    The derivative of log π(y) by the logits is 1_y - p also where p_y = 0.
    """
    logits, labels, reference, _ = batch()
    row = 0 if side == "chosen" else 2
    which = logits if model == "policy" else reference
    token = 4 if row == 2 else 5
    which[row, token - 1, labels[row, token]] = -INFINITY
    good = (model == "policy") is (side == "rejected")
    leaf = logits.clone().requires_grad_()
    found, chosen, rejected = DPO().from_logits(
        leaf * 1, labels, ref_logits=reference, overwrite_logits=path == "overwritten"
    )
    found.sum().backward()
    losses, gradients = found.detach(), leaf.grad
    assert losses[0] == (0 if good else INFINITY)
    assert losses[1].isfinite()
    assert abs((chosen if side == "chosen" else rejected)[0]) == INFINITY
    assert gradients.isfinite().all()
    p = torch.softmax(logits, -1)
    for number, sign in ((0, -1), (2, 1)):
        for t in range(1, labels.shape[1]):
            if labels[number, t] != -100:
                label = torch.nn.functional.one_hot(labels[number, t], p.shape[-1])
                wanted = (0 if good else 1) * sign * 0.3 * (label - p[number, t - 1])
                torch.testing.assert_close(
                    gradients[number, t - 1], wanted, rtol=1e-12, atol=1e-12, check_dtype=False
                )


@pytest.mark.parametrize("path", LOGITS_PATHS)
def test_a_label_of_probability_zero_under_both_models_is_an_error(path):
    logits, labels, reference, _ = batch()
    logits[2, 3, labels[2, 4]] = reference[2, 3, labels[2, 4]] = -INFINITY
    with pytest.raises(ValueError, match=r"pair \[0\] is ∞ - ∞.*rejected\.logps\[0, 4\]"):
        evaluate(path, DPO(), logits, labels, ref_logits=reference)


@pytest.mark.parametrize("path", LOGITS_PATHS)
def test_labels_of_probability_zero_on_both_sides_are_an_error(path):
    logits, labels, reference, _ = batch()
    for row in (1, 3):
        logits[row, 3, labels[row, 4]] = -INFINITY
    with pytest.raises(ValueError, match=r"pair \[1\] is ∞ - ∞.*chosen.*rejected"):
        evaluate(path, DPO(), logits, labels, ref_logits=reference)
