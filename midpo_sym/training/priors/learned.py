"""A prior ζ that is the reference with a small adapter, and the loss of MI-DPO with it."""

from __future__ import annotations

import dataclasses
import logging
import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from midpo_sym.tensor import (
    Needs,
    OutputHead,
    PreferenceLoss,
    ResponseStatistics,
    check_number,
    linear_statistics,
    read_head,
)
from midpo_sym.tensor.entries.head import read_models
from midpo_sym.tensor.entries.outcome import Empty, Outcome, Reduction, Triple
from midpo_sym.training.priors.constraints import Turns, budget_penalty
from midpo_sym.training.priors.watch import PriorWatch

_LOG = logging.getLogger("midpo_sym.training")


class PriorTerms(NamedTuple):
    """What a prior says of a batch of responses, chosen first.

    Attributes:
        logps: log ζ(y_t), nats, 0 where a token does not count; (2B, T).
        ref_logps: log π_ref(y_t), a constant; (2B, T).
        divergence: KL(π_ref‖ζ) along each response, nats; (2B,).
        penalty: for what is beyond the budget, to be added to the mean loss; ().
    """

    logps: Tensor
    ref_logps: Tensor
    divergence: Tensor
    penalty: Tensor

    @property
    def log_prior(self) -> Tensor:
        """Log ζ(y) of each response, as `mi_dpo_loss` takes it; (2B,)."""
        return self.logps.sum(-1)


class LearnedPrior(nn.Module):
    """ζ(y_t) ∝ exp(lm_head(h + up · down · h)): the reference with an adapter on its hidden states.

    It is a distribution of the next token by construction, and the reference itself at the start.
    Its divergence from the reference is measured over the whole vocabulary; beyond a budget each
    nat has a price.

        >>> prior = LearnedPrior(width=4096)  # doctest: +SKIP
        >>> terms = prior(ref_hidden, reference, labels)  # doctest: +SKIP
        >>> losses, *rewards = mi_dpo_loss(
        ...     *logps.chunk(2), *terms.log_prior.chunk(2), beta=0.1
        ... )  # doctest: +SKIP
        >>> (losses.mean() + terms.penalty).backward()  # doctest: +SKIP
    """

    def __init__(
        self, width: int, *, rank: int = 8, budget: float = 0.1, price: float = 1.0
    ) -> None:
        """Make a prior that is the reference.

        Args:
            width: of the reference's hidden states.
            rank: of the adapter.
            budget: nats of KL(π_ref‖ζ) of a response that are free. `math.inf` takes the constraint
                away, and the log says what that means.
            price: of a nat beyond them, in the unit of the loss.

        Raises:
            TypeError: a number is none.
            ValueError: it is out of range.
        """
        super().__init__()
        if budget != math.inf:
            check_number("budget", budget, "nonnegative")
        self.budget, self.price = budget, check_number("price", price, "positive")
        self.down = nn.Linear(width, rank, bias=False)
        self.up = nn.Linear(rank, width, bias=False)
        nn.init.zeros_(self.up.weight)
        if budget == math.inf:
            _LOG.warning(
                "LearnedPrior(budget=inf): nothing keeps the prior near the reference; the loss "
                "falls to 0 for every policy unless the preferences contain a cycle"
            )

    def forward(
        self,
        ref_hidden: Tensor,
        ref_head: nn.Module | OutputHead,
        labels: Tensor,
        *,
        mask: Tensor | None = None,
        shifted: bool = False,
        empty: Empty = "raise",
    ) -> PriorTerms:
        """Return log ζ of a batch. Gradients flow into the adapter alone.

        Args:
            ref_hidden: the reference's last hidden states; (2B, T, H).
            ref_head: the reference, its lm_head, or what `read_head` returned.
            labels: token ids, -100 where ignored; (2B, T).
            mask: combined with `labels != -100`; (2B, T).
            shifted: the states at t predict the labels at t.
            empty: "skip" measures responses without a token too.

        Raises:
            TypeError: as `read_head` and `linear_statistics` raise it.
            ValueError: the same.
        """
        head = read_head(ref_head)
        states = ref_hidden.detach()
        with torch.no_grad():
            plain = head.on(states)
        # The adapter computes in the dtype of its weights, as adapters of PEFT do.
        change = self.up(self.down(states.to(self.up.weight.dtype)))
        own = head.on(states + change.to(states.dtype))
        bias = None if own.bias is None else own.bias.detach()
        found = linear_statistics(
            own.hidden,
            own.weight.detach(),
            labels,
            bias=bias,
            softcap=own.softcap,
            ref_hidden=plain.hidden,
            ref_weight=plain.weight,
            ref_bias=plain.bias,
            ref_softcap=plain.softcap,
            kl=("ref_pi",),
            mask=mask,
            shifted=shifted,
            empty=empty,
        )
        assert found.ref_logps is not None
        divergence = found.total("kl_ref_pi")
        if self.budget == math.inf:
            penalty = torch.zeros_like(divergence[0].detach())
        else:
            penalty = budget_penalty(divergence, self.budget, self.price)
        return PriorTerms(found.logps, found.ref_logps, divergence, penalty)


