"""`midpo diff`: what it prints, its exit status, and what it does with bad input."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from midpo_sym.targets.json import equivalence

SCHEMA = json.loads(
    (Path(equivalence.__file__).parent / "comparison.schema.json").read_text(encoding="utf-8")
)
CASES = Path(__file__).parents[1] / "cases" / "diff"
IPO = (CASES / "ipo_sums.toml", CASES / "ipo_means.toml")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pair", "status"),
    [
        (("dpo", "dpo"), 0),
        (("dpo", "dice"), 0),
        (("dpo", "centropy"), 1),
        (("simpo", "dpo"), 1),
        (IPO, 1),
    ],
)
def test_json_follows_the_schema(midpo, pair, status):
    """The exit status is 0 for what is the same up to what is said, and 1 for anything else."""
    done = midpo("diff", *pair, "--json")
    assert done.status == status
    jsonschema.validate(json.loads(done.out), SCHEMA)


def test_the_same_value_with_another_gradient_is_not_the_same(midpo, tmp_path):
    """sg holds a number still: the value is that of DPO, the gradient is not."""
    paths = []
    for name, chosen in (("plain", "pi(l)"), ("held", "sg(pi(l))")):
        paths.append(tmp_path / f"{name}.toml")
        paths[-1].write_text(
            'title = "t"\nsummary = "s"\n[prior]\nzeta = "ref(y)"\nscale = "1"\n[loss]\n'
            f'argument = "log(pi(w)/ref(w)) - log({chosen}/ref(l))"\n'
        )
    done = midpo("diff", *paths, "--json")
    said = json.loads(done.out)
    assert (done.status, said["verdict"]) == (1, "same value, other gradient")
    jsonschema.validate(said, SCHEMA)
    out = midpo("diff", *paths).out
    assert "A and B have the same value, other gradient." in out
    assert "that there is none is not proved" in out


@pytest.mark.slow
def test_the_answer_comes_first_and_fits_a_screen(midpo):
    lines = midpo("diff", *IPO).out.splitlines()
    assert lines[2] == "A and B differ, and are the same in special cases."
    assert "A = n^2 × B, at B.τ = A.τ·n, where |y_w| = |y_l| = n" in lines[3]
    assert len(lines) < 45


def test_a_substitution_is_said_both_ways(midpo):
    out = midpo("diff", CASES / "simpo_ratio.toml", "simpo").out
    assert "A = B, at B.α = A.α, B.γ = A.α·A.ratio" in out
    assert "A.α = B.α, A.ratio = B.γ/B.α" in out


def test_nothing_is_said_of_what_was_not_found(midpo):
    out = midpo("diff", "simpo", "dpo").out
    assert "that there is none is not proved" in out


@pytest.mark.slow
def test_latex_has_no_character_that_pdflatex_lacks(midpo):
    out = midpo("diff", *IPO, "--latex").out
    assert out.isascii()
    assert r"A = $n^{2}$ $\times$ B, at ${\tau}_{\mathrm{B}}" in out


def test_a_claim_is_compared_by_its_name(midpo):
    """The main text's cEntropy has η on both models: DPO at another scale, η α."""
    done = midpo("diff", "dpo", "centropy/section-4", "--json")
    assert json.loads(done.out)["B"]["id"] == "centropy/section-4"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dpo", "dpoo"), "did you mean dpo?"),
        (("dpo", "dpo/none"), "there is no such claim"),
        (("dpo", "dice", "--json", "--latex"), "exclude each other"),
        (("dpo", "no_file.toml"), "there is no such file"),
    ],
)
def test_bad_input(midpo, arguments, said):
    done = midpo("diff", *arguments)
    assert done.status == 2
    assert said in done.err


def test_a_loss_of_every_link_is_none(midpo, tmp_path):
    path = tmp_path / "any.toml"
    path.write_text(
        'title = "t"\nsummary = "s"\n[prior]\nzeta = "ref(y)"\nscale = "1"\ngives = "argument"\n'
        '[loss]\nlink = "any"\nargument = "log(pi(w)/ref(w)) - log(pi(l)/ref(l))"\n'
    )
    done = midpo("diff", path, "dpo")
    assert done.status == 2
    assert "its link stands for every function: it has no loss" in done.err


