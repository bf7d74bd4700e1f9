"""Losses where a library has measured the log-probabilities already, of tokens or of responses."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from midpo_sym.tensor import PreferenceLoss, ResponseStatistics

Reads = Literal["sums", "means", "tokens"]

# Log-probabilities of three tokens under a policy and a reference, of two responses; no two of
# their differences, sums or means are alike.
_CHOSEN = ((-1.31, -0.42, -2.17), (-1.13, -0.71, -1.67))
_REJECTED = ((-0.73, -1.94, -0.26), (-0.97, -1.49, -0.38))
_SHIFT = 0.05  # moved from one token to the next: sums and lengths stay
_SAME = 1e-9
_LONG = 4  # tokens of a response whose sum and mean cannot be taken for each other
_CERTAIN = 0.9  # a probability that the tokens of whole responses do not have


def check_given(loss: PreferenceLoss, library: str) -> None:
    """Check that log-probabilities of tokens, and lengths, are all that a loss needs.

    Args:
        loss: of the user.
        library: whose loop measures, for the message.

    Raises:
        TypeError: it is no loss.
        ValueError: it needs more.
    """
    if not isinstance(loss, PreferenceLoss):
        raise TypeError(
            f"loss: expected a loss such as midpo_sym.losses.DPOLoss(beta=0.1), got "
            f"{loss!r:.60} of type {type(loss).__name__}"
        )
    needs = loss.needs
    more = [*(f"KL of {each}" for each in needs.kl), *needs.statistics]
    more += [*needs.weights, *needs.data]
    if needs.reference_model == "prev":
        more.append("the previous policy")
    if type(loss).from_head is not PreferenceLoss.from_head:
        more.append("hidden states")  # such as a prior that learns
    cause = None
    if not more:
        try:
            _outcome(loss, _CHOSEN, _REJECTED)
        except ValueError as wrong:  # what it reads besides, such as a previous policy
            cause, more = wrong, [str(wrong)]
    if more:
        raise ValueError(
            f"loss={loss} needs {', '.join(more)}; {library} gives log-probabilities of the policy "
            "and the reference only: train it by midpo_sym.training.trl, or by loss.from_head in a "
            "loop of your own"
        ) from cause


def reads_of(loss: PreferenceLoss) -> Reads:
    """Return what a loss reads of the log-probabilities of a response.

    It is asked at numbers: with the same sums over other tokens, with fewer tokens, and with one
    token that has the mean. What agrees in loss and rewards there has no way to differ elsewhere
    but a condition that these numbers miss.

    Args:
        loss: one that `check_given` lets pass.

    Returns:
        "sums" if no more than the sum over the tokens counts, "means" if no more than the mean
        does, else "tokens".
    """
    plain = _outcome(loss, _CHOSEN, _REJECTED)

    def agrees(change: Any) -> bool:
        found = _outcome(loss, change(_CHOSEN), change(_REJECTED))
        return bool((found - plain).abs().max() < _SAME)

    def moved(rows: Any) -> Any:
        return [[row[0] - _SHIFT, row[1] + _SHIFT, row[2]] for row in rows]

    def shorter(rows: Any) -> Any:
        return [[row[0] + row[1], row[2]] for row in rows]

    def mean(rows: Any) -> Any:
        return [[sum(row) / len(row)] for row in rows]

    if not agrees(moved):
        return "tokens"
    return "sums" if agrees(shorter) else "means" if agrees(mean) else "tokens"


def _outcome(loss: PreferenceLoss, chosen: Any, rejected: Any) -> Tensor:
    """Return loss and rewards of one pair, each side as (policy, reference)."""
    rows = torch.tensor([chosen[0], rejected[0]], dtype=torch.float64)
    reference = torch.tensor([chosen[1], rejected[1]], dtype=torch.float64)
    given = statistics_of(loss, rows, torch.ones_like(rows).bool(), reference)
    return torch.stack(loss.from_statistics(*given.chunk())).detach()


def statistics_of(
    loss: PreferenceLoss,
    logps: Tensor,
    mask: Tensor,
    ref_logps: Tensor | None = None,
    ref_sums: Tensor | None = None,
) -> ResponseStatistics:
    """Return statistics of responses whose tokens have been measured.

    Args:
        loss: which asks for them.
        logps: log π(y_t), whatever where the mask is false; (N, T).
        mask: true where a token counts; (N, T).
        ref_logps: log π_ref(y_t), or None; (N, T).
        ref_sums: log π_ref(y) instead; (N,).

    Raises:
        ValueError: the loss needs a reference, and none is given.
    """
    live = mask.bool()
    wide = torch.float64 if logps.dtype == torch.float64 else torch.float32
    own = torch.where(live, logps.to(wide), 0.0)
    if not loss.needs.needs_ref:
        return ResponseStatistics(logps=own, mask=live)
    if ref_logps is None and ref_sums is None:
        raise ValueError(f"reference: missing, loss={loss} needs its log-probabilities")
    if ref_logps is None:
        assert ref_sums is not None
        return ResponseStatistics(logps=own, mask=live, ref_sums=ref_sums.detach().to(own))
    reference = torch.where(live, ref_logps.detach().to(own), 0.0)
    return ResponseStatistics(logps=own, mask=live, ref_logps=reference, logratios=own - reference)


def check_sums(logps: Tensor, lengths: Tensor) -> None:
    """Check, on one batch and when asked, that log-probabilities are sums over tokens, not means.

    The functions of `midpo_sym.losses` take sums, and a mean is as good a number to them. It shows
    by the number of tokens: a mean, taken for a sum, says that every token was nearly certain. In
    responses of a few tokens it does not show.

        >>> check_sums(torch.tensor([-1.4, -2.1]), torch.tensor([30, 42]))
        Traceback (most recent call last):
            ...
        ValueError: logps: look like means over the tokens, expected sums: their tokens would have a
        probability of 0.95 each; multiply them by the numbers of tokens

    Args:
        logps: log-probabilities of responses, nats; (N,).
        lengths: their numbers of tokens; (N,).

    Raises:
        ValueError: they are means, by all appearances, or above 0.
    """
    if bool((logps > 0).any()):
        raise ValueError(f"logps: log-probabilities are 0 or less, got {float(logps.max()):g}")
    long = lengths >= _LONG
    each = (logps.detach() / lengths)[long].exp()
    if each.numel() and bool((each > _CERTAIN).all()):
        raise ValueError(
            "logps: look like means over the tokens, expected sums: their tokens would have a "
            f"probability of {float(each.mean()):.2f} each; multiply them by the numbers of tokens"
        )


def in_turns(found: ResponseStatistics) -> tuple[ResponseStatistics, ResponseStatistics]:
    """Return the statistics of the chosen and of the rejected responses, which come in turns."""
    return found.map(lambda each: each[::2]), found.map(lambda each: each[1::2])


def of_responses(
    loss: PreferenceLoss,
    chosen: Tensor,
    rejected: Tensor,
    ref_chosen: Tensor | None = None,
    ref_rejected: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return losses and rewards of pairs, from one number for each response.

    Args:
        loss: one that reads sums, or means, of log-probabilities.
        chosen: those, of the policy; (B,).
        rejected: the same; (B,).
        ref_chosen: of the reference; (B,).
        ref_rejected: the same; (B,).
    """
    # One token for each response: it is the sum, and the mean.
    rows = torch.cat([chosen, rejected]).unsqueeze(1)
    reference = None
    if ref_chosen is not None and ref_rejected is not None:
        reference = torch.cat([ref_chosen, ref_rejected]).unsqueeze(1)
    found = statistics_of(loss, rows, torch.ones_like(rows, dtype=torch.bool), reference)
    return loss.from_statistics(*found.chunk())
