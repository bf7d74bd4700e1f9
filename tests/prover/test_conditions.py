"""What a proof rests on, word for word, for every shipped algorithm."""

from __future__ import annotations

import pytest
from generators.trees.words import IDS, loss, shipped

from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import decide
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.conditions import conditions
from midpo_sym.prover.prove import prove_statement

LABELS = "no response is both chosen and rejected for the same prompt"

# By hand: only SimPO divides by lengths, only SimPO and R-DPO by α; the laws of logarithms need
# no condition, as everything under a logarithm is positive by its form.
CONDITIONS = {
    "r_dpo": [("alpha", "alpha is positive")],
    "simpo": [
        ("alpha", "alpha is positive"),
        ("length(l)", "|y_l| ≥ 1"),
        ("length(w)", "|y_w| ≥ 1"),
    ],
}
ASSUMPTIONS = {"simpo": (LABELS,), "tis_dpo": (LABELS,)}


@pytest.mark.parametrize("name", IDS)
def test_shipped(name):
    """Conditions and assumptions of each algorithm are exactly these."""
    derivation = shipped(name)
    verdict = prove_statement(derivation.statement, derivation).verdict
    found = [(to_text(each.expression), each.given_by) for each in verdict.conditions]
    assert found == CONDITIONS.get(name, [])
    assert verdict.assumptions == ASSUMPTIONS.get(name, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/gamma", [("gamma", "")]),
        ("1/alpha", [("alpha", "alpha is positive")]),
        ("1/lam", [("lam", "")]),  # zero or more: zero has to be kept out
        ("1/rho", [("rho", "")]),
        ("1/3", []),
        ("1/(2*gamma**2*alpha)", [("alpha", "alpha is positive"), ("gamma", "")]),
        ("1/(1 + alpha)", [("1 + alpha", "it is a sum of positive terms")]),
        ("1/(gamma - 1)", [("1 - gamma", "")]),
        ("1/gamma + 1/gamma**3", [("gamma", "")]),
        ("gamma/gamma", [("gamma", "")]),
        ("sum_t(mu(w, t)/xi(w, t))", [("xi(w, t)", "")]),
        ("sum_t(1/nu(w, t))", [("nu(w, t)", "it is a sum of positive terms")]),
        ("1/(length(w) - length(l))", [("length(w) - length(l)", "")]),
        ("1/(gamma**2 - 1)", [("1 + gamma", ""), ("1 - gamma", "")]),
    ],
)
def test_factors(text, expected):
    """A denominator is split into factors; of each it is said why the domain keeps it from 0."""
    theorem = decide(loss(text), loss(text)).theorem
    atoms = read((theorem.left, theorem.right)).forms[0].atoms
    found = [
        (to_text(each.expression), each.given_by)
        for each in conditions(theorem.denominators, atoms)
    ]
    assert found == expected
