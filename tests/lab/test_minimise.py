"""Newton's method, on functions whose minima are known."""

import numpy as np
import pytest

from midpo_sym.lab.minimise import minimise


def test_a_quadratic_takes_one_step():
    """(x − 1)² + 10 (y + 2)² + 1 is least, 1, at (1, −2); its Hessian has 2 and 20."""

    def objective(points):
        x, y = points.T
        return (x - 1) ** 2 + 10 * (y + 2) ** 2 + 1, np.stack([2 * (x - 1), 20 * (y + 2)], axis=1)

    end = minimise(objective, np.zeros(2))
    assert end.point == pytest.approx(np.array([1, -2]))
    assert (end.steps, end.value) == (1, 1)
    assert end.curvature == pytest.approx(2)
    assert end.converged


def test_a_valley_that_bends():
    """Rosenbrock's (1 − x)² + 100 (y − x²)² + 1 is least at (1, 1)."""

    def objective(points):
        x, y = points.T
        across = y - x**2
        slopes = [-2 * (1 - x) - 400 * x * across, 200 * across]
        return (1 - x) ** 2 + 100 * across**2 + 1, np.stack(slopes, axis=1)

    end = minimise(objective, np.array([-1.2, 1.0]))
    assert end.point == pytest.approx(np.ones(2), abs=1e-8)
    assert end.converged


def test_a_saddle_is_left():
    """(x² − 1)² + y² + 1 has a saddle at 0, and minima of 1 at x = ±1."""

    def objective(points):
        x, y = points.T
        return (x**2 - 1) ** 2 + y**2 + 1, np.stack([4 * x * (x**2 - 1), 2 * y], axis=1)

    end = minimise(objective, np.array([1e-3, 0.5]))
    assert end.value == pytest.approx(1)
    assert abs(end.point[0]) == pytest.approx(1)


def test_what_runs_to_zero_is_followed_until_it_is_small():
    def objective(points):
        return np.exp(-points[:, 0]), -np.exp(-points)

    end = minimise(objective, np.zeros(1))
    assert end.ran_to_zero
    assert end.converged
    assert end.value < 1e-8


def test_a_direction_without_curvature_is_left_alone():
    """x² + 1, in x and y: y stays where it was."""

    def objective(points):
        x = points[:, 0]
        return x**2 + 1, np.stack([2 * x, 0 * x], axis=1)

    assert minimise(objective, np.array([3.0, 7.0])).point.tolist() == [0, 7]


def test_a_gradient_that_is_wrong_does_not_converge():
    """Where every step goes uphill, the search ends without the word converged."""

    def objective(points):
        x = points[:, 0]
        return x**2 + 1, np.stack([-2 * (x - 5)], axis=1)

    assert not minimise(objective, np.array([1.0])).converged
