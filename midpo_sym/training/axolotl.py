"""Any of the losses in axolotl: a plugin, and the trainer that it has axolotl take.

    rl: dpo
    plugins:
      - midpo_sym.training.axolotl.PreferencePlugin
    midpo_loss: tdpo
    midpo_parameters: {beta: 0.1}

Data, model, adapters and configuration are axolotl's, the trainer is `midpo_sym.training.trl`'s: it
needs an axolotl whose TRL is the one that this package names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from axolotl.integrations.base import BasePlugin, PluginManager
    from pydantic import BaseModel
except ModuleNotFoundError as absent:
    from midpo_sym.training.common.extras import missing

    raise missing("midpo_sym.training.axolotl", "axolotl", "axolotl") from absent

from midpo_sym import losses
from midpo_sym.tensor import PreferenceLoss
from midpo_sym.training.trl import PreferenceTrainer

_TRAINER = "midpo_sym.training.axolotl.AxolotlTrainer"


class PreferenceArguments(BaseModel):  # type: ignore[misc]  # as axolotl merges it
    """What the plugin adds to axolotl's configuration.

    Attributes:
        midpo_loss: the id of a loss, of the atlas too; `midpo_sym.losses.find()` names all.
        midpo_parameters: its hyper-parameters; the defaults stand for what is left out.
    """

    midpo_loss: str | None = None
    midpo_parameters: dict[str, float] | None = None


class PreferencePlugin(BasePlugin):  # type: ignore[misc]  # axolotl has no types
    """Has axolotl train preferences with one of our losses."""

    def get_input_args(self) -> str:
        """Return where the plugin's own configuration is described."""
        return "midpo_sym.training.axolotl.PreferenceArguments"

    def register(self, cfg: Any) -> None:
        """Have the trainer taken, before axolotl validates the configuration.

        A class that `get_trainer_cls` returns is made without the model where `rl` is set; the
        class that the configuration names gets the model and the reference.

        Raises:
            ValueError: the loss is missing or unknown, or `rl` or the trainer is another.
        """
        loss_of(cfg)
        if str(getattr(cfg.get("rl"), "value", cfg.get("rl"))) != "dpo":
            raise ValueError(f"rl: expected dpo, got {cfg.get('rl')!r}")
        if cfg.get("trainer_cls") not in {None, _TRAINER}:
            raise ValueError(
                f"trainer_cls: is {cfg['trainer_cls']!r}, and the plugin brings its own; leave it "
                "out, or leave the plugin out"
            )
        cfg["trainer_cls"] = _TRAINER

    def get_trainer_cls(self, cfg: Any) -> None:
        """Return nothing: see `register`."""


class AxolotlTrainer(PreferenceTrainer):
    """The trainer of TRL with the loss that axolotl's configuration names."""

    def __init__(self, *args: Any, dataset_tags: Any = None, **keywords: Any) -> None:
        """Make a trainer from what axolotl passes; its loss is in the configuration."""
        loss = loss_of(PluginManager.get_instance().cfg)
        super().__init__(*args, loss=loss, **keywords)
        self.dataset_tags = dataset_tags


def loss_of(cfg: Mapping[str, Any]) -> PreferenceLoss:
    """Return the loss that a configuration names.

    Args:
        cfg: axolotl's.

    Raises:
        TypeError: a hyper-parameter is unknown or no number.
        ValueError: the loss is missing or unknown, or a hyper-parameter is out of its domain.
    """
    name = cfg.get("midpo_loss")
    if name is None:
        raise ValueError("midpo_loss: missing, expected the id of a loss, such as tdpo")
    return losses.get(name)(**dict(cfg.get("midpo_parameters") or {}))