class LearnedPriorLoss(PreferenceLoss):
    """MI-DPO with a prior that learns: `mi_dpo_loss` of it, and its penalty.

    It goes wherever a loss with `from_head` goes, `PreferenceTrainer` among them, which trains,
    saves and resumes the prior with the policy. Without a step of the prior it is DPO.

    Attributes:
        logged: of the last batch: the prior's divergence, its penalty, and its share of the
            argument, by the names that a trainer logs.
        watch: which names the degenerate case.
    """

    needs = Needs(reference=True, reference_model="ref")

    def __init__(
        self, *, prior: LearnedPrior, beta: float = 0.1, turns: Turns | None = None
    ) -> None:
        """Make a loss.

        Args:
            prior: that learns.
            beta: scale of the implicit reward; α in the paper.
            turns: train policy and prior in turns; jointly if None.
        """
        super().__init__()
        self.prior, self.turns = prior, turns
        self.beta = check_number("beta", beta, "positive")
        self.logged: dict[str, Tensor] = {}
        self.watch = PriorWatch()

    def argument(self, chosen: ResponseStatistics, rejected: ResponseStatistics) -> Triple:
        """Return β Δ log π/ζ and the rewards; `ref_logps` of the statistics are log ζ."""
        sides = [
            self.beta * (each.total("logps") - each.total("ref_logps"))
            for each in (chosen, rejected)
        ]
        return sides[0] - sides[1], sides[0].detach(), sides[1].detach()

    def from_head(  # type: ignore[override]  # noqa: PLR0913 - fewer forms of a batch
        self,
        hidden: Tensor,
        head: nn.Module | OutputHead,
        labels: Tensor,
        *,
        softcap: float | None = None,
        logit_scale: float | None = None,
        ref_hidden: Tensor | None = None,
        ref_head: nn.Module | OutputHead | None = None,
        mask: Tensor | None = None,
        shifted: bool = False,
        empty: Empty = "raise",
        reduction: Reduction = "mean",
        sample_weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        **others: Any,
    ) -> Triple:
        """Return loss and rewards, the penalty added to the loss of each pair.

        Args:
            hidden: as `PreferenceLoss.from_head` takes it, as the others.
            head: of the policy.
            labels: token ids, chosen responses first; (2B, T).
            softcap: of the policy.
            logit_scale: of the policy.
            ref_hidden: the reference's hidden states, which the prior reads; (2B, T, H_ref).
            ref_head: of the reference.
            mask: completion mask; (2B, T).
            shifted: the outputs at t predict the labels at t.
            empty: "raise" or "skip".
            reduction: of the losses.
            sample_weights: of the pairs; (B,).
            label_smoothing: from 0 to below 0.5.
            **others: none; what is given is named.

        Raises:
            TypeError: an argument is unknown here.
            ValueError: the reference is missing, or as `from_head` raises it.
        """
        if others:
            raise TypeError(
                f"{', '.join(others)}: unknown with a learned prior, which takes rows (2B, T) and "
                "the reference's hidden states"
            )
        if ref_hidden is None or ref_head is None:
            raise ValueError(
                "ref_hidden and ref_head: missing, a learned prior reads the reference's states; "
                "kept log-probabilities are not enough"
            )
        wanted = Outcome(empty, reduction, sample_weights, label_smoothing)
        keywords = {"softcap": softcap, "logit_scale": logit_scale}
        policy, given = read_models(
            hidden, head, labels, **keywords, ref_hidden=None, ref_head=None
        )
        form: dict[str, Any] = {"mask": mask, "shifted": shifted, "empty": empty}
        found = linear_statistics(policy.hidden, policy.weight, labels, **given, **form)
        terms = self.prior(ref_hidden, ref_head, labels, **form)
        both = dataclasses.replace(found, ref_logps=terms.logps)
        chosen, rejected, kept = wanted.prepared(*both.chunk())
        argument, *rewards = self.argument(chosen, rejected)
        self._look(found.logps, terms, trained=argument.requires_grad)
        losses = wanted.smoothed(self.link, argument) + terms.penalty
        first, second = (wanted.rewards(each, kept) for each in rewards)
        return wanted.reduce(losses, kept), first, second

    def from_hidden(self, *_: Any, **__: Any) -> Triple:
        """Refuse: a prior needs a head to read.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            "LearnedPriorLoss: from_head is its entry, which gives the prior the reference's "
            "hidden states and head; in plain torch: mi_dpo_loss, with log ζ of LearnedPrior"
        )

    def from_logits(self, *_: Any, **__: Any) -> Triple:
        """Refuse, as `from_hidden` does.

        Raises:
            TypeError: always.
        """
        return self.from_hidden()

    @torch.no_grad()
    def _look(self, logps: Tensor, terms: PriorTerms, *, trained: bool) -> None:
        """Log what the prior does, and look for the degenerate case."""
        policy = self.beta * (logps - terms.ref_logps).sum(-1)
        prior = self.beta * (terms.ref_logps - terms.logps).sum(-1)
        parts = [chosen - rejected for chosen, rejected in (policy.chunk(2), prior.chunk(2))]
        cure = f"Lower budget={self.prior.budget}, raise price={self.prior.price}, or use turns."
        if trained:
            self.watch.see(parts[0], parts[1], cure)
        self.logged = {
            "prior/divergence": terms.divergence.mean(),
            "prior/penalty": terms.penalty.detach(),
            "prior/share": self.watch.share,
        }

    def extra_repr(self) -> str:
        """Return the hyper-parameters, for print."""
        return f"beta={self.beta}, turns={self.turns}"
