"""`midpo prove --gradient`: on the terminal, as JSON and LaTeX, with its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from midpo_sym.cli import cli
from midpo_sym.targets.json import gradients as as_data

SCHEMA = json.loads(
    (Path(as_data.__file__).parent / "gradients.schema.json").read_text(encoding="utf-8")
)
UNDECIDED = """
title = "A kink everywhere"
summary = "s"
[parameters]
alpha = { domain = "positive", meaning = "m" }
[prior]
zeta = "ref(y)"
scale = "alpha"
gives = "terms"
[loss]
link = "identity"
argument = "max(log(pi(w)), sg(log(pi(w))))"
"""


def run(*arguments):
    found = CliRunner().invoke(cli, ["prove", *arguments])
    return found.exit_code, found.output


@pytest.mark.slow
def test_a_gradient_fits_one_screen():
    """Coefficients of equation 7 of Rafailov et al. 2023, signs, and what a step does."""
    status, output = run("dpo/section-4", "--gradient")
    assert status == 0
    assert "∂L/∂log π(y_w,t) = −α·σ(−m)" in output
    assert "always negative" in output
    assert "∂log π(y,t)/∂z_u = 1[u = y,t] − π(u)" in output
    assert "log π(y_w) falls if and only if ⟨∇log π(y_w), ∇log π(y_l)⟩ > ‖∇log π(y_w)‖²" in output
    assert "log π(y_w) never falls" in output
    assert len(output.splitlines()) <= 25


@pytest.mark.slow
def test_a_loss_is_differentiated_once():
    """Of SimPO's four claims two are about the same loss, that of section 4."""
    _, output = run("simpo", "--gradient", "--json")
    found = [each["id"] for each in json.loads(output)["gradients"]]
    assert found == ["simpo/section-4", "simpo/middle-line", "simpo/middle-line-repaired"]


@pytest.mark.slow
def test_steps_have_two_levels():
    _, output = run("simpo/section-4", "--gradient", "--steps")
    lines = output.split("step by step")[1].splitlines()
    top = [line for line in lines if line.startswith("  ∇")]
    below = [line for line in lines if line.startswith("      ∇")]
    assert len(top) == 3
    assert top[0] == "  ∇L = −σ(−m)·∇m"
    assert any("log-sigmoid" in line for line in below)


@pytest.mark.slow
@pytest.mark.parametrize("id_", ["dpo", "tdpo", "tis_dpo"])
def test_json_is_as_its_schema_says(id_):
    _, output = run(id_, "--gradient", "--json", "--steps")
    data = json.loads(output)
    jsonschema.validate(data, SCHEMA)
    assert data["proved"]


@pytest.mark.slow
def test_latex_has_the_coefficients():
    status, output = run("tdpo/section-4", "--gradient", "--latex")
    assert status == 0
    assert r"\frac{\partial L}{\partial \log \pi(y_{w,t}\mid x, y_{w,<t})} &= " in output
    assert output.count(r"\begin{align*}") == output.count(r"\end{align*}")


def test_what_is_undecided_is_not_shown(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(UNDECIDED, encoding="utf-8")
    status, output = run(str(path), "--gradient")
    assert status == 1
    assert "? undecided" in output
    assert "∂L" not in output
    status, output = run(str(path), "--gradient", "--json")
    data = json.loads(output)
    jsonschema.validate(data, SCHEMA)
    assert status == 1
    assert not data["proved"]


@pytest.mark.parametrize(
    "options", [[], ["--steps"], ["--json", "--steps"], ["--latex", "--steps"]]
)
def test_a_loss_without_the_policy_has_the_gradient_zero(options, tmp_path):
    path = tmp_path / "own.toml"
    text = UNDECIDED.replace("max(log(pi(w)), sg(log(pi(w))))", "alpha*log(ref(w)/ref(l))")
    path.write_text(text.replace('link = "identity"\n', ""), encoding="utf-8")
    status, output = run(str(path), "--gradient", *options)
    assert status == 0
    if "--json" in options:
        jsonschema.validate(json.loads(output), SCHEMA)
    else:
        assert "zero: no gradient flows" in output


@pytest.mark.slow
def test_a_loss_that_divides_by_zero_is_bad_input(tmp_path):
    path = tmp_path / "own.toml"
    text = UNDECIDED.replace("max(log(pi(w)), sg(log(pi(w))))", "log(pi(w))/(alpha - alpha)")
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "midpo_sym", "prove", str(path), "--gradient"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "divides by something that is zero" in done.stderr


@pytest.mark.slow
def test_what_a_claim_sets_is_said_and_switches_are_inequalities(tmp_path):
    """LD-DPO's claim sets a = 1. Of a hinge the slope is −1 where 1 − m > 0, else 0; that lengths
    and positive parameters are not zero is no condition."""
    losses = Path(__file__).parents[1] / "cases" / "losses"
    out = run(str(losses / "lddpo.toml"), "--gradient")[1]
    first, _, second = out.partition("lddpo/a-is-one")
    assert ("a = 1" in first, "a = 1" in second) == (False, True)
    out = run(str(losses / "alphapo.toml"), "--gradient")[1]
    assert "condition" not in out
    path = tmp_path / "hinge.toml"
    path.write_text(
        'title = "t"\nsummary = "s"\n[prior]\nzeta = "ref(y)"\nscale = "1"\n[loss]\n'
        'link = "hinge"\nargument = "log(pi(w)/pi(l))"\n'
    )
    out = run(str(path), "--gradient")[1]
    assert "never positive; zero where 1 − m < 0" in out
    assert "log π(y_l) falls if and only if 1 − m > 0" in out


@pytest.mark.slow
def test_the_size_of_something_has_its_name(tmp_path):
    path = tmp_path / "size.toml"
    path.write_text(
        'title = "t"\nsummary = "s"\n[prior]\nzeta = "ref(y)"\nscale = "1"\n[loss]\n'
        'link = "square"\nargument = "abs(log(pi(w)/pi(l)))"\n'
    )
    out = run(str(path), "--gradient")[1]
    assert "|log(π(y_w)/π(y_l))|" in out
    assert "max(" not in out
