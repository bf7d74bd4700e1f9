"""DPO and SimPO are the losses of TRL and of Liger, on the same tensors.

Nothing of these libraries is copied: their own code runs. Where they differ from this package by
convention, a test says how: SimPO's margin, sums and means of log-probabilities, rewards.
"""

import importlib.util
import warnings
from collections import defaultdict
from types import SimpleNamespace

import pytest
import torch
from oracles.needs import missing
from torch.testing import assert_close

from midpo_sym import losses

MISSING = [name for name in ("trl", "liger_kernel") if importlib.util.find_spec(name) is None]

PAIRS, TOKENS, VOCABULARY, HIDDEN = 3, 9, 31, 16
EXACT = {"rtol": 1e-12, "atol": 1e-12}
SINGLE = {"rtol": 2e-5, "atol": 2e-6}  # float32, summed in another order


@pytest.fixture(scope="module")
def peers():
    """The libraries' own code, imported here: that takes seconds, and warns of their own state."""
    if MISSING:
        missing(f"{' and '.join(MISSING)} (pip install '.[peers]')")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import liger_kernel.chunked_loss as liger  # noqa: PLC0415 - see above
        from trl.experimental.cpo import CPOTrainer  # noqa: PLC0415 - see above
        from trl.kernels import ChunkedLogProbFunction  # noqa: PLC0415 - see above
        from trl.trainer.dpo_trainer import DPOTrainer  # noqa: PLC0415 - see above
        from trl.trainer.utils import selective_log_softmax  # noqa: PLC0415 - see above
    return SimpleNamespace(
        liger=liger,
        CPOTrainer=CPOTrainer,
        ChunkedLogProbFunction=ChunkedLogProbFunction,
        DPOTrainer=DPOTrainer,
        selective_log_softmax=selective_log_softmax,
    )


@pytest.fixture
def batch():
    """Logits, hidden states and labels; the prompts differ in length, and so do the responses."""
    torch.manual_seed(20)
    rows = 2 * PAIRS

    def draw(*shape):
        return torch.randn(shape, dtype=torch.float64)

    labels = torch.randint(VOCABULARY, (rows, TOKENS))
    ids = labels.clone()
    for row in range(rows):
        labels[row, : 1 + row % 3] = -100
        labels[row, TOKENS - row % 2 :] = -100
    return SimpleNamespace(
        ids=ids,
        labels=labels,
        mask=labels != -100,
        logits=2 * draw(rows, TOKENS, VOCABULARY),
        ref_logits=2 * draw(rows, TOKENS, VOCABULARY),
        hidden=draw(rows, TOKENS, HIDDEN),
        weight=draw(VOCABULARY, HIDDEN),
        ref_hidden=draw(rows, TOKENS, HIDDEN),
        ref_weight=draw(VOCABULARY, HIDDEN),
    )


def differentiable(*tensors):
    return [each.detach().clone().requires_grad_() for each in tensors]


def in_single(*tensors):
    return [each.float() for each in tensors]


def trl_log_probs(peers, logits, batch):
    """Return TRL's log-probabilities of the labels, 0 where there is none; (2B, T - 1)."""

    labels = batch.labels[:, 1:]
    found = peers.selective_log_softmax(logits[:, :-1], labels.clamp(min=0))
    return found.masked_fill(labels == -100, 0)


def trl_fused_log_probs(peers, hidden, weight, batch):
    """Return the same from hidden states, by the kernel that TRL's DPO trainer calls."""

    labels = batch.labels[:, 1:]
    rows = hidden[:, :-1].flatten(0, 1)
    targets = labels.clamp(min=0).flatten()
    options = (1.0, 16, None, 1.0, ())  # temperature, chunk, soft cap, scale, other outputs
    found = peers.ChunkedLogProbFunction.apply(rows, weight, None, targets, *options)[0]
    return found.view_as(labels).masked_fill(labels == -100, 0)


