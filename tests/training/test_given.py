"""What a loss reads of log-probabilities, against what its own formula says."""

import pytest
import torch

from midpo_sym import losses, training
from midpo_sym.lab.training import build_loss
from midpo_sym.losses import atlas
from midpo_sym.training.common.given import check_given, reads_of


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("dpo", "sums"),
        ("ipo", "sums"),
        ("simpo", "means"),
        ("r_dpo", "tokens"),  # the sum, and the length beside it
        ("orpo", "means"),
        ("cpl", "tokens"),  # weights by the place of the token
    ],
)
def test_what_a_loss_reads(name, wanted):
    loss = build_loss(name, {})
    check_given(loss, "a library")
    assert reads_of(loss) == wanted


def test_every_loss_is_refused_or_read():
    """None raises anything else, whatever it is made of."""
    seen = set()
    for name in (*losses.names(), *atlas.names()):
        loss = build_loss(name, {})
        try:
            check_given(loss, "a library")
        except ValueError as refused:
            assert "gives log-probabilities of the policy and the reference only" in str(refused)  # noqa: PT017 - some are refused
            seen.add("refused")
        else:
            seen.add(reads_of(loss))
    assert seen == {"refused", "sums", "means", "tokens"}


def test_a_prior_that_learns_needs_more_than_numbers():
    """Given log-probabilities alone it would be DPO, without a word."""
    loss = training.LearnedPriorLoss(prior=training.LearnedPrior(4))
    with pytest.raises(ValueError, match="needs hidden states; a library gives"):
        check_given(loss, "a library")
    with pytest.raises(TypeError, match=r"loss: expected a loss such as .*, got 'dpo'"):
        check_given("dpo", "a library")


def test_means_are_told_from_sums_where_they_can_be():
    """Tokens of probability 0.2: their mean, taken for a sum of 20, says 0.92 of each."""
    lengths = torch.tensor([20, 31])
    means = torch.full((2,), 0.2).log()
    training.check_sums(means * lengths, lengths)
    with pytest.raises(ValueError, match=r"means over the tokens, .* a probability of 0\.94 each"):
        training.check_sums(means, lengths)
    training.check_sums(means, torch.tensor([2, 3]))  # too short to say
    with pytest.raises(ValueError, match=r"0 or less, got 1\.6"):
        training.check_sums(-means, lengths)
