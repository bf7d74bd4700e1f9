"""How one loss becomes the other, in lines worked out by hand; or what is left between them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

import midpo_sym
from midpo_sym.kernel.theorem import decide
from midpo_sym.language import tree

CASES = Path(__file__).parents[2] / "cases" / "diff"


def case(name):
    return CASES / f"{name}.toml"


def checked(found):
    """Return the derivations; every chain leads from its left to its right side, line by line."""
    for each in found.steps:
        for chain in each.chains:
            lines = (*chain.bridge.down, *chain.bridge.up)
            assert lines[0].before == chain.stages[0].before == chain.left
            assert lines[-1].after == chain.stages[-1].after == chain.right
            for one, other in itertools.pairwise(lines):
                assert one.after == other.before
            for line in (*lines, *chain.stages):
                assert decide(line.before, line.after).theorem is not None
            assert tuple(step for stage in chain.stages for step in stage.steps) == lines
    return found.steps


@pytest.mark.slow
def test_r_dpo_with_either_sign_leaves_twice_the_lengths():
    """λ(|w| − |l|) + λ(|w| − |l|) = 2λ(|w| − |l|), after logarithms and α lr have cancelled; where
    the lengths are equal both terms are λ·0, one line apart."""
    common, equal, rest = checked(midpo_sym.diff(case("r_dpo_plus"), case("r_dpo_minus")))
    assert [len(each.chains) for each in (common, equal, rest)] == [1, 1, 1]
    assert equal.relation.changes.where == "equal lengths"
    (chain,) = rest.chains
    assert (rest.relation, chain.of) == (None, "argument")
    assert str(chain.right) == "2*A_lam*(length(w) - length(l))"
    assert [each.said for each in chain.stages] == [
        "take the logarithms apart",
        "collect like terms",
    ]


def test_dpo_is_centropy_without_a_detour():
    """log(π/ref) = log(π^1/ref): what was taken apart on the way down is not put together first."""
    special, rest = checked(midpo_sym.diff("dpo", "centropy"))
    (chain,) = special.chains
    (stage,) = chain.stages
    assert stage.said == "put the logarithms together"
    assert len({*(step.after for step in stage.steps)}) == len(stage.steps)
    assert chain.left not in [step.after for step in stage.steps]
    assert str(rest.chains[0].right) == "A_alpha*(1 - B_eta)*(log(pi(w)) - log(pi(l)))"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other", "of"),
    [
        ("hinge_slic", "hinge_rso", ["loss"]),  # a maximum, as a whole, times δ
        ("sppo_hard", "half_ipo", ["loss"]),  # other terms: the squares as a whole
        ("simpo_ratio", "simpo", ["argument"]),
    ],
)
def test_the_same_up_to_a_substitution(one, other, of):
    other = other if other == "simpo" else case(other)
    (found,) = checked(midpo_sym.diff(case(one), other))
    assert [each.of for each in found.chains] == of


def test_the_same_file_twice_needs_no_line():
    (found,) = midpo_sym.diff("dpo", "dpo").steps
    assert found.chains == ()


def test_a_residual_is_of_what_is_compared():
    """DPO and SimPO both have a log-sigmoid: A − B is of the arguments."""
    (found,) = checked(midpo_sym.diff("dpo", "simpo"))
    (chain,) = found.chains
    assert isinstance(chain.left, tree.Add)
    assert chain.of == "argument"
