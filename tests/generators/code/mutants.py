"""Faults planted in files that `midpo generate` has written, and in losses written by hand.

Each is a replacement of text that makes another function of it; none may be proved.
"""

from pathlib import Path

import midpo_sym.losses

FOLDER = Path(midpo_sym.losses.__file__).parent

# By the id of the file: what is replaced, and what by.
GENERATED = {
    "dpo": [
        ("beta * chosen_logratios - beta", "beta * chosen_logratios + beta"),
        ("argument = beta * chosen_logratios", "argument = chosen_logratios"),
        ('["chosen_logps"] - given', '["chosen_logps"] + given'),
        ('given["rejected_logps"] - given["ref_rejected_logps"]', 'given["rejected_logps"]'),
        ('given["chosen_logps"] - given["ref_chosen_logps"]',
         'given["rejected_logps"] - given["ref_chosen_logps"]'),
        ("return -logsigmoid(argument)", "return -logsigmoid(-argument)"),
        ("return -logsigmoid(argument)", "return logsigmoid(argument)"),
        ("return -logsigmoid(argument)", "return -logsigmoid(argument.detach())"),
        ("return -logsigmoid(argument)", "return -logsigmoid(argument - argument.mean())"),
        ("return -logsigmoid(argument)", "return -2 * logsigmoid(argument)"),
        ("return -logsigmoid(argument)", "return -logsigmoid(argument).mean() + 0 * argument"),
        ("return argument, chosen_rewards.detach(), rejected_rewards",
         "return argument, rejected_rewards.detach(), chosen_rewards"),
        ("chosen_rewards = beta * chosen_logratios", "chosen_rewards = chosen_logratios"),
        ("rejected_rewards = beta * rejected", "rejected_rewards = 2 * beta * rejected"),
    ],
    "simpo": [
        ("rejected_logps - gamma\n", "rejected_logps + gamma\n"),
        ("rejected_logps - gamma\n", "rejected_logps - beta * gamma\n"),
        ("rejected_logps - gamma\n", "rejected_logps\n"),
        ("beta / chosen_lengths * chosen_logps - beta / rejected_lengths",
         "beta / rejected_lengths * chosen_logps - beta / chosen_lengths"),
        ("beta / chosen_lengths * chosen_logps - beta / rej", "beta * chosen_logps - beta / rej"),
        ("gamma / 2\n    rejected", "gamma\n    rejected"),
        ("rejected_logps + gamma / 2", "rejected_logps - gamma / 2"),
    ],
    "centropy": [
        ("beta * eta * rejected_logps", "beta * eta * eta * rejected_logps"),
        ("beta * eta * chosen_logps", "beta * chosen_logps"),
    ],
    "r_dpo": [
        ("(chosen_lengths - rejected_lengths)", "(rejected_lengths - chosen_lengths)"),
        ("length_penalty * chosen_lengths", "length_penalty * rejected_lengths"),
        ("rejected_rewards = ", "rejected_rewards = 1 + "),
    ],
    "dice": [
        ('given["prev_chosen_logps"]', 'given["chosen_logps"].detach()'),
        ("beta * chosen_logratios - beta", "beta * chosen_logratios - 2 * beta"),
    ],
    "tdpo": [
        ("argument, chosen_rewards.det", "argument, (chosen_rewards - beta * chosen_kl).det"),
        ("chosen_kl=given", "chosen_kl=2 * given"),
        ('rejected_kl=given["rejected_kl"]', 'rejected_kl=given["rejected_kl"].detach()'),
        ('rejected_kl=given["rejected_kl"]', 'rejected_kl=given["chosen_kl"]'),
    ],
    "tdpo2": [
        ("chosen_kl.detach()", "chosen_kl"),
        ("- beta * alpha * rejected_kl", "- beta * alpha * rejected_kl.detach()"),
        ("beta * alpha * chosen_kl.detach()", "beta * chosen_kl.detach()"),
        ("chosen_logratios + beta * alpha * chosen_kl\n", "chosen_logratios + beta * chosen_kl\n"),
        ("- beta * alpha * rejected_kl", "+ beta * alpha * rejected_kl"),
    ],
    "tis_dpo": [
        ("beta * (chosen", "(chosen"),
        ('given["chosen_weights"]', 'given["rejected_weights"]'),
    ],
    "sparsepo": [
        ('given["chosen_reward_mask"]', 'given["chosen_kl_mask"]'),
        ('given["rejected_kl"]', '0 * given["rejected_kl"]'),
    ],
}  # fmt: skip

