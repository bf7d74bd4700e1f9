"""`midpo list`, `midpo index` and `midpo like`."""

import csv
import io
import json
import re
import tomllib
from pathlib import Path

import pytest

from midpo_sym.atlas import index, lattices
from midpo_sym.spec import library

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"


def listed(midpo, *arguments) -> list[str]:
    return [each["id"] for each in json.loads(midpo("list", "--json", *arguments).out)]


def test_a_list_has_all_and_the_paper_s_first(midpo):
    assert set(listed(midpo)) == set(library.ids())
    assert listed(midpo, "--paper") == sorted(library.paper_ids())
    assert listed(midpo, "--atlas") == sorted(library.ids("atlas"))
    out = midpo("list", "--paper").out
    assert "9 of " in out or "9 losses" in out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--prior", "fixed"), ["dice", "dpo", "r_dpo"]),
        (("--prior", "label"), ["simpo", "tis_dpo"]),
        (("--reference-free",), ["simpo"]),
        (("--year", "2023"), ["dpo"]),
        (("--year", "2023-2024", "length", "--sort", "title"), ["r_dpo", "simpo"]),
        (("omura",), ["centropy"]),
        (("--link", "hinge"), []),
    ],
)
def test_filters_go_by_what_is_computed(midpo, arguments, found):
    """By hand, from the paper's formulas and the years of the works."""
    assert set(found) == set(listed(midpo, "--paper", *arguments))


def test_csv_and_bibtex_are_of_the_rows_listed(midpo):
    (row,) = csv.DictReader(io.StringIO(midpo("list", "--paper", "omura", "--csv").out))
    assert (row["id"], row["value"], row["prior"]) == ("centropy", "proved", "policy")
    out = midpo("list", "--paper", "omura", "--bibtex").out
    assert "@misc{omura2024hdpo," in out
    assert "@software{midposym_atlas," in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--year", "recent"), "--year recent names no years: write 2024"),
        (("--csv", "--json"), "--csv, --bibtex and --json exclude each other"),
    ],
)
def test_bad_input_is_told(midpo, arguments, said):
    outcome = midpo("list", *arguments)
    assert outcome.status == 2
    assert said in outcome.err


def test_a_set_and_a_name_exclude_each_other(midpo):
    outcome = midpo("prove", "--paper", "dpo")
    assert outcome.status == 2
    assert "--paper chooses a set, and dpo is named" in outcome.err


@pytest.fixture
def wrong(tmp_path, monkeypatch):
    """Let the index have one row, which says that DPO is refuted."""
    path = tmp_path / "index.json"
    text = index.path().read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if each.startswith('{"id": "dpo"')]
    changed = line.rstrip(",").replace('"value": "proved"', '"value": "refuted"', 1)
    path.write_text('{"rows": [\n' + changed + "\n]}", encoding="utf-8")
    monkeypatch.setattr(index, "path", lambda: path)
    monkeypatch.setattr(index, "_ids", lambda: ("dpo",))
    return path


def test_a_wrong_row_fails_the_check_and_is_written_right(midpo, wrong):
    outcome = midpo("index", "--check", "--rows-only")
    assert outcome.status == 1
    assert "dpo: value is 'refuted', and computed 'proved'" in outcome.out
    assert '"refuted"' in wrong.read_text(encoding="utf-8")
    assert midpo("index", "--rows-only").status == 0
    assert json.loads(midpo("index", "--check", "--rows-only", "--json").out) == {
        "rows": 1,
        "changed": [],
    }


def test_a_stale_row_is_said(midpo, wrong):
    text = wrong.read_text(encoding="utf-8")
    digest = index.read()["dpo"].digest
    wrong.write_text(text.replace(digest, "0" * 32), encoding="utf-8")
    outcome = midpo("list", "--json")
    assert "dpo: not current in the index, and computed again now" in outcome.err
    assert json.loads(outcome.out)[0]["value"] == "proved"


@pytest.mark.slow
@pytest.mark.usefixtures("wrong")
def test_a_wrong_lattice_fails_the_check(midpo, tmp_path, monkeypatch):
    """Of DPO alone, there is no edge."""
    path = tmp_path / "lattice.json"
    monkeypatch.setattr(lattices, "path", lambda: path)
    monkeypatch.setattr(library, "everything", lambda: (library.get("dpo"),))
    monkeypatch.setattr(library, "names", lambda: ("dpo",))
    assert midpo("index").status == 0
    assert midpo("index", "--check").status == 0
    ties = lattices.read()
    assert ties.edges == ()
    added = lattices.Ties((), (lattices.Edge("dpo", "dpo", True, ()),), (), ties.digest)
    path.write_text(lattices.text(added), encoding="utf-8")
    outcome = midpo("index", "--check")
    assert outcome.status == 1
    assert "lattice.json: not as computed" in outcome.out


@pytest.mark.slow
def test_claims_of_a_work_have_their_verdicts(midpo):
    """By hand: Opal's law of weights refutes, the odds of ORPO are a difference of scores."""
    found = json.loads(midpo("list", "--claims-by", "2509.11298", "--json").out)
    values = {f"{each['loss']}/{each['claim']}": each["value"] for each in found}
    assert values["orpo/normal-form"] == "proved"
    assert values["uni_dpo/score-dependent-weight"] == "refuted"
    assert not any(each["own"] for each in found)
    assert midpo("list", "--claims-by", "opal", "orpo").out.count("normal-form") == 1
    rows = csv.DictReader(io.StringIO(midpo("list", "--claims-by", "Tang et al.", "--csv").out))
    assert {("gpo", "dpo"), ("gpo", "ipo")} <= {(each["loss"], each["claim"]) for each in rows}
    outcome = midpo("list", "--claims-by", "nobody")
    assert outcome.status == 2
    assert "no claim of these losses cites 'nobody'" in outcome.err


