"""The base class, its statistics, and subclasses of users."""

import subprocess
import sys

import pytest
import torch
from oracles.tensor.literal import (
    BETA,
    DPO,
    PATHS,
    TDPO,
    Anchored,
    Curved,
    batch,
    evaluate,
    expect,
    needed,
)
from torch.nn import functional

from midpo_sym.tensor import Needs, PreferenceLoss, ResponseStatistics, response_statistics


def statistics(**changes):
    given = {
        "logps": torch.tensor([[0.0, -1.0, -2.0], [0.0, -3.0, 0.0]]),
        "mask": torch.tensor([[False, True, True], [False, True, False]]),
    }
    return ResponseStatistics(**(given | changes))


def test_lengths_count_live_tokens():
    assert statistics().lengths.tolist() == [2.0, 1.0]
    assert statistics(logps=torch.zeros(2, 3, dtype=torch.float64)).lengths.dtype == torch.float64


def test_chunk_takes_the_first_half_as_chosen():
    chosen, rejected = statistics(weights={"omega": torch.arange(6.0).view(2, 3)}).chunk()
    assert chosen.logps.tolist() == [[0.0, -1.0, -2.0]]
    assert rejected.logps.tolist() == [[0.0, -3.0, 0.0]]
    assert rejected.mask.tolist() == [[False, True, False]]
    assert rejected.weights["omega"].tolist() == [[3.0, 4.0, 5.0]]
    assert chosen.kl_ref_pi is None


def test_detach_detaches_weights_as_well():
    weight = torch.ones(2, 3, requires_grad=True)
    found = statistics(
        logps=weight * 2, logratios=weight * 3, weights={"omega": weight * 4}
    ).detach()
    for each in (found.logps, found.logratios, found.weights["omega"]):
        assert not each.requires_grad
    assert found.weights["omega"].tolist() == [[4.0] * 3] * 2


def test_losses_and_rewards_worked_out_by_hand():
    """One token each: log-ratios log 4 and log 2, β = 0.3.

    argument = 0.3 log 2; loss = log(1 + 2^-0.3); rewards 0.6 log 2 and 0.3 log 2.
    """
    log_two = torch.log(torch.tensor(2.0, dtype=torch.float64))
    mask = torch.tensor([[False, True]])
    zeros = torch.zeros(1, 2, dtype=torch.float64)
    chosen, rejected = (
        ResponseStatistics(logps=zeros, mask=mask, logratios=torch.stack([zeros[0, 0], each])[None])
        for each in (2 * log_two, log_two)
    )
    losses, good, bad = DPO().from_statistics(chosen, rejected)
    torch.testing.assert_close(losses, torch.log1p(2 ** torch.tensor([-0.3]).double()))
    torch.testing.assert_close(good, 0.6 * log_two[None])
    torch.testing.assert_close(bad, 0.3 * log_two[None])


def test_rewards_are_detached():
    logits, labels, reference, _ = batch()
    losses, good, bad = DPO().from_logits(logits.requires_grad_(), labels, ref_logits=reference)
    assert losses.requires_grad
    assert not good.requires_grad
    assert not bad.requires_grad


class Hinge(DPO):
    """A link of the user's own."""

    def link(self, argument):
        return functional.relu(1 - argument)


class Ranked(TDPO):
    """A loss that mixes pairs: the mean argument is subtracted from each."""

    def from_statistics(self, chosen, rejected):
        argument, good, bad = self.argument(chosen, rejected)
        return self.link(argument - argument.mean() / 2), good.detach(), bad.detach()


@pytest.mark.parametrize("path", PATHS)
def test_a_link_of_the_users_own(path):
    logits, labels, reference, _ = batch()
    got = evaluate(path, Hinge(), logits, labels, ref_logits=reference)
    wanted = expect(Hinge(), logits, labels, ref_logits=reference)
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_a_loss_that_mixes_pairs_redefines_from_statistics(path):
    """It is right along every path, by projecting twice where the others need not."""
    logits, labels, reference, _ = batch(pairs=3)
    got = evaluate(path, Ranked(), logits, labels, ref_logits=reference)
    again = evaluate("logits", Ranked(), logits, labels, ref_logits=reference)
    plain = evaluate("logits", TDPO(), logits, labels, ref_logits=reference)
    assert not torch.allclose(again[3], plain[3])
    for one, other in zip(got, again, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-14)


