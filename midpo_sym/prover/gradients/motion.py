"""Whether log π of a response falls under a small step of gradient descent on one pair.

With L's gradient c_w ∇log π(y_w) + c_l ∇log π(y_l), a step against it changes log π(y_w) at the
rate −(c_w ‖∇log π(y_w)‖² + c_l ⟨∇log π(y_w), ∇log π(y_l)⟩), whatever the policy's parameters are.
Of a tabular policy, with logits of its own for each prefix, the products are known (decision 28).
What is said is compared with steps of random tabular policies before anybody reads it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from midpo_sym.judges import tabular
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Theorem, decide
from midpo_sym.language import tree
from midpo_sym.language.sign import can_be_positive
from midpo_sym.language.tree import Expression
from midpo_sym.prover.gradients.gradient import Coefficient, Gradient
from midpo_sym.prover.gradients.products import Product
from midpo_sym.prover.gradients.signs import Sign, kind_of, sign_of
from midpo_sym.prover.verdict import DisagreementError

OTHER = {"w": "l", "l": "w"}
_TOLERANCE = 1e-12  # of a rate, relative
_CLEAR = 1e-4  # a rate whose sign is compared


@dataclass(frozen=True, slots=True)
class Motion:
    """When log π(y) falls, as the loss's gradient is followed downwards.

    With c the coefficients, g = ∇log π(y) of the response and h that of the other one, it falls
    just where c_y ‖g‖² + c_other ⟨g, h⟩ > 0. If c_y = −ρ c_other, for a `ratio` ρ that never
    divides by zero, that is where c_other (⟨g, h⟩ − ρ ‖g‖²) > 0. Of a tabular policy ⟨g, h⟩ < ‖g‖².

    Attributes:
        response: whose log-probability moves.
        own: c_y; None if it is zero.
        other: c_other; None if it is zero.
        sign: the sign of c_other, or of c_y where there is no other.
        ratio: ρ; None if there is none.
        theorem: the kernel's theorem that c_y is −ρ c_other; None if there is no ρ.
        tabular: of a tabular policy: `falls`, `rises`, `as the sign` where it falls just where
            c_other has the sign against it, or "" where it depends on the policy.
        unless: where `tabular` says something only for ratios of one or more: ρ; else None.
    """

    response: str
    own: Expression | None
    other: Expression | None
    sign: Sign
    ratio: Expression | None = None
    theorem: Theorem | None = None
    tabular: str = ""
    unless: Expression | None = None


def motions(gradient: Gradient) -> tuple[Motion, ...]:
    """Return when log π(y_w) and log π(y_l) fall; none where it cannot be said of whole responses.

    Raises:
        DisagreementError: a step of a tabular policy contradicts it.
    """
    plain = all(
        isinstance(each.coordinate, tree.Log) and not each.by_token
        for each in gradient.coefficients
    )
    if not gradient.is_proved or not plain or not gradient.coefficients:
        return ()
    found = [_motion(gradient, response) for response in ("w", "l")]
    if not all(found):
        return ()
    known = tuple(each for each in found if each)
    return known if _compare(gradient, known) else ()


def norm(response: str) -> Expression:
    """Return ‖∇log π(y)‖² of a tabular policy: Σ_t (1 − 2 π(y_t) + Σ_u π(u)²)."""
    token = tree.TokenProbability("pi", response)
    square = tree.Statistic("sum_of_squares", response)
    return tree.TokenSum(response, tree.Number(1) - 2 * token + square)


def _product(coefficient: Coefficient) -> Product:
    ((outer, inner),) = coefficient.terms
    return outer.times(inner)


def _motion(gradient: Gradient, response: str) -> Motion | None:
    """Return when log π of one response falls; None if the kernel does not confirm the ratio."""
    own, other = gradient.of(response), gradient.of(OTHER[response])
    if other is None:
        assert own is not None  # one of them is not zero
        return Motion(response, own.value, None, own.sign, tabular=_alone(own.sign))
    if own is None:
        return Motion(response, None, other.value, other.sign)
    above, below = _product(own), _product(other)
    quotient = Product(-above.number, above.over, above.under).times(below.inverse()).shortened()
    if not sign_of(Product(over=quotient.under)).is_strict:  # c_other may be zero, and c_y not
        return Motion(response, own.value, other.value, other.sign)
    ratio = quotient.tree
    try:
        theorem = decide(own.value, tree.Neg(tree.mul(ratio, other.value))).theorem
    except (OutsideClassError, ZeroDenominatorError, ValueError):
        return None
    if theorem is None:
        return None
    said, unless = _of_tabular(other.sign, sign_of(quotient), ratio)
    return Motion(response, own.value, other.value, other.sign, ratio, theorem, said, unless)


def _alone(sign: Sign) -> str:
    """Return what log π does where the loss speaks of no other response."""
    if not sign.is_strict:
        return "as the sign"
    return "falls" if sign.direction > 0 else "rises"


def _of_tabular(sign: Sign, of_ratio: Sign, ratio: Expression) -> tuple[str, Expression | None]:
    """Return what log π does in a tabular policy, where ρ ≥ 1, and ρ if that has to be asked."""
    if not of_ratio.is_strict or of_ratio.direction < 0:
        return "", None
    said = "as the sign"
    if sign.is_strict:
        said = "rises" if sign.direction > 0 else "falls"
    return said, None if _is_at_least_one(ratio) else ratio


def _is_at_least_one(ratio: Expression) -> bool:
    """Return whether a ratio is one or more by its form."""
    if not can_be_positive(tree.Number(1) - ratio):
        return True
    terms = list(ratio.terms) if isinstance(ratio, tree.Add) else []
    if tree.Number(1) not in terms:
        return False
    terms.remove(tree.Number(1))
    return all((kind_of(each) or 0) > 0 for each in terms)


def _compare(gradient: Gradient, found: tuple[Motion, ...]) -> bool:
    """Compare what is said with small steps of random tabular policies; return if there was one.

    Raises:
        DisagreementError: a step contradicts it.
    """
    right: list[bool] = []
    for digits in (tabular.DIGITS, tabular.MORE_DIGITS):
        right = []
        try:
            for step in tabular.steps(gradient.loss, digits):
                with suppress(ZeroDivisionError):
                    right.append(all(_is_as_said(step, each) for each in found))
        except OverflowError:
            return False
        if all(right):
            return bool(right)
    message = "a step of a tabular policy contradicts what is said of it"
    raise DisagreementError(message)


def _is_as_said(step: tabular.Step, motion: Motion) -> bool:
    """Return whether log π changes in a step as is said."""
    response, other = motion.response, OTHER[motion.response]
    close = step.laboratory.close
    rate = step.rates[response]
    norm_of = step.products[response, response]
    product = step.products["w", "l"]
    own = step.value(motion.own) if motion.own is not None else 0
    across = step.value(motion.other) if motion.other is not None else 0
    said = -(own * norm_of + across * product)
    wrong = not close(rate, said, _TOLERANCE)
    wrong |= not close(norm_of, step.value(norm(response)), _TOLERANCE)
    wrong |= not product < step.products[other, other]
    if motion.tabular and abs(rate) > _CLEAR:
        bound = motion.unless
        applies = bound is None or step.value(bound) >= 1
        falls = {"falls": True, "rises": False}.get(motion.tabular, _by_sign(motion, own, across))
        wrong |= applies and falls is not (rate < 0)
    return not wrong


def _by_sign(motion: Motion, own: Any, across: Any) -> bool:
    """Return whether log π falls by the sign of the coefficient before the other response."""
    return bool(across < 0) if motion.other is not None else bool(own > 0)
