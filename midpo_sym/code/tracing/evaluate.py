"""Numbers of an expression at a point, in double precision: to recognise, to search and to show.

Nothing is proved by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from midpo_sym.code.tracing.algebra import PI
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

_TIE = 1e-9  # how near two sides of a maximum are taken to be one


def value_at(node: Expression, point: Mapping[str, float]) -> float:
    """Return the value of an expression of parameters and numbers; NaN where it has none.

    Args:
        node: the expression.
        point: the value of each parameter.
    """
    try:
        return _value(node, point)
    except (ArithmeticError, ValueError):
        return math.nan


def _value(node: Expression, point: Mapping[str, float]) -> float:  # noqa: C901, PLR0911 - one case for each kind of node
    match node:
        case tree.Number(value=value):
            return float(value)
        case tree.Parameter(name=name):
            return math.pi if node == PI else point[name]
        case tree.Exp(body=body):
            return math.exp(_value(body, point))
        case tree.Log(body=tree.Add(terms=(tree.Number(value=1), rest))):
            return math.log1p(_value(rest, point))
        case tree.Log(body=body):
            return _logarithm(body, point)
        case tree.Neg(body=body) | tree.StopGradient(body=body):
            return -_value(body, point) if isinstance(node, tree.Neg) else _value(body, point)
    parts = [_value(each, point) for each in node.children()]
    match node:
        case tree.Add():
            return math.fsum(parts)
        case tree.Mul():
            return math.prod(parts)
        case tree.Div():
            return parts[0] / parts[1]
        case tree.Pow():
            return float(parts[0] ** parts[1])
        case tree.Max():
            return max(parts)
        case tree.CauchyCdf():
            return math.atan2(1, -parts[0]) / math.pi  # atan(a)/π + 1/2, precise in its lower tail
    raise AssertionError(node)


def _logarithm(body: Expression, point: Mapping[str, float]) -> float:
    """Return the logarithm of a value, which may be too small for a float itself."""
    match body:
        case tree.Parameter(name=name) if (known := point.get(logarithm_of(name))) is not None:
            return known
        case tree.Exp(body=inner):
            return _value(inner, point)
        case tree.Div(numerator=above, denominator=below) if above.positive and below.positive:
            return _logarithm(above, point) - _logarithm(below, point)
        case tree.Pow(base=base, exponent=exponent) if base.positive:
            return _value(exponent, point) * _logarithm(base, point)
        case tree.Mul(factors=factors) if all(each.positive for each in factors):
            return math.fsum(_logarithm(each, point) for each in factors)
    return math.log(_value(body, point))


def logarithm_of(name: str) -> str:
    """Return the name under which a point has the logarithm of a probability."""
    return f"log {name}"


def slopes_at(
    node: Expression, point: Mapping[str, float], logarithmic: AbstractSet[str]
) -> dict[str, float]:
    """Return the derivatives of an expression at a point, by each of its variables; sg has none.

    They are NaN where the expression has none: at a tie of a maximum.

    Args:
        node: the expression.
        point: the value of each parameter.
        logarithmic: the variables by whose logarithms derivatives are taken.
    """
    found: dict[str, float] = {}
    try:
        _push(node, 1.0, point, logarithmic, found)
    except (ArithmeticError, ValueError):
        return dict.fromkeys(point, math.nan)
    return found


def _push(  # noqa: C901, PLR0912 - one case for each kind of node
    node: Expression,
    factor: float,
    point: Mapping[str, float],
    logarithmic: AbstractSet[str],
    found: dict[str, float],
) -> None:
    """Add what moves through a node, times a factor."""

    def push(inner: Expression, by: float) -> None:
        if by:
            _push(inner, factor * by, point, logarithmic, found)

    match node:
        case tree.Parameter(name=name):
            by = point[name] if name in logarithmic else 1.0
            found[name] = found.get(name, 0.0) + factor * by
        case tree.Log(body=tree.Parameter(name=name)) if name in logarithmic:
            found[name] = found.get(name, 0.0) + factor
        case tree.Log(body=tree.Exp(body=inner)):
            push(inner, 1.0)
        case tree.Log(body=tree.Div(numerator=above, denominator=below)) if (
            above.positive and below.positive
        ):
            push(tree.Log(above), 1.0)
            push(tree.Log(below), -1.0)
        case tree.Log(body=tree.Mul(factors=factors)) if all(each.positive for each in factors):
            for each in factors:
                push(tree.Log(each), 1.0)
        case tree.Log(body=tree.Pow(base=base, exponent=exponent)) if base.positive:
            push(tree.Log(base), _value(exponent, point))
            push(exponent, _logarithm(base, point))
        case tree.Log(body=body):
            push(body, 1 / _value(body, point))
        case tree.Exp(body=body):
            push(body, math.exp(_value(body, point)))
        case tree.Neg(body=body):
            push(body, -1.0)
        case tree.Add(terms=terms):
            for each in terms:
                push(each, 1.0)
        case tree.Mul(factors=factors):
            values = [_value(each, point) for each in factors]
            for k, each in enumerate(factors):
                push(each, math.prod(values[:k] + values[k + 1 :]))
        case tree.Div(numerator=above, denominator=below):
            divisor = _value(below, point)
            push(above, 1 / divisor)
            push(below, -_value(above, point) / divisor**2)
        case tree.Pow(base=base, exponent=exponent):
            power = _value(exponent, point)
            push(base, power * _value(base, point) ** (power - 1))
            if not isinstance(exponent, tree.Number):
                push(exponent, _value(node, point) * _logarithm(base, point))
        case tree.Max(left=left, right=right):
            rise = _value(left, point) - _value(right, point)
            if abs(rise) <= _TIE and left != right:
                raise ArithmeticError("where two branches meet there is no derivative")
            push(left if rise > 0 else right, 1.0)
        case tree.CauchyCdf(body=body):
            push(body, 1 / (math.pi * (1 + _value(body, point) ** 2)))
