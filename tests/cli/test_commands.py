"""The command line: what it prints, its exit status, and what it does with bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import midpo_sym
from midpo_sym.judges import witness
from midpo_sym.spec import library
from midpo_sym.targets.json import report as emit_json

SCHEMA = json.loads(
    (Path(emit_json.__file__).parent / "result.schema.json").read_text(encoding="utf-8")
)
TRUE = """
title = "LN-DPO"
summary = "Averaged log-ratios."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
[prior]
zeta = "pi(y)*(ref(y)/pi(y))**(1/length(y))"
[loss]
argument = "alpha/length(w)*log(pi(w)/ref(w)) - alpha/length(l)*log(pi(l)/ref(l))"
"""
FALSE = TRUE.replace("1/length(y)", "2/length(y)")
ODD = TRUE.replace('argument = "', 'argument = "max(0, length(w) - length(w)*length(l)) + ')


@pytest.fixture
def spec(tmp_path):
    def write(text, name="own.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.slow
def test_everything_proves_as_expected(midpo):
    outcome = midpo("prove", "--paper")
    assert outcome.status == 0
    assert outcome.err == ""
    assert "17 proved, 1 proved in value only, 4 refuted; all as expected" in outcome.out
    assert "printed: 12 proved, 3 refuted; ours (repairs and readings): 5 proved, 1 proved" in (
        outcome.out
    )
    for derivation in library.paper():
        for claim in derivation.claims:
            assert f"{derivation.id}/{claim.id}" in outcome.out


@pytest.mark.slow
def test_a_file_without_claims_is_judged_as_it_is(midpo, spec):
    assert midpo("prove", spec(TRUE)).status == 0
    refuted = midpo("prove", spec(FALSE))
    assert refuted.status == 1
    assert "✗ refuted, expected proved" in refuted.out


@pytest.mark.slow
def test_a_refutation_shows_residual_witness_and_the_right_prior(midpo, spec):
    """With 2/|y| in the prior, α log π/ζ is 2α/|y| times the log-ratio: twice the loss's.

    So MI-DPO minus the loss is α/|y_w| (log π − log π_ref)(y_w) − α/|y_l| (…)(y_l), and the prior
    that was meant has 1/|y|: π^(1 − 1/|y|) π_ref^(1/|y|).
    """
    out = midpo("prove", spec(FALSE)).out
    residual = next(line for line in out.splitlines() if line.startswith("  residual"))
    for part in ("α/|y_w|", "α/|y_l|", "log π(y_w)", "log π_ref(y_l)"):
        assert part in residual
    repair = next(line for line in out.splitlines() if "right prior" in line)
    assert "ζ(y) ∝ π(y)^(1 − 1/|y|)·π_ref(y)^(1/|y|)" in repair
    assert "An exact counterexample." in out
    assert "≠ 0" in out


@pytest.mark.slow
def test_undecided_is_neither_proved_nor_refuted(midpo, spec):
    """max(0, |y_w| − |y_w| |y_l|) is 0 since |y_l| ≥ 1, which the kernel does not know."""
    outcome = midpo("prove", spec(ODD))
    assert outcome.status == 1
    assert "? undecided, expected proved" in outcome.out
    assert "none of 400 exact points shows a difference" in outcome.out


@pytest.mark.slow
def test_a_claim_that_comes_out_otherwise_fails(midpo, spec):
    claim = '\n[[claim]]\nid = "a"\nwork = "w"\nplace = "p"\nstatus = "{}"\n'
    assert midpo("prove", spec(TRUE + claim.format("proved"))).status == 0
    wrong = midpo("prove", spec(TRUE + claim.format("refuted")))
    assert wrong.status == 1
    assert "✓ proved, expected refuted" in wrong.out
    assert midpo("prove", spec(FALSE + claim.format("refuted"))).status == 0


@pytest.mark.slow
def test_a_wrong_residual_fails(midpo, spec):
    """SimPO's middle line leaves −γ; whoever expects +γ is told so."""
    text = library.get("simpo").text
    assert midpo("prove", spec(text, "simpo2.toml")).status == 0
    wrong = midpo("prove", spec(text.replace('"-gamma"', '"gamma"'), "simpo3.toml"))
    assert wrong.status == 1
    assert "γ as residual" in wrong.out


