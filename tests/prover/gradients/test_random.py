"""Gradients of random losses, against an evaluation that shares nothing with the package.

A thousand are for `benchmarks/attack.py --gradients`.
"""

from __future__ import annotations

import pytest
from attacks.gradients import attack

FEW = range(4)
MANY = range(4, 40)


@pytest.mark.slow
def test_gradients_of_random_losses_are_right():
    assert [attack(0, number)[0].kind for number in FEW] == ["right"] * len(FEW)


@pytest.mark.slow
@pytest.mark.parametrize("number", MANY)
def test_gradients_of_many_random_losses_are_right(number):
    (found,) = attack(0, number)
    assert found.kind in ("right", "unknown"), found.detail
