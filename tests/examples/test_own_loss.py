"""The examples run, and do what they say."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_own_loss_goes_from_a_specification_to_training():
    """It exits with 1 unless the loss falls to half of what it was, log 2 at the start."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "own_loss.py")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mean_kl_tdpo: proved, gradient proved" in done.stdout
    assert "step  0: loss 0.6931" in done.stdout
