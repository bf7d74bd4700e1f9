"""A whole study on the smallest world: resumed, repeated, reported."""

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from generators.lab.tiny_worlds import study

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.study import (
    Shard,
    arms,
    execute,
    provenance,
    read_results,
    report,
    running,
)
from midpo_sym.lab.study.results import COLUMNS
from midpo_sym.lab.study.shards import read_lines, read_shard

STUDY = study()
ORIGIN = provenance(STUDY.digest, "predictions")
# Three arms with two trials each on one tuning seed, four on two that are compared.
TUNING, TEST = 6, 4
TOTAL = TUNING + 2 * TEST


def results(folder, settings=STUDY):
    return read_results(settings, folder, {"tuning": TUNING, "test": TEST})


def without_seconds(found):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in found.rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    return folder, list(execute(STUDY, folder, ORIGIN))


@pytest.mark.slow
def test_progress_ends_where_the_study_does(whole):
    _, progress = whole
    assert [each.done for each in progress] == [*range(1, TOTAL + 1), TOTAL]
    assert {each.total for each in progress} == {TOTAL}
    assert progress[-1].seconds_left == 0


def test_what_is_done_is_not_done_again(whole, monkeypatch):
    folder, _ = whole
    monkeypatch.setattr(running, "fit", None)
    assert [each.done for each in execute(STUDY, folder, ORIGIN)] == [TOTAL]


@pytest.mark.slow
def test_a_crash_loses_the_run_in_hand_and_nothing_else(whole, tmp_path):
    """Cut a line short, and go on: all rows are as they would have been, to the last digit."""
    steps = execute(STUDY, tmp_path, ORIGIN)
    for _ in range(TUNING + 2):
        next(steps)
    steps.close()
    path = Shard("test", "plain", 0).path(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    assert len(read_lines(path)) == 3, "the provenance, the frontier and a run"
    again = list(execute(STUDY, tmp_path, ORIGIN))
    assert again[0].done == TUNING + 2
    assert without_seconds(results(tmp_path)) == without_seconds(results(whole[0]))


@pytest.mark.slow
def test_two_processes_find_the_same(whole, tmp_path):
    progress = list(execute(STUDY, tmp_path, ORIGIN, jobs=2))
    assert progress[-1].done == TOTAL
    assert without_seconds(results(tmp_path)) == without_seconds(results(whole[0]))


@pytest.mark.slow
def test_shards_are_run_one_by_one(tmp_path):
    with pytest.raises(LabError, match="hyper-parameters of dpo cannot be chosen"):
        list(execute(STUDY, tmp_path, ORIGIN, only=["test/plain/1"]))
    assert list(execute(STUDY, tmp_path, ORIGIN, only=["tuning/plain/0"]))[-1].done == TUNING
    assert results(tmp_path).missing == ("test/plain/0", "test/plain/1")
    with pytest.raises(
        LabError, match="there is no shard 'plain'; one is, for example, test/plain"
    ):
        list(execute(STUDY, tmp_path, ORIGIN, only=["plain"]))


def test_other_settings_do_not_go_on_with_a_shard(whole):
    folder, _ = whole
    other = study(worlds={"plain": STUDY.worlds["plain"]}, name="tiny", model=STUDY.model)
    assert other.digest == STUDY.digest
    more = study(training=type(STUDY.training)(steps=5, batch=8, snapshots=2))
    with pytest.raises(LabError, match="made with other settings"):
        list(execute(more, folder, provenance(more.digest, "")))
    with pytest.raises(LabError, match="made with other settings"):
        results(folder, more)


@pytest.mark.slow
def test_another_version_says_so(tmp_path):
    list(execute(STUDY, tmp_path, ORIGIN, only=["tuning/plain/0"]))
    later = {**ORIGIN, "commit": "later"}
    list(execute(STUDY, tmp_path, later, only=["tuning/plain/0"]))
    assert results(tmp_path).provenances == (ORIGIN, later)


def test_a_line_that_is_none_is_refused(tmp_path):
    path = Shard("tuning", "plain", 0).path(tmp_path)
    path.parent.mkdir()
    path.write_text("{}\nno line\n", encoding="utf-8")
    with pytest.raises(LabError, match=r"tuning-plain-000\.jsonl:2: it is no line of a shard"):
        read_lines(path)


def test_hyper_parameters_are_the_best_of_the_tuning_seeds(whole):
    folder, _ = whole
    lines = [line for line in read_shard(Shard("tuning", "plain", 0).path(folder)) if "run" in line]
    for name in ("dpo", "simpo"):
        values = {
            line["hyper_parameters"]: line["snapshots"][-1]["value"]
            for line in lines
            if line["arm"] == name
        }
        chosen = {r["hyper_parameters"] for r in results(folder).last() if r["arm"] == name}
        assert chosen == {max(values, key=values.get)}


def test_the_planted_null_differs_by_its_seed_alone(whole):
    folder, _ = whole
    ends = {(r["arm"], r["world_seed"]): r for r in results(folder).last()}
    for seed in range(2):
        one, again = ends["dpo", seed], ends["dpo_again", seed]
        assert one["hyper_parameters"] == again["hyper_parameters"]
        assert one["seed"] != again["seed"]
        assert one["value"] != again["value"]


@pytest.mark.slow
def test_a_loss_that_refuses_is_a_run_that_failed(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ValueError("∞ − ∞")

    monkeypatch.setattr(running, "fit", fail)
    list(execute(STUDY, tmp_path, ORIGIN))
    found = results(tmp_path)
    assert {row["failure"] for row in found.rows} == {"∞ − ∞"}
    assert found.last() == []
    text = report(STUDY, found)["report.md"].decode()
    assert f"- dpo: {2 + 2} runs failed." in text


@pytest.mark.slow
def test_the_report_says_what_the_rows_say(whole):
    folder, _ = whole
    found = results(folder)
    files = report(STUDY, found)
    rows = list(csv.DictReader(io.StringIO(files["results.csv"].decode())))
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) == len(found.rows) == TUNING + 2 * 2 * TEST, (
        "two snapshots of what is compared"
    )
    text = files["report.md"].decode()
    assert text.startswith("# Study tiny\n\nTiny models, synthetic preferences")
    assert "**Too few seeds:** with 2 differences" in text
    assert "**Not complete" not in text
    dpo = [float(row["value"]) for row in rows if (row["arm"], row["is_last"]) == ("dpo", "yes")]
    mean = sum(dpo[TUNING // 3 :]) / 2
    assert f"| dpo | log-ratio to the reference | {mean:.3f} |" in text
    for arm in arms(STUDY)[0]:
        assert f"| {arm.name.replace('_', chr(92) + '_')} |" in text
    for name in ("frontier.svg", "differences.svg"):
        assert ET.fromstring(files[name].decode()).tag.endswith("svg")
    assert files == report(STUDY, results(folder)), "the same bytes for the same results"


@pytest.mark.slow
def test_a_study_that_has_begun_has_a_report_that_says_so(tmp_path):
    text = report(STUDY, results(tmp_path))["report.md"].decode()
    assert "**Not complete:** 3 shards lack runs, the first of them tuning/plain/0." in text
