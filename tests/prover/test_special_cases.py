"""Which algorithm is which other one at 0 and 1, worked out from the formulas by hand."""

from __future__ import annotations

from functools import cache

import pytest
from generators.trees.words import IDS, shipped
from oracles.trees.independent import compare

from midpo_sym.language.substitute import substitute, unfold
from midpo_sym.language.tree import Number
from midpo_sym.prover.special_cases import specialisations
from midpo_sym.spec.reading.losses import loads

# (algorithm, at these values, is that one): whether the gradients are the same.
#   cEntropy: η = 1 leaves α log π/ref.            R-DPO: α̃ = 0 leaves DPO.
#   TDPO₂: α₂ = 0 leaves DPO; α₂ = 1 leaves TDPO but for sg on the chosen divergence.
#   SparsePO: Σ (μ₁ log π/ref + μ₂ KL) is TDPO's at μ₁ = μ₂ = 1 and DPO's at μ₂ = 0.
EXPECTED = {
    ("centropy", "dpo"): ({"eta": 1}, True),
    ("r_dpo", "dpo"): ({"alpha_tilde": 0}, True),
    ("tdpo2", "dpo"): ({"alpha2": 0}, True),
    ("tdpo2", "tdpo"): ({"alpha2": 1}, False),
    ("sparsepo", "tdpo"): ({"mu1": 1, "mu2": 1}, True),
    ("sparsepo", "dpo"): ({"mu1": 1, "mu2": 0}, True),
}


@cache
def found():
    everything = [shipped(name) for name in IDS]
    return {
        (one.id, special.id): special
        for one in everything
        for special in specialisations(one, everything)
    }


@pytest.mark.slow
@pytest.mark.parametrize("pair", EXPECTED)
def test_specialisations(pair):
    """The values found are those worked out by hand, and numbers agree with the claim."""
    values, gradient = EXPECTED[pair]
    special = found()[pair]
    assert special.values == {name: Number(value) for name, value in values.items()}
    assert special.gradient is gradient
    one, other = (shipped(name).statement.argument for name in pair)
    assert compare(substitute(unfold(one), special.values), other) == (True, gradient)


@pytest.mark.slow
def test_no_others():
    """TIS-DPO has the reversed divergence, SimPO's prior the length, DICE another model: of the
    rest, none is another one, and DPO is nothing but itself."""
    assert set(found()) == set(EXPECTED)


def test_values_outside_the_domain_are_not_tried():
    """With a positive α₂ TDPO₂ is never DPO: α₂ = 0 is no value of it, and α₂ = 1 is TDPO's."""
    text = shipped("tdpo2").text.replace('domain = "nonnegative"', 'domain = "positive"')
    strict = loads(text.replace('default = "1/2"', 'default = "1"'), "tdpo2.toml")
    found = specialisations(strict, [shipped("dpo"), shipped("tdpo")])
    assert [special.id for special in found] == ["tdpo"]
