"""Newton's method for small smooth problems, down to rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from midpo_sym.lab.checks import Array
from midpo_sym.lab.policies import Logits

# From points, shape (batch, size), to values, (batch,), and gradients, (batch, size); analytic, so
# that it takes complex points.
Objective: TypeAlias = Callable[[Logits], tuple[Logits, Logits]]

GRADIENT = 1e-11  # largest entry of the gradient at a minimum, relative to the value
ZERO = 1e-8  # a loss below this has run to its infimum 0, which no point attains
_LIMIT = 1000  # steps
_LONGEST = 4.0  # largest entry of a step, or half of the largest one of the point
_FLAT = 1e-13  # curvature, relative to the largest, that counts as none
_IMAGINARY = 1e-30
_HALVINGS = 40
_SUFFICIENT = 1e-4  # share of the promised decrease that a step has to make


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where a minimisation ended.

    Attributes:
        point: the point.
        value: the objective there.
        gradient: the largest entry of its gradient there.
        curvature: the smallest eigenvalue of its Hessian there.
        steps: how many steps it took.
    """

    point: Array
    value: float
    gradient: float
    curvature: float
    steps: int

    @property
    def ran_to_zero(self) -> bool:
        """Whether it stopped because the objective was as good as 0."""
        return self.value <= ZERO

    @property
    def converged(self) -> bool:
        """Whether it stopped for a reason other than running out of steps."""
        return self.gradient <= GRADIENT * self.value or self.ran_to_zero


def minimise(objective: Objective, start: Array) -> Minimum:
    """Go downhill by Newton steps, each eigenvalue of the Hessian taken by its size.

    The Hessian comes from imaginary steps of the gradient and has no error but rounding. A saddle
    point is left along its negative curvature; directions without curvature are left alone.

    Args:
        objective: value and gradient; not negative.
        start: where to start; shape (size,).
    """
    point = start
    for steps in range(_LIMIT + 1):
        value, gradient = _at(objective, point)
        hessian = _hessian(objective, point)
        curvatures, directions = np.linalg.eigh(hessian)
        size = float(np.abs(gradient).max())
        found = Minimum(point, value, size, float(curvatures[0]), steps)
        if found.converged:
            return found
        sizes = np.abs(curvatures)
        steep = sizes > _FLAT * sizes.max()
        along = directions.T @ gradient
        step = -directions[:, steep] @ (along[steep] / sizes[steep])
        step *= min(1.0, max(_LONGEST, np.abs(point).max() / 2) / np.abs(step).max())
        moved = _downhill(objective, point, value, step, float(gradient @ step))
        if moved is None:
            return found
        point = moved
    return found


def _downhill(
    objective: Objective, point: Array, value: float, step: Array, slope: float
) -> Array | None:
    """Return the first of ever shorter steps that goes down enough."""
    rounding = 4 * float(np.finfo(np.float64).eps) * (1 + abs(value))
    for halving in range(_HALVINGS):
        share = 0.5**halving
        there, _ = _at(objective, point + share * step)
        if there <= value + _SUFFICIENT * share * slope + rounding:
            return point + share * step
    return None


def _at(objective: Objective, point: Array) -> tuple[float, Array]:
    values, gradients = objective(point[None])
    return float(values[0]), np.asarray(gradients[0])


def _hessian(objective: Objective, point: Array) -> Array:
    around = point + 1j * _IMAGINARY * np.eye(point.size)
    _, gradients = objective(around)
    hessian = gradients.imag / _IMAGINARY
    return np.asarray((hessian + hessian.T) / 2)
