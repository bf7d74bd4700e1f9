"""Numbers of an expression at a point, in double precision: to recognise, to search and to show.

Nothing is proved by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression


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


def _value(node: Expression, point: Mapping[str, float]) -> float:  # noqa: PLR0911 - one case for each kind of node
    match node:
        case tree.Number(value=value):
            return float(value)
        case tree.Parameter(name=name):
            return point[name]
        case tree.Exp(body=body):
            return math.exp(_value(body, point))
        case tree.Log(body=tree.Add(terms=(tree.Number(value=1), rest))):
            return math.log1p(_value(rest, point))
        case tree.Log(body=body):
            return math.log(_value(body, point))
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
    raise AssertionError(node)
