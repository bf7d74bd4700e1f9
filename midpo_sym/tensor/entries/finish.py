"""From statistics of both responses to losses and rewards: the last step of every entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from midpo_sym.tensor.entries.outcome import Outcome, Triple, check_sums
from midpo_sym.tensor.needs import check_defined, check_present
from midpo_sym.tensor.parameters import arguments_of, links_of
from midpo_sym.tensor.statistics import ResponseStatistics

if TYPE_CHECKING:
    from midpo_sym.tensor.loss import PreferenceLoss


def finished(
    loss: PreferenceLoss,
    chosen: ResponseStatistics,
    rejected: ResponseStatistics,
    wanted: Outcome,
    *,
    redefined: bool,
) -> Triple:
    """Return the outcome of a batch.

    Args:
        loss: whose.
        chosen: statistics of the preferred responses; (B, T).
        rejected: statistics of the others; (B, T).
        wanted: what is made of the losses.
        redefined: whether `from_statistics` of a subclass says the losses.

    Raises:
        ValueError: as `PreferenceLoss.from_statistics` raises it.
    """
    check_sums(chosen, rejected)
    for name, part in (("chosen", chosen), ("rejected", rejected)):
        check_present(name, type(loss).__name__, loss.needs, part)
    if chosen.mask.shape[0] != rejected.mask.shape[0]:
        raise ValueError(
            f"rejected: expected as many responses as chosen, {chosen.mask.shape[0]}, got "
            f"{rejected.mask.shape[0]}"
        )
    chosen, rejected, kept = wanted.prepared(chosen, rejected)
    if redefined:
        if wanted.label_smoothing:
            raise ValueError(
                f"label_smoothing: {type(loss).__name__} has a from_statistics of its own, "
                "which says nothing of pairs the wrong way round; leave it out"
            )
        losses, *rewards = loss.from_statistics(chosen, rejected)
    else:
        argument, *rewards = arguments_of(loss, chosen, rejected)
        check_defined(argument, chosen, rejected)
        losses = wanted.smoothed(lambda each: links_of(loss, each), argument)
    found = (wanted.rewards(each.detach(), kept) for each in rewards)
    return wanted.reduce(losses, kept), next(found), next(found)