@pytest.mark.slow
def test_a_statement_that_no_claim_makes_is_judged_too(midpo, spec):
    """A claim with a prior of its own says nothing of [prior] and [loss]."""
    claim = '\n[[claim]]\nid = "a"\nwork = "w"\nplace = "p"\nstatus = "refuted"\nzeta = "ref(y)"\n'
    outcome = midpo("prove", spec(TRUE + claim))
    assert outcome.status == 0
    assert "own/a" in outcome.out
    assert "1 proved, 1 refuted" in outcome.out


@pytest.mark.slow
def test_one_claim_can_be_named(midpo):
    outcome = midpo("prove", "tdpo2/label-free-prior")
    assert outcome.status == 0
    assert "∇[α·α₂·Σ_t KL(π_ref‖π)(y_w,t)]" in outcome.out
    assert "label-dependent-prior" not in outcome.out


@pytest.mark.slow
def test_steps_lead_from_the_prior_to_the_loss(midpo):
    out = midpo("prove", "tdpo/appendix-b", "--steps").out
    assert "definition of the prior" in out
    assert "cancellation of Z(x)" in out
    assert "− α·Δ" in out
    assert out.rstrip().endswith("∎")


@pytest.mark.slow
def test_steps_of_a_refuted_claim_end_where_it_fails(midpo):
    out = midpo("prove", "simpo/middle-line", "--steps").out
    assert out.rstrip().endswith("They differ: −γ ≠ 0.")


@pytest.mark.slow
def test_a_derivation_claims_no_more_than_its_verdict(midpo, spec):
    """Of TDPO₂ the value only is proved; of max(0, …) nothing; of SparsePO as printed, the link."""
    for how, said in (("--latex", "gradients differ"), ("--steps", "the gradient is refuted")):
        assert said in midpo("prove", "tdpo2/label-free-prior", how).out
        assert said not in midpo("prove", "tdpo2/label-dependent-prior", how).out
    undecided = midpo("prove", spec(ODD), "--latex").out
    assert "Whether the two are equal is undecided." in undecided
    assert "not the same" not in undecided
    assert "Undecided: " in midpo("prove", spec(ODD), "--steps").out
    assert "The losses differ" in midpo("prove", "sparsepo/as-printed", "--latex").out
    assert "The losses differ" in midpo("prove", "sparsepo/as-printed", "--steps").out


@pytest.mark.slow
def test_what_is_too_large_has_no_verdict(midpo, spec):
    """(α + |y_w| − |y_l|)^60 has 1,891 terms, more than the kernel takes, though it cancels."""
    power = "(alpha + length(w) - length(l))**60"
    path = spec(TRUE.replace('argument = "', f'argument = "{power} - {power} + '))
    outcome = midpo("prove", path, "--steps")
    assert outcome.status == 1
    assert "? undecided" in outcome.out
    assert "too many terms" in outcome.out
    assert "length(w) - length(l))**60" in outcome.out  # the part that has them
    assert "the argument of the loss\n" in outcome.out  # as far as its lines go
    (found,) = json.loads(midpo("prove", path, "--steps", "--json").out)["results"]
    assert found["steps"]["framework"]
    assert "undecided" in midpo("prove", path, "--latex").out


@pytest.mark.slow
@pytest.mark.parametrize("id_", library.ids())
def test_latex_has_no_unicode_and_balanced_groups(midpo, id_):
    out = midpo("prove", id_, "--latex").out
    assert out.isascii()
    assert out.count(r"\begin{align*}") == out.count(r"\end{align*}") > 0
    assert out.count(r"\left") == out.count(r"\right")
    assert out.count("{") - out.count(r"\{") == out.count("}") - out.count(r"\}")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["prove", "--paper"], ["prove", "simpo", "--steps"]])
def test_json_follows_its_schema(midpo, arguments):
    found = json.loads(midpo(*arguments, "--json").out)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(found, SCHEMA)
    assert found["as_expected"] is True
    assert all(("steps" in each) == ("--steps" in arguments) for each in found["results"])
    reaches = {each["id"]: each["prior_for_this_loss"]["reach"] for each in found["results"]}
    assert reaches["simpo/section-4"] == "label"
    assert reaches["simpo/middle-line"] == "response"  # the offsets cancel: no margin is left


