"""`midpo lab train`: files, progress, a loss of one's own, exit statuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from midpo_sym.files import MANIFEST

TINY = """
[study]
losses = ["dpo", "simpo"]
seeds = 1
tuning_seeds = 1
trials = 1
[model]
width = 4
layers = 1
heads = 1
[reference]
samples = 20
steps = 2
[training]
steps = 2
batch = 4
snapshots = 1
[worlds.plain]
letters = 2
longest = 2
prompts = 2
unseen = 1
pairs = 10
"""
FILES = {"differences.svg", "frontier.svg", "report.md", "results.csv", "study.toml", MANIFEST}
OWN = """
title = "My DPO"
summary = "DPO, once more."
[parameters]
alpha = { domain = "positive", default = "1/10", torch = "beta", meaning = "scale of the reward" }
[prior]
zeta = "ref(y)"
[loss]
argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return str(path)


@pytest.mark.slow
def test_a_study_is_run_and_then_only_reported(midpo, tiny, tmp_path):
    out = tmp_path / "out"
    call = ("lab", "train", "--config", tiny, "--jobs", "1", "--out", str(out))
    outcome = midpo(*call)
    assert outcome.status == 0, outcome.err
    assert "5 of 5 runs" in outcome.err
    assert "report.md written; complete; 0 runs failed." in outcome.out
    assert {path.name for path in out.iterdir()} == FILES | {"shards"}
    shards = sorted(path.name for path in (out / "shards").iterdir())
    assert shards == ["test-plain-000.jsonl", "tuning-plain-000.jsonl"]
    again = midpo(*call, "--report-only", "--json")
    assert again.status == 0
    data = json.loads(again.out)
    assert set(data["values"]) == {"simpo", "dpo_again"}
    assert data["missing"] == []
    assert {each["outcome"] for each in data["predictions"]} <= {"undecided", "not run", "held"}
    (out / MANIFEST).unlink()  # as in a checkout of committed shards
    assert midpo(*call, "--report-only").status == 0


@pytest.mark.slow
def test_a_loss_of_ones_own_is_compared(midpo, tiny, tmp_path):
    own = tmp_path / "my_dpo.toml"
    own.write_text(OWN, encoding="utf-8")
    out = tmp_path / "out"
    call = ("lab", "train", "--config", tiny, "--out", str(out), "--spec", str(own))
    outcome = midpo(*call, "--jobs", "2")
    assert outcome.status == 0, outcome.err
    assert "| my\\_dpo |" in (out / "report.md").read_text(encoding="utf-8")
    assert (out / "losses" / "my_dpo.py").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name one of --quick, --full and --config FILE"),
        (("--quick", "--config", "a.toml"), "name one of --quick, --full and --config FILE"),
        (("--quick",), "--out is missing: name the folder of the results"),
        (("--config", "none.toml", "--out", "OUT"), "none.toml: no such file"),
        (("--quick", "--out", __file__), "is not a folder"),
        (("--quick", "--out", "OUT", "--shard", "plain"), "there is no shard 'plain'"),
    ],
)
def test_bad_input_ends_with_status_2(midpo, tmp_path, arguments, message):
    given = [str(tmp_path / "out") if each == "OUT" else each for each in arguments]
    outcome = midpo("lab", "train", *given)
    assert outcome.status == 2
    assert message in outcome.err


def test_a_wrong_setting_says_place_and_cure(midpo, tiny, tmp_path):
    Path(tiny).write_text(TINY + "nosie = 0.1\n", encoding="utf-8")
    outcome = midpo("lab", "train", "--config", tiny, "--out", str(tmp_path / "out"))
    assert outcome.status == 2
    assert "tiny.toml: [worlds.plain]: there is no setting 'nosie'; allowed:" in outcome.err
    assert "did you mean noise?" in outcome.err


def test_the_configuration_can_be_printed_and_given_back(midpo, tmp_path):
    printed = midpo("lab", "train", "--quick", "--print-config")
    assert printed.status == 0
    path = tmp_path / "mine.toml"
    path.write_text(printed.out.replace("seeds = 3", "seeds = 0"), encoding="utf-8")
    outcome = midpo("lab", "train", "--config", str(path), "--out", str(tmp_path / "out"))
    assert "[study] seeds is 0; it has to be a whole number from 1 to 999" in outcome.err


def test_a_shipped_id_is_not_taken_again(midpo, tiny, tmp_path):
    own = tmp_path / "dpo.toml"
    own.write_text(OWN, encoding="utf-8")
    call = ("--config", tiny, "--out", str(tmp_path / "out"), "--spec", str(own))
    outcome = midpo("lab", "train", *call)
    assert outcome.status == 2
    assert "dpo is shipped already; give it another id" in outcome.err


def test_help_has_an_example(midpo):
    assert "midpo lab train --quick --out quick" in midpo("lab", "train", "--help").out
    assert "midpo lab train --quick" in midpo("lab", "--help").out


@pytest.mark.slow
def test_without_torch_the_tables_work_and_the_error_names_the_extras():
    """A fresh interpreter in which torch cannot be imported."""
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from midpo_sym import lab; from midpo_sym.lab import worlds\n"
        "from midpo_sym.cli import main; sys.argv[1:] = ['lab', 'train', '--quick', '--out', 'x']\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "midpo lab train needs PyTorch, NumPy and Matplotlib" in done.stderr
    assert "pip install '.[lab,torch]'" in done.stderr
