"""What the README says is what happens."""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import midpo_sym
from midpo_sym.spec import library
from midpo_sym.targets.coq.checking import lock

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MIDPO = [sys.executable, "-m", "midpo_sym"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def without_times(text: str) -> str:
    """Return text without the milliseconds, and the width of the column they stand in."""
    return re.sub(r" +\d+ ms", " ms", re.sub(r"[ ─]+time\b|─+", "", text))


def test_the_two_commands_are_on_the_first_screen():
    """Each is one line, installs into a virtual environment of its own, and needs only Python."""
    install, test = blocks("sh")
    assert README.index(test) < README.index("## What it finds")
    for command in (install, test):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
        assert command.count("\n") == 1
    assert install.rstrip().endswith(".venv/bin/midpo prove")
    assert test.rstrip().endswith(".venv/bin/pytest")


@pytest.mark.parametrize(("mark", "number"), [("prove", 0), ("test", 1)])
def test_continuous_integration_runs_the_commands_of_the_readme(mark, number):
    """`.ci/run` takes both out of the README; its recipe finds exactly these blocks."""
    recipe = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    finder = next(line for line in recipe.splitlines() if line.startswith("readme()"))
    done = subprocess.run(
        ["bash", "-c", f"{finder}\nreadme {mark}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == blocks("sh")[number]
    assert 'bash -c "$command"' in recipe


@pytest.mark.slow
def test_the_output_shown_is_the_output():
    (shown,) = blocks("console")
    command, _, expected = shown.partition("\n")
    assert command.startswith("$ midpo ")
    done = subprocess.run(
        [*MIDPO, *command.split()[2:]], check=True, capture_output=True, text=True
    )
    assert without_times(done.stdout).split() == without_times(expected).split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "title", "said"),
    [
        (0, "LN-DPO", "value ✓ proved"),
        (1, "KTO", "term 2 ✓ a = −(s(y_l) − α·z₀)"),
    ],
)
def test_the_specification_shown_proves(place, title, said, tmp_path):
    text = blocks("toml")[place]
    assert len(blocks("toml")) == 2
    path = tmp_path / "shown.toml"
    path.write_text(text, encoding="utf-8")
    assert tomllib.loads(text)["title"] == title
    done = subprocess.run([*MIDPO, "prove", str(path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in " ".join(done.stdout.split())


@pytest.mark.slow
def test_the_python_shown_runs(capsys):
    losses, program, comparison, gradient = blocks("python")
    names: dict = {}
    exec(losses, names)  # the README's own text
    assert names["loss"].isfinite()
    assert names["logits"].grad.abs().sum() > 0
    assert names["hidden"].grad.abs().sum() > 0
    exec(program, {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "proved"
    assert lines[1] == "('no response is both chosen and rejected for the same prompt',)"
    assert int(lines[2]) > 5
    assert lines[3] == "alpha*(1 - eta)*(log(ref(l)) - log(ref(w)))"
    exec(comparison, {})
    said = re.findall(r"print\(.*\)  # (.*)", comparison)
    assert capsys.readouterr().out.splitlines()[:6] == said[:6]
    exec(gradient, {"midpo_sym": midpo_sym})
    shown = re.findall(r"# (.+)$", gradient, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == shown


@pytest.mark.slow
def test_the_verification_shown_is_what_comes_out():
    shown = re.search(r"<!-- verify -->\n```text\n\$ midpo (.*?)\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [*MIDPO, *shown[1].split()], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == shown[2]


@pytest.mark.slow
def test_every_command_of_the_table_exists():
    """The table names the sub-commands that the program has, but for `new`, which is above it."""
    named = set(re.findall(r"`midpo (\w+)", README))
    program = subprocess.run([*MIDPO, "--help"], check=True, capture_output=True, text=True).stdout
    real = set(re.findall(r"^  (\w+)  ", program.partition("Commands:")[2], re.MULTILINE))
    assert named == real


def test_the_version_is_said_once():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["version"] == midpo_sym.__version__


@pytest.mark.slow
def test_the_claims_counted_are_those_printed():
    """Proved is what is proved in value and in gradient; repairs and readings are counted apart."""
    results = [each for id_ in library.paper_ids() for each in midpo_sym.check(id_)]
    printed = [each for each in results if each.claim.printed]
    proved = sum(
        each.verdict.status.value == each.gradient.status.value == "proved" for each in printed
    )
    refuted = sum(each.verdict.status.value == "refuted" for each in printed)
    said = " ".join(README.split())
    assert {each.claim.citation.work for each in printed} == {"tutunov2025midpo"}
    assert f"of the {len(printed)} claims that it prints about single losses {proved} are" in said
    assert f"and {refuted} refuted ({len(results) - len(printed)} more in our files" in said
    assert f"checks its {len(results)} claims" in said


@pytest.mark.slow
def test_the_counts_are_those_computed():
    """The README and the changelog count statements, chains and theorems; so does the program."""
    judged = Counter(each.judgement.status for each in midpo_sym.audit())
    said = " ".join(README.split())
    assert f"a verdict on {judged.total()} statements" in said
    assert f"{judged['proved']} are proved, {judged['refuted']} refuted" in said
    assert f"and {judged['not checked']} not checked" in said
    kinds = Counter(each.entry.category for each in midpo_sym.audit() if each.entry.category)
    assert f"{kinds.total()} slips" in said
    assert f"{kinds['error']} errors, {kinds['overstatement']} overstatements" in said
    assert f"{kinds['notation']} slips of notation" in said
    changelog = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    assert f"{judged.total()} statements of the paper" in changelog
    chains = sum(len(each.chains) for each in library.theories())
    assert f"{chains} derivations over arbitrary finite sets" in changelog
    assert f"{len(lock.theorems())} theorems of the framework" in changelog


def test_no_text_asks_an_index_for_a_package_that_it_has_not():
    """Until there is a release, extras come from a checkout: pip install '.[torch]'."""
    wrong = "midpo-sym" + "["
    texts = [ROOT / "README.md", ROOT / "derivations" / "README.md"]
    for folder in ("midpo_sym", "site", "examples", "tests"):
        texts += [p for p in (ROOT / folder).rglob("*") if p.suffix in (".py", ".md", ".jinja")]
    assert len(texts) > 200
    assert [str(p) for p in texts if wrong in p.read_text(encoding="utf-8")] == []
