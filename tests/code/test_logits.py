"""From logits: what gathers and sums log-probabilities is read with the loss that follows."""

import pytest
import torch
from torch.nn import functional

import midpo_sym
from midpo_sym.code.verdicts import Status
from midpo_sym.code.verify import NotVerifiableError

BIND = {
    "logits": "logits(pi(w)); logits(pi(l))",
    "ref_logits": "logits(ref(w)); logits(ref(l))",
    "labels": "labels(w); labels(l)",
}

pytestmark = pytest.mark.slow


def sums(logits, labels):
    """As in the original DPO code: shifted, gathered, summed where labels count."""
    labels, logits = labels[:, 1:].clone(), logits[:, :-1]
    counts = labels != -100
    labels[labels == -100] = 0
    each = torch.gather(logits.log_softmax(-1), 2, labels.unsqueeze(2)).squeeze(2)
    return (each * counts).sum(-1)


def selected(logits, labels):
    """Without the log-softmax of all words: one logit, less the logarithm of a sum."""
    labels, logits = labels[:, 1:], logits[:, :-1]
    chosen = logits.gather(2, labels.clamp(min=0).unsqueeze(2)).squeeze(2)
    each = chosen - logits.logsumexp(-1)
    return each.masked_fill(labels == -100, 0.0).sum(-1)


def loss_of(policy, reference, beta):
    chosen, rejected = (policy - reference).chunk(2)
    return -functional.logsigmoid(beta * (chosen - rejected)).mean()


def summed(logits, ref_logits, labels, beta=0.1):
    return loss_of(sums(logits, labels), sums(ref_logits, labels), beta)


def by_selection(logits, ref_logits, labels, beta=0.1):
    return loss_of(selected(logits, labels), selected(ref_logits, labels), beta)


def not_shifted(logits, ref_logits, labels, beta=0.1):
    pad = torch.full_like(labels[:, :1], -100)
    again = torch.cat([pad, labels], 1)[:, :-1]
    return loss_of(sums(logits, again), sums(ref_logits, again), beta)


def half_detached(logits, ref_logits, labels, beta=0.1):
    policy = sums(logits, labels)
    chosen, rejected = policy.chunk(2)
    policy = torch.cat([chosen, rejected.detach()])
    return loss_of(policy, sums(ref_logits, labels), beta)


@pytest.mark.parametrize("function", [summed, by_selection], ids=lambda each: each.__name__)
def test_dpo_from_logits_is_proved_by_every_logit(function):
    found = midpo_sym.verify(function, "dpo", bind=BIND)
    assert found.proved, str(found)
    assert any("three words" in each for each in found.notes)


def test_a_double_shift_is_found():
    found = midpo_sym.verify(not_shifted, "dpo", bind=BIND)
    assert found.value.status is Status.DIFFERS
    assert isinstance(found.value.counterexample.arguments["logits"][0][0][0], float)


def test_a_gradient_that_is_stopped_is_found_at_a_logit():
    found = midpo_sym.verify(half_detached, "dpo", bind=BIND)
    assert found.value.status is Status.PROVED
    assert found.gradient.status is Status.DIFFERS
    assert found.gradient.reason.startswith("by the logit of word")


def test_a_weighted_sum_over_tokens_may_be_an_argument_itself():
    """TIS-DPO's sums of weighted log-ratios, which a library may well compute elsewhere."""

    def loss(chosen, rejected, chosen_kl, rejected_kl, beta=0.1):
        return -functional.logsigmoid(beta * (chosen - rejected - (chosen_kl - rejected_kl)))

    of = "sum_t(omega({r}, t)*{what})"
    found = midpo_sym.verify(
        loss,
        "tis_dpo",
        bind={
            "chosen": of.format(r="w", what="log(pi(w, t)/ref(w, t))"),
            "rejected": of.format(r="l", what="log(pi(l, t)/ref(l, t))"),
            "chosen_kl": of.format(r="w", what="kl_pi_ref(w, t)"),
            "rejected_kl": of.format(r="l", what="kl_pi_ref(l, t)"),
        },
    )
    assert found.proved, str(found)


def test_a_sum_over_tokens_that_no_argument_is_has_to_be_said():
    def loss(chosen_logps, rejected_logps, beta=0.1):
        return -functional.logsigmoid(beta * (chosen_logps - rejected_logps))

    with pytest.raises(NotVerifiableError, match="no argument is the sum over the tokens"):
        midpo_sym.verify(loss, "tis_dpo")
