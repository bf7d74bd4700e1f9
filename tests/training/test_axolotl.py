"""axolotl by its published protocol: it pins another TRL, so it cannot be installed beside ours."""

import importlib
import sys
from types import ModuleType, SimpleNamespace

import pytest

from midpo_sym import losses


class Manager:
    """`axolotl.integrations.base.PluginManager`, but for the other hooks."""

    cfg = None

    @classmethod
    def get_instance(cls):
        return cls


@pytest.fixture
def module(peers, monkeypatch):  # noqa: ARG001 - skips where there is no TRL
    """The module, with stand-ins for axolotl and pydantic: the names that it imports."""
    names = {"BasePlugin": type("BasePlugin", (), {}), "PluginManager": Manager}
    for name in ("axolotl", "axolotl.integrations", "axolotl.integrations.base", "pydantic"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    vars(sys.modules["axolotl.integrations.base"]).update(names)
    sys.modules["pydantic"].BaseModel = type("BaseModel", (), {})
    monkeypatch.delitem(sys.modules, "midpo_sym.training.axolotl", raising=False)
    module = importlib.import_module("midpo_sym.training.axolotl")
    monkeypatch.setitem(sys.modules, "midpo_sym.training.axolotl", module)
    return module


def configured(**more):
    return {"rl": SimpleNamespace(value="dpo"), "midpo_loss": "dpo", **more}


@pytest.mark.slow
def test_axolotl_trains_with_the_loss_of_its_configuration(module, made):
    """`prepare_plugins` calls `register(cfg)` of each plugin, `plugin_set_cfg` keeps the validated
    cfg in the manager; the builder of `rl: dpo` asks plugins for a class (and would make that one
    without a model), then imports what `cfg.trainer_cls` names and makes it with (model, model_ref,
    args=, train_dataset=, processing_class=, dataset_tags=, …).

    axolotl-ai-cloud/axolotl 067b021c, src/axolotl/cli/config.py, core/builders/rl.py.
    """
    plugin, cfg = module.PreferencePlugin(), configured(midpo_parameters={"beta": 0.3})
    plugin.register(cfg)
    Manager.cfg = cfg
    assert plugin.get_trainer_cls(cfg) is None
    package, _, name = plugin.get_input_args().rpartition(".")
    fields = getattr(importlib.import_module(package), name).__annotations__
    assert set(fields) == {"midpo_loss", "midpo_parameters"}
    package, _, name = cfg["trainer_cls"].rpartition(".")
    kind = getattr(importlib.import_module(package), name)
    trainer, log = made.train(kind, steps=2, dataset_tags=["a/b"])
    assert trainer.loss.beta == 0.3
    _, wanted = made.train(
        made.peers.ours.PreferenceTrainer, steps=2, loss=losses.DPOLoss(beta=0.3)
    )
    assert [each["loss"] for each in log] == [each["loss"] for each in wanted]


@pytest.mark.slow
def test_what_axolotl_must_not_mix_is_refused(module):
    plugin = module.PreferencePlugin()
    with pytest.raises(ValueError, match="midpo_loss: missing, expected the id of a loss"):
        plugin.register({"rl": "dpo"})
    with pytest.raises(ValueError, match="rl: expected dpo, got 'kto'"):
        plugin.register(configured(rl="kto"))
    with pytest.raises(ValueError, match=r"trainer_cls: is 'a\.B', and the plugin brings its own"):
        plugin.register(configured(trainer_cls="a.B"))
    with pytest.raises(ValueError, match="there is no loss 'dop'"):
        plugin.register(configured(midpo_loss="dop"))
