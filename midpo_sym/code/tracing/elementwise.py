"""Operations of torch that go element by element: one row each, the law beside it.

A row gives the operands, which are broadcast against each other, and what comes out of one element
of each. `tests/code/tracing/test_operations.py` compares every row with torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from midpo_sym.code.tracing.algebra import (
    INFINITY,
    LESS,
    NOT_A_NUMBER,
    ONE,
    PI,
    TWO,
    ZERO,
    NotReadableError,
    angle,
    exp,
    log,
    log_sum_exp,
    minus,
    negative,
    number,
    over,
    plus,
    power,
    rational,
    sigmoid,
    softplus,
    times,
)
from midpo_sym.code.tracing.signs import Signs
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

_HALF = number(Fraction(1, 2))
_LIMIT = 20  # above which torch's softplus is a line unless it is told otherwise


@dataclass(frozen=True, slots=True)
class Elementwise:
    """What comes out of one element.

    Attributes:
        operands: names of the arguments that are broadcast, as torch's schema has them. One that is
            left out of a call is None.
        law: from the path and one element of each operand to an element.
    """

    operands: tuple[str, ...]
    law: Callable[..., Expression]


def _row(operands: str, law: Callable[..., Expression]) -> Elementwise:
    return Elementwise(tuple(operands.split()), law)


def _is(condition: Expression) -> bool:
    """Return whether a condition holds; conditions are numbers on a path."""
    value = rational(condition)
    if value is None:
        raise NotReadableError("a condition that is no comparison")
    return value != 0


def _clamp(
    signs: Signs, a: Expression, low: Expression | None, high: Expression | None
) -> Expression:
    if low is not None:  # min(max(a, low), high), as torch has it
        a = signs.larger(a, low)
    return a if high is None else signs.smaller(a, high)


def _huber(signs: Signs, a: Expression, b: Expression, delta: Expression) -> Expression:
    """Return a²/2 inside of delta, and delta*(|a| - delta/2) outside."""
    size = signs.size(minus(a, b))
    if signs.sign(minus(size, delta)) < 0:
        return times(_HALF, power(size, TWO))
    return times(delta, minus(size, times(_HALF, delta)))


def _huber_slope(
    signs: Signs, grad: Expression, a: Expression, b: Expression, delta: Expression
) -> Expression:
    gap = minus(a, b)
    size = signs.size(gap)
    if signs.sign(minus(size, delta)) < 0:
        return times(grad, gap)
    return times(grad, delta if signs.sign(gap) >= 0 else negative(delta))


def _smooth(signs: Signs, a: Expression, b: Expression, beta: Expression) -> Expression:
    """Return a²/(2 beta) inside of beta, and |a| - beta/2 outside."""
    return over(_huber(signs, a, b, beta), beta)


def _xlogy(_: Signs, a: Expression, b: Expression) -> Expression:
    return ZERO if rational(a) == 0 else times(a, log(b))


def _log1p(_: Signs, a: Expression) -> Expression:
    return log(plus(ONE, a))


def _tanh(a: Expression) -> Expression:
    return minus(times(TWO, sigmoid(times(TWO, a))), ONE)


def _softplus(_: Signs, a: Expression, k: Expression, limit: Expression) -> Expression:
    """Return log(1 + exp(k a))/k; above the limit torch has a, which is 2e-9 less at most."""
    _check_limit(limit)
    return over(softplus(times(k, a)), k)


def _softplus_slope(
    _: Signs, grad: Expression, a: Expression, k: Expression, limit: Expression
) -> Expression:
    _check_limit(limit)
    return times(grad, sigmoid(times(k, a)))


def _check_limit(limit: Expression) -> None:
    value = rational(limit)
    if value is None or value < _LIMIT:
        raise NotReadableError(f"a softplus that is a line above less than {_LIMIT}")


def _logit(_: Signs, a: Expression, eps: Expression | None) -> Expression:
    if eps is not None:
        raise NotReadableError("a logit that is cut off")
    return minus(log(a), log(minus(ONE, a)))


def _comparison(relation: str) -> Elementwise:
    def law(signs: Signs, a: Expression, b: Expression) -> Expression:
        return ONE if signs.holds(relation, a, b) else ZERO

    return _row("self other", law)


def _cross_entropy(
    _: Signs, a: Expression, target: Expression, weight: Expression | None, more: Expression | None
) -> Expression:
    """Return -w (q t log sigmoid(a) + (1 - t) log sigmoid(-a))."""
    first = times(target, softplus(negative(a)))
    loss = plus(
        times(more, first) if more is not None else first, times(minus(ONE, target), softplus(a))
    )
    return loss if weight is None else times(weight, loss)


def _of_probability(
    _: Signs, p: Expression, target: Expression, weight: Expression | None
) -> Expression:
    """Return -w (t log p + (1 - t) log(1 - p))."""

    def cut(weight_: Expression, q: Expression) -> Expression:  # torch cuts logarithms off
        if rational(weight_) == 0:
            return ZERO
        return times(weight_, _.larger(log(q), number(-100)))

    loss = negative(plus(cut(target, p), cut(minus(ONE, target), minus(ONE, p))))
    return loss if weight is None else times(weight, loss)


ELEMENTWISE: dict[str, Elementwise] = {
    # numbers and copies
    "clone": _row("self", lambda _, a: a),
    "_to_copy": _row("self", lambda _, a: a),
    "copy": _row("src", lambda _, a: a),
    "fill": _row("value", lambda _, a: a),
    "zero": _row("", lambda _: ZERO),
    "nan_to_num": _row("self", lambda _, a: a),
    # arithmetic
    "add": _row("self other alpha", lambda _, a, b, k: plus(a, times(k, b))),
    "sub": _row("self other alpha", lambda _, a, b, k: minus(a, times(k, b))),
    "rsub": _row("self other alpha", lambda _, a, b, k: minus(b, times(k, a))),
    "mul": _row("self other", lambda _, a, b: times(a, b)),
    "div": _row("self other", lambda _, a, b: over(a, b)),
    "neg": _row("self", lambda _, a: negative(a)),
    "reciprocal": _row("self", lambda _, a: over(ONE, a)),
    "pow": _row("self exponent", lambda _, a, b: power(a, b)),
    "sqrt": _row("self", lambda _, a: power(a, _HALF)),
    "rsqrt": _row("self", lambda _, a: over(ONE, power(a, _HALF))),
    "lerp": _row("self end weight", lambda _, a, b, k: plus(a, times(k, minus(b, a)))),
    "addcmul": _row(
        "self tensor1 tensor2 value", lambda _, a, b, c, k: plus(a, times(k, times(b, c)))
    ),
    "addcdiv": _row(
        "self tensor1 tensor2 value", lambda _, a, b, c, k: plus(a, times(k, over(b, c)))
    ),
    # exponentials and logarithms
    "exp": _row("self", lambda _, a: exp(a)),
    "exp2": _row("self", lambda _, a: power(TWO, a)),
    "expm1": _row("self", lambda _, a: minus(exp(a), ONE)),
    "log": _row("self", lambda _, a: log(a)),
    "log2": _row("self", lambda _, a: over(log(a), tree.Log(TWO))),
    "log10": _row("self", lambda _, a: over(log(a), tree.Log(number(10)))),
    "log1p": _row("self", _log1p),
    "xlogy": _row("self other", _xlogy),
    "logaddexp": _row("self other", lambda _, a, b: log_sum_exp([a, b])),
    "sigmoid": _row("self", lambda _, a: sigmoid(a)),
    "tanh": _row("self", lambda _, a: _tanh(a)),
    "log_sigmoid_forward": _row("self", lambda _, a: negative(softplus(negative(a)))),
    "softplus": _row("self beta threshold", _softplus),
    "atan": _row("self", lambda _, a: minus(angle(ONE, negative(a)), times(_HALF, PI))),
    "atan2": _row("self other", lambda _, y, x: angle(y, x)),
    "silu": _row("self", lambda _, a: times(a, sigmoid(a))),
    "logit": _row("self eps", _logit),
    # pieces
    "relu": _row("self", lambda s, a: s.larger(a, ZERO)),
    "abs": _row("self", lambda s, a: s.size(a)),
    "sgn": _row("self", lambda s, a: number(s.sign(a, jumps=True))),
    "sign": _row("self", lambda s, a: number(s.sign(a, jumps=True))),
    "maximum": _row("self other", lambda s, a, b: s.larger(a, b)),
    "minimum": _row("self other", lambda s, a, b: s.smaller(a, b)),
    "fmax": _row("self other", lambda s, a, b: s.larger(a, b)),
    "fmin": _row("self other", lambda s, a, b: s.smaller(a, b)),
    "clamp": _row("self min max", _clamp),
    "clamp_min": _row("self min", lambda s, a, b: s.larger(a, b)),
    "clamp_max": _row("self max", lambda s, a, b: s.smaller(a, b)),
    "hardtanh": _row("self min_val max_val", _clamp),
    "threshold": _row("self threshold value", lambda s, a, b, c: a if s.holds("gt", a, b) else c),
    "where": _row("condition self other", lambda _, p, a, b: a if _is(p) else b),
    "masked_fill": _row("self mask value", lambda _, a, p, b: b if _is(p) else a),
    # losses, before they are reduced
    "mse_loss": _row("self target", lambda _, a, b: power(minus(a, b), TWO)),
    "huber_loss": _row("self target delta", _huber),
    "smooth_l1_loss": _row("self target beta", _smooth),
    "binary_cross_entropy_with_logits": _row("self target weight pos_weight", _cross_entropy),
    "binary_cross_entropy": _row("self target weight", _of_probability),
    # derivatives
    "log_sigmoid_backward": _row(
        "grad_output self", lambda _, g, a: times(g, sigmoid(negative(a)))
    ),
    "sigmoid_backward": _row(
        "grad_output output", lambda _, g, s: times(g, times(s, minus(ONE, s)))
    ),
    "tanh_backward": _row("grad_output output", lambda _, g, s: times(g, minus(ONE, times(s, s)))),
    "softplus_backward": _row("grad_output self beta threshold", _softplus_slope),
    "silu_backward": _row(
        "grad_output self",
        lambda _, g, a: times(g, times(sigmoid(a), plus(ONE, times(a, minus(ONE, sigmoid(a)))))),
    ),
    "logit_backward": _row("grad_output self", lambda _, g, a: over(g, times(a, minus(ONE, a)))),
    "threshold_backward": _row(
        "grad_output self threshold", lambda s, g, a, b: g if s.sign(minus(a, b)) > 0 else ZERO
    ),
    "hardtanh_backward": _row(
        "grad_output self min_val max_val",
        lambda s, g, a, b, c: g if s.sign(minus(a, b)) > 0 and s.sign(minus(c, a)) > 0 else ZERO,
    ),
    "mse_loss_backward": _row(
        "grad_output self target", lambda _, g, a, b: times(g, times(TWO, minus(a, b)))
    ),
    "huber_loss_backward": _row("grad_output self target delta", _huber_slope),
    "smooth_l1_loss_backward": _row(
        "grad_output self target beta",
        lambda s, g, a, b, k: over(_huber_slope(s, g, a, b, k), k),
    ),
    "binary_cross_entropy_backward": _row(
        "grad_output self target",
        lambda s, g, p, t: times(
            g, over(minus(p, t), s.larger(times(p, minus(ONE, p)), number(Fraction(1, 10**12))))
        ),
    ),
    # comparisons: numbers on a path
    **{relation: _comparison(relation) for relation in ("eq", "ne", "lt", "le", "gt", "ge")},
    "isnan": _row("self", lambda _, a: ONE if a == NOT_A_NUMBER else ZERO),
    "isinf": _row("self", lambda _, a: ONE if a in (INFINITY, LESS) else ZERO),
}

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "isnan", "isinf"})
# Losses that torch reduces in the same operation: `reduction` is 0 for none, 1 mean, 2 sum.
REDUCED = frozenset(
    {
        "mse_loss",
        "huber_loss",
        "smooth_l1_loss",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
    }
)
REDUCED_BACKWARD = frozenset(f"{name}_backward" for name in REDUCED)


def divided(count: int, element: Expression) -> Expression:
    """Return an element of a mean's derivative."""
    return over(element, number(count))


Options = dict[str, Any]