def trl_dpo(peers, log_probs, ref_log_probs, batch, *, beta, loss_type="sigmoid"):
    """Return the loss and the metrics of `DPOTrainer._compute_loss`.

    The trainer's own method runs on a trainer that has no more than the method reads, and on a
    model that has the log-probabilities ready.
    """

    nothing = torch.zeros_like(log_probs)
    outputs = SimpleNamespace(
        log_probs=log_probs, entropy=nothing, mean_logits=nothing, is_top1=nothing.bool()
    )
    trainer = SimpleNamespace(
        model=SimpleNamespace(training=True),
        accelerator=SimpleNamespace(
            device="cpu", gather=lambda each: each, gather_for_metrics=lambda each: each
        ),
        aux_loss_enabled=False,
        ld_alpha=None,
        precompute_ref_logps=True,
        f_divergence_type="reverse_kl",
        loss_types=[loss_type],
        loss_weights=[1.0],
        beta=beta,
        label_smoothing=0.0,
        use_weighting=False,
        _metrics={"train": defaultdict(list)},
        _total_train_tokens=0,
        _tp_size=1,
    )
    ref_chosen, ref_rejected = ref_log_probs.sum(1).chunk(2)
    inputs = {
        "input_ids": batch.ids,
        "attention_mask": torch.ones_like(batch.ids),
        "completion_mask": batch.mask.long(),
        "ref_chosen_logps": ref_chosen,
        "ref_rejected_logps": ref_rejected,
    }
    loss = peers.DPOTrainer._compute_loss(
        trainer, lambda **_: outputs, inputs, return_outputs=False
    )
    return loss, {name: each[-1] for name, each in trainer._metrics["train"].items()}


def trl_simpo(peers, log_probs, *, beta, gamma):
    """Return what `CPOTrainer.cpo_loss` makes of mean log-probabilities: losses, two rewards."""

    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(device="cpu"),
        alpha=0.0,
        beta=beta,
        label_smoothing=0.0,
        loss_type="simpo",
        simpo_gamma=gamma,
    )
    return peers.CPOTrainer.cpo_loss(trainer, *log_probs.chunk(2))


def test_dpo_of_log_probabilities_is_trls(peers, batch):
    """Value, gradient and mean rewards, in float64, with β = 0.3."""
    (per_token,) = differentiable(trl_log_probs(peers, batch.logits, batch))
    ref = trl_log_probs(peers, batch.ref_logits, batch)
    each, *rewards = losses.dpo_loss(*per_token.sum(1).chunk(2), *ref.sum(1).chunk(2), beta=0.3)
    theirs, metrics = trl_dpo(peers, per_token, ref, batch, beta=0.3)
    assert_close(each.mean(), theirs, **EXACT)
    assert_close(
        *(torch.autograd.grad(loss, per_token)[0] for loss in (each.mean(), theirs)), **EXACT
    )
    names = ("rewards/chosen", "rewards/rejected")
    assert [float(reward.mean()) for reward in rewards] == pytest.approx(
        [metrics[name] for name in names], rel=1e-12
    )


def test_dpo_from_logits_is_trls(peers, batch):
    """Value and gradient by the logits, in float64."""
    (logits,) = differentiable(batch.logits)
    each, _, _ = losses.DPOLoss(beta=0.3).from_logits(
        logits, batch.labels, ref_logits=batch.ref_logits
    )
    ref = trl_log_probs(peers, batch.ref_logits, batch)
    theirs, _ = trl_dpo(peers, trl_log_probs(peers, logits, batch), ref, batch, beta=0.3)
    assert_close(each.mean(), theirs, **EXACT)
    assert_close(*(torch.autograd.grad(loss, logits)[0] for loss in (each.mean(), theirs)), **EXACT)


def test_dpo_from_hidden_states_is_trls(peers, batch):
    """Value and gradients in float32, the precision TRL's kernel works in."""
    leaves = differentiable(*in_single(batch.hidden, batch.weight))
    reference = in_single(batch.ref_hidden, batch.ref_weight)
    loss, _, _ = losses.DPOLoss(beta=0.3).from_hidden(
        *leaves, batch.labels, ref_hidden=reference[0], ref_weight=reference[1]
    )
    log_probs = trl_fused_log_probs(peers, *leaves, batch)
    theirs, _ = trl_dpo(
        peers, log_probs, trl_fused_log_probs(peers, *reference, batch), batch, beta=0.3
    )
    assert_close(loss, theirs, **SINGLE)
    for own, other in zip(
        torch.autograd.grad(loss, leaves), torch.autograd.grad(theirs, leaves), strict=True
    ):
        assert_close(own, other, **SINGLE)


