"""Priors that learn: what they are by hand, what they pay, and when they do the policy's work."""

import logging
import math

import pytest
import torch
from torch.nn.functional import logsigmoid
from torch.testing import assert_close

from midpo_sym import losses, training
from midpo_sym.tensor import OutputHead
from midpo_sym.training.priors import LearnedPrior, LearnedPriorLoss, PriorWatch, Turns

ROWS, TOKENS, WIDTH, VOCABULARY = 4, 5, 6, 9
BETA = 0.5
CLOSE = {"rtol": 1e-9, "atol": 1e-11}


@pytest.fixture
def batch():
    torch.manual_seed(12)
    double = {"dtype": torch.float64}
    labels = torch.randint(VOCABULARY, (ROWS, TOKENS))
    labels[:, 0] = labels[3, 3:] = -100
    return {
        "hidden": torch.randn(ROWS, TOKENS, WIDTH, **double, requires_grad=True),
        "head": OutputHead(torch.randn(VOCABULARY, WIDTH, **double, requires_grad=True)),
        "labels": labels,
        "ref_hidden": torch.randn(ROWS, TOKENS, WIDTH, **double),
        "ref_head": OutputHead(torch.randn(VOCABULARY, WIDTH, **double), softcap=3.0),
    }


def moved(**keywords):
    """A prior that has learned something, in float64."""
    prior = LearnedPrior(WIDTH, rank=2, **keywords).double()
    torch.nn.init.normal_(prior.up.weight, std=0.3)
    return prior


def by_hand(prior, batch):
    """log ζ of each response, and KL(π_ref‖ζ) along it: plain log_softmax over whole logits."""
    states = batch["ref_hidden"]
    change = states @ prior.down.weight.t() @ prior.up.weight.t()
    cap, matrix = batch["ref_head"].softcap, batch["ref_head"].weight
    own, reference = (
        (cap * torch.tanh(each @ matrix.t() / cap)).log_softmax(-1)[:, :-1]
        for each in (states + change, states)
    )
    labels = batch["labels"][:, 1:]
    live = labels >= 0
    logps = own.gather(-1, labels.clamp(min=0)[..., None])[..., 0] * live
    kl = (reference.exp() * (reference - own)).sum(-1) * live
    return logps.sum(-1), kl.sum(-1)


def test_a_prior_is_the_reference_with_an_adapter(batch):
    """Value and gradient, the penalty beyond the budget included."""
    prior = moved(budget=0.01, price=2.0)
    found = prior(batch["ref_hidden"], batch["ref_head"], batch["labels"])
    log_prior, divergence = by_hand(prior, batch)
    assert_close(found.log_prior, log_prior, **CLOSE)
    assert_close(found.divergence, divergence, **CLOSE)
    penalty = 2 * (divergence.mean() - 0.01)
    assert_close(found.penalty, penalty, **CLOSE)
    wanted = torch.autograd.grad(log_prior[0] + penalty, list(prior.parameters()))
    given = torch.autograd.grad(found.log_prior[0] + found.penalty, list(prior.parameters()))
    for one, other in zip(given, wanted, strict=True):
        assert_close(one, other, **CLOSE)


def test_within_its_budget_a_prior_pays_nothing(batch):
    found = moved(budget=100.0)(batch["ref_hidden"], batch["ref_head"], batch["labels"])
    assert found.divergence.mean() > 0
    assert found.penalty == 0


def test_a_prior_that_learned_nothing_yet_makes_dpo(batch):
    prior = LearnedPrior(WIDTH).double()
    mine = LearnedPriorLoss(prior=prior, beta=BETA).from_head(**batch)
    wanted = losses.DPOLoss(beta=BETA).from_head(**batch)
    for one, other in zip(mine, wanted, strict=True):
        assert_close(one, other, **CLOSE)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_is_that_of_mi_dpo_and_the_penalty(reduction, batch):
    """Gradients of the policy, its head and the prior too; rewards are of the prior as it is."""
    prior = moved(budget=0.01)
    loss, chosen, rejected = LearnedPriorLoss(prior=prior, beta=BETA).from_head(
        **batch, reduction=reduction
    )
    labels = batch["labels"][:, 1:]
    logits = batch["hidden"] @ batch["head"].weight.t()
    each = logits.log_softmax(-1)[:, :-1].gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    logps = (each * (labels >= 0)).sum(-1)
    log_prior, divergence = by_hand(prior, batch)
    score = BETA * (logps - log_prior)
    pairs = -logsigmoid(score[:2] - score[2:])
    terms = prior(batch["ref_hidden"], batch["ref_head"], batch["labels"])
    plain, _, _ = losses.mi_dpo_loss(*logps.chunk(2), *terms.log_prior.chunk(2), beta=BETA)
    assert_close(plain, pairs, **CLOSE)
    pairs = pairs + divergence.mean() - 0.01
    wanted = getattr(pairs, reduction)()
    assert_close(loss, wanted, **CLOSE)
    assert_close(torch.cat([chosen, rejected]), score.detach(), **CLOSE)
    learned = [batch["hidden"], batch["head"].weight, *prior.parameters()]
    for one, other in zip(*(torch.autograd.grad(x, learned) for x in (loss, wanted)), strict=True):
        assert_close(one, other, **CLOSE)


