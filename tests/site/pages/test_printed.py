"""What is said to be printed is printed; what is ours is said to be ours, and counted apart."""

import json
import math
import re
from pathlib import Path

import pytest

from midpo_sym import api
from midpo_sym.kernel import TRUSTED
from midpo_sym.site.pages import algorithm
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.losses import loads

ROOT = Path(__file__).parents[3]


def test_printed_claims_are_those_of_the_paper():
    """Sections 4 and B each print a box; what else is printed about a single loss is said here.

    - R-DPO's box is the same in both places, one claim.
    - cEntropy's losses differ: π^η/π_ref^η in section 4, π^λ/π_ref in appendix B.
    - SimPO: appendix B's second display has two lines, of which the first is a claim of its own.
    - SparsePO: the loss printed in both places is −E[u − Δ], one claim.
    - TDPO₂ is not in the paper; its own paper prints a loss, and nothing about a prior.
    """
    printed = {
        f"{id_}/{claim.id}"
        for id_ in library.paper_ids()
        for claim in library.get(id_).claims
        if claim.printed
    }
    assert printed == {
        *(f"{id_}/section-4" for id_ in ("dpo", "dice", "centropy", "simpo", "tdpo", "tis_dpo")),
        *(f"{id_}/appendix-b" for id_ in ("dpo", "dice", "centropy", "simpo", "tdpo", "tis_dpo")),
        "r_dpo/own-constant",
        "simpo/middle-line",
        "sparsepo/as-printed",
    }


def test_what_is_ours_says_what_it_is():
    for id_ in library.paper_ids():
        for claim in library.get(id_).claims:
            assert claim.printed or claim.note, f"{id_}/{claim.id}"


def test_a_claim_that_nobody_prints_needs_a_note():
    text = (library.directory() / "dpo.toml").read_text(encoding="utf-8")
    own = '[[claim]]\nid = "own"\nwork = "w"\nplace = "p"\nstatus = "proved"\nprinted = false\n'
    with pytest.raises(SpecError, match="a claim that nobody prints needs a note"):
        loads(text + own, "dpo.toml")
    assert not loads(f'{text}{own}note = "A reading."\n', "dpo.toml").claims[-1].printed


@pytest.mark.slow
def test_programs_are_told_what_is_printed(midpo):
    claims = {
        each["id"]: each["claim"]["printed"]
        for each in json.loads(midpo("prove", "centropy", "--json").out)["results"]
    }
    assert claims == {
        "centropy/appendix-b": True,
        "centropy/section-4": True,
        "centropy/section-4-repaired": False,
        "centropy/section-4-is-dpo": False,
    }


@pytest.mark.slow
def test_what_is_ours_is_said_to_be_ours(midpo):
    """TDPO₂ is proved in value only with a prior free of the label: it does not count as proved."""
    shown = midpo("prove", "tdpo2").out
    assert "1 proved, 1 proved in value only; all as expected" in shown
    assert "ours (repairs and readings): 1 proved, 1 proved in value only" in shown
    assert "ours, on" in shown
    assert "claimed in" not in shown
    assert "ours (repairs" not in midpo("prove", "dpo").out
    assert "not printed; on Tutunov et al. 2025, section 4, read as DPO" in " ".join(
        midpo("show", "centropy").out.split()
    )


def test_r_dpo_asks_the_longer_response_for_the_smaller_log_ratio():
    """With α̃ = 1/100 and equal log-ratios the argument is (|y_w| − |y_l|)/100.

    Lengths 40 and 10 give 0.3, and log(1 + e^−0.3) = 0.5544; lengths 10 and 40 give −0.3, and
    log(1 + e^0.3) = 0.8544. So at equal log-ratios the longer response has the larger reward, and
    for the reward of the shorter one, 0.1, it needs a log-ratio of −0.3/β = −3.
    """
    import torch  # noqa: PLC0415 - a second, and one test needs it

    from midpo_sym.losses import r_dpo_loss  # noqa: PLC0415 - needs torch

    none = torch.zeros(2)
    losses, chosen, rejected = r_dpo_loss(
        none, none, none, none, torch.tensor([40, 10]), torch.tensor([10, 40])
    )
    expected = [math.log1p(math.exp(-0.3)), math.log1p(math.exp(0.3))]
    assert losses.tolist() == pytest.approx(expected, abs=1e-6)
    assert losses.tolist() == pytest.approx([0.5544, 0.8544], abs=1e-4)
    assert chosen.tolist() == pytest.approx([0.4, 0.1])
    assert rejected.tolist() == pytest.approx([0.1, 0.4])
    long, short = torch.tensor([40]), torch.tensor([10])
    less = torch.tensor([-3.0])
    _, at_long, at_short = r_dpo_loss(less, none[:1], none[:1], none[:1], long, short)
    assert at_long.tolist() == pytest.approx(at_short.tolist())
    said = " ".join((r_dpo_loss.__doc__ or "").split())
    assert "longer response needs the smaller log-ratio" in said
    assert "added to the implicit reward per token" in said


def test_the_decision_names_the_files_that_the_trust_page_lists():
    (note,) = (ROOT / "site" / "decisions").glob("0001-*.md")
    text = note.read_text(encoding="utf-8")
    listed = {each.path.removeprefix("kernel/") for each in TRUSTED}
    assert set(re.findall(r"`(?:kernel/)?([\w/]+\.py)`", text)) == listed
    assert len(listed) == 14
    assert text.startswith("# 1. The trusted base is fourteen small files\n")


def test_an_answer_comes_with_what_it_means():
    """R-DPO's prior contains |y|; DPO's, π_ref, does not, and no page says both."""
    (asked, so, not_so) = algorithm.FACTS["prior_depends_on_length"]
    facts = {id_: list(algorithm._facts(api.prove(id_))) for id_ in ("dpo", "r_dpo")}
    assert (asked, True, so) in facts["r_dpo"]
    assert (asked, False, not_so) in facts["dpo"]
    assert all(question.endswith("?") for question, *_ in algorithm.FACTS.values())
    assert all(so != not_so for _, so, not_so in algorithm.FACTS.values())
