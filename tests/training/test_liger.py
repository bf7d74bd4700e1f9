"""Our losses in Liger's fused layer, against the losses that Liger has."""

import importlib.util
from functools import partial

import pytest
import torch
from oracles.needs import missing
from torch.testing import assert_close

from midpo_sym import losses

ROWS, TOKENS, WIDTH, VOCABULARY = 6, 5, 8, 13


@pytest.fixture
def ours():
    if importlib.util.find_spec("liger_kernel") is None:
        missing("Liger (pip install --no-deps 'liger-kernel>=0.8.5,<0.9')")
    from midpo_sym.training import liger  # noqa: PLC0415 - after the check

    return liger


def inputs():
    """Three pairs of different lengths, shifted already, and a reference with its own head."""
    torch.manual_seed(8)
    target = torch.randint(VOCABULARY, (ROWS, TOKENS))
    target[0, 3:] = target[4, :2] = -100
    weight = torch.randn(VOCABULARY, WIDTH, requires_grad=True)
    hidden = torch.randn(ROWS, TOKENS, WIDTH, requires_grad=True)
    bias = torch.randn(VOCABULARY, requires_grad=True)
    reference = (torch.randn(ROWS, TOKENS, WIDTH), torch.randn(VOCABULARY, WIDTH))
    return (weight, hidden, target, bias), reference


def evaluate(layer, given):
    """Return the loss, the rewards and the gradients."""
    loss, (*_, chosen, rejected) = layer(*given)
    learned = [given[place] for place in (0, 1, 3)]
    return loss, torch.autograd.grad(loss, learned), chosen - rejected


def compare(layer, its, given, margin=0.0):
    one, other = evaluate(layer, given), evaluate(its, given)
    assert_close(one[0], other[0])
    for mine, wanted in zip(one[1], other[1], strict=True):
        assert_close(mine, wanted)
    assert_close(one[2], other[2] - margin)


def test_dpo_is_ligers(ours):
    from liger_kernel.chunked_loss import LigerFusedLinearDPOLoss  # noqa: PLC0415 - after the check

    its = LigerFusedLinearDPOLoss(beta=0.2, compiled=False, use_ref_model=True)
    given, reference = inputs()
    layer = ours.LigerPreferenceLoss(losses.DPOLoss(beta=0.2), compiled=False)
    compare(layer, its, (*given, *reference))
    with pytest.raises(ValueError, match=r"ref_input and ref_weight: missing, loss=DPOLoss"):
        layer(*given)


def test_simpo_reads_means_as_ligers_does(ours):
    """Its rewards carry the margin γ, Liger's do not."""
    from liger_kernel.chunked_loss import (  # noqa: PLC0415 - after the check
        LigerFusedLinearSimPOLoss,
    )

    its = LigerFusedLinearSimPOLoss(beta=2.0, gamma=0.7, compiled=False, compute_nll_loss=False)
    layer = ours.LigerPreferenceLoss(losses.SimPOLoss(beta=2.0, gamma=0.7), compiled=False)
    compare(layer, its, inputs()[0], margin=0.7)


@pytest.mark.slow
def test_compiled_as_liger_compiles_it(ours, monkeypatch):
    """Traced, but not turned into machine code: that takes half a minute."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    plain, compiled = (
        ours.LigerPreferenceLoss(losses.DPOLoss(beta=0.2), compiled=each, chunk_size=2)
        for each in (False, True)
    )
    given, reference = inputs()
    compare(compiled, plain, (*given, *reference))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (losses.TDPOLoss(), "needs KL of ref_pi; Liger gives"),
        (losses.RDPOLoss(), "reads tokens or lengths; Liger gives the sum or the mean"),
        (losses.DICELoss(), "needs the previous policy"),
    ],
    ids=str,
)
def test_what_reads_more_is_refused(loss, message, ours):
    with pytest.raises(ValueError, match=message):
        ours.LigerPreferenceLoss(loss)