def test_trl_sums_log_ratios_and_only_sigmoid_norm_takes_means(peers, batch):
    """TRL's `sigmoid` is DPO, of sums; its `sigmoid_norm` is DPO's formula of means instead."""
    log_probs, ref = (
        trl_log_probs(peers, each, batch) for each in (batch.logits, batch.ref_logits)
    )
    sums = [*log_probs.sum(1).chunk(2), *ref.sum(1).chunk(2)]
    lengths = (batch.labels[:, 1:] != -100).sum(1).chunk(2)
    means = [each / length for each, length in zip(sums, (*lengths, *lengths), strict=True)]
    of_sums, of_means = (losses.dpo_loss(*each, beta=0.3)[0].mean() for each in (sums, means))
    assert_close(of_sums, trl_dpo(peers, log_probs, ref, batch, beta=0.3)[0], **EXACT)
    normed, _ = trl_dpo(peers, log_probs, ref, batch, beta=0.3, loss_type="sigmoid_norm")
    assert_close(of_means, normed, **EXACT)
    assert abs(float(of_sums - of_means)) > 0.01


def test_simpo_from_logits_is_trls(peers, batch):
    """Losses and gradient, in float64, with β = 2.5 and the margin γ = 1.2 as it stands."""
    (logits,) = differentiable(batch.logits)
    each, _, _ = losses.SimPOLoss(beta=2.5, gamma=1.2).from_logits(logits, batch.labels)
    means = peers.CPOTrainer.get_batch_logps(logits, batch.labels, average_log_prob=True)
    theirs, _, _ = trl_simpo(peers, means, beta=2.5, gamma=1.2)
    assert_close(each, theirs, **EXACT)
    assert_close(*(torch.autograd.grad(loss.sum(), logits)[0] for loss in (each, theirs)), **EXACT)


def test_simpo_splits_the_margin_over_the_rewards_and_trl_does_not(peers, batch):
    """Rewards here are α log π/ζ, and ζ holds γ: half of it on each side, so that their difference
    is the loss's argument. TRL's leave γ out, and their difference exceeds the argument by γ."""
    gamma = 1.2
    sums = trl_log_probs(peers, batch.logits, batch).sum(1)
    lengths = (batch.labels[:, 1:] != -100).sum(1)
    _, chosen, rejected = losses.simpo_loss(
        *sums.chunk(2), *lengths.chunk(2), beta=2.5, gamma=gamma
    )
    _, their_chosen, their_rejected = trl_simpo(peers, sums / lengths, beta=2.5, gamma=gamma)
    assert_close(chosen, their_chosen - gamma / 2, **EXACT)
    assert_close(rejected, their_rejected + gamma / 2, **EXACT)


def test_the_margin_of_simpos_own_code_is_a_share_of_beta(peers, batch):
    """SimPO's own code takes `gamma_beta_ratio` ρ: −log σ(β (m_w − m_l − ρ)), so γ = β ρ here.

    With its defaults β = 2 and ρ = 1/4 that is γ = 1/2, the default here.
    """
    sums = trl_log_probs(peers, batch.logits, batch).sum(1)
    lengths = (batch.labels[:, 1:] != -100).sum(1)
    chosen, rejected = (sums / lengths).chunk(2)
    printed = -torch.nn.functional.logsigmoid(2.0 * (chosen - rejected - 0.25))
    each, _, _ = losses.simpo_loss(*sums.chunk(2), *lengths.chunk(2))
    assert_close(each, printed, **EXACT)
    assert_close(each, trl_simpo(peers, sums / lengths, beta=2.0, gamma=0.5)[0], **EXACT)