def test_json_of_a_refutation_holds_the_witness(midpo):
    (found,) = json.loads(midpo("prove", "centropy/section-4", "--json").out)["results"]
    value = found["value"]
    assert value["residual"] == "alpha*(1 - eta)*(log(ref(l)) - log(ref(w)))"
    assert value["holds_for"] == [{"parameter": "eta", "value": "1", "conditions": []}]
    assert value["witness"]["framework"] != value["witness"]["target"]
    assert {each["model"] for each in value["witness"]["distributions"]} == {"pi", "ref"}


@pytest.mark.slow
def test_the_schema_can_refuse(midpo):
    found = json.loads(midpo("prove", "dpo", "--json").out)
    found["results"][0]["value"]["status"] = "true"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)


@pytest.mark.slow
def test_list_shows_every_specification(midpo):
    rows = json.loads(midpo("list", "--json").out)
    assert {row["id"]: row["title"] for row in rows} == {
        each.id: each.title for each in library.everything()
    }
    lines = midpo("list").out.splitlines()
    assert {"simpo", "wpo", "kto"} <= {line.split()[0] for line in lines if line.strip()}


def test_show_says_what_the_specification_says(midpo):
    out = midpo("show", "simpo").out
    for part in ("target reward margin", "Meng et al. 2024", "π(y)^(1 − 1/|y|)"):
        assert part in out
    assert "no response is both chosen and rejected" in out
    assert midpo("show", "simpo", "--source").out == library.get("simpo").text


def test_bibtex_cites_the_works_of_a_specification(midpo):
    out = midpo("show", "simpo", "--bibtex").out
    assert "@misc{meng2024simpo," in out
    assert "@misc{tutunov2025midpo," in out
    assert "eprint        = {2405.14734}" in out


def test_the_prior_is_solved_from_the_loss(midpo):
    """Whatever the file says of the prior, the loss of SimPO asks for this one."""
    outcome = midpo("prior", "simpo")
    assert outcome.status == 0
    assert "whether the response is chosen or rejected" in outcome.out
    assert 'zeta = "pi(y)**(1 - 1/length(y))*exp(by_label(' in outcome.out


@pytest.mark.slow
def test_show_and_prior_speak_json_too(midpo):
    shown = json.loads(midpo("show", "simpo", "--json").out)
    assert [each["torch"] for each in shown["parameters"]] == ["beta", "gamma"]
    assert shown["works"]["meng2024simpo"]["arxiv"] == "2405.14734"
    result = {"$ref": "#/$defs/result", "$defs": SCHEMA["$defs"]}
    jsonschema.validate(shown["result"], result)
    solved = json.loads(midpo("prior", "simpo", "--json").out)
    assert solved["reach"] == "label"
    assert solved["zeta"].startswith("pi(y)**(1 - 1/length(y))")
    assert midpo("show", "simpo", "--json", "--source").status == 2


