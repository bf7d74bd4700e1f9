"""Specification files and losses as tests: proved, refuted with the point, and silent if not asked.

Each run is of a folder of its own, with no plugin but this one.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import midpo_sym
import midpo_sym.targets.terminal.losses  # loaded once, and not by each run

pytest_plugins = ["pytester"]

PLUGIN = "midpo_sym.testing.plugin"
ROOT = Path(__file__).parents[2]
DPO = """\
title = "DPO"
summary = "The log-ratio to the reference is the reward."
[parameters]
alpha = { domain = "positive", torch = "beta", meaning = "scale" }
[prior]
zeta = "ref(y)"
[loss]
argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
"""
# The claim has the labels of the reference swapped; by hand, its difference to MI-DPO is 2α(b − a).
SWAPPED = """\
[[claim]]
id = "swapped"
work = "nobody"
place = "nowhere"
status = "proved"
argument = "alpha*log(pi(w)/ref(l)) - alpha*log(pi(l)/ref(w))"
"""
LOSSES = """\
import pytest
from torch.nn.functional import logsigmoid

def dpo(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta):
    chosen, rejected = chosen_logps - ref_chosen_logps, rejected_logps - ref_rejected_logps
    return -logsigmoid(beta * (chosen - rejected))

def simpo(chosen_logps, rejected_logps, beta, gamma):
    return -logsigmoid(beta * (chosen_logps - rejected_logps - gamma))

@pytest.fixture
def loss():
    return dpo

@pytest.mark.midpo("dpo")
def test_right(loss):
    return loss

@pytest.mark.midpo("own.toml")
def test_of_a_file():
    return dpo

AVERAGES = {"chosen_logps": "log(pi(w))/length(w)", "rejected_logps": "log(pi(l))/length(l)"}

@pytest.mark.midpo("simpo", bind=AVERAGES)
def test_margin():
    return simpo

@pytest.mark.midpo("simpo")
def test_asked():
    return simpo

@pytest.mark.midpo("dpo")
def test_nothing():
    pass
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest in a folder of its own, with this plugin alone."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def call(*arguments, apart=False):
        how = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return how("-p", PLUGIN, "-p", "no:cacheprovider", *arguments)

    return call


@pytest.mark.slow
def test_a_claim_is_a_test_and_a_counterexample_is_the_text(pytester, run):
    """The loss itself is proved; the claim is refuted, and the residual is the one by hand."""
    pytester.path.joinpath("own.toml").write_text(DPO + SWAPPED)
    found = run("--midpo", "-v")
    found.assert_outcomes(passed=1, failed=1)
    found.stdout.fnmatch_lines(
        [
            "own.toml::loss PASSED*",
            "own.toml::swapped FAILED*",
            "*_ own/swapped _*",
            "value refuted where proved is expected, gradient refuted where proved is expected",
            "*residual *2·α·(log π_ref(y_l) − log π_ref(y_w))*",
            "*An exact counterexample.*",
            "*difference * ≠ 0",
        ]
    )
    found.stdout.no_fnmatch_line("*Traceback*")


def test_what_is_no_specification_is_let_alone(pytester, run):
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\nmidpo = true\n")
    pytester.path.joinpath("table.toml").write_text("prior = 1\n[loss]\n")
    pytester.path.joinpath("broken.toml").write_text("[prior\n")
    pytester.path.joinpath("own.toml").write_text(DPO)
    found = run("--collect-only", "-q")
    found.stdout.fnmatch_lines(["own.toml::loss", "", "1 test collected*"])


