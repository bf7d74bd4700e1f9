"""`midpo lab tabular`: files, formats, exit statuses."""

import csv
import io
import json
import sys
import xml.etree.ElementTree as ET

import pytest

from midpo_sym import lab
from midpo_sym.files import MANIFEST
from midpo_sym.lab import experiment, report
from midpo_sym.lab.experiment import LEARNED, UNTRAINED, Row, Worth

QUICK = ("lab", "tabular", "--problems", "0", "--longest", "1", "--floor", "0.05")
PRIORS = [*(each.id for each in lab.expressible()), *LEARNED, *UNTRAINED]
FILES = ("losses.csv", "losses.svg", "objective.csv")


@pytest.fixture
def one_bench(monkeypatch):
    """Keep the first problem and log-linear policies only."""
    everything = experiment.benches
    monkeypatch.setattr(lab, "benches", lambda settings: everything(settings)[:2])


@pytest.mark.slow
@pytest.mark.usefixtures("one_bench")
def test_the_files_are_the_same_every_time(midpo, tmp_path):
    for name in ("a", "b"):
        assert midpo(*QUICK, "--out", str(tmp_path / name)).status == 0
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [MANIFEST, *FILES]


@pytest.mark.slow
@pytest.mark.usefixtures("one_bench")
def test_another_seed_makes_other_files(midpo, tmp_path):
    midpo(*QUICK, "--out", str(tmp_path / "a"))
    midpo(*QUICK, "--seed", "1", "--out", str(tmp_path / "b"))
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "b" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.usefixtures("one_bench")
def test_what_is_printed_written_and_given_as_json_agrees(midpo, tmp_path):
    outcome = midpo(*QUICK, "--json", "--out", str(tmp_path))
    data = json.loads(outcome.out)
    assert data["settings"] == {"seed": 0, "count": 0, "longest": 1, "floor": 0.05}
    with (tmp_path / "losses.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["prior"] for row in rows] == [*PRIORS, *PRIORS]
    for row, as_json in zip(rows, data["losses"], strict=True):
        assert float(row["loss"]) == pytest.approx(as_json["loss"], abs=1e-6)
        assert row.keys() == as_json.keys()
    assert len(data["objective"]) == 6 * 4 * 3
    table = midpo(*QUICK).out
    assert "log-linear policies, 1 problems" in table
    for prior in PRIORS:
        assert prior in table
    mean = rows[0]["loss"][:6]
    assert any(line.split()[:2] == ["dpo", mean] for line in table.splitlines())


@pytest.mark.slow
@pytest.mark.usefixtures("one_bench")
def test_the_figure_is_an_svg_that_says_what_made_it(midpo, tmp_path):
    midpo(*QUICK, "--out", str(tmp_path))
    text = (tmp_path / "losses.svg").read_text(encoding="utf-8")
    assert ET.fromstring(text).tag.endswith("svg")
    assert "midpo lab tabular --seed 0 --problems 0 --longest 1 --floor 0.05" in text
    assert "<dc:date>" not in text


def test_numbers_are_rounded_so_that_rounding_errors_do_not_show():
    """1.234e-13 is below 1e-12; 3e-10 is at most 1e-9; −1e-9 is no negative zero."""
    worth = Worth("p", 0.5, "learned", 1.23456789, 1.234e-13, -1e-9, 0.25)
    for gap, shown in ((1.234e-13, "1e-12"), (3e-10, "1e-09"), (0.0, "1e-12"), (None, "")):
        row = list(csv.reader(io.StringIO(report.to_csv([worth_with(worth, gap)], Worth))))[1]
        assert row == ["p", "0.500000", "learned", "1.234568", shown, "0.000000", "0.250000"]


def worth_with(worth, gap):
    return Worth(
        *(worth.problem, worth.beta, worth.prior, worth.value, gap),
        *(worth.reward, worth.information),
    )


def test_an_empty_report_has_a_header():
    header = report.to_csv([], Row)
    assert header.startswith("problem,labels,policies,prior,loss,outcome,")
    assert header.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--floor", "0.5"), "floor is 0.5; below 1/15"),
        (("--seed", "-1"), "seed is -1"),
        (("--problems", "-1"), "count is -1"),
        (("--longest", "9"), "longest is 9; at most 4"),
        (("--out", __file__), "is not a folder"),
    ],
)
def test_bad_input_ends_with_status_2(midpo, arguments, message):
    outcome = midpo("lab", "tabular", *arguments)
    assert outcome.status == 2
    assert message in outcome.err
    assert outcome.out == ""


@pytest.mark.usefixtures("one_bench")
def test_a_folder_that_cannot_be_made_ends_with_status_2(midpo, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = midpo(*QUICK, "--out", str(tmp_path / "file" / "inside"))
    assert outcome.status == 2
    assert "cannot be written to" in outcome.err


@pytest.mark.usefixtures("one_bench")
def test_what_does_not_converge_ends_with_status_1(midpo, monkeypatch):
    def fail(_):
        raise lab.NotConvergedError("the gradient is 1")

    monkeypatch.setattr(experiment.Bench, "rows", fail)
    outcome = midpo(*QUICK)
    assert outcome.status == 1
    assert "the gradient is 1" in outcome.err


def test_without_numpy_the_error_names_the_extra(midpo, monkeypatch):
    for name in [each for each in sys.modules if each.startswith("midpo_sym.lab")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("midpo_sym.lab")
    monkeypatch.setitem(sys.modules, "numpy", None)
    outcome = midpo(*QUICK)
    assert outcome.status == 2
    assert "in a checkout, pip install '.[lab]'" in outcome.err


@pytest.mark.slow
@pytest.mark.usefixtures("one_bench")
def test_without_matplotlib_the_error_names_the_extra(midpo, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    outcome = midpo(*QUICK, "--out", str(tmp_path / "out"))
    assert outcome.status == 2
    assert "in a checkout, pip install '.[lab]'" in outcome.err
    assert not (tmp_path / "out").exists()
    assert midpo(*QUICK).status == 0, "only the figure needs it"


def test_help_has_an_example(midpo):
    outcome = midpo("lab", "tabular", "--help")
    assert outcome.status == 0
    assert "Example: midpo lab tabular --seed 1" in outcome.out