def test_what_others_say_is_as_the_readme_has_it():
    """Each line of the table names a claim that exists, cites that work, and came out so."""
    rows = {row.id: row for row in index.read().values()}
    text = (library.directory() / "atlas" / "README.md").read_text(encoding="utf-8")
    lines = re.findall(
        r"^\| [^|]*\((\d{4}\.\d{5})\) \| [^|]* \| `(\w+)/([\w-]+)` \| (\w+) \|", text, re.MULTILINE
    )
    assert len(lines) >= 16
    for arxiv, id_, name, said in lines:
        (verdict,) = [each for each in rows[id_].claims if each.id == name]
        (claim,) = [each for each in library.get(id_).claims if each.id == name]
        assert verdict.value == said
        assert library.works()[claim.citation.work].arxiv == arxiv


def test_the_citation_is_of_this_version_and_its_authors(midpo):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    file = (library.directory() / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {project['version']}\n" in file
    assert re.findall(r"^  - name: (.*)$", file, re.MULTILINE) == [
        a["name"] for a in project["authors"]
    ]
    assert f"\nlicense: {project['license']}\n" in file
    assert midpo("list", "--cff").out == file


def test_a_year_is_missing_only_where_no_work_has_one():
    """Of TRL's sft and of TUR-DPO public code alone was read, which names no year."""
    assert {row.id for row in index.read().values() if not row.year} == {"sft", "tur_dpo"}


def test_an_error_of_a_file_leads_to_how_one_is_written(midpo, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\n[loss]\nargument = "log(pi(w)"\n', encoding="utf-8")
    assert midpo("check", path).err.count(".github/CONTRIBUTING.md") == 1
    assert midpo("prove", path).err.count(".github/CONTRIBUTING.md") == 1
    assert midpo("check", path, path).err.count(".github/CONTRIBUTING.md") == 1
    assert "CONTRIBUTING" not in midpo("prove", "nothing").err


def test_a_map_has_families_special_cases_and_what_is_excluded(midpo):
    """SimPO needs a prior that knows the label; R-DPO without its penalty is DPO."""
    found = json.loads(midpo("map", "--json").out)
    assert found["current"]
    assert sorted(id_ for each in found["families"] for id_ in each["ids"]) == sorted(library.ids())
    edges = {(each["general"], each["special"]): each["at"] for each in found["special_cases"]}
    assert edges["r_dpo", "dpo"] == {"alpha_tilde": "0"}
    excluded = {each["id"]: each["excludes"] for each in found["negatives"]}
    assert excluded["simpo"] == "alone"
    assert not {"dpo", "r_dpo", "tdpo"} & {*excluded}
    out = midpo("map", "simpo").out
    assert "Not MI-DPO's own loss with any prior that knows its response alone" in out
    assert "exp(−L(a, b)) + exp(−L(b, a)) − 1 = 0" in out
    assert json.loads(midpo("map", "simpo", "--json").out)["negative"]["excludes"] == "alone"


def test_a_map_is_a_table_and_a_drawing(midpo):
    rows = {each["id"]: each for each in csv.DictReader(io.StringIO(midpo("map", "--csv").out))}
    assert set(rows) == set(library.ids())
    assert "tdpo at mu1 = 1" not in rows["dpo"]["special_case_of"]
    assert "r_dpo at alpha_tilde = 0" in rows["dpo"]["special_case_of"]
    assert rows["simpo"]["is_not"] == "MI-DPO's with any prior that knows its response alone"
    assert midpo("map", "--svg").out.startswith("<svg ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ppo",), "there is no loss 'ppo': midpo list has all of them"),
        (("--csv", "--svg"), "--csv, --svg and --json exclude each other"),
        (("dpo", "--svg"), "ID goes with --json or alone"),
    ],
)
def test_what_a_map_is_not_is_told(midpo, arguments, said):
    outcome = midpo("map", *arguments)
    assert outcome.status == 2
    assert said in outcome.err


def test_a_map_without_a_current_lattice_says_so(midpo, tmp_path, monkeypatch):
    monkeypatch.setattr(lattices, "path", lambda: tmp_path / "lattice.json")
    outcome = midpo("map", "--json")
    assert outcome.status == 1
    assert "the lattice is not current, and is left out" in outcome.err
    assert json.loads(outcome.out)["special_cases"] == []
    assert midpo("map", "--svg").out == ""


@pytest.mark.slow
def test_like_says_what_is_proved(midpo):
    outcome = midpo("like", CASES / "r_dpo_spelled.toml")
    assert outcome.status == 0
    assert "is the same up to a substitution" in outcome.out
    assert "A = B, at " in outcome.out
    assert "no proof that there is none" in outcome.out
    found = json.loads(midpo("like", CASES / "r_dpo_spelled.toml", "--json").out)
    assert "r_dpo" in found["same"]
    related = {each["id"]: each for each in found["related"]}
    assert related["r_dpo"]["relation"]["gradient"]["says"] == "same"
    assert "dpo" in found["generalises"]
