"""What functions of statistics notice in eager mode."""

import pytest
import torch

from midpo_sym import losses

SUMS = -torch.arange(1.0, 7.0).view(6, 1)


def test_a_negative_divergence_is_noticed():
    with pytest.raises(ValueError, match=r"rejected_kl\[0\] is -3; expected a divergence, 0 or mo"):
        losses.tdpo_loss(*SUMS[:4], torch.ones(1), torch.tensor([-3.0]))


def test_an_empty_mask_is_noticed():
    """Of padding alone the loss would be log 2, whatever the policy."""
    statistics = torch.full((2, 3), -1.0)
    mask = torch.tensor([[True, True, False], [False, False, False]])
    names = ("chosen_logps", "rejected_logps", "ref_chosen_logps", "ref_rejected_logps")
    given = dict.fromkeys(names, statistics)
    given |= dict.fromkeys(("chosen_kl", "rejected_kl"), -statistics)
    given |= dict.fromkeys(("chosen_weights", "rejected_weights"), -statistics)
    with pytest.raises(
        ValueError, match=r"rejected_mask\[1\] is 0; expected a response with a tok"
    ):
        losses.tis_dpo_loss(**given, chosen_mask=mask | True, rejected_mask=mask)
