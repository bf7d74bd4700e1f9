"""Whether the gradient of an element is zero, with the rule for each kind of generator."""

from __future__ import annotations

import pytest
from generators.trees.towers import new

from midpo_sym.kernel.tower.generators import Generator
from midpo_sym.kernel.tower.slopes import is_still


def step(t, value):
    return t.generator(Generator("step", value, token=True, nonnegative=True))


# f(a) for a = log π, and its derivative by a; their sums over tokens are compared.
RULES = [
    (lambda _, a: a**3, lambda _, a: 3 * a**2),
    (lambda t, a: t.inverse(a), lambda t, a: -t.inverse(a**2)),
    (lambda t, a: t.exp(a), lambda t, a: t.exp(a)),
    (lambda t, a: t.exp(t.part(a, 3)), lambda t, a: t.part(t.exp(t.part(a, 3)), 3)),
    (lambda t, a: t.exp(a**2), lambda t, a: 2 * a * t.exp(a**2)),
    (lambda t, a: t.log(t.exp(a) + 1), lambda t, a: t.over(t.exp(a), t.exp(a) + 1)),
    (lambda t, a: t.log(1 - t.exp(a)), lambda t, a: t.over(t.exp(a), t.exp(a) - 1)),
    (  # the root of 1 + p: its derivative is p over twice the root
        lambda t, a: t.exp(t.part(t.log(t.exp(a) + 1), 2)),
        lambda t, a: t.part(t.over(t.exp(a), t.exp(t.part(t.log(t.exp(a) + 1), 2))), 2),
    ),
    (lambda t, a: step(t, t["xi"]) * a**2, lambda t, a: 2 * step(t, t["xi"]) * a),
    (lambda t, a: t["gamma"] * t["xi"] * a, lambda t, _: t["gamma"] * t["xi"]),
]


@pytest.mark.parametrize(("value", "slope"), RULES)
def test_rules(value, slope):
    """∇ Σ f(a) = Σ sg(f′(a)) ∇a, and not half of it, nor with one more."""
    t = new()
    flowing, held = t["logp"], t["held"]
    whole, weight = t.sum("w", value(t, flowing)), slope(t, held)
    same = t.sum("w", t.times(weight, flowing))
    assert is_still(t, t.plus(whole, -same))
    assert not is_still(t, whole)
    assert not is_still(t, t.plus(whole, -t.part(same, 2)))
    assert not is_still(t, t.plus(whole, -t.plus(same, t.sum("w", flowing))))


def test_what_has_no_policy_in_it_is_still():
    """Parameters, weights, what is inside sg, and the steps of a maximum."""
    t = new()
    held, xi = t["held"], t["xi"]
    for value in (t["gamma"], t.exp(t["alpha"]), t.sum("w", xi), t.exp(t.sum("w", held)), t.zero):
        assert is_still(t, value)
    assert is_still(t, t.sum("w", step(t, t["logp"]) * xi))


def test_functions_of_a_sum_over_tokens():
    """With S = Σ a: ∇S² = 2 sg(S) ∇S, ∇e^S = sg(e^S) ∇S, and ∇log(1 + Σ p) = ∇Σ p/(1 + Σ p)."""
    t = new()
    flowing, held = t["logp"], t["held"]
    total, kept = t.sum("w", flowing), t.sum("w", held)
    assert is_still(t, total**2 - 2 * kept * total)
    assert not is_still(t, total**2 - kept * total)
    assert is_still(t, t.exp(total) - t.exp(kept) * total)
    assert not is_still(t, t.exp(total) - total)
    chances, same = t.sum("w", t.exp(flowing)), t.sum("w", t.exp(held))
    assert is_still(t, t.plus(t.log(chances + 1), -t.over(chances, same + 1)))
    assert not is_still(t, t.plus(t.log(chances + 1), -t.over(chances, same + 2)))
    assert is_still(t, chances - t.sum("w", t.exp(held) * flowing))


def test_the_whole_response_at_each_token():
    """With E = e^S and u = p E: ∇ Σ e^u = Σ_t u e^u ∇a + (Σ_t u e^u) ∇S."""
    t = new()
    flowing, held = t["logp"], t["held"]
    total, kept = t.sum("w", flowing), t.sum("w", held)
    both, fixed = t.exp(flowing) * t.exp(total), t.exp(held) * t.exp(kept)
    weight = t.times(fixed, t.exp(fixed))
    own = t.sum("w", t.times(weight, flowing))
    other = t.times(t.sum("w", weight), total)
    value = t.sum("w", t.exp(both))
    assert is_still(t, t.plus(value, -t.plus(own, other)))
    assert not is_still(t, t.plus(value, -own))
    assert not is_still(t, t.plus(value, -other))


def test_roots_are_put_in():
    """√(1 + p) √(1 + p) = 1 + p: of ∇ (√(1 + p))² − ∇p nothing is left."""
    t = new()
    inner = t.exp(t["logp"]) + 1
    root = t.exp(t.part(t.log(inner), 2))
    assert is_still(t, t.sum("w", root**2) - t.sum("w", inner))
    assert not is_still(t, t.sum("w", root**2) - 2 * t.sum("w", inner))
