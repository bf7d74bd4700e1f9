"""The top level of derivations: three to six lines, each a theorem, over the full ones."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from generators.trees.words import IDS, shipped
from oracles.trees.independent import compare

from midpo_sym.kernel.theorem import Mode
from midpo_sym.prover.derivation import outline as module
from midpo_sym.prover.derivation.outline import Outline, outline
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import Status
from midpo_sym.spec.reading.losses import load

CASES = Path(__file__).parents[2] / "cases" / "losses"


@cache
def results_of(name):
    return {each.id: each for each in prove_derivation(shipped(name))}


def result_of(id_):
    return results_of(id_.partition("/")[0])[id_]


CLAIMS = [f"{name}/{claim.id}" for name in IDS for claim in shipped(name).claims]
# One of them is quick.
SPLIT = [
    pytest.param(each, marks=() if each == "dpo/section-4" else pytest.mark.slow) for each in CLAIMS
]


@pytest.mark.slow
@pytest.mark.parametrize("id_", CLAIMS)
def test_a_few_lines_stand_for_all_steps(id_):
    result = result_of(id_)
    found = result.outline
    assert 3 <= len(found.stages) <= 6
    steps = result.steps
    assert [step for each in found.stages for step in each.steps] == [
        *steps.reward,
        *steps.framework,
        *steps.target,
    ]


@pytest.mark.parametrize("id_", SPLIT)
def test_every_line_is_a_theorem_about_its_own_ends(id_):
    for each in result_of(id_).outline.stages:
        assert each.theorem.mode is Mode.VALUE
        assert (each.before, each.after) == (each.steps[0].before, each.steps[-1].after)
        assert compare(each.before, each.after)[0]


@pytest.mark.parametrize("id_", SPLIT)
def test_lines_follow_from_each_other(id_):
    for one, other in pairwise(result_of(id_).outline.framework):
        assert one.after == other.before


def said(id_):
    return [each.said for each in result_of(id_).outline.stages]


def test_lines_say_what_a_person_would():
    """SimPO's prior goes by the label, so that y_l has a line of its own; DPO needs three."""
    assert said("simpo/section-4") == [
        "take the logarithm of ζ",
        "collect like terms",
        "y_l likewise",
        "subtract the rewards; Z(x) cancels",
        "collect like terms",
    ]
    assert said("dpo/section-4") == [
        "take the logarithm of ζ",
        "collect like terms",
        "subtract the rewards; Z(x) cancels",
    ]


@pytest.mark.slow
def test_nothing_is_taken_apart_to_be_put_together_again():
    """TIS-DPO's last lines: collect, move α into the sums, and fold the names u and η."""
    steps = result_of("tis_dpo/section-4").steps
    names = [each.rule.name for each in (*steps.framework, *steps.target)]
    assert names == [
        "subtraction of the rewards",
        "cancellation of Z(x)",
        "collection of like terms",
        "linearity of a sum over tokens",
        "definition",
    ]


def test_an_anchor_is_added_and_nothing_is_taken_apart():
    """BCO's first argument is β log π/π_ref − δ: with δ added it is the score, as it stands."""
    (result,) = prove_derivation(load(CASES / "bco.toml"))
    first = result.parts[0].result
    assert [each.said for each in first.outline.framework] == [
        "put the rewards in",
        "collect like terms",
    ]
    assert len(first.steps.framework) + len(first.steps.target) == 2


def test_a_line_that_the_kernel_does_not_see_as_one_is_its_steps(monkeypatch):
    result = result_of("dpo/section-4")
    monkeypatch.setattr(module, "_joined", lambda _: None)
    found = outline(result.steps, proved=result.verdict.status is Status.PROVED)
    assert isinstance(found, Outline)
    assert all(len(each.steps) == 1 for each in found.stages)
    assert [each.theorem for each in found.stages] == [
        each.theorem for each in (*result.steps.reward, *result.steps.framework)
    ]
