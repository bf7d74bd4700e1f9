"""Any of the losses in ms-swift: its `DPOTrainer` with another `dpo_loss`.

In a file that is passed as `--external_plugins`:

    >>> from midpo_sym.losses import atlas
    >>> from midpo_sym.training.ms_swift import preference_trainer
    >>> from swift.trainers import TrainerFactory  # doctest: +SKIP
    >>> Trainer = preference_trainer(atlas.get("ipo")(tau=0.1))  # doctest: +SKIP
    >>> TrainerFactory.TRAINER_MAPPING["dpo"] = f"{__name__}.Trainer"  # doctest: +SKIP

ms-swift measures the sum of the log-probabilities of each response; losses that read more are
refused.
"""

from __future__ import annotations

from typing import Any

try:
    from swift.rlhf_trainers import DPOTrainer
except ModuleNotFoundError as absent:
    from midpo_sym.training.common.extras import missing

    raise missing("midpo_sym.training.ms_swift", "ms-swift", "ms-swift>=4") from absent

from torch import Tensor

from midpo_sym.tensor import PreferenceLoss
from midpo_sym.training.common.given import check_given, of_responses, reads_of


def preference_trainer(loss: PreferenceLoss, base: type | None = None) -> type:
    """Return a trainer of ms-swift that trains with a loss.

    Args:
        loss: of `midpo_sym.losses`, or of a module that `midpo generate` wrote. It has its own
            hyper-parameters: those of the command line say nothing.
        base: the class to change, `DPOTrainer` if None; `swift.megatron.trainers.dpo_trainer` has
            one, `DummyDPOTrainer`, whose `dpo_loss` its Megatron trainer calls.

    Raises:
        TypeError: the loss is none.
        ValueError: it reads more than the sums of log-probabilities.
    """
    check_given(loss, "ms-swift")
    if reads_of(loss) != "sums":
        raise ValueError(
            f"loss={loss} reads tokens or lengths; ms-swift gives the sum of the log-probabilities "
            "of each response only: train it by midpo_sym.training.trl"
        )

    def dpo_loss(
        self: Any,  # noqa: ARG001 - a method
        chosen_logps: Tensor,
        rejected_logps: Tensor,
        ref_chosen_logps: Tensor,
        ref_rejected_logps: Tensor,
        loss_type: str = "sigmoid",
        model_output: Any = None,  # noqa: ARG001 - ms-swift's signature
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the losses and the rewards of pairs, each (B,)."""
        if loss_type != "sigmoid":
            raise ValueError(
                f"loss_type is {loss_type!r}, which says another loss than {loss}; leave it out"
            )
        device = chosen_logps.device
        reference = (ref_chosen_logps.to(device), ref_rejected_logps.to(device))
        return of_responses(loss, chosen_logps, rejected_logps, *reference)

    return type(
        "PreferenceTrainer", (DPOTrainer if base is None else base,), {"dpo_loss": dpo_loss}
    )
