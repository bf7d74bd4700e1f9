"""The example of verification runs, and its answers are right."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "verify_my_loss.py"


def test_the_example_proves_what_it_says():
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '--bind gamma="gamma/alpha"' in done.stdout
    assert done.stdout.endswith("it is SimPO: True; the trainer's is DPO: True\n")
