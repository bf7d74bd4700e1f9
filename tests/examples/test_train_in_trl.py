"""The example of TRL trains: the loss falls from log 2, where model and reference are one."""

import importlib.util
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from oracles.needs import missing

MISSING = [name for name in ("trl", "datasets") if importlib.util.find_spec(name) is None]
EXAMPLE = Path(__file__).parents[2] / "examples" / "train_in_trl.py"


@pytest.mark.slow
def test_the_loss_falls():
    if MISSING:
        missing(f"{' and '.join(MISSING)} (pip install '.[train]')")
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = [float(each) for each in re.findall(r"^loss ([\d.]+)", done.stdout, re.MULTILINE)]
    assert found[0] == pytest.approx(math.log(2), abs=1e-4)
    assert found[-1] < found[0]
