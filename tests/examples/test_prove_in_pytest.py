"""The example of proofs in pytest runs, and all that it says is proved; the action is short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.mark.slow
def test_the_losses_of_the_example_are_proved():
    plugin = ["-p", "midpo_sym.testing.plugin", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "--midpo", str(EXAMPLES / "prove_in_pytest.py")],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_the_action_proves_and_is_short():
    lines = (EXAMPLES / "prove.yml").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 12
    assert lines[-1].strip() == "- run: pytest --midpo"
    assert "URL: of a git repository" in lines[0]  # it is on no package index
    assert lines[-2].strip() == '- run: pip install pytest "midpo-sym @ git+URL"'
