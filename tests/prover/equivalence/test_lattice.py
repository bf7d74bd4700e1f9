"""All pairs of many losses; the special cases are those worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from midpo_sym.prover.equivalence.lattice import Edge, compare_all
from midpo_sym.spec import library

TESTS = Path(__file__).parents[2]


def specs(*names):
    folders = (TESTS / "cases" / "diff", TESTS / "variants", TESTS / "cases" / "losses")
    paths = [
        next(path for folder in folders if (path := folder / f"{name}.toml").is_file())
        for name in names
    ]
    return [library.find(str(path)) for path in paths]


@pytest.fixture(scope="module")
def shipped():
    return compare_all(library.paper())


def said(found):
    return {(each.left.id, each.right.id): each for each in found.entries}


@pytest.mark.slow
def test_the_special_cases_of_what_is_shipped(shipped):
    """cEntropy at η = 1, R-DPO at α̃ = 0, SparsePO at μ = (1, 0), TDPO₂ at α₂ = 0 are DPO; SparsePO
    at μ = (1, 1) is TDPO. TDPO₂ holds one divergence still: at α₂ = 1 it has TDPO's value alone,
    and so has SparsePO at μ = (1, α₂) of it. None of these follows from two others in gradient."""
    assert set(shipped.edges) == {
        Edge("dpo", "centropy", gradient=True),
        Edge("dpo", "r_dpo", gradient=True),
        Edge("dpo", "sparsepo", gradient=True),
        Edge("dpo", "tdpo2", gradient=True),
        Edge("tdpo", "sparsepo", gradient=True),
        Edge("tdpo", "tdpo2", gradient=False),
        Edge("tdpo2", "sparsepo", gradient=False),
    }
    assert shipped.classes == ()


@pytest.mark.slow
def test_dice_is_dpo_up_to_its_model_and_no_edge(shipped):
    relation = said(shipped)["dpo", "dice"].relation
    assert relation.changes.models == {"A": {"ref": "prev"}}


def test_three_losses_are_compared_in_pairs():
    """DPO is R-DPO at α̃ = 0; SimPO has no reference, and differs from both at a point."""
    found = compare_all([library.get(each) for each in ("dpo", "r_dpo", "simpo")])
    assert found.edges == (Edge("dpo", "r_dpo", gradient=True),)
    says = {pair: each.says for pair, each in said(found).items()}
    assert says["dpo", "simpo"] == says["r_dpo", "simpo"] == "differs"
    assert len(says) == 3


@pytest.mark.slow
def test_all_others_differ_at_a_point(shipped):
    related = {(each.left.id, each.right.id) for each in shipped.related}
    others = [each for pair, each in said(shipped).items() if pair not in related]
    assert len(others) == 36 - 8
    assert all(each.says == "differs" for each in others)


@pytest.mark.slow
def test_edges_that_follow_are_left_out_and_equal_losses_are_one():
    """LN-DPO apart, a chain: DPO is R-DPO at λ = 0, and that with a plus is MODPO of lengths."""
    found = compare_all(
        [library.get("dpo"), *specs("r_dpo_plus", "modpo_length"), library.get("r_dpo")]
    )
    assert found.classes == (("r_dpo_plus", "modpo_length"),)
    assert set(found.edges) == {
        Edge("dpo", "r_dpo_plus", gradient=True),
        Edge("r_dpo_plus", "r_dpo", gradient=True),
    }


@pytest.mark.slow
def test_what_a_profile_rules_out_is_found_by_its_fingerprint():
    """Four ways to write DPOP, with max, min, and powers of them, and JS-DPO in two."""
    found = compare_all(specs("dpop1", "dpop2", "dpop3", "js", "js_dpo"))
    assert found.classes == (("dpop1", "dpop2", "dpop3"), ("js", "js_dpo"))


@pytest.mark.slow
def test_hinges_and_squares_have_relations_of_their_own():
    found = said(compare_all(specs("hinge_slic", "hinge_rso", "ipo_sums", "sppo_hard", "half_ipo")))
    kinds = {pair: each.says for pair, each in found.items()}
    assert kinds["hinge_slic", "hinge_rso"] == "same up to a substitution"
    assert kinds["sppo_hard", "half_ipo"] == "same up to a substitution"
    assert kinds["hinge_slic", "ipo_sums"] == "same argument under another link"
    assert kinds["ipo_sums", "sppo_hard"] == "differs"
