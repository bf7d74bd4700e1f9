"""`midpo certify`: what it prints, writes and exits with, with Coq and without."""

import json
import shutil

import pytest

from midpo_sym.files import MANIFEST
from midpo_sym.judges import intervals
from midpo_sym.spec import library
from midpo_sym.targets.coq.checking import checker, lock

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


@pytest.mark.slow
@pytest.mark.usefixtures("without_coq")
def test_without_coq_the_files_are_written_and_the_message_says_what_to_install(midpo, tmp_path):
    outcome = midpo("certify", "dpo", "--out", tmp_path / "out")
    assert outcome.status == 3
    assert "not checked" in outcome.out
    assert "apt-get install --no-install-recommends coq libcoq-stdlib" in outcome.err
    assert "opam install coq" in outcome.err
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {
        f"out/{MANIFEST}",
        "out/dpo/claim_section_4.v",
        "out/dpo/claim_appendix_b.v",
        "out/dpo/gradient.v",
        "out/golden.json",
    }
    shipped = (lock.FOLDER / "dpo" / "claim_section_4.v").read_bytes()
    assert (tmp_path / "out" / "dpo" / "claim_section_4.v").read_bytes() == shipped


@pytest.mark.slow
@pytest.mark.usefixtures("without_coq")
def test_without_coq_and_without_out_nothing_is_written(midpo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert midpo("certify", "dpo").status == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("without_coq")
def test_emit_only_needs_no_coq(midpo, tmp_path):
    outcome = midpo("certify", "simpo", "--emit-only", "--out", tmp_path / "out")
    assert (outcome.status, outcome.err) == (0, "")
    assert len(list((tmp_path / "out" / "simpo").iterdir())) == 5


@pytest.mark.slow
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
    """Without --force nothing is written beside it; with --force nothing else is touched."""
    mine = tmp_path / "dpo" / "mine.v"
    mine.parent.mkdir()
    mine.write_text("(* mine *)")
    outcome = midpo("certify", "dpo", "--emit-only", "--out", tmp_path)
    assert outcome.status == 2
    assert f"{tmp_path} cannot be written to" in outcome.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    assert midpo("certify", "dpo", "--emit-only", "--force", "--out", tmp_path).status == 0
    assert mine.read_text() == "(* mine *)"
    assert len(list(mine.parent.iterdir())) == 4


@pytest.mark.usefixtures("without_coq")
def test_an_edited_certificate_of_ones_own_is_not_written_over(midpo, tmp_path):
    assert midpo("certify", "dpo", "--emit-only", "--out", tmp_path).status == 0
    edited = tmp_path / "dpo" / "claim_section_4.v"
    edited.write_text(edited.read_text().replace("0 < p_alpha", "0 <= p_alpha"))
    text = edited.read_text()
    outcome = midpo("certify", "dpo", "--emit-only", "--out", tmp_path)
    assert outcome.status == 2
    assert str(edited) in outcome.err
    assert edited.read_text() == text


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package's certificates, that can be edited."""
    folder = tmp_path / "certificates"
    shutil.copytree(lock.FOLDER, folder)
    (folder / MANIFEST).unlink(missing_ok=True)
    monkeypatch.setattr(lock, "FOLDER", folder)
    return folder


def edited(package):
    path = package / "simpo" / "claim_section_4.v"
    path.write_text(path.read_text().replace("0 < p_alpha", "0 <= p_alpha", 1))
    return path, "somebody edited it; midpo certify --out"


def missing_file(package):
    path = package / "simpo" / "claim_section_4.v"
    path.unlink()
    return path, "it is not there; midpo certify --out"


def stray(package):
    path = package / "simpo" / "claim_section_5.v"
    path.write_text("Theorem certificate : False.")
    return path, "it is the certificate of no claim; remove it"


def wrong_vectors(package):
    path = package / "golden.json"
    path.write_text(path.read_text().replace('"1/2"', '"1/3"', 1))
    return path, "somebody edited it"


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [edited, missing_file, stray, wrong_vectors])
def test_the_package_s_own_certificates_are_looked_at(midpo, package, monkeypatch, spoil):
    """By `midpo certify`, with Coq or without, and by --coverage, which counts such a claim out."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    path, said = spoil(package)
    for arguments in (("--coverage",), (), ("--emit-only", "--out", package.parent / "out")):
        outcome = midpo("certify", *arguments)
        assert outcome.status == 1, arguments
        assert str(path) in outcome.err
        assert said in outcome.err
    rows = {each["id"]: each for each in json.loads(midpo("certify", "--coverage", "--json").out)}
    counted = bool(rows["simpo/section-4"]["by"])
    assert counted == (spoil in (stray, wrong_vectors))


@pytest.mark.slow
def test_the_cure_of_an_edit_is_one(midpo, package, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    edited(package)
    assert midpo("certify", "simpo").status == 1
    assert (
        midpo("certify", "dpo").status == 3
    )  # another's certificates: there is no Coq, and no edit
    assert midpo("certify", "--emit-only", "--out", package, "--force").status == 0
    assert midpo("certify", "simpo").status == 3


@pytest.mark.slow
@pytest.mark.usefixtures("without_coq")
def test_a_lock_that_cannot_be_read_vouches_for_nothing(midpo, package):
    (package / lock.LOCK).write_text("{")
    outcome = midpo("certify", "--coverage")
    assert outcome.status == 1
    assert str(package / lock.LOCK) in outcome.err
    assert "claim: 0 of 22 certified" in outcome.out


@pytest.mark.usefixtures("without_coq")
def test_what_is_not_as_the_claim_says_fails_even_without_coq(midpo, own, tmp_path):
    """A wrong sign that claims to be proved, and a right one that claims to be refuted."""
    for argument, status in ((WRONG, "proved"), (RIGHT, "refuted")):
        path = own(argument, CLAIM.format(status=status))
        outcome = midpo("certify", path, "--emit-only", "--out", tmp_path / "out")
        assert outcome.status == 1
        assert f"expected {status}" in outcome.out


@pytest.mark.usefixtures("without_coq")
@pytest.mark.parametrize(
    ("expected", "status"), [pytest.param("undecided", 0, marks=pytest.mark.slow), ("proved", 1)]
)
def test_what_is_outside_the_class_is_listed(midpo, own, tmp_path, monkeypatch, expected, status):
    """What the prover leaves undecided has no certificate: a failure, unless that is expected."""
    monkeypatch.setattr(intervals, "search", lambda found, *_, **__: found)
    argument = "log(exp(pi(w)) + pi(l)) - log(1 + pi(w))"
    path = own(argument, CLAIM.format(status=expected))
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
    (row,) = report["gradients"]
    assert (row["id"], row["verdict"]) == ("gradient of own", "proved")
    assert written["gradients"]["gradient of own"]["sha256"] == row["sha256"]


@pytest.mark.slow
def test_coverage_counts_every_claim(midpo):
    outcome = midpo("certify", "--coverage", "--json")
    assert outcome.status == 0
    found = json.loads(outcome.out)
    rows = [each for each in found if each["part"] == "claim"]
    assert {each["id"].partition("/")[0] for each in rows} == set(library.paper_ids())
    rows = [each for each in found if each["part"] == "gradient"]
    assert {each["id"] for each in rows} == {f"gradient of {id_}" for id_ in library.paper_ids()}
    assert all(each["by"] for each in rows)
    assert all(each["by"] and not each["missing"] for each in rows)
