"""Extreme and broken inputs: value and gradient are right, or the error says what is wrong."""

import math

import pytest
import torch
from oracles.tensor.literal import (
    DPO,
    LOSSES,
    PATHS,
    SINGLE_PASS,
    TDPO,
    TDPO2,
    TISDPO,
    SimPO,
    SparsePO,
    assert_same,
    batch,
    evaluate,
    expect,
    given_for,
    literal_statistics,
    small_pieces,
)

from midpo_sym.tensor import linear_statistics, response_statistics

pytestmark = pytest.mark.slow

INFINITY = float("inf")
FLOATS = (torch.float64, torch.float32)
LOGITS_PATHS = PATHS[:2]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_logits_of_ten_thousand(kind, path, dtype):
    """Of both signs, in both models: nearly every probability underflows, labels' included.

    A log-ratio of 2·10⁴ is good to 2·10⁻³ in float32, and so is an argument that is the difference
    of several.
    """
    logits, labels, reference, weights = batch(seed=3)
    logits = (1e4 * logits.sign()).to(dtype) + logits.to(dtype)
    reference = (1e4 * reference.sign()).to(dtype) - reference.to(dtype)
    given = given_for(kind, reference, weights)
    got = evaluate(path, kind(), logits, labels, **given)
    wanted = expect(kind(), logits, labels, **given)
    if dtype == torch.float32:
        assert_same(got, wanted, 1e-6, noise=3e-3)
    else:
        assert_same(got, wanted, 1e-11)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_a_common_offset_of_the_logits_changes_nothing(kind, path):
    """Softmax does not see it: float32 with +1024 on the policy, exactly representable."""
    logits, labels, reference, weights = batch()
    logits, reference = ((each * 64).round().div(64).float() for each in (logits, reference))
    given = given_for(kind, reference, weights)
    wanted = expect(kind(), logits, labels, **given)
    assert_same(evaluate(path, kind(), logits + 1024, labels, **given), wanted, 3e-6)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("gap", [80.0, 104.0, 150.0, 800.0])
@pytest.mark.parametrize("kind", [DPO, TDPO, TDPO2, TISDPO, SparsePO])
def test_gaps_at_which_float32_softmax_underflows(kind, gap, path):
    """One logit towers over the others by the gap, in each model another: softmax().log() is -inf.

    KL is then about the gap itself, good to 10⁻⁷ of that.
    """
    logits, labels, reference, weights = batch(dtype=torch.float32)
    logits[..., 0] += gap
    reference[..., 1] += gap
    given = given_for(kind, reference, weights)
    wanted = expect(kind(), logits, labels, **given)
    got = evaluate(path, kind(), logits, labels, **given)
    assert_same(got, wanted, 3e-6 + 1e-7 * gap)


@pytest.mark.parametrize("poison", [float("nan"), INFINITY, -INFINITY])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", LOSSES)
def test_nothing_leaks_from_masked_positions(kind, path, dtype, poison):
    """Value, rewards and gradient are the same to the last bit, whatever lies there."""
    logits, labels, reference, weights = batch(dtype=dtype)
    given = given_for(kind, reference, weights)
    clean = evaluate(path, kind(), logits, labels, **given)
    dead = torch.ones_like(labels, dtype=torch.bool)
    dead[:, :-1] = labels[:, 1:] == -100
    logits[dead] = poison
    reference[dead] = poison
    for each in weights.values():
        each[labels == -100] = poison
    given = given_for(kind, reference, weights)
    spoilt = evaluate(path, kind(), logits, labels, **given)
    for one, other in zip(clean, spoilt, strict=True):
        assert torch.equal(one, other)
    assert (spoilt[3][dead] == 0).all()


@pytest.mark.parametrize("path", PATHS)
def test_gradients_of_weights_at_masked_positions_are_zero(path):
    logits, labels, reference, weights = batch()
    masks = {name: weights[name].requires_grad_() for name in ("mu1", "mu2")}
    evaluate(path, SparsePO(), logits, labels, ref_logits=reference, weights=masks)
    live = labels != -100
    live[:, 0] = False
    for mask in masks.values():
        assert (mask.grad[~live] == 0).all()
        assert (mask.grad[live] != 0).all()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", LOSSES)
def test_a_response_without_a_token_is_an_error(kind, path):
    """Row 2 has a label at position 0 only, which nothing predicts; row 3 none at all."""
    logits, labels, reference, weights = batch()
    labels[2:] = -100
    labels[2, 0] = 1
    given = given_for(kind, reference, weights)
    with pytest.raises(ValueError, match=r"labels: response 2, 3 .*no token"):
        evaluate(path, kind(), logits, labels, **given)


@pytest.mark.parametrize("path", PATHS)
def test_one_position_predicts_nothing(path):
    logits, labels, reference, _ = batch(tokens=5)
    with pytest.raises(ValueError, match=r"labels: response 0, 1, 2, 3 .*no token"):
        evaluate(path, DPO(), logits[:, :1], labels[:, -1:], ref_logits=reference[:, :1])