def trained(prior, batch, *, labels, rate=0.4, steps=24):
    """Train a prior alone, as the policy stays the reference; return the loss and its value."""
    states, head = batch["ref_hidden"], batch["ref_head"]
    loss = LearnedPriorLoss(prior=prior, beta=1.0)
    optimizer = torch.optim.Adam(prior.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        found, _, _ = loss.from_head(states, head, labels, ref_hidden=states, ref_head=head)
        found.backward()
        optimizer.step()
    return loss, float(found.detach())


@pytest.mark.slow
def test_a_free_prior_does_the_policys_work_and_the_log_says_so(batch, caplog):
    """A budget keeps the loss away from 0, none does not; a pair labelled both ways still costs
    log 2 on average, whatever the prior."""
    caplog.set_level(logging.WARNING, logger="midpo_sym.training")
    torch.manual_seed(3)
    prior = LearnedPrior(WIDTH, budget=0.001, price=50.0).double()
    kept, high = trained(prior, batch, labels=batch["labels"], rate=0.02)
    assert not caplog.messages
    assert not kept.watch.degenerate
    prior = LearnedPrior(WIDTH, rank=WIDTH, budget=math.inf).double()
    assert "nothing keeps the prior near the reference" in caplog.messages.pop()
    free, low = trained(prior, batch, labels=batch["labels"])
    assert low < 0.05
    assert high > 0.4
    assert free.watch.degenerate
    (message,) = [each for each in caplog.messages if each.startswith("degenerate prior")]
    assert "of the argument of the loss is the prior's, so the loss falls without" in message
    assert float(free.logged["prior/share"]) > 0.99
    cycle = {
        name: batch[name][[0, 2, 2, 0]] for name in ("labels", "ref_hidden")
    }  # y ≻ y′ and y′ ≻ y
    _, stuck = trained(
        LearnedPrior(WIDTH, budget=math.inf).double(), batch | cycle, labels=cycle["labels"]
    )
    assert stuck >= math.log(2) - 1e-9


def test_a_policy_that_learns_too_is_not_degenerate():
    watch = PriorWatch(batches=3)
    for _ in range(9):
        watch.see(torch.tensor([2.0, 3.0]), torch.tensor([2.0, 2.0]), "")
    assert watch.share.item() == pytest.approx(4 / 9)
    assert not watch.degenerate


def test_turns():
    policy, prior = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))
    moved_in = []
    for step in range(6):
        policy.grad, prior.grad = torch.ones(2), torch.ones(2)
        Turns(2).freeze(step, [policy], [prior])
        moved_in.append("policy" if prior.grad is None else "prior")
        assert (policy.grad is None) != (prior.grad is None)
    assert moved_in == ["policy", "policy", "prior", "prior", "policy", "policy"]


def test_what_a_learned_prior_cannot_do_is_refused(batch):
    loss = training.LearnedPriorLoss(prior=training.LearnedPrior(WIDTH))
    with pytest.raises(ValueError, match="ref_hidden and ref_head: missing, a learned prior reads"):
        loss.from_head(batch["hidden"], batch["head"], batch["labels"])
    with pytest.raises(TypeError, match="ref_logps: unknown with a learned prior"):
        loss.from_head(**batch, ref_logps=torch.zeros(ROWS))
    with pytest.raises(TypeError, match="from_head is its entry"):
        loss.from_logits(torch.zeros(ROWS, TOKENS, VOCABULARY), batch["labels"])
    with pytest.raises(ValueError, match="steps is 0"):
        Turns(0)
    with pytest.raises(ValueError, match="budget"):
        LearnedPrior(WIDTH, budget=-1.0)
