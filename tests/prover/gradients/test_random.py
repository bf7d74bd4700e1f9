"""Gradients of random losses, against an evaluation that shares nothing with the package."""

from __future__ import annotations

import pytest
from generators.trees.random_losses import derivation_of
from oracles.trees.gradients import disagreements
from oracles.trees.independent import Point, evaluate

from midpo_sym.prover.gradients.report import gradient_result

FEW = range(4)
MANY = range(4, 40)


def check(seed):
    derivation = derivation_of(seed)
    result = gradient_result(derivation)
    if result.gradient.is_proved:
        assert not disagreements(result.gradient, derivation.statement.target.loss)
        signs_are_right(result.gradient)
        assert result.motions is not None  # compared with steps when it is asked for
    return result.gradient


def signs_are_right(gradient):
    """The sign of a coefficient is what is said of it, at random points where it has a value."""
    for each in gradient.coefficients:
        for seed in range(3):
            point = Point(seed)
            for t in range(point.length(each.response)):
                decides = each.sign.decides
                try:
                    value = evaluate(each.value, point, t).real
                    of_factor = 1.0 if decides is None else evaluate(decides, point, t).real
                except (ZeroDivisionError, OverflowError, ValueError):
                    continue
                assert value * each.sign.direction * of_factor >= -1e-12


@pytest.mark.slow
def test_gradients_of_random_losses_are_right():
    assert sum(check(seed).is_proved for seed in FEW) == len(FEW)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_gradients_of_many_random_losses_are_right(seed):
    check(seed)
