"""From coordinates to logits, against derivatives worked out by hand.

With ∂π(v)/∂z_u = π(v)(1[u = v] − π(u)):

- KL(π_ref‖π) = Σ π_ref (log π_ref − log π): −Σ_v π_ref(v)(1[u = v] − π(u)) = π(u) − π_ref(u);
- KL(π‖π_ref): Σ_v π(v)(1[u = v] − π(u))(log π(v)/π_ref(v) + 1) = π(u)(log π(u)/π_ref(u) − KL);
- H = −Σ π log π: −π(u)(log π(u) + H);
- S₂ = Σ π²: 2π(u)(π(u) − S₂).
"""

from __future__ import annotations

import math

import pytest

from midpo_sym.kernel.theorem import Mode
from midpo_sym.language import indexed, tree
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.prover.gradients.logits import slope_of_log, slope_of_statistic

BY_HAND = {
    "kl_ref_pi": lambda p, q, _: p - q,
    "kl_prev_pi": lambda p, q, _: p - q,
    "kl_pi_ref": lambda p, q, total: p * (math.log(p / q) - total),
    "kl_pi_prev": lambda p, q, total: p * (math.log(p / q) - total),
    "entropy": lambda p, _, total: -p * (math.log(p) + total),
    "sum_of_squares": lambda p, _, total: 2 * p * (p - total),
}


def value(node, numbers):
    parts = [value(child, numbers) for child in node.children()]
    match node:
        case tree.Number(value=number):
            return number
        case indexed.Indexed(name=name):
            return numbers["pi" if name == "pi" else "other"]
        case tree.Parameter(name=name):
            return numbers[name]
        case tree.Add():
            return sum(parts)
        case tree.Mul():
            return math.prod(parts)
        case tree.Neg():
            return -parts[0]
        case tree.Div():
            return parts[0] / parts[1]
        case tree.Log():
            return math.log(parts[0])
        case tree.Pow():
            return parts[0] ** parts[1]
    raise AssertionError(node)


def test_every_statistic_of_the_policy_is_known():
    assert set(BY_HAND) == {name for name, row in STATISTICS.items() if row.trained}


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_HAND)
def test_a_slope_by_the_logits_is_the_one_worked_out_by_hand(name):
    at, theorem = slope_of_statistic(name)
    assert theorem.mode is Mode.VALUE
    node = at(tree.Parameter("total"), "u")
    for p, q, total in ((0.2, 0.5, 0.7), (0.6, 0.1, 1.3)):
        found = value(node, {"pi": p, "other": q, "total": total})
        assert math.isclose(found, BY_HAND[name](p, q, total), rel_tol=1e-12)


def test_the_slope_of_a_log_probability_is_proved():
    theorem = slope_of_log()
    assert theorem.mode is Mode.VALUE
    assert isinstance(theorem.left, indexed.Differential)
