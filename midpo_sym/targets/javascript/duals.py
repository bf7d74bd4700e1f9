"""Operations run here, as the browser runs their script: on pairs (value, derivative)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce

from midpo_sym.plan import operations
from midpo_sym.plan.operations import Operation, Parameter, Statistic
from midpo_sym.targets.javascript.printer import variable

Dual = tuple[float, float]


def run(operation: Operation, point: Mapping[str, Dual]) -> Dual:  # noqa: PLR0911 - one case for each kind of node
    """Return value and derivative of an operation of `lower`.

    Args:
        operation: what to run.
        point: value and derivative of each of its variables.

    Raises:
        ValueError: a logarithm is not defined, or the script has no such operation.
        ArithmeticError: something is divided by zero, or too large.
    """
    match operation:
        case operations.Number(value=value):
            return float(value), 0.0
        case Parameter() | Statistic():
            return point[variable(operation)]
        case operations.Add(terms=terms):
            signed = (_signed(sign, run(each, point)) for sign, each in terms)
            return reduce(lambda a, b: (a[0] + b[0], a[1] + b[1]), signed)
        case operations.Mul(factors=factors):
            return reduce(_product, (run(each, point) for each in factors))
        case operations.Div(numerator=numerator, denominator=denominator):
            a, b = run(numerator, point), run(denominator, point)
            return a[0] / b[0], (a[1] * b[0] - a[0] * b[1]) / b[0] ** 2
        case operations.Pow(base=base, exponent=exponent):
            return _power(run(base, point), run(exponent, point))
        case operations.Max(left=left, right=right):
            a, b = run(left, point), run(right, point)
            return a if a[0] >= b[0] else b
        case operations.Exp(body=body):
            a = run(body, point)
            return math.exp(a[0]), math.exp(a[0]) * a[1]
        case operations.Log(body=body):
            a = run(body, point)
            return math.log(a[0]), a[1] / a[0]
        case operations.Detached(body=body):
            return run(body, point)[0], 0.0
    message = f"midpo.js has no function for {type(operation).__name__}"
    raise ValueError(message)


def _signed(sign: int, a: Dual) -> Dual:
    return a if sign > 0 else (-a[0], -a[1])


def _product(a: Dual, b: Dual) -> Dual:
    return a[0] * b[0], a[1] * b[0] + a[0] * b[1]


def _power(a: Dual, b: Dual) -> Dual:
    value = a[0] ** b[0]
    slope = b[0] * a[0] ** (b[0] - 1) * a[1] if a[1] else 0.0
    return value, slope + (value * math.log(a[0]) * b[1] if b[1] else 0.0)