def test_dpo_of_log_probabilities_is_ligers(peers, batch):
    """Value, gradient and rewards, in float64; Liger divides the sum of losses by the pairs."""
    (sums,) = differentiable(trl_log_probs(peers, batch.logits, batch).sum(1))
    ref = trl_log_probs(peers, batch.ref_logits, batch).sum(1).chunk(2)
    each, *rewards = losses.dpo_loss(*sums.chunk(2), *ref, beta=0.3)
    theirs, *their_rewards = peers.liger.dpo_loss.LigerFusedLinearDPOFunction.preference_loss_fn(
        *sums.chunk(2), batch.labels, *ref, beta=0.3
    )
    assert_close(each.mean(), theirs, **EXACT)
    assert_close(*(torch.autograd.grad(loss, sums)[0] for loss in (each.mean(), theirs)), **EXACT)
    assert_close(rewards, [each.detach() for each in their_rewards], **EXACT)


def test_simpo_of_log_probabilities_is_ligers(peers, batch):
    """Value and gradient, in float64; Liger's γ is the margin itself, as it is here."""
    (sums,) = differentiable(trl_log_probs(peers, batch.logits, batch).sum(1))
    lengths = (batch.labels[:, 1:] != -100).sum(1)
    each, _, _ = losses.simpo_loss(*sums.chunk(2), *lengths.chunk(2), beta=2.5, gamma=1.2)
    theirs, _, _ = peers.liger.simpo_loss.LigerFusedLinearSimPOFunction.preference_loss_fn(
        *(sums / lengths).chunk(2), batch.labels, beta=2.5, gamma=1.2
    )
    assert_close(each.mean(), theirs, **EXACT)
    assert_close(*(torch.autograd.grad(loss, sums)[0] for loss in (each.mean(), theirs)), **EXACT)


def liger_loss(loss, leaves, batch, **reference):
    """Return the value of a Liger module, which wants hidden states shifted by the caller."""
    hidden, weight = leaves
    return loss(weight, hidden[:, :-1], batch.labels[:, 1:], **reference)[0]


def test_dpo_from_hidden_states_is_ligers(peers, batch):
    """Value and gradients in float32, the precision Liger's log-softmax works in."""

    leaves = differentiable(*in_single(batch.hidden, batch.weight))
    ref_hidden, ref_weight = in_single(batch.ref_hidden, batch.ref_weight)
    loss, _, _ = losses.DPOLoss(beta=0.3).from_hidden(
        *leaves, batch.labels, ref_hidden=ref_hidden, ref_weight=ref_weight
    )
    own = torch.autograd.grad(loss, leaves)
    module = peers.liger.LigerFusedLinearDPOLoss(beta=0.3, compiled=False)
    reference = {"ref_input": ref_hidden[:, :-1], "ref_weight": ref_weight}
    theirs = liger_loss(module, leaves, batch, **reference)
    assert_close(loss, theirs, **SINGLE)
    for one, other in zip(own, torch.autograd.grad(theirs, leaves), strict=True):
        assert_close(one, other, **SINGLE)


def test_simpo_from_hidden_states_is_ligers_without_its_likelihood_term(peers, batch):
    """Liger's SimPO adds the negative log-likelihood of the chosen responses unless told not to.

    Its term is the mean over all chosen tokens that have a label.
    """

    leaves = differentiable(*in_single(batch.hidden, batch.weight))
    loss, _, _ = losses.SimPOLoss(beta=2.5, gamma=1.2).from_hidden(*leaves, batch.labels)
    own = torch.autograd.grad(loss, leaves)
    options = {"beta": 2.5, "gamma": 1.2, "compiled": False}
    plain = peers.liger.LigerFusedLinearSimPOLoss(compute_nll_loss=False, **options)
    theirs = liger_loss(plain, leaves, batch)
    assert_close(loss, theirs, **SINGLE)
    for one, other in zip(own, torch.autograd.grad(theirs, leaves), strict=True):
        assert_close(one, other, **SINGLE)
    by_default = liger_loss(peers.liger.LigerFusedLinearSimPOLoss(**options), leaves, batch)
    chosen = trl_log_probs(peers, batch.hidden @ batch.weight.T, batch)[:PAIRS]
    tokens = (batch.labels[:PAIRS, 1:] != -100).sum()
    assert_close(by_default - theirs, (-chosen.sum() / tokens).float(), **SINGLE)
