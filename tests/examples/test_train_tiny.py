"""The training example works with every loss, and fails if training does."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from midpo_sym import losses

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "examples" / "train_tiny.py"


def train(*arguments):
    """Run the example in a process of its own, warnings as errors."""
    command = [sys.executable, "-W", "error", SCRIPT, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_loss_trains_in_a_few_steps(tmp_path):
    """After 30 steps with any loss, 3 of 4 held-out pairs are told apart; by chance it is half."""
    done = train("--out", tmp_path / "new", "--steps", 30, "--least", 0.75)
    assert (done.returncode, done.stderr.count("did not rise")) == (0, 0), done.stderr
    assert done.stdout.count(" yes ") == len(losses.names())
    for name in losses.names():
        assert f" {name} " in done.stdout
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["train_tiny.svg"]
    assert ET.parse(tmp_path / "new" / "train_tiny.svg").getroot().tag.endswith("}svg")


def test_the_same_seed_draws_the_same_plot(tmp_path):
    plots = []
    for folder in ("one", "two"):
        train("--out", tmp_path / folder, "--steps", 3, "--losses", "sparsepo", "--least", 0)
        plots.append((tmp_path / folder / "train_tiny.svg").read_bytes())
    assert plots[0] == plots[1]


def test_too_little_training_fails(tmp_path):
    """One step does not get every held-out pair right."""
    done = train("--out", tmp_path, "--steps", 1, "--losses", "dpo", "tdpo", "--least", 1)
    assert done.returncode == 1
    assert "accuracy and margin did not rise, or not to 100%, with dpo, tdpo" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--steps", "0"), "--steps: expected 1 or more, got 0"),
        (("--losses", "ipo"), "invalid choice: 'ipo'"),
    ],
)
def test_bad_input_is_named(tmp_path, arguments, message):
    done = train("--out", tmp_path, *arguments)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
