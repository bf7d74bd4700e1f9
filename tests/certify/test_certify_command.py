"""`midpo certify`: what it prints, writes and exits with, with Coq and without."""

import json
import shutil

import pytest

from midpo_sym import catalogue
from midpo_sym.certify import checker, lock

OWN = """
title = "Own"
summary = "A loss of one's own."
[parameters]
alpha = {{ domain = "positive", meaning = "scale" }}
[prior]
zeta = "ref(y)"
[loss]
argument = "{argument}"
"""
RIGHT = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
WRONG = "alpha*log(pi(w)/ref(w)) + alpha*log(pi(l)/ref(l))"
CLAIM = """
[[claim]]
id = "c"
work = "nobody"
place = "nowhere"
status = "{status}"
"""


@pytest.fixture
def own(tmp_path):
    def write(argument=RIGHT, claim="", name="own"):
        path = tmp_path / f"{name}.toml"
        path.write_text(OWN.format(argument=argument) + claim, encoding="utf-8")
        return path

    return write


@pytest.fixture
def without_coq(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)


@pytest.mark.usefixtures("without_coq")
def test_without_coq_the_files_are_written_and_the_message_says_what_to_install(midpo, tmp_path):
    outcome = midpo("certify", "dpo", "--out", tmp_path / "out")
    assert outcome.status == 3
    assert "not checked" in outcome.out
    assert "apt-get install --no-install-recommends coq libcoq-stdlib" in outcome.err
    assert "opam install coq" in outcome.err
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {
        "out/dpo/claim_section_4.v",
        "out/dpo/claim_appendix_b.v",
        "out/golden.json",
    }
    shipped = (lock.FOLDER / "dpo" / "claim_section_4.v").read_bytes()
    assert (tmp_path / "out" / "dpo" / "claim_section_4.v").read_bytes() == shipped


@pytest.mark.usefixtures("without_coq")
def test_without_coq_and_without_out_nothing_is_written(midpo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert midpo("certify", "dpo").status == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_coq")
def test_emit_only_needs_no_coq(midpo, tmp_path):
    outcome = midpo("certify", "simpo", "--emit-only", "--out", tmp_path / "out")
    assert (outcome.status, outcome.err) == (0, "")
    assert len(list((tmp_path / "out" / "simpo").iterdir())) == 4


def test_a_single_claim_is_named_as_for_prove(midpo, tmp_path):
    assert midpo("certify", "simpo/section-4", "--emit-only", "--out", tmp_path).status == 0
    assert [path.name for path in tmp_path.glob("*/*.v")] == ["claim_section_4.v"]
    assert midpo("certify", "simpo/nowhere").status == 2


def test_an_old_coq_is_no_coq(monkeypatch, tmp_path):
    """Coq 8.15 is too old for the library."""
    program = tmp_path / "coqc"
    program.write_text("#!/bin/sh\necho 'The Coq Proof Assistant, version 8.15.2'\n")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(program))
    with pytest.raises(checker.NoCheckerError, match=r"older than 8\.16"):
        checker.find()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("certify", "simpoo"), "did you mean simpo?"),
        (("certify", "--emit-only"), "--emit-only goes with --out DIR"),
        (("certify", "--standalone"), "--standalone goes with --out DIR"),
        (("certify", "dpo", "--coverage"), "--coverage goes without names"),
        (("certify", "no/such.toml"), "no/such.toml"),
    ],
)
def test_bad_input_is_2(midpo, arguments, said):
    outcome = midpo(*arguments)
    assert outcome.status == 2
    assert said in outcome.err


@pytest.mark.usefixtures("without_coq")
def test_a_file_that_is_no_certificate_is_left_as_it_is(midpo, tmp_path):
    (tmp_path / "dpo").mkdir()
    mine = tmp_path / "dpo" / "claim_section_4.v"
    mine.write_text("(* mine *)")
    outcome = midpo("certify", "dpo", "--emit-only", "--out", tmp_path)
    assert outcome.status == 2
    assert str(mine) in outcome.err
    assert mine.read_text() == "(* mine *)"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


@pytest.mark.usefixtures("without_coq")
def test_what_is_not_as_the_claim_says_fails_even_without_coq(midpo, own, tmp_path):
    """A wrong sign that claims to be proved, and a right one that claims to be refuted."""
    for argument, status in ((WRONG, "proved"), (RIGHT, "refuted")):
        path = own(argument, CLAIM.format(status=status))
        outcome = midpo("certify", path, "--emit-only", "--out", tmp_path / "out")
        assert outcome.status == 1
        assert f"expected {status}" in outcome.out


@pytest.mark.usefixtures("without_coq")
def test_what_is_outside_the_class_is_listed(midpo, own, tmp_path):
    """What the prover leaves undecided has no certificate: a failure, unless that is expected."""
    argument = "log(exp(pi(w)) + pi(l)) - log(1 + pi(w))"
    for claim, status in (
        (CLAIM.format(status="undecided"), 0),
        (CLAIM.format(status="proved"), 1),
    ):
        path = own(argument, claim)
        outcome = midpo("certify", path, "--emit-only", "--out", tmp_path / "out")
        assert outcome.status == status
        assert "own/c" in outcome.out
        assert "outside the class" in outcome.out
        assert "own/c: the prover decides neither way" in outcome.out


def test_coq_settles_a_specification_of_ones_own(workshop, midpo, own, tmp_path):
    outcome = midpo("certify", own(), "--json", "--out", tmp_path / "out")
    assert outcome.status == 0
    report = json.loads(outcome.out)
    assert report["checker"] == f"Coq {workshop.coq.version}"
    (row,) = report["statements"]
    assert (row["id"], row["expected"], row["verdict"]) == ("own", "proved", "proved")
    assert set(row["axioms"]) == checker.ALLOWED_AXIOMS
    written = json.loads((tmp_path / "out" / lock.LOCK).read_text(encoding="utf-8"))
    assert written["certificates"]["own"]["sha256"] == row["sha256"]


def test_coverage_counts_every_claim(midpo):
    outcome = midpo("certify", "--coverage", "--json")
    assert outcome.status == 0
    rows = [each for each in json.loads(outcome.out) if each["part"] == "claim"]
    assert {each["id"].partition("/")[0] for each in rows} == set(catalogue.ids())
    assert all(each["by"] and not each["missing"] for each in rows)
