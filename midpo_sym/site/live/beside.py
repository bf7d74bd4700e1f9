"""A loss beside DPO's, as two small figures: its value, and the weight of the chosen response.

Both are evaluated from the specifications, with parameters at their usual values, and drawn as SVG
in the colours of the page: no script is needed.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.session import remembered
from midpo_sym.site.live.plot import curves
from midpo_sym.site.live.program import HORIZON, VARIABLE, loss_program, point, sliders
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation

_BASELINE = "dpo"  # what the others are drawn beside
_WIDE, _HIGH, _LEFT, _RIGHT, _TOP, _BOTTOM = 330, 210, 46, 8, 10, 38  # of a figure; its margins
# What lies beyond this many times DPO's largest value is cut off, but a quarter of the loss's own
# values is always to be seen, with some room.
_MOST, _ROOM = 4.0, 1.5
_FLAT = 1e-9  # of a curve, between its lowest and its highest value
_TICKS = 4  # of the vertical axis, about
_NICE = (1.0, 2.0, 5.0, 10.0)
_FAR = 9999.0  # units of a figure, beyond which a curve goes on out of sight
_X_LABEL = "log-ratio of the chosen response, in nats"


@dataclass(frozen=True, slots=True)
class Curves:
    """A loss over the log-ratio of the chosen response.

    Attributes:
        places: the log-ratios.
        values: of the loss of a pair there.
        weights: minus the loss's derivative there: what a step gives ∇log π(y_w).
        at: where everything else stands, in words.
    """

    places: tuple[float, ...]
    values: tuple[float, ...]
    weights: tuple[float, ...]
    at: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A loss beside DPO's.

    Attributes:
        loss: the figure of the values.
        weight: the figure of the weights.
        at: where everything else stands, of the loss.
        of_baseline: the same of DPO.
    """

    loss: str
    weight: str
    at: str
    of_baseline: str


def beside(derivation: Derivation) -> Beside | None:
    """Return a loss beside DPO's.

    None for DPO itself, and for what has no such curve: a loss that depends on other things than
    two responses whose tokens are all alike, or not on the chosen one.
    """
    baseline = library.get(_BASELINE)
    ours, other = curves_of(derivation), curves_of(baseline)
    if derivation.id == _BASELINE or ours is None or other is None:
        return None
    both = f"of {derivation.title}, and of {baseline.title}"
    return Beside(
        _figure(f"The loss {both}", ours.places, ours.values, other.values),
        _figure(f"The weight {both}", ours.places, ours.weights, other.weights),
        ours.at,
        other.at,
    )


@remembered(200)
def curves_of(derivation: Derivation) -> Curves | None:
    """Return the curves of a loss; None if it has none over the chosen response's log-ratio."""
    try:
        program = loss_program(derivation.statement)
        moved = sliders(derivation, program)
        if not {*program.variables()} <= {*point(program, moved, 0.0), VARIABLE}:
            return None
        places, values, slopes = curves(program, moved)
    except (ValueError, ArithmeticError):  # tokens that differ; what no number is large enough for
        return None
    if max(values) - min(values) < _FLAT:
        return None
    at = [
        f"{to_unicode(each.of, derivation.symbols)} = {each.value:g}"
        for each in moved
        if each.of is not None
    ]
    return Curves(tuple(places), tuple(values), tuple(-each for each in slopes), ", ".join(at))


def _figure(
    label: str, places: Sequence[float], ours: Sequence[float], other: Sequence[float]
) -> str:
    smallest = sorted(map(abs, ours))[: len(ours) // 4 + 1]
    most = max(_MOST * max(map(abs, other)), _ROOM * smallest[-1])
    low = max(min(*ours, *other, 0.0), -most)
    high = min(max(*ours, *other, 0.0), most)

    def x(value: float) -> float:
        return _LEFT + (value + HORIZON) / (2 * HORIZON) * (_WIDE - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HIGH - _TOP - _BOTTOM)

    def line(values: Sequence[float], kind: str) -> str:
        heights = (min(max(y(value), -_FAR), _FAR) for value in values)
        points = (f"{x(at):.1f} {height:.1f}" for at, height in zip(places, heights, strict=True))
        return f'<path class="{kind}" d="M{"L".join(points)}"/>'

    left, right, bottom = x(-HORIZON), x(HORIZON), y(low)
    axes = f"M{left:.1f} {y(high):.1f}V{bottom:.1f}H{right:.1f}"
    zero = f"M{x(0):.1f} {y(high):.1f}V{bottom:.1f}M{left:.1f} {y(0):.1f}H{right:.1f}"
    parts = [f'<path class="axis" d="{axes}"/>', f'<path class="zero" d="{zero}"/>']
    parts += [
        f'<text x="{x(at):.1f}" y="{bottom + 14:.1f}" text-anchor="middle">{_written(at)}</text>'
        for at in (-10, -5, 0, 5, 10)
    ]
    parts += [
        f'<text x="{left - 5:.1f}" y="{y(at) + 4:.1f}" text-anchor="end">{_written(at)}</text>'
        for at in _ticks(low, high)
    ]
    parts.append(
        f'<text x="{(left + right) / 2:.1f}" y="{_HIGH - 5}" text-anchor="middle">{_X_LABEL}</text>'
    )
    wide, tall = right - left, bottom - _TOP
    inner = (  # an SVG of its own, beyond whose edges nothing is drawn
        f'<svg x="{left:.1f}" y="{_TOP}" width="{wide:.1f}" height="{tall:.1f}" '
        f'viewBox="{left:.1f} {_TOP} {wide:.1f} {tall:.1f}" overflow="hidden">'
        f"{line(other, 'other')}{line(ours, 'ours')}</svg>"
    )
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{html.escape(label)}" '
        f"data-search-exclude>{''.join(parts)}{inner}</svg>"
    )


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers from low to high, about four of them."""
    size = 1.0
    while size * _NICE[-1] > high - low:
        size /= 10
    while size * _NICE[-1] * _TICKS < high - low:
        size *= 10
    step = next((size * each for each in _NICE if size * each * _TICKS >= high - low), size * 10)
    first = int(low / step) - 1
    found = [step * k for k in range(first, first + 3 * _TICKS)]
    room = step / 1000
    return [each for each in found if low - room <= each <= high + room]


def _written(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
