"""From the coordinates of a gradient down to the logits of the policy.

With free logits z at a prefix, π(v) = exp z_v / Σ_u exp z_u. For a direction h in which the logits
may move, the kernel proves

    D log π(v)[h] = h(v) − Σ_u π(u) h(u),        D Σ_v f(v)[h] = Σ_u g(u) h(u)

of the log-probability of a token and of each statistic Σ_v f(π(v), π_ref(v), …): so that
∂ log π(v)/∂z_u = 1[u = v] − π(u), and ∂/∂z_u of the statistic is g(u).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.theorem import Theorem, decide_indexed
from midpo_sym.language import indexed, tree
from midpo_sym.language.links import VARIABLE
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.quantities.summands import summand
from midpo_sym.language.substitute import substitute
from midpo_sym.language.tree import Expression
from midpo_sym.prover.gradients.products import factored
from midpo_sym.prover.shapes.links import derivative
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.session import remembered

POLICY = "pi"
_LOGITS, _DIRECTION = "z", "h"
_TOTAL = tree.Parameter("total")  # stands for the value of the statistic
_EXP = tree.Exp(VARIABLE)  # π, by its logarithm: π ∂f/∂π is the derivative in that
_MULTIPLES, _OFFSETS = (0, 1, 2), (0, 1, -1)


@remembered(1)
def slope_of_log() -> Theorem:
    """Return the kernel's theorem of D log π(v)[h].

    Raises:
        DisagreementError: the kernel has none.
    """
    claimed = _direction("y") - indexed.IndexSum("y1", tree.mul(_policy("y1"), _direction("y1")))
    return _proved(tree.Log(_policy("y")), claimed)


@remembered(64)
def slope_of_statistic(name: str) -> tuple[Callable[[Expression, str], Expression], Theorem]:
    """Return ∂D/∂z_u of a statistic D, and the kernel's theorem of it.

    What is returned is called with the node that stands for the value of D, and with the index u.

    Raises:
        DisagreementError: the kernel has no theorem of it.
    """
    body = summand(name)
    policy = tree.Parameter(POLICY, "positive")
    weighted = _replaced(derivative(substitute(body, {POLICY: _EXP})), _EXP, policy)
    whole = _mean(name, weighted)
    slope = factored(weighted - tree.mul(policy, whole))
    value = indexed.IndexSum("y2", _at(body, "y2"))
    claimed = indexed.IndexSum(
        "y", tree.mul(_at(substitute(slope, {_TOTAL.name: value}), "y"), _direction("y"))
    )
    theorem = _proved(indexed.IndexSum("y", _at(body, "y")), claimed)

    def at(total: Expression, index: str) -> Expression:
        models: dict[str, Expression] = {
            model: indexed.Indexed(model, (index,), "positive") for model in STATISTICS[name].models
        }
        return substitute(slope, {**models, _TOTAL.name: total})

    return at, theorem


def _replaced(node: Expression, old: Expression, new: Expression) -> Expression:
    if node == old:
        return new
    return tree.over(node, [_replaced(child, old, new) for child in node.children()])


def _mean(name: str, weighted: Expression) -> Expression:
    """Return Σ_v π(v) ∂f/∂π(v) as m D + n, for whole numbers m and n that the kernel confirms.

    Raises:
        DisagreementError: there are none.
    """
    total = indexed.IndexSum("y", _at(summand(name), "y"))
    left = indexed.IndexSum("y", _at(weighted, "y"))
    for multiple, offset in product(_MULTIPLES, _OFFSETS):
        right = tree.Number(multiple) * total + offset
        if decide_indexed(left, right, _given()).theorem is not None:
            return factored(tree.Number(multiple) * _TOTAL + offset)
    message = f"the derivative of {name} by the logits is not expressible by its value"
    raise DisagreementError(message)


def _proved(body: Expression, claimed: Expression) -> Theorem:
    moved = indexed.Differential(body, _LOGITS, _DIRECTION)
    theorem = decide_indexed(moved, claimed, _given()).theorem
    if theorem is None:
        message = "the kernel has no theorem of a derivative by the logits"
        raise DisagreementError(message)
    return theorem


def _policy(index: str) -> Expression:
    """Return exp z_v / Σ_u exp z_u."""
    total = indexed.IndexSum("y3", tree.Exp(indexed.Indexed(_LOGITS, ("y3",))))
    return tree.Div(tree.Exp(indexed.Indexed(_LOGITS, (index,))), total)


def _direction(index: str) -> Expression:
    return indexed.Indexed(_DIRECTION, (index,))


def _at(node: Expression, index: str) -> Expression:
    """Return a summand with the models taken at an index."""
    frozen = {model: indexed.Indexed(model, (index,), "positive") for model in ("ref", "prev")}
    return substitute(node, {POLICY: _policy(index), **frozen})


def _given() -> tuple[Hypothesis, ...]:
    """Return that the frozen models are distributions."""
    return tuple(
        Hypothesis(indexed.Indexed(model, ("y",), "positive"), ("y",)) for model in ("ref", "prev")
    )
