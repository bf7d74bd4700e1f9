"""How functions are computed that their definitions lose digits of: rows of a table.

`1/(1 + exp(-a))` is right, but its slope is no number where the exponential overflows. A function
without a row is computed as what it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.plan.operations import Abs, Add, LogSigmoid, Max, Min, Operation, Sigmoid

Read = Callable[[Expression], Operation]  # the value of an argument, or its logarithm


@dataclass(frozen=True, slots=True)
class Stable:
    """How a function is computed.

    Attributes:
        value: its value, from a reader of values and the arguments.
        log: its logarithm in the same way, if that is had without the value.
        log_of_logs: its logarithm from a reader of logarithms, where all arguments are positive.
        of_numbers: whether it is computed so of numbers as well, and not of tensors only.
    """

    value: Callable[..., Operation]
    log: Callable[..., Operation] | None = None
    log_of_logs: Callable[..., Operation] | None = None
    of_numbers: bool = False


def _min(read: Read, a: Expression, b: Expression) -> Operation:
    return Min(read(a), read(b))


def _clip(read: Read, a: Expression, low: Expression, high: Expression) -> Operation:
    return Max(read(low), Min(read(a), read(high)))


def _log_sigmoid(read: Read, a: Expression) -> Operation:
    return LogSigmoid(read(a))


def _softplus(read: Read, a: Expression) -> Operation:
    # softplus(a) = -logsigmoid(-a); torch's own is the identity, and not exact, from 20 on
    return Add(((-1, LogSigmoid(read(tree.Neg(a)))),))


STABLE: Mapping[str, Stable] = {
    "sigmoid": Stable(lambda read, a: Sigmoid(read(a)), log=_log_sigmoid),
    "logsigmoid": Stable(_log_sigmoid),
    "softplus": Stable(_softplus),
    "abs": Stable(lambda read, a: Abs(read(a)), of_numbers=True),
    "min": Stable(_min, log_of_logs=_min, of_numbers=True),
    "clip": Stable(_clip, log_of_logs=_clip, of_numbers=True),
}
