"""What a loss reads of log-probabilities, against what its own formula says."""

import pytest

from midpo_sym import losses
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