@pytest.mark.slow
def test_all_pairs_as_a_table_and_as_json(midpo, tmp_path):
    """A folder is compared with what is shipped; the numbers of pairs are those of 10 losses."""
    text = (CASES / "simpo_ratio.toml").read_text(encoding="utf-8")
    (tmp_path / "simpo_ratio.toml").write_text(text, encoding="utf-8")
    out = midpo("diff", "--all", "--paper", tmp_path).out
    assert "simpo = simpo_ratio" in out
    assert "10 losses, 45 pairs: " in out
    assert "dpo < centropy" in out
    found = json.loads(midpo("diff", "--all", "--paper", "--json").out)
    assert (len(found["losses"]), len(found["pairs"])) == (9, 36)
    edge = {"special": "tdpo", "general": "tdpo2", "gradient": False}
    assert edge in found["edges"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--all", "no_folder"), "is no folder"),
        (("--all", "--latex"), "exclude each other"),
        (("dpo",), "two losses are compared, and 1 named"),
    ],
)
def test_bad_input_of_all(midpo, arguments, said):
    done = midpo("diff", *arguments)
    assert done.status == 2
    assert said in done.err


def test_two_files_of_one_id(midpo, tmp_path):
    (tmp_path / "dpo.toml").write_text(midpo("show", "dpo", "--source").out, encoding="utf-8")
    done = midpo("diff", "--all", "--paper", tmp_path)
    assert (done.status, "two specifications have the id dpo" in done.err) == (2, True)


def test_a_table_for_a_paper(midpo):
    """SimPO needs lengths and no reference, DPO a reference; both are read off the loss."""
    rows = json.loads(midpo("table", "simpo", "dpo", CASES / "sppo_hard.toml", "--json").out)
    assert [row["needs"] for row in rows] == ["lengths", "a reference", "a reference"]
    assert [row["parameters"] for row in rows] == ["α > 0, γ ≥ 0", "α > 0", "β > 0"]
    assert rows[1]["prior"] == "π_ref(y)"
    assert rows[2]["prior"] == "π_ref(y) (gives the scores)"
    latex = midpo("table", "simpo", "dpo", "--latex").out
    assert latex.isascii()
    ends = [line.endswith(r"\\") for line in latex.splitlines()]
    assert sum(ends) == 3  # the headings and two losses
    assert "log-sigmoid" in midpo("table", "dpo").out


def test_a_prior_that_is_refuted_is_not_shown(midpo, tmp_path):
    text = (CASES / "simpo_ratio.toml").read_text(encoding="utf-8")
    path = tmp_path / "wrong.toml"
    path.write_text(text.replace("by_label(ratio/2, -ratio/2)", "by_label(ratio, -ratio)"))
    (row,) = json.loads(midpo("table", path, "--json").out)
    assert row["prior"] == "refuted for what the specification says"


def test_steps_follow_the_schema_and_end_in_the_residual(midpo):
    """R-DPO with either sign: α lr cancels, and 2λ(|w| − |l|) is left."""
    pair = [CASES / f"r_dpo_{sign}.toml" for sign in ("plus", "minus")]
    said = json.loads(midpo("diff", *pair, "--json", "--steps").out)
    jsonschema.validate(said, SCHEMA)
    assert [each["relation"] for each in said["steps"]] == [0, 1, None]
    (chain,) = said["steps"][-1]["chains"]
    assert chain["right"] == chain["steps"][-1]["after"] == said["residual"]["expression"]


@pytest.mark.slow
def test_steps_are_printed_in_two_levels(midpo):
    out = midpo("diff", "dpo", "centropy", "--steps").out
    assert "A is a special case of B, step by step\n  the argument of A\n" in out
    assert "logarithm of a power" in out
    assert "  which is the argument of B.\n" in out
    assert "take the logarithms apart" in midpo("diff", "dpo", "centropy", "--steps", "--latex").out


def test_steps_are_of_a_pair(midpo):
    done = midpo("diff", "--all", "--steps")
    assert done.status == 2
    assert "--steps and --all exclude each other: derive a pair, midpo diff A B" in done.err
