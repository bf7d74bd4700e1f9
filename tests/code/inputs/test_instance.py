"""A specification at a batch: what its quantities become, for tokens and for whole responses."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

import midpo_sym
from midpo_sym.code.inputs.instance import Batch, NotStatedError
from midpo_sym.language.printing.text import to_text
from midpo_sym.spec import library

D2PO = str(Path(__file__).parents[2] / "cases" / "losses" / "d2po.toml")


def weighed(
    chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, chosen_mask, rejected_mask,
    beta=0.1, gamma=0.9,
):  # fmt: skip
    """D2PO: γ to the power of the place, 1 for the first token wherever its column is."""

    def score(logps, ref_logps, mask, first):
        places = mask.cumsum(-1) - 1 + first
        return (torch.where(mask, logps - ref_logps, 0.0) * gamma**places).sum(-1)

    chosen = score(chosen_logps, ref_chosen_logps, chosen_mask, 1)
    rejected = score(rejected_logps, ref_rejected_logps, rejected_mask, 1)
    return -functional.logsigmoid(beta * (chosen - rejected))


def from_zero(
    chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, chosen_mask, rejected_mask,
    beta=0.1, gamma=0.9,
):  # fmt: skip
    """The same with 0 for the first token: all weights are γ times too large, so it is scaled."""
    given = chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps
    return weighed(*given, chosen_mask, rejected_mask, beta / gamma, gamma)


def test_the_place_of_a_token_is_a_number_from_one():
    """y_w of the first pair has two tokens, y_l of it one: Σ γ^t is γ + γ², and γ."""
    batch = Batch(2, by_token=True)
    loss = library.find(D2PO).statement.target.loss
    text = to_text(batch.stated(loss, 1)).replace(" ", "")
    assert "gamma**1*log(_pi_w1_0/_ref_w1_0)" in text
    assert "gamma**2*log(_pi_w1_1/_ref_w1_1)" in text
    assert "_pi_l1_1" not in text


def test_of_whole_responses_there_is_no_place():
    """Σ γ^t log π(y, t) is a variable by itself there, but a place alone is nothing."""
    batch = Batch(2)
    loss = library.find(D2PO).statement.target.loss
    batch.stated(loss, 1)
    assert len(batch.sums) == 2
    with pytest.raises(NotStatedError, match="about one token"):
        batch.stated(next(n for n in loss.walk() if type(n).__name__ == "Position"), 1)


@pytest.mark.slow
def test_places_are_read_off_a_mask():
    assert midpo_sym.verify(weighed, D2PO).value.status.value == "proved"
    assert midpo_sym.verify(from_zero, D2PO).value.status.value == "differs"