@pytest.mark.slow
def test_a_loss_of_the_pair_has_no_prior(midpo, spec):
    """log π(y_w)/|y_l| cannot be split into a part of y_w and a part of y_l."""
    text = TRUE.replace("alpha/length(w)*log(pi(w)/ref(w))", "alpha/length(l)*log(pi(w)/ref(w))")
    outcome = midpo("prior", spec(text))
    assert outcome.status == 1
    assert "it would have to know the other" in outcome.out
    assert "none: it would have to know the other response" in midpo("prove", spec(text)).out


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["pair", "terms"])
def test_a_new_specification_proves_as_it_stands(shape, midpo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert midpo("new", "my_loss", "--shape", shape).status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["my_loss.toml"]
    assert midpo("check", "my_loss.toml").status == 0
    assert midpo("prove", "my_loss.toml").status == 0


def test_new_writes_over_nothing_and_only_where_it_is_told(midpo, tmp_path):
    kept = tmp_path / "mine.toml"
    kept.write_text("precious", encoding="utf-8")
    assert midpo("new", "mine", "--dir", tmp_path).status == 2
    assert kept.read_text(encoding="utf-8") == "precious"
    for bad in ("../mine", "Mine", "my-loss", "", "dpo", "a/b", "x" * 60):
        outcome = midpo("new", bad, "--dir", tmp_path)
        assert outcome.status == 2
        assert outcome.err.startswith("midpo: ")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_check_says_place_and_cure(midpo, spec):
    path = spec(TRUE.replace("log(pi(w)/ref(w))", "log(pi(w)/reff(w))"))
    outcome = midpo("check", path)
    assert outcome.status == 2
    line = TRUE.splitlines().index(next(x for x in TRUE.splitlines() if "argument" in x)) + 1
    assert f"{path}:{line}:" in outcome.err
    assert "did you mean ref?" in outcome.err
    (found,) = json.loads(midpo("check", path, "--json").out)
    assert (found["ok"], found["key"], found["line"]) == (False, "loss.argument", line)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prove", "simpoo"], "did you mean simpo?"),
        (["prove", "simpo/section-44"], "there is no such claim"),
        (["prove", "nowhere.toml"], "there is no such file"),
        (["prove", "."], "is a directory"),
        (["prove", "dpo", "--json", "--latex"], "exclude each other"),
        (["generate", "--jobs", "2"], "--jobs goes with --check"),
        (["show", "nothing"], "there is no such specification"),
        (["prior", "nowhere.toml"], "there is no such file"),
        (["check", "nowhere.toml"], "there is no such file"),
    ],
)
def test_bad_input_is_a_message_and_status_2(midpo, arguments, said):
    outcome = midpo(*arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_a_denominator_that_is_always_zero_is_bad_input(midpo, spec):
    text = TRUE.replace("alpha/length(w)", "alpha/(length(w) - length(w))")
    outcome = midpo("prove", spec(text))
    assert outcome.status == 2
    assert "divides by something that is zero" in outcome.err


@pytest.mark.slow
def test_an_id_wins_over_a_folder_of_that_name(midpo, tmp_path, monkeypatch):
    """A run folder called simpo is no specification; a folder that is no id is said to be one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "simpo").mkdir()
    (tmp_path / "runs").mkdir()
    assert midpo("prove", "simpo").status == 0
    assert "runs: is a directory" in midpo("prove", "runs").err


def test_two_files_with_one_id_are_bad_input(midpo, spec, tmp_path):
    (tmp_path / "other").mkdir()
    outcome = midpo("prove", spec(TRUE), spec(TRUE, "other/own.toml"))
    assert outcome.status == 2
    assert "two specifications have the id own" in outcome.err


def test_a_disagreement_of_the_judges_is_loud(midpo, monkeypatch):
    monkeypatch.setattr(
        witness,
        "search",
        lambda *_, **__: witness.Search(1, witness.Witness({}, (), (), False), None),
    )
    outcome = midpo("prove", "dpo")
    assert outcome.status == 1
    assert "This is a bug in midpo_sym" in outcome.err


@pytest.mark.parametrize("command", ["prove", "list", "show", "prior", "new", "check", "generate"])
def test_every_command_has_help_with_an_example(midpo, command):
    outcome = midpo(command, "--help")
    assert outcome.status == 0
    assert f"midpo {command}" in outcome.out.split("Example")[1]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "midpo_sym", *arguments],
        check=False,
        capture_output=True,
        env={**os.environ, **environment},
    )


@pytest.mark.slow
def test_a_pipe_gets_no_colour_and_a_plain_locale_still_works():
    done = run("prove", "dpo", LC_ALL="C", PYTHONUTF8="0")
    assert done.returncode == 0
    assert b"\x1b[" not in done.stdout
    assert "π_ref" in done.stdout.decode("utf-8")


@pytest.mark.slow
def test_no_color_is_respected_on_a_terminal():
    """FORCE_COLOR makes the pipe a terminal; NO_COLOR takes the colours away again."""
    coloured = run("prove", "dpo", FORCE_COLOR="1", TERM="xterm-256color")
    plain = run("prove", "dpo", FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1")
    assert b"\x1b[32m" in coloured.stdout
    assert b"\x1b[32m" not in plain.stdout


def test_the_version_is_printed(midpo):
    assert midpo("--version").out == f"midpo {midpo_sym.__version__}\n"