@pytest.mark.parametrize("vocabulary", [1, 2])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_two_positions_and_the_smallest_vocabularies(kind, path, vocabulary):
    """One token each; with a single entry every probability is 1, every gradient 0."""
    logits, labels, reference, weights = batch(tokens=5, vocabulary=vocabulary)
    logits, labels, reference = logits[:, -2:], labels[:, -2:].abs() % vocabulary, reference[:, -2:]
    weights = {name: each[:, -2:] for name, each in weights.items()}
    given = given_for(kind, reference, weights)
    got = evaluate(path, kind(), logits, labels, **given)
    assert_same(got, expect(kind(), logits, labels, **given), 1e-12, noise=1e-16)
    if vocabulary == 1:
        assert got[3].abs().max() < 1e-16


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", [DPO, TDPO, TDPO2, TISDPO, SparsePO])
def test_policy_equal_to_reference(kind, path, dtype):
    """Argument exactly 0, so that the loss is -log σ(0) = log 2 to the last bit; equal values
    in different memory. Half of the rows underflow at their label."""
    logits, labels, _, weights = batch(vocabulary=300, tokens=40, dtype=dtype)
    logits[:, ::2] *= 40
    given = given_for(kind, logits.clone(), weights)
    loss, chosen, rejected, gradient = evaluate(path, kind(), logits, labels, **given)
    assert loss == -torch.nn.functional.logsigmoid(torch.zeros((), dtype=loss.dtype))
    assert float(loss) == pytest.approx(math.log(2), rel=1e-7)
    assert (chosen == 0).all()
    assert (rejected == 0).all()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [7, 64, 1000])
def test_policy_equal_to_reference_through_real_products(dtype, rows):
    """Products of matrices of real sizes, in tiles of several sizes, no identity."""
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(4, 50, 96, generator=generator).to(dtype)
    weight = torch.randn(1000, 96, generator=generator).to(dtype)
    labels = torch.randint(0, 1000, (4, 50), generator=generator)
    with small_pieces(rows):
        for reduction in ("mean", "none"):
            loss, chosen, rejected = TDPO().from_hidden(
                hidden.requires_grad_(),
                weight,
                labels,
                ref_hidden=hidden.detach().clone(),
                ref_weight=weight.clone(),
                reduction=reduction,
            )
            assert (loss == -torch.nn.functional.logsigmoid(torch.zeros_like(loss))).all()
            assert (chosen == 0).all()
            assert (rejected == 0).all()


def test_nan_at_a_live_position_stays_nan():
    """A model that has diverged is not hidden, nor called an infinity."""
    logits, labels, reference, _ = batch()
    logits[0, 5, 2] = float("nan")
    losses, *_ = TDPO().from_logits(logits, labels, ref_logits=reference)
    assert losses[0].isnan()
    assert losses[1].isfinite()


@pytest.mark.parametrize("kind", [DPO, TDPO, TISDPO, SimPO])
def test_long_bfloat16_responses(kind):
    """4096 tokens: arguments within 1e-4 of float64 on the same rounded logits."""
    generator = torch.Generator().manual_seed(2)
    logits = (3 * torch.randn(2, 4097, 200, generator=generator)).bfloat16()
    reference = (logits + 0.2 * torch.randn(2, 4097, 200, generator=generator)).bfloat16()
    labels = torch.randint(0, 200, (2, 4097), generator=generator)
    weights = {"omega": torch.rand(2, 4097, generator=generator)}
    given = {"weights": {name: weights[name] for name in kind().needs.weights}}
    if kind().needs.reference:
        given["ref_logits"] = reference
    whole = literal_statistics(logits, labels, **given)
    found = response_statistics(
        logits, labels, ref_logits=given.get("ref_logits"), kl=kind().needs.kl, **given_only(given)
    )
    got = kind().argument(*found.chunk())[0]
    halves = []
    for rows in (slice(0, 1), slice(1, 2)):
        half = type(whole)()
        for name, value in vars(whole).items():
            if isinstance(value, dict):
                half.weights = {key: each[rows] for key, each in value.items()}
            else:
                setattr(half, name, None if value is None else value[rows])
        halves.append(half)
    wanted = kind().argument(*halves)[0]
    assert abs(float(got) / float(wanted) - 1) <= 1e-4


def given_only(given):
    return {"weights": given["weights"]}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_masked_statistics_are_exactly_zero(dtype):
    """From logits and from hidden states alike, and of the dtype that is promised."""
    logits, labels, reference, weights = batch(dtype=dtype)
    eye = torch.eye(17, dtype=dtype)
    both = {"kl": ("ref_pi", "pi_ref"), "weights": weights, "prev_logps": -weights["omega"]}
    first = response_statistics(logits, labels, ref_logits=reference, **both)
    second = linear_statistics(logits, eye, labels, ref_hidden=reference, ref_weight=eye, **both)
    live = labels != -100
    live[:, 0] = False
    for found in (first, second):
        assert torch.equal(found.mask, live)
        assert torch.equal(found.lengths, live.sum(1).to(found.logps.dtype))
        for each in (
            found.logps,
            found.ref_logps,
            found.logratios,
            found.kl_ref_pi,
            found.kl_pi_ref,
            found.prev_logps,
            *found.weights.values(),
        ):
            assert each.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
            assert (each[~live] == 0).all()
            assert (each[live] != 0).all()
