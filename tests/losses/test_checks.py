"""What a loss says of wrong arguments, and MI-DPO for any prior."""

import math

import pytest
import torch

from midpo_sym import losses
from midpo_sym.losses import dpo_loss, mi_dpo_loss, simpo_loss, tis_dpo_loss

ONES = torch.ones(2)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-0.1, r"beta is -0\.1; expected a finite number above 0"),
        (0, "beta is 0; expected"),
        (math.nan, "beta is nan; expected"),
        (math.inf, "beta is inf; expected"),
    ],
)
def test_a_scale_out_of_range_is_refused(value, said):
    for call in (
        lambda: dpo_loss(ONES, ONES, ONES, ONES, beta=value),
        lambda: losses.DPOLoss(beta=value),
    ):
        with pytest.raises(ValueError, match=said):
            call()


@pytest.mark.parametrize("value", ["0.1", None, True, torch.tensor(0.1)])
def test_a_scale_that_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=r"beta is .*; expected a finite number above 0"):
        dpo_loss(ONES, ONES, ONES, ONES, beta=value)


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        (torch.ones(3), ValueError, r"rejected_logps has shape \(3,\); expected \(2,\), as chosen"),
        (torch.ones(2, 1), ValueError, r"rejected_logps has shape \(2, 1\); expected \(batch,\)"),
        (torch.tensor(1.0), ValueError, r"rejected_logps has shape \(\); expected \(batch,\)"),
        (torch.ones(2, dtype=torch.long), TypeError, "rejected_logps has dtype torch.int64"),
        (torch.ones(2, dtype=torch.complex64), TypeError, "rejected_logps has dtype torch.complex"),
        ([1.0, 1.0], TypeError, "rejected_logps is .* of type list; expected a tensor"),
        (torch.ones(2, device="meta"), ValueError, "rejected_logps is on meta; expected cpu"),
    ],
)
def test_a_wrong_tensor_is_refused_by_name(wrong, error, said):
    with pytest.raises(error, match=said):
        dpo_loss(ONES, wrong, ONES, ONES)


def test_a_response_without_tokens_is_refused():
    with pytest.raises(
        ValueError, match=r"rejected_lengths\[1\] is 0; expected a number of tokens"
    ):
        simpo_loss(ONES, ONES, torch.tensor([1, 2]), torch.tensor([3, 0]))


def tokens(**changes):
    """Return good arguments of TIS-DPO, some of them replaced."""
    names = [f"{a}{b}_logps" for a in ("", "ref_") for b in ("chosen", "rejected")]
    names += [f"{b}_{c}" for c in ("kl", "weights") for b in ("chosen", "rejected")]
    return {**{name: torch.full((1, 3), 0.5) for name in names}, **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"chosen_weights": torch.tensor([[1.0, -1.0, 1.0]])},
            r"chosen_weights\[0, 1\] is -1; exp",
        ),
        ({"rejected_weights": torch.tensor([[1.0, 1.0, math.nan]])}, r"rejected_weights\[0, 2\]"),
        (
            {"chosen_weights": torch.ones(1, 4)},
            r"chosen_weights has shape \(1, 4\); expected \(1, 3\)",
        ),
        ({"chosen_mask": torch.ones(1, 2)}, r"chosen_mask has shape \(1, 2\); expected \(1, 3\)"),
        ({"chosen_kl": torch.ones(3)}, r"chosen_kl has shape \(3,\); expected \(batch, tokens\)"),
    ],
)
def test_wrong_weights_and_masks_are_refused_by_name(changes, said):
    with pytest.raises(ValueError, match=said):
        tis_dpo_loss(**tokens(**changes))


def test_responses_may_be_padded_to_different_lengths_but_batches_match():
    short = {name: torch.ones(1, 2) for name in tokens() if "rejected" in name}
    assert torch.isfinite(tis_dpo_loss(**tokens(**short))[0]).all()
    other = {name: torch.ones(2, 3) for name in tokens() if "rejected" in name}
    with pytest.raises(ValueError, match="rejected_logps has 2 rows; expected 1, as chosen_logps"):
        tis_dpo_loss(**tokens(**other))


@pytest.mark.slow
def test_what_lies_at_padding_does_not_leak():
    """NaN and weights out of range where the mask is false change neither value nor gradient."""
    mask = torch.tensor([[True, True, False]])
    good = {name: each.clone() for name, each in tokens().items()}
    bad = {name: each.clone() for name, each in tokens().items()}
    for name, tensor in bad.items():
        tensor[0, 2] = -1.0 if name.endswith("weights") else math.nan
        good[name][0, 2] = 0
    found = []
    for given in (good, bad):
        logps = given.pop("chosen_logps").requires_grad_()
        loss = tis_dpo_loss(chosen_logps=logps, **given, chosen_mask=mask, rejected_mask=mask)[0]
        found.append((loss.detach(), torch.autograd.grad(loss.sum(), logps)[0]))
    torch.testing.assert_close(found[0], found[1])
    assert found[1][1][0, 2] == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_low_precision_is_computed_in_float32(dtype):
    given = [torch.tensor([each], dtype=dtype) for each in (-100.0, -120.0, -101.0, -119.0)]
    loss, chosen, rejected = dpo_loss(*given, beta=0.1)
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    assert {loss.dtype, chosen.dtype, rejected.dtype} == {wide}
    assert loss.item() == pytest.approx(math.log1p(math.exp(-0.2)), rel=1e-6)


@pytest.mark.parametrize(("gap", "value", "slope"), [(1e4, 0.0, 0.0), (-1e4, 1e4, -1.0)])
def test_huge_arguments_stay_finite(gap, value, slope):
    """−log σ(m) is 0 at m = 10⁴ and 10⁴ at m = −10⁴; its derivative is −σ(−m): 0 and −1."""
    logps = torch.tensor([gap], requires_grad=True)
    loss = dpo_loss(logps, *[torch.zeros(1)] * 3, beta=1.0)[0]
    assert loss.item() == value
    assert torch.autograd.grad(loss.sum(), logps)[0].item() == slope


@pytest.mark.slow
def test_mi_dpo_takes_any_prior_and_trains_it():
    """With ζ = π_ref it is DPO; the gradient in log ζ(y_w) is σ(−m) β."""
    g = torch.Generator().manual_seed(0)
    given = [torch.randn(5, generator=g, dtype=torch.float64).requires_grad_() for _ in range(4)]
    found = mi_dpo_loss(*given, beta=0.3)
    wanted = dpo_loss(*given, beta=0.3)
    torch.testing.assert_close(found, wanted)
    (slope,) = torch.autograd.grad(found[0].sum(), given[2])
    margin = found[1] - found[2]
    torch.testing.assert_close(slope, 0.3 * torch.sigmoid(-margin))
    with pytest.raises(ValueError, match="beta is -1"):
        mi_dpo_loss(*given, beta=-1)
