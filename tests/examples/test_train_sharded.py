"""The example of FSDP2 and a vocabulary in parts trains: from log 2, where both models are one."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "train_sharded.py"


@pytest.mark.slow
def test_the_loss_falls():
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "2"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = [float(each) for each in re.findall(r"^loss ([\d.]+)", done.stdout, re.MULTILINE)]
    assert found[0] == pytest.approx(math.log(2), abs=1e-4)
    assert found[-1] < found[0]
