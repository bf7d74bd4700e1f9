"""The example with LoRA on a capped lm_head: its loss falls, and is what whole logits give."""

import importlib.util
import math
import re
import runpy
import warnings
from pathlib import Path

import pytest
import torch
from oracles.needs import missing

from midpo_sym.losses import TDPOLoss
from midpo_sym.training import step

PEERS = ("peft", "transformers")
MISSING = [name for name in PEERS if importlib.util.find_spec(name) is None]
EXAMPLE = Path(__file__).parents[2] / "examples" / "lora_with_softcap.py"


@pytest.mark.slow
def test_the_loss_falls_and_is_that_of_whole_logits(monkeypatch, capsys):
    if MISSING:
        missing(f"{' and '.join(MISSING)} (pip install '.[train]')")
    plain = step.pair_loss

    def compared(loss, model, batch):
        """Return what the example gets, after a look at what the model's own logits give."""
        found = plain(loss, model, batch)
        given = {name: batch[name] for name in ("input_ids", "attention_mask")}
        with torch.no_grad():
            logits = model(**given).logits
            with model.disable_adapter():
                reference = model(**given).logits
            assert logits.abs().max() < 5
            wanted, _, _ = TDPOLoss(beta=loss.beta).from_logits(
                logits, batch["labels"], ref_logits=reference, reduction="mean"
            )
        assert found[0].item() == pytest.approx(wanted.item(), abs=1e-5)
        return found

    monkeypatch.setattr(step, "pair_loss", compared)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = runpy.run_path(str(EXAMPLE))["main"]()
    assert found[0] == pytest.approx(math.log(2), abs=1e-5)
    assert found[-1] < 0.6
    moved = re.search(r"lm_head adapter ([\d.]+)$", capsys.readouterr().out)
    assert moved
    assert float(moved[1]) > 0.01, "the adapter of the lm_head gets its gradient"
