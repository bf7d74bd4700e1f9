"""What pages of the atlas say of a loss: against the files of the atlas, and against hand work."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from midpo_sym.atlas import index
from midpo_sym.atlas.lattices import Edge, Ties
from midpo_sym.site.atlas import proved, slopes, words
from midpo_sym.site.atlas.code import citation, code_of, configurations
from midpo_sym.site.atlas.gather import Atlas
from midpo_sym.site.atlas.listing import formula_of
from midpo_sym.site.atlas.placed import placed, relative
from midpo_sym.spec import library

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    derivations = {each.id: each for each in library.everything()}
    return Atlas(tuple(index.read().values()), derivations, ROOT)


def test_an_edge_has_its_values_in_the_symbols_of_the_page():
    """RePO's γ is (1 + γ)/β of the hinge; Mallows' β is its own, and stays."""
    losses = {id_: library.get(id_) for id_ in ("simpo_hinge", "repo", "dpo", "mallows_dpo")}
    edge = Edge("simpo_hinge", "repo", True, (("gamma", "(1 + gamma)/beta"),))
    assert words.values(edge, losses) == "γ = (1 + γ)/β"
    edge = Edge("dpo", "mallows_dpo", True, (("phi", "alpha/mallows_dpo.beta"),))
    assert words.values(edge, losses) == "φ = α/β of Mallows-DPO"


def test_neighbours_are_the_edges_of_the_lattice(atlas):
    edge = Edge("cpo_preference", "cpo", True, (("lam", "0"),))
    ties = Ties((("cpo_preference", "dpo_reference_free"),), (edge,), (), "")
    known = replace(atlas, ties=ties)
    special = placed("cpo_preference", known, None)
    assert [each["id"] for each in special["same"]] == ["dpo_reference_free"]
    assert [(each["id"], each["at"]) for each in special["special_of"]] == [("cpo", "λ = 0")]
    assert [each["id"] for each in placed("cpo", known, None)["becomes"]] == ["cpo_preference"]
    other = placed("dpo_reference_free", known, None)
    assert not other["listed"]
    assert not other["special_of"]


def test_of_a_lattice_that_is_not_current_nothing_is_known(atlas):
    assert atlas.ties is None
    assert not placed("cpo", atlas, None)["known"]


@pytest.mark.slow
def test_a_formula_of_a_library_is_named_only_if_it_is_proved_to_be_the_loss():
    sums = ROOT / "benchmarks/conformance/formulas/ipo_sums.toml"
    means = ROOT / "benchmarks/conformance/formulas/ipo_averages.toml"
    assert proved.losses_of("dpo") == ("dpo",)
    assert "ipo" in proved.losses_of(str(sums))
    assert "ipo_mean" not in proved.losses_of(str(sums))
    assert "ipo" not in proved.losses_of(str(means))


def test_the_gradient_of_sft_is_that_of_minus_a_logarithm():
    """L = −log π(y_w)/|y_w|, a sum over tokens: ∇L = −1/|y_w| Σ_t ∇log π(y_w,t)."""
    assert slopes.slope("sft").whole == (
        r"\nabla L = -\frac{1}{|y_w|}\,\sum_t \nabla \log \pi(y_{w,t}\mid x, y_{w,<t})"
    )


def test_a_loss_for_every_link_has_no_gradient():
    assert slopes.slope("gpo") is None


def test_verdicts_in_words_follow_the_row():
    rows = index.read()
    assert words.verdict(rows["dpo"]).startswith("Proved, in value and in gradient: MI-DPO with")
    assert words.verdict(rows["tdpo2"]).startswith("Proved in value, and refuted in gradient")
    assert words.verdict(rows["odpo"]).startswith("Refuted: no prior of one response")
    open_ = replace(rows["dpo"], value="undecided", gradient="undecided")
    assert words.verdict(open_).startswith("Undecided: whether MI-DPO")
    for row in rows.values():
        said = words.verdict(row)
        assert said.startswith("Proved") == (row.value == "proved")
        assert ("no prior" in said) <= (row.value == "refuted")


def test_needs_are_those_of_the_row():
    rows = index.read()
    assert words.needs(rows["simpo"]) == "lengths"
    assert words.needs(rows["cpo"]) == "the policy alone"
    assert words.needs(rows["sparsepo"]) == (
        "a reference, next-token distributions, weights per token"
    )
    assert words.needs(replace(rows["dpo"], needs_length=None)) == "not computed"


def test_a_search_finds_names_papers_and_configurations():
    rows = index.read()
    asked = [{"library": "trl", "loss": "DPOTrainer ipo", "command": "… --at loss_type=ipo"}]
    work = library.works()["azar2023ipo"]
    found = list(words.search_words(library.get("ipo"), rows["ipo"], work, asked))
    assert {"IPO", "ipo", "arXiv 2310.12036", "Azar et al. 2023", 'loss_type="ipo"'} <= set(found)
    simpo = list(words.search_words(library.get("simpo"), rows["simpo"], None, []))
    assert "reference-free, without a reference model" in simpo
    assert "margin, target reward margin" in simpo


def test_trl_is_told_only_what_was_proved_or_documented():
    row = {"library": "trl", "version": "1.16.0", "loss": "DPOTrainer hinge", "remark": ""}
    row |= {"command": "midpo verify x::dpo --as y --at loss_type=hinge"}
    (found,) = configurations([row | {"verdict": "proved"}])
    assert found.text == 'DPOConfig(loss_type="hinge")'
    assert list(configurations([row | {"verdict": "differs"}])) == []
    assert list(configurations([row | {"verdict": "proved", "library": "openrlhf"}])) == []


@pytest.mark.slow
def test_links_of_notes_lead_to_pages(atlas):
    text = "See [IPO](ipo.md), [SimPO](simpo.md), [other](elsewhere.md)."
    assert relative(text, atlas, "atlas") == (
        "See [IPO](ipo.md), [SimPO](../algorithms/simpo.md), [other](elsewhere.md)."
    )


def test_a_citation_names_loss_page_and_version():
    found = citation(library.get("ipo"), "atlas/ipo.html")
    assert found.startswith("@misc{midposym_ipo,")
    assert "page atlas/ipo.html" in found


def test_code_of_another_text_is_not_shown():
    derivation = library.get("ipo")
    assert code_of(derivation).module == "midpo_sym/losses/atlas/ipo.py"
    assert code_of(replace(derivation, text=derivation.text + "# edited\n")) is None


def test_the_formula_in_a_line_is_that_of_the_loss():
    assert formula_of(library.get("sft")) == "−(log π(y_w))/|y_w|"


@pytest.mark.slow
def test_every_usage_runs():
    """All programs in one process: each computes losses that are numbers, and a gradient."""
    pytest.importorskip("torch")
    found = [code for id_ in library.ids() if (code := code_of(library.get(id_)))]
    assert len(found) > 90
    check = "\nassert losses_of_pairs.isfinite().all()\n"
    program = "\n".join(code.usage + check for code in found)
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-600:]


def test_a_long_summand_is_broken_between_its_factors_only():
    """Of x · σ(−a·b) · Σ_t ∇log π: three factors, and nothing inside of brackets is cut."""
    piece = r"-x\,\sigma\!\left(-a\,b\right)\,\mathbf{1}[c\,d > 0]\,\sum_t \nabla \log \pi(y_{w,t})"
    piece += r"\,\frac{aaaa\,bbbb}{cccc}\,\log\left(abcdefghijklmnopqrst\right)"
    found = [each.strip("' ") for each in slopes._in_factors(piece).split(r"\allowbreak")]
    assert found == [
        "-x",
        r"\sigma\!\left(-a\,b\right)",
        r"\mathbf{1}[c\,d > 0]",
        r"\sum_t \nabla \log \pi(y_{w,t})",
        r"\frac{aaaa\,bbbb}{cccc}",
        r"\log\left(abcdefghijklmnopqrst\right)",
    ]
    assert slopes._in_factors(r"-x\,y") == r"-x\,y"