@pytest.mark.slow
def test_a_folder_that_is_named_is_looked_at_and_complained_of(pytester, run):
    """Also where the tests are elsewhere; a specification outside of the folder is none."""
    pytester.makepyprojecttoml(
        '[tool.pytest.ini_options]\nmidpo = true\nmidpo_specs = ["specs"]\ntestpaths = ["tests"]\n'
    )
    for name, text in (("specs/own", DPO), ("specs/bad", "[prior\n"), ("tests/other", DPO)):
        path = pytester.path / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = run("--continue-on-collection-errors")
    found.assert_outcomes(passed=1, errors=1)
    found.stdout.fnmatch_lines(["*bad.toml:1:7: *"])
    run("tests").assert_outcomes()
    pytester.path.joinpath("specs/own.toml").unlink()
    pytester.path.joinpath("specs/bad.toml").unlink()
    pytester.path.joinpath("specs").rmdir()
    assert "there is no such folder" in run().stderr.str()


def test_it_is_off_unless_it_is_asked_for(pytester, run):
    pytester.path.joinpath("own.toml").write_text(DPO)
    pytester.makepyfile("import pytest\n@pytest.mark.midpo('dpo')\ndef test_a(): assert 0")
    found = run("--strict-markers", "-rs")
    found.assert_outcomes(skipped=1)
    found.stdout.fnmatch_lines(["*a proof, and pytest is run without --midpo"])


def test_a_marker_without_a_specification_says_what_it_takes(pytester, run):
    pytester.makepyfile("import pytest\n@pytest.mark.midpo(as_='dpo')\ndef test_a(): return 0")
    found = run("--midpo")
    found.stdout.fnmatch_lines(['*allowed: @pytest.mark.midpo("simpo", bind={...}, at={...})'])


@pytest.mark.slow
def test_what_a_test_returns_is_proved_or_its_arguments_are_the_text(pytester, run):
    """SimPO with γ under the bracket is refuted at arguments that are shown, with its cure."""
    pytester.path.joinpath("own.toml").write_text(DPO)
    pytester.makepyfile(test_losses=LOSSES)
    found = run("--midpo", apart=True)
    found.assert_outcomes(passed=3, failed=3)
    found.stdout.fnmatch_lines(
        [
            "*simpo as simpo",
            "*value *✗ differs*",
            "*where it differs:",
            "*gamma = *",
            "*, and it should be *",
            "*are these sums over the tokens, or averages?*",
            "*the test returns nothing",
        ]
    )
    found.stdout.fnmatch_lines(['*--bind gamma="gamma/alpha"*'])


@pytest.mark.slow
def test_processes_of_xdist_share_the_tests(pytester, run):
    pytest.importorskip("xdist")
    pytester.makepyprojecttoml(
        '[tool.pytest.ini_options]\nmidpo = true\nmidpo_specs = ["specs"]\ntestpaths = ["tests"]\n'
    )
    pytester.path.joinpath("tests").mkdir()
    pytester.path.joinpath("specs").mkdir()
    for k in range(3):
        pytester.path.joinpath("specs", f"own{k}.toml").write_text(DPO + SWAPPED)
    found = run("-p", "xdist.plugin", "-n", "2", apart=True)
    found.assert_outcomes(passed=3, failed=3)
    found.stdout.fnmatch_lines(["*An exact counterexample.*"])


@pytest.mark.slow
def test_pytest_that_is_not_asked_loads_nothing(pytester):
    """A process of its own: no SymPy, no torch, and none of the package but the plugin."""
    pytester.makepyfile(
        """
        import sys

        def test_loaded():
            heavy = {"sympy", "torch", "click", "rich", "mpmath"} & set(sys.modules)
            ours = {each for each in sys.modules if each.startswith("midpo_sym.")}
            print(*heavy, *sorted(ours))
            assert not heavy
            assert ours == {"midpo_sym._moved", "midpo_sym.testing", "midpo_sym.testing.plugin"}
        """
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider"],
        cwd=pytester.path,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pytest_finds_it_and_this_project_does_not_ask_for_it(request):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {"midpo": PLUGIN}
    assert not request.config.pluginmanager.has_plugin("midpo-collecting")
    assert Path(midpo_sym.__file__).parent.joinpath("testing", "plugin.py").is_file()
