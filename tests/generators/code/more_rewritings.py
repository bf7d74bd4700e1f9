"""More ways to write DPO: other operations of torch, helpers, objects; all of them right."""

import dataclasses

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint


@dataclasses.dataclass
class Config:
    beta: float
    label_smoothing: float = 0.0

    @property
    def inverse(self):
        return 1 / self.beta


def _ratio(policy, reference):
    return policy - reference


def _loss(logits):
    return functional.softplus(-logits)


def helpers(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    config = dataclasses.replace(Config(1.0), beta=beta)
    chosen = _ratio(chosen_logps, ref_chosen_logps) / config.inverse
    rejected = _ratio(rejected_logps, ref_rejected_logps) / config.inverse
    return _loss(chosen - rejected) * (1 - config.label_smoothing)


def as_a_mapping(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    given = {"chosen": (chosen_logps, ref_chosen_logps)}
    given["rejected"] = (rejected_logps, ref_rejected_logps)
    chosen, rejected = (beta * _ratio(*each) for each in given.values())
    return _loss(chosen - rejected)


def outer(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    both = torch.stack([chosen_logps - ref_chosen_logps, rejected_logps - ref_rejected_logps])
    signs = torch.tensor([beta, -beta], dtype=both.dtype)
    return _loss(torch.einsum("r,rb->b", signs, both))


def diagonal(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """All pairs against all, of which those that belong together are kept."""
    chosen, rejected = chosen_logps - ref_chosen_logps, rejected_logps - ref_rejected_logps
    return _loss(beta * (chosen[:, None] - rejected[None, :]).diagonal())


def filled(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    losses = torch.full_like(chosen_logps, torch.nan)
    kept = torch.ones(len(losses), dtype=torch.bool)
    logits = chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps
    losses[kept] = _loss(beta * logits[kept])
    return losses


def accumulated(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = torch.zeros_like(chosen_logps)
    logits.add_(chosen_logps).sub_(rejected_logps)
    logits.add_(ref_chosen_logps - ref_rejected_logps, alpha=-1)
    return _loss(logits.mul_(beta))


def recomputed(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    logits = chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps
    return checkpoint(lambda each: _loss(beta * each), logits, use_reentrant=False)


def mapped(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    def one(chosen, rejected, ref_chosen, ref_rejected):
        return _loss(beta * (chosen - rejected - ref_chosen + ref_rejected))

    rows = zip(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, strict=True)
    return torch.stack([one(*each) for each in rows])


def sorted_back(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """Chosen and rejected responses in turn, as a data loader has them, and apart again."""
    policy = torch.stack([chosen_logps, rejected_logps], 1).reshape(-1)
    reference = torch.stack([ref_chosen_logps, ref_rejected_logps], 1).reshape(-1)
    ratios = beta * (policy - reference)
    return _loss(ratios[0::2] - ratios[1::2])


def logit_form(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    p = torch.sigmoid(
        beta * (chosen_logps - rejected_logps - (ref_chosen_logps - ref_rejected_logps))
    )
    return torch.logaddexp(torch.zeros_like(p), -torch.logit(p))


DPO = (helpers, as_a_mapping, outer, diagonal, filled, accumulated, recomputed, mapped, sorted_back,
       logit_form)  # fmt: skip
