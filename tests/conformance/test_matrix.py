"""The matrix of libraries: its three files say the same, and every row can be asked again.

Nothing of a library is imported here: the rows are made by hand, in environments of their own.
"""

import csv
import importlib.util
import json
import shlex
from pathlib import Path

import pytest

from midpo_sym.spec import library

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "conformance"
RESULTS = ROOT / "benchmarks" / "results"
ROWS = json.loads((RESULTS / "conformance.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page():
    spec = importlib.util.spec_from_file_location("conformance_page", FOLDER / "page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_and_page_say_what_the_data_say(page):
    for path, text in page.written(ROWS).items():
        assert path.read_text(encoding="utf-8") == text, path.name
    with (RESULTS / "conformance.csv").open(encoding="utf-8", newline="") as file:
        assert [*csv.DictReader(file)] == ROWS


def test_every_row_has_a_verdict_and_a_command_whose_formula_exists(page):
    assert len(ROWS) > 50
    for row in ROWS:
        assert row["verdict"] in page.VERDICTS
        program, command, *rest = shlex.split(row["command"])
        assert program == "midpo"
        if command == "verify":
            target, spec = rest[0], rest[rest.index("--as") + 1]
            file = target.partition("::")[0]
            assert not file.endswith(".py") or (ROOT / file).is_file()
            assert library.find(str(ROOT / spec) if spec.endswith(".toml") else spec)
        else:
            assert row["verdict"] == "read, not run"
            for each in rest:
                assert library.find(str(ROOT / each) if each.endswith(".toml") else each)


def test_what_is_said_to_be_proved_is_so_in_value_and_gradient():
    for row in ROWS:
        proved = row["verdict"] in ("proved", "equal under this binding")
        assert proved == (row["value"] == row["gradient"] == "proved")
        if row["verdict"] == "differs":
            assert ", not " in row["where"]


def test_known_facts_are_in_it():
    """Read in the libraries' code: who uses the label smoothing, and who hands on the type."""
    found = {(row["library"], row["version"], row["loss"], row["as"]): row for row in ROWS}
    assert found["trl", "0.24.0", "DPOTrainer sigmoid", "cdpo"]["verdict"] == "proved"
    for asked in (
        ("liger-kernel", "0.8.5", "DPO sigmoid", "cdpo"),
        ("llamafactory", "0.9.5", "pref_loss hinge", "hinge"),
    ):
        assert found[asked]["verdict"] == "differs"
        assert found[asked]["is"].split("; ")[0] == "it is dpo: --as dpo"


def test_a_page_that_was_edited_is_caught(page):
    (path,) = (each for each in page.written(ROWS) if each.suffix == ".md")
    other = [{**ROWS[0], "verdict": "differs", "where": "loss = 1, not 2, at beta = 1"}, *ROWS[1:]]
    assert page.written(other)[path] != path.read_text(encoding="utf-8")
