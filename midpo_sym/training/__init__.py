"""Where people train: the losses in the trainers of other libraries, and their conventions.

- `midpo_sym.training.trl` is TRL's trainer with any loss; `lightning`, `liger`, `nemo_rl`,
  `ms_swift`, `twinkle` and `axolotl` are modules of their own, and say which library they need.
- `midpo_sym.training.step.pair_loss` is one step of a loop of one's own, with Accelerate or plain.
- `LearnedPrior` and `LearnedPriorLoss` learn a prior with the policy, in the trainer or plain.
- `convert` and `check_configuration` translate hyper-parameters, and need no library; `check_sums`
  tells sums of log-probabilities from means.
"""

from typing import TYPE_CHECKING, Any

from midpo_sym.training.conventions import check_configuration, convert

if TYPE_CHECKING:
    from midpo_sym.training.common.given import check_sums
    from midpo_sym.training.priors import LearnedPrior, LearnedPriorLoss, PairOffsets, Turns

__all__ = [
    "LearnedPrior",
    "LearnedPriorLoss",
    "PairOffsets",
    "Turns",
    "check_configuration",
    "check_sums",
    "convert",
]


def __getattr__(name: str) -> Any:
    """Return a name that needs torch, which is loaded then."""
    if name in __all__:
        from midpo_sym.training import priors  # noqa: PLC0415  # conventions need no torch
        from midpo_sym.training.common import given  # noqa: PLC0415  # the same

        return getattr(given if name == "check_sums" else priors, name)
    raise AttributeError(f"module 'midpo_sym.training' has no attribute {name!r}")
