"""Any of the losses in NeMo-RL: a `LossFunction` in the place of its `DPOLossFn`.

    >>> from midpo_sym.losses import SimPOLoss
    >>> from midpo_sym.training.nemo_rl import PreferenceLossFn
    >>> loss_fn = PreferenceLossFn(SimPOLoss(beta=2.0, gamma=0.5))  # doctest: +SKIP

NeMo-RL measures log-probabilities of tokens, tensor-parallel where the model is; losses that need
divergences have no way to get them there and are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

try:
    from nemo_rl.algorithms.loss.interfaces import LossInputType, LossType
except ModuleNotFoundError as absent:
    from midpo_sym.training.common.extras import missing

    raise missing("midpo_sym.training.nemo_rl", "NeMo-RL", "nemo-rl") from absent

import torch
from torch import Tensor

from midpo_sym.tensor import PreferenceLoss
from midpo_sym.training.common.given import check_given, in_turns, statistics_of

_TINY = 1e-8  # as NeMo-RL's masked means: no pair at all gives 0


class PreferenceLossFn:
    """One of our losses as NeMo-RL calls for it.

    Attributes:
        loss_type: of responses.
        input_type: log-probabilities of tokens.
    """

    loss_type = LossType.SEQUENCE_LEVEL
    input_type = LossInputType.LOGPROB

    def __init__(self, loss: PreferenceLoss) -> None:
        """Make one.

        Args:
            loss: of `midpo_sym.losses`, or of a module that `midpo generate` wrote.

        Raises:
            TypeError: it is none.
            ValueError: it needs more than log-probabilities.
        """
        check_given(loss, "NeMo-RL")
        self.loss = loss

    def __call__(
        self,
        next_token_logprobs: Tensor,
        data: Mapping[str, Tensor],
        global_valid_seqs: Tensor,
        global_valid_toks: Tensor | None = None,  # noqa: ARG002 - of the protocol
    ) -> tuple[Tensor, dict[str, float]]:
        """Return this microbatch's share of the mean loss, and metrics.

        Args:
            next_token_logprobs: log π of the tokens from the second on, chosen and rejected
                responses in turns; (2B, T - 1).
            data: `token_mask` (2B, T), `sample_mask` (2B,) and, if the loss needs the reference,
                `reference_policy_logprobs` (2B, T), whose place t is about token t + 1.
            global_valid_seqs: how many responses count in the whole batch.
            global_valid_toks: not needed.
        """
        mask = data["token_mask"][:, 1:].bool()
        reference = data.get("reference_policy_logprobs")
        if reference is not None:
            reference = reference[:, :-1]
        found = statistics_of(self.loss, next_token_logprobs, mask, reference)
        losses, chosen, rejected = self.loss.from_statistics(*in_turns(found), empty="skip")
        counts = data["sample_mask"][::2].to(losses.dtype) * data["sample_mask"][1::2]
        pairs = global_valid_seqs / 2 + _TINY

        def share(values: Tensor) -> Tensor:
            return torch.where(counts > 0, values * counts, 0.0).sum() / pairs

        loss = share(losses)
        metrics = {
            "loss": loss,
            "preference_loss": loss,
            "accuracy": share((chosen > rejected).to(losses.dtype)),
            "rewards_chosen_mean": share(chosen),
            "rewards_rejected_mean": share(rejected),
            "num_valid_samples": counts.sum(),
        }
        return loss, {name: float(each.detach()) for name, each in metrics.items()}
