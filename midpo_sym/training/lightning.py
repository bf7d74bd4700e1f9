"""Any of the losses in Lightning: a module that trains a language model on pairs.

    >>> from midpo_sym.losses import TDPOLoss
    >>> from midpo_sym.training.lightning import PreferenceModule
    >>> module = PreferenceModule(
    ...     model, TDPOLoss(beta=0.1), reference=reference, optimizer=make_adam
    ... )  # doctest: +SKIP
    >>> lightning.Trainer(max_epochs=1).fit(module, batches)  # doctest: +SKIP

Batches are as `midpo_sym.training.step.pair_loss` takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

try:
    import lightning
except ModuleNotFoundError as absent:
    from midpo_sym.training.common.extras import missing

    raise missing(
        "midpo_sym.training.lightning", "Lightning", "lightning>=2.6,<3", "train"
    ) from absent

import torch
from torch import Tensor, nn

from midpo_sym.tensor import PreferenceLoss
from midpo_sym.training.step import pair_loss

MakeOptimizer = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


class PreferenceModule(lightning.LightningModule):  # type: ignore[misc]  # if it is not installed
    """A model that is trained on pairs.

    It logs `train_loss`, `train_rewards/chosen`, `/rejected`, `/margins` and `/accuracies`, and the
    same with `val_`. The reference moves to the device of the model, and is in no checkpoint.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: PreferenceLoss,
        *,
        optimizer: MakeOptimizer,
        reference: nn.Module | None = None,
        loss_inputs: Callable[[Mapping[str, Any]], Mapping[str, Tensor]] | None = None,
        **keywords: Any,
    ) -> None:
        """Make one.

        Args:
            model: the policy.
            loss: of `midpo_sym.losses`, or of a module that `midpo generate` wrote.
            optimizer: from parameters to the optimiser.
            reference: the frozen model, if the loss needs it and the policy has no adapters.
            loss_inputs: from a batch to what else the loss needs, by name: token weights, data.
            **keywords: as `PreferenceLoss.from_head` takes them, such as `empty="skip"`.
        """
        super().__init__()
        self.model, self.loss, self.make_optimizer = model, loss, optimizer
        self.loss_inputs, self.keywords = loss_inputs, keywords
        if reference is not None:
            reference.requires_grad_(requires_grad=False).train(mode=False)
        self._kept = (reference,)  # in a tuple: no submodule, so in no checkpoint

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser of the policy, and of the loss where that learns too."""
        return self.make_optimizer([each for each in self.parameters() if each.requires_grad])

    def on_fit_start(self) -> None:
        """Move the reference to where the model is."""
        (reference,) = self._kept
        if reference is not None:
            reference.to(self.device)

    on_validation_start = on_fit_start

    def training_step(self, batch: Mapping[str, Any], index: int) -> Tensor:  # noqa: ARG002
        """Return the mean loss of a batch."""
        return self._step("train", batch)

    def validation_step(self, batch: Mapping[str, Any], index: int) -> Tensor:  # noqa: ARG002
        """Return the mean loss of a batch."""
        return self._step("val", batch)

    def _step(self, stage: str, batch: Mapping[str, Any]) -> Tensor:
        more: Mapping[str, Any] = {} if self.loss_inputs is None else self.loss_inputs(batch)
        (reference,) = self._kept
        loss, chosen, rejected = pair_loss(
            self.loss, self.model, batch, reference=reference, **{**self.keywords, **more}
        )
        found = {
            f"{stage}_loss": loss.detach(),
            f"{stage}_rewards/chosen": chosen.mean(),
            f"{stage}_rewards/rejected": rejected.mean(),
            f"{stage}_rewards/margins": (chosen - rejected).mean(),
            f"{stage}_rewards/accuracies": (chosen > rejected).float().mean(),
        }
        self.log_dict(found, batch_size=len(chosen), sync_dist=stage == "val")
        return loss
