"""Which outcomes of earlier mutation runs count, for two mutants and two states of the tests."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "kernel_outcomes.py"
ONE = SimpleNamespace(module="forms", source="a = 2", key="forms: a = 1 [1 to 2]")
OTHER = SimpleNamespace(module="forms", source="a = 3", key="forms: a = 1 [1 to 2]")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Return a maker of the outcomes of a run, with the kernel and the tests as they then are."""
    spec = importlib.util.spec_from_file_location("kernel_outcomes", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "kernel").mkdir()
    monkeypatch.setattr(module, "KERNEL", tmp_path / "kernel")

    def made(*, kernel="a = 1", tests="def test_one(): ...", added=False):
        (tmp_path / "kernel" / "forms.py").write_text(kernel)
        (tmp_path / "test_forms.py").write_text(tests)
        suite = [f"{tmp_path}/test_forms.py::test_one"]
        return module.Kept(tmp_path / "kept.jsonl", suite, added=added)

    return made


LONGER = "def test_one(): ...\ndef test_two(): ..."


@pytest.mark.parametrize("outcome", ["killed", "too slow", "survived"])
def test_an_outcome_counts_for_its_source_kernel_and_tests(kept, outcome):
    kept().add(ONE, outcome, quick=False)
    for quick in (False, True):
        assert kept().outcome(ONE, quick=quick) == outcome
        assert kept().outcome(OTHER, quick=quick) == ""
        assert kept(kernel="a = 0").outcome(ONE, quick=quick) == ""
        assert kept(tests=LONGER).outcome(ONE, quick=quick) == ""


@pytest.mark.parametrize(("outcome", "counts"), [("killed", 1), ("too slow", 1), ("survived", 0)])
def test_after_tests_were_added_what_was_noticed_counts(kept, outcome, counts):
    kept().add(ONE, outcome, quick=True)
    after = kept(tests=LONGER, added=True)
    assert after.outcome(ONE, quick=True) == outcome * counts
    assert after.is_older(ONE, quick=True) is bool(counts)
    assert kept(tests=LONGER, kernel="a = 0", added=True).outcome(ONE, quick=True) == ""


def test_what_survived_is_found_out_anew_after_tests_were_added(kept):
    kept().add(ONE, "survived", quick=False)
    kept(tests=LONGER).add(ONE, "killed", quick=True)
    after = kept(tests=LONGER, added=True)
    assert after.outcome(ONE, quick=False) == "killed"
    assert not after.is_older(ONE, quick=False)


def test_who_survived_the_quick_tests_has_not_survived_all(kept):
    kept().add(ONE, "survived", quick=True)
    assert kept().outcome(ONE, quick=True) == "survived"
    assert kept().outcome(ONE, quick=False) == ""
    kept().add(ONE, "killed", quick=False)
    assert kept().outcome(ONE, quick=False) == "killed"