_DPO = """
import torch
from torch.nn import functional

def loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    policy = chosen_logps - rejected_logps
    reference = ref_chosen_logps - ref_rejected_logps
    logits = beta * (policy - reference)
    losses = -functional.logsigmoid(logits)
    return losses.mean()
"""
_TOKENS = """
import torch
from torch.nn import functional

def loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps,
         chosen_mask, rejected_mask, beta=0.1):
    chosen = ((chosen_logps - ref_chosen_logps) * chosen_mask).sum(-1)
    rejected = ((rejected_logps - ref_rejected_logps) * rejected_mask).sum(-1)
    return -functional.logsigmoid(beta * (chosen - rejected)).mean()
"""
_SIMPO = """
import torch
from torch.nn import functional

def loss(chosen_logps, rejected_logps, chosen_lengths, rejected_lengths, beta=2.0, gamma=0.5):
    chosen = chosen_logps / chosen_lengths
    rejected = rejected_logps / rejected_lengths
    return -functional.logsigmoid(beta * (chosen - rejected) - gamma).mean()
"""
# By the specification: the code, and replacements in it.
BY_HAND = {
    "dpo": (_DPO, [
        ("policy - reference", "policy + reference"),
        ("policy - reference", "policy"),
        ("policy - reference", "policy - policy.detach() - reference"),
        ("policy - reference", "policy - 0.999999 * reference"),
        ("policy - reference", "policy - reference + 1e-6"),
        ("beta * (", "beta ** 2 * ("),
        ("beta * (", "0.1 * ("),
        ("beta * (", "max(beta, 0.5) * ("),
        ("chosen_logps - rejected_logps\n", "rejected_logps - chosen_logps\n"),
        ("chosen_logps - rejected_logps\n", "chosen_logps.detach() - rejected_logps\n"),
        ("chosen_logps - rejected_logps\n", "chosen_logps - rejected_logps.roll(1)\n"),
        ("-functional.logsigmoid(logits)", "-functional.logsigmoid(logits.clamp(max=20))"),
        ("-functional.logsigmoid(logits)", "-functional.logsigmoid(logits.clamp(min=-3))"),
        ("-functional.logsigmoid(logits)", "functional.relu(1 - logits)"),
        ("-functional.logsigmoid(logits)", "1 - torch.sigmoid(logits)"),
        ("-functional.logsigmoid(logits)", "(1 - logits) ** 2"),
        ("-functional.logsigmoid(logits)",
         "-0.9 * functional.logsigmoid(logits) - 0.1 * functional.logsigmoid(-logits)"),
        ("-functional.logsigmoid(logits)", "-torch.log(torch.sigmoid(logits) + 1e-6)"),
        ("losses.mean()", "losses.mean().detach()"),
        ("losses.mean()", "losses.sum() / 2"),
        ("losses.mean()", "losses[:1].mean()"),
        ("losses.mean()", "losses.mean() / 2"),
        ("losses.mean()", "losses.max()"),
        ("losses.mean()", "losses.mean() + 0.01 * (policy ** 2).mean()"),
        ("    losses = ", "    with torch.no_grad():\n        logits = logits * 1\n    losses = "),
    ]),
    "dpo by token": (_TOKENS, [
        (".sum(-1)\n    rejected", ".mean(-1)\n    rejected"),
        ("* chosen_mask).sum(-1)", "* chosen_mask).sum(-1) / chosen_mask.sum(-1)"),
        ("* chosen_mask)", ")"),
        ("* rejected_mask)", "* chosen_mask)"),
        (" * chosen_mask).sum(-1)", " * chosen_mask)[:, 1:].sum(-1)"),
    ]),
    "simpo": (_SIMPO, [
        ("- gamma)", "- gamma / beta)"),
        ("chosen_logps / chosen_lengths", "chosen_logps / (chosen_lengths + 1)"),
        ("chosen_logps / chosen_lengths", "chosen_logps"),
        ("chosen_logps / chosen_lengths", "chosen_logps / chosen_lengths.clamp(min=2)"),
        ("rejected_logps / rejected_lengths", "rejected_logps / chosen_lengths"),
    ]),
}  # fmt: skip


def changed(text, old, new):
    """Return a text with the last place of something replaced, so that prose stays as it is."""
    assert old in text, old
    before, after = text.rsplit(old, 1)
    return before + new + after
