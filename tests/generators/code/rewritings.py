"""Losses of one specification written in many ways, as people write them: all of them right.

Each takes the statistics by the names that are common, and `beta` (and `gamma`).
"""

import torch
from torch.nn import functional


def margin(chosen, rejected, ref_chosen, ref_rejected):
    return (chosen - rejected) - (ref_chosen - ref_rejected)


def textbook(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = chosen_logps - rejected_logps - (ref_chosen_logps - ref_rejected_logps)
    return -functional.logsigmoid(beta * logits)


def averaged(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    return textbook(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta).mean()


def summed(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    return textbook(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta).sum()


def softplus(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    return functional.softplus(
        -beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    )


def log_of_sigmoid(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return -torch.log(torch.sigmoid(beta * logits))


def other_side(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return -torch.log1p(-torch.sigmoid(-beta * logits))


def exponential(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return torch.log(1 + torch.exp(-beta * logits))


def log1p(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return torch.log1p(torch.exp(-beta * logits))


def two_classes(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    rewards = torch.stack(
        [beta * (chosen_logps - ref_chosen_logps), beta * (rejected_logps - ref_rejected_logps)], 1
    )
    return functional.cross_entropy(rewards, torch.zeros(len(rewards), dtype=torch.long))


def log_softmax(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    chosen = beta * (chosen_logps - ref_chosen_logps)
    rejected = beta * (rejected_logps - ref_rejected_logps)
    return -torch.log_softmax(torch.stack([chosen, rejected]), 0)[0]


def logsumexp(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    chosen = beta * (chosen_logps - ref_chosen_logps)
    rejected = beta * (rejected_logps - ref_rejected_logps)
    return torch.logsumexp(torch.stack([chosen, rejected]), 0) - chosen


def logaddexp(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    chosen = beta * (chosen_logps - ref_chosen_logps)
    rejected = beta * (rejected_logps - ref_rejected_logps)
    return torch.logaddexp(chosen, rejected) - chosen


def binary(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


def stacked(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    policy = torch.cat([chosen_logps, rejected_logps])
    reference = torch.cat([ref_chosen_logps, ref_rejected_logps])
    chosen, rejected = (beta * (policy - reference)).chunk(2)
    return -functional.logsigmoid(chosen - rejected)


def in_place(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = chosen_logps - rejected_logps
    logits -= ref_chosen_logps
    logits += ref_rejected_logps
    logits *= beta
    return functional.logsigmoid(logits).neg_()


def buffer(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    rewards = torch.empty(2, len(chosen_logps), dtype=chosen_logps.dtype)
    rewards[0] = chosen_logps - ref_chosen_logps
    rewards[1] = rejected_logps - ref_rejected_logps
    return -functional.logsigmoid(beta * (rewards[0] - rewards[1]))


def einsum(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    terms = torch.stack([chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps], 1)
    signs = torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=terms.dtype)
    return -functional.logsigmoid(beta * torch.einsum("bk,k->b", terms, signs))


def product(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    terms = torch.stack([chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps], 1)
    signs = torch.tensor([[1.0], [-1.0], [-1.0], [1.0]], dtype=terms.dtype)
    return -functional.logsigmoid(beta * (terms @ signs).squeeze(-1))


def loop(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    total = 0.0
    for each in zip(
        chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, strict=True
    ):
        total = total - functional.logsigmoid(beta * margin(*each))
    return total / len(chosen_logps)


def indexed(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    ratios = torch.stack([chosen_logps - ref_chosen_logps, rejected_logps - ref_rejected_logps], 1)
    signed = ratios.gather(1, torch.tensor([[0, 1]]).expand(len(ratios), 2))
    return -functional.logsigmoid(beta * (signed[:, 0] - signed[:, 1]))


def masked(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    logits = logits.masked_fill(torch.zeros_like(logits, dtype=torch.bool), 0.0)
    return torch.where(torch.isnan(logits), 0.0, -functional.logsigmoid(logits))


def stable(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """The textbook's form that does not overflow: max(0, -a) + log(1 + exp(-|a|))."""
    logits = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return torch.clamp(-logits, min=0) + torch.log1p(torch.exp(-logits.abs()))


def by_case(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    small = -torch.log(torch.sigmoid(logits))
    return torch.where(logits > 0, small, torch.log1p(torch.exp(logits)) - logits)


def tanh(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return -torch.log(torch.sigmoid(2 * logits / 2))


def ratios(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    chosen = torch.exp(chosen_logps - ref_chosen_logps) ** beta
    rejected = torch.exp(rejected_logps - ref_rejected_logps) ** beta
    return -torch.log(chosen / (chosen + rejected))


def smoothing_off(
    chosen_logps,
    rejected_logps,
    ref_chosen_logps,
    ref_rejected_logps,
    beta=0.1,
    label_smoothing=0.0,
):
    logits = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return (
        -functional.logsigmoid(logits) * (1 - label_smoothing)
        - functional.logsigmoid(-logits) * label_smoothing
    )


def no_reference_gradient(
    chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1
):
    with torch.no_grad():
        reference = ref_chosen_logps - ref_rejected_logps
    return -functional.logsigmoid(beta * (chosen_logps - rejected_logps - reference.detach()))


def logs_rewards(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    chosen = beta * (chosen_logps - ref_chosen_logps)
    rejected = beta * (rejected_logps - ref_rejected_logps)
    return -functional.logsigmoid(chosen - rejected), chosen.detach(), rejected.detach()


def metrics(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    chosen = beta * (chosen_logps - ref_chosen_logps)
    rejected = beta * (rejected_logps - ref_rejected_logps)
    loss = functional.softplus(rejected - chosen).mean()
    return {"loss": loss, "rewards/chosen": chosen.mean(), "rewards/rejected": rejected.mean()}


class Custom(torch.autograd.Function):
    """-log sigmoid with a backward pass of its own."""

    @staticmethod
    def forward(ctx, logits):
        ctx.save_for_backward(logits)
        return -functional.logsigmoid(logits)

    @staticmethod
    def backward(ctx, grad):
        (logits,) = ctx.saved_tensors
        return -grad * torch.sigmoid(-logits)


def custom(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    return Custom.apply(
        beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    )


DPO = (
    textbook,
    averaged,
    summed,
    softplus,
    log_of_sigmoid,
    other_side,
    exponential,
    log1p,
    two_classes,
    log_softmax,
    logsumexp,
    logaddexp,
    binary,
    stacked,
    in_place,
    buffer,
    einsum,
    product,
    loop,
    indexed,
    masked,
    stable,
    by_case,
    tanh,
    ratios,
    smoothing_off,
    no_reference_gradient,
    logs_rewards,
    metrics,
    custom,
)


def simpo(chosen_logps, rejected_logps, chosen_lengths, rejected_lengths, beta=2.0, gamma=0.5):
    chosen, rejected = chosen_logps / chosen_lengths, rejected_logps / rejected_lengths
    return -functional.logsigmoid(beta * (chosen - rejected) - gamma)


def simpo_target(
    chosen_logps, rejected_logps, chosen_lengths, rejected_lengths, beta=2.0, gamma=0.5
):
    """As SimPO's own code has it: γ/β under the bracket."""
    logits = chosen_logps / chosen_lengths - rejected_logps / rejected_lengths
    return -functional.logsigmoid(beta * (logits - gamma / beta)).mean()


def simpo_common(
    chosen_logps, rejected_logps, chosen_lengths, rejected_lengths, beta=2.0, gamma=0.5
):
    both = chosen_lengths * rejected_lengths
    above = rejected_lengths * chosen_logps - chosen_lengths * rejected_logps
    return functional.softplus(gamma - beta * above / both)


SIMPO = (simpo, simpo_target, simpo_common)


def tokens(
    chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, chosen_mask, rejected_mask,
    beta=0.1,
):  # fmt: skip
    chosen = ((chosen_logps - ref_chosen_logps) * chosen_mask).sum(-1)
    rejected = ((rejected_logps - ref_rejected_logps) * rejected_mask).sum(-1)
    return -functional.logsigmoid(beta * (chosen - rejected)).mean()


def tokens_filled(
    chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, chosen_mask, rejected_mask,
    beta=0.1,
):  # fmt: skip
    chosen = (chosen_logps - ref_chosen_logps).masked_fill(~chosen_mask, 0.0).sum(1)
    rejected = torch.where(rejected_mask, rejected_logps - ref_rejected_logps, 0.0).sum(1)
    return functional.softplus(-beta * (chosen - rejected))


def tokens_product(
    chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, chosen_mask, rejected_mask,
    beta=0.1,
):  # fmt: skip
    chosen = torch.einsum("bt,bt->b", chosen_logps - ref_chosen_logps, chosen_mask.double())
    rejected = torch.einsum("bt,bt->b", rejected_logps - ref_rejected_logps, rejected_mask.double())
    return -functional.logsigmoid(beta * (chosen - rejected))


TOKENS = (tokens, tokens_filled, tokens_product)


def simpo_tokens(chosen_logps, rejected_logps, chosen_mask, rejected_mask, beta=2.0, gamma=0.5):
    chosen = (chosen_logps * chosen_mask).sum(-1) / chosen_mask.sum(-1)
    rejected = (rejected_logps * rejected_mask).sum(-1) / rejected_mask.sum(-1)
    return -functional.logsigmoid(beta * (chosen - rejected) - gamma)
