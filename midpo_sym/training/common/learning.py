"""Parameters that a loss has itself, such as a learned prior's, in a trainer of transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from midpo_sym.tensor import PreferenceLoss

_FILE = "loss.pt"  # beside the model in a checkpoint


class LearnsInLoss:
    """What a `Trainer` needs to train `self.loss` too: a group, checkpoints, equal processes."""

    loss: PreferenceLoss
    loss_learning_rate: float | None
    args: Any

    def create_optimizer(self, *args: Any, **keywords: Any) -> Any:
        """Return the optimiser, with a group for the loss."""
        optimizer = super().create_optimizer(*args, **keywords)  # type: ignore[misc]
        known = {id(each) for group in optimizer.param_groups for each in group["params"]}
        own = [each for each in learned(self.loss) if id(each) not in known]
        if own:
            rate = self.loss_learning_rate
            rate = self.args.learning_rate if rate is None else rate
            optimizer.add_param_group({"params": own, "lr": rate, "weight_decay": 0.0})
        return optimizer

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Save the model, and what the loss has learned beside it."""
        super()._save(output_dir, state_dict)  # type: ignore[misc]
        if learned(self.loss):
            folder = self.args.output_dir if output_dir is None else output_dir
            torch.save(self.loss.state_dict(), Path(folder) / _FILE)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """Load what a checkpoint has of the loss, the optimiser and the schedule.

        Raises:
            ValueError: it has nothing of a loss that learns.
        """
        if checkpoint is not None and learned(self.loss):
            path = Path(checkpoint) / _FILE
            if not path.is_file():
                raise ValueError(
                    f"{path}: missing, expected what loss={type(self.loss).__name__} had learned; "
                    "the checkpoint is of a run with another loss"
                )
            found = torch.load(path, map_location="cpu", weights_only=True)
            self.loss.load_state_dict(found)
        super()._load_optimizer_and_scheduler(checkpoint)  # type: ignore[misc]


class BeforeStep(TrainerCallback):  # type: ignore[misc]  # transformers is not followed
    """Before each step: the processes' gradients of the loss are averaged, turns are taken.

    DDP sees to the model's own; a loss is in no wrapper.
    """

    def __init__(self, loss: PreferenceLoss) -> None:
        """Make one, for a loss that learns."""
        self.loss = loss

    def on_pre_optimizer_step(
        self,
        args: Any,
        state: Any,
        control: Any,  # noqa: ARG002 - of the interface
        model: Any = None,
        **_: Any,
    ) -> None:
        """Average, and freeze what does not move in this step."""
        own = learned(self.loss)
        if args.world_size > 1:
            for each in own:
                each.grad = torch.zeros_like(each) if each.grad is None else each.grad
                torch.distributed.all_reduce(each.grad)
                each.grad /= args.world_size
        turns = getattr(self.loss, "turns", None)
        if turns is not None:
            turns.freeze(state.global_step, model.parameters(), own)


def learned(loss: PreferenceLoss) -> list[torch.nn.Parameter]:
    """Return what a loss learns itself; nothing, for most."""
    return [each for each in loss.parameters() if each.requires_grad]