class Wrong(Curved):
    """A curved argument that claims to be linear."""

    needs = Needs(reference=True, kl=("ref_pi",), reference_model="ref", linear=True)


class Mixing(DPO):
    """A link that mixes pairs."""

    def link(self, argument):
        return -functional.logsigmoid(argument - 2 * argument.mean())


class Weighing(TDPO):
    """A loss of the divergences that claims to be one of the log-probabilities only."""

    needs = Needs(reference=True, kl=("ref_pi",), by_sums=True, reference_model="ref")


class Mixed(Anchored):
    """A loss of the log-probabilities that mixes pairs, and is -∞ where none is measured yet."""

    def argument(self, chosen, rejected):
        argument, *rewards = super().argument(chosen, rejected)
        return argument + torch.log1p(-chosen.logps.sum(-1).exp()), *rewards

    def link(self, argument):
        return (argument - argument.mean()).square()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Wrong, PATHS[2]),
        (Wrong, PATHS[3]),
        (Mixing, PATHS[3]),
        (Weighing, PATHS[2]),
        (Weighing, PATHS[3]),
        (Mixed, PATHS[3]),
    ],
)
def test_a_wrong_claim_about_what_moves_a_loss_is_noticed(kind, path):
    """Rather than followed to wrong gradients; projecting twice, or from logits, it is right.

    A link that mixes pairs goes wrong once the pairs do not fit into one tile.
    """
    logits, labels, reference, weights = batch(pairs=3)
    given = needed(kind(), reference, weights, None)
    claim = "linear=True, but the argument" if kind.needs.linear else "by_sums=True, but the loss"
    message = f"{kind.__name__}.needs: {claim} is not"
    with pytest.raises(ValueError, match=message):
        evaluate(path, kind(), logits, labels, **given)
    evaluate("logits", kind(), logits, labels, **given)
    evaluate("projected twice", kind(), logits, labels, **given)


def test_a_subclass_without_an_argument():
    class Empty(PreferenceLoss):
        needs = Needs()

    logits, labels, _, _ = batch()
    with pytest.raises(NotImplementedError, match=r"Empty does not define argument\(\)"):
        Empty().from_logits(logits, labels)


def test_a_reference_that_is_not_needed_is_not_looked_at():
    """SimPO next to other losses in one training script: the same call for all."""
    logits, labels, reference, _ = batch()
    found = response_statistics(logits, labels)

    class Free(PreferenceLoss):
        needs = Needs(linear=True)

        def argument(self, chosen, rejected):
            assert chosen.logratios is None
            return DPO.triple(*(BETA * each.logps.sum(-1) for each in (chosen, rejected)))

    with_it = Free().from_logits(logits, labels, ref_logits=reference)
    without = Free().from_statistics(*found.chunk())
    for one, other in zip(with_it, without, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_autocast_projects_as_a_linear_layer_would(reduction):
    """float32 states under bfloat16 autocast: the same as bfloat16 states; float32 gradients."""
    _, labels, _, _ = batch()
    hidden, weight = torch.randn(4, 9, 8), torch.randn(17, 8)
    leaves = [each.clone().requires_grad_() for each in (hidden, weight)]
    states = {"ref_hidden": hidden + 1, "ref_weight": weight}
    with torch.autocast("cpu", torch.bfloat16):
        value = TDPO().from_hidden(*leaves, labels, reduction=reduction, **states)[0].mean()
    value.backward()
    low = [each.bfloat16().requires_grad_() for each in (hidden, weight)]
    states = {name: each.bfloat16() for name, each in states.items()}
    wanted = TDPO().from_hidden(*low, labels, reduction=reduction, **states)[0].mean()
    wanted.backward()
    assert torch.equal(value, wanted)
    for one, other in zip(leaves, low, strict=True):
        assert one.grad.dtype == torch.float32
        assert torch.equal(one.grad, other.grad.float())


def test_without_torch_the_error_names_the_extra():
    """`None` in sys.modules is what a package that is not installed looks like."""
    code = "import sys; sys.modules['torch'] = None; import midpo_sym; import midpo_sym.tensor"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert "ImportError: midpo_sym.tensor needs PyTorch" in found.stderr
    assert "pip install 'torch>=2.6', or in a checkout pip install '.[torch]'" in found.stderr
