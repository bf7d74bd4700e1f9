"""Operations as JavaScript: calls of the functions of `midpo.js`, on numbers with derivatives."""

from __future__ import annotations

import json
from functools import reduce

from midpo_sym.plan import operations
from midpo_sym.plan.operations import Kind, Operation, Parameter, Statistic

_PREFIXES = {Kind.LOG_PROBABILITY: ("logp",), Kind.LENGTH: ("length",)}


def variable(leaf: Parameter | Statistic) -> str:
    """Return the name of what a loss depends on, such as `logp_pi_w`, `length_l` or `alpha`."""
    if isinstance(leaf, Parameter):
        return leaf.name
    parts = [*_PREFIXES.get(leaf.kind, ()), *leaf.of, leaf.response]
    return "_".join(each for each in parts if each)


def script(loss: Operation, id_: str, source: str) -> str:
    """Return a script that files a loss under its id, for `midpo.js` to run.

    Args:
        loss: of a pair.
        id_: of the algorithm.
        source: the file that it was made from.
    """
    return (
        f"// Generated from {source}: the loss of a pair. Numbers are [value, derivative].\n"
        "window.midpoLosses = window.midpoLosses || {};\n"
        f"window.midpoLosses[{json.dumps(id_)}] = (d, v) =>\n  {to_javascript(loss)};\n"
    )


def to_javascript(operation: Operation) -> str:  # noqa: PLR0911 - one case for each kind of node
    """Return an operation of `lower` as an expression: `d` has the functions, `v` the variables.

    Raises:
        ValueError: it is one that only other targets have a function for.
    """
    match operation:
        case operations.Number(value=value):
            return f"d.number({float(value)!r})"
        case Parameter() | Statistic():
            return f"v.{variable(operation)}"
        case operations.Add(terms=terms):
            signed = (
                to_javascript(each) if sign > 0 else f"d.negate({to_javascript(each)})"
                for sign, each in terms
            )
            return reduce(lambda one, other: f"d.add({one}, {other})", signed)
        case operations.Mul(factors=factors):
            texts = map(to_javascript, factors)
            return reduce(lambda one, other: f"d.multiply({one}, {other})", texts)
        case operations.Div(numerator=numerator, denominator=denominator):
            return f"d.divide({to_javascript(numerator)}, {to_javascript(denominator)})"
        case operations.Pow(base=base, exponent=exponent):
            return f"d.power({to_javascript(base)}, {to_javascript(exponent)})"
        case operations.Max(left=left, right=right):
            return f"d.max({to_javascript(left)}, {to_javascript(right)})"
        case operations.Exp(body=body):
            return f"d.exp({to_javascript(body)})"
        case operations.Log(body=body):
            return f"d.log({to_javascript(body)})"
        case operations.Detached(body=body):
            return f"d.hold({to_javascript(body)})"
    message = f"midpo.js has no function for {type(operation).__name__}"
    raise ValueError(message)
