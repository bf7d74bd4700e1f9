"""What the coefficients of a gradient predict, beside the derivative of the loss itself.

By the evaluation of `oracles.trees.independent`, which shares nothing with the package but the
tree: at random language models the logits of the policy move along a random direction, and the
derivatives of the loss and of each coordinate come from complex steps.
"""

from __future__ import annotations

import math

from oracles.trees.independent import STEP, Point, evaluate

from midpo_sym.language import tree
from midpo_sym.prover.gradients.gradient import Gradient

SMALL = 1e-7


def disagreements(gradient: Gradient, loss: tree.Expression, seeds: int = 3) -> list[str]:
    """Return the points at which coefficients and the derivative of a loss differ.

    A point at which something is not a number, or too large for one, counts neither way.
    """
    found = []
    for seed in range(seeds):
        point = Point(seed)
        try:
            said, true = predicted(gradient, point), evaluate(loss, point).imag / STEP
        except (ZeroDivisionError, OverflowError, ValueError):
            continue
        if math.isfinite(said + true) and not math.isclose(
            said, true, rel_tol=SMALL, abs_tol=SMALL
        ):
            found.append(f"seed {seed}: {said} predicted, {true} found")
    return found


def predicted(gradient: Gradient, point: Point) -> float:
    """Return Σ c(t) × the derivative of the coordinate of the token t."""
    return sum(
        evaluate(each.value, point, t).real * evaluate(each.coordinate, point, t).imag / STEP
        for each in gradient.coefficients
        for t in range(point.length(each.response))
    )
