"""The curves of a loss as SVG whose colours are the page's: one file for light and dark."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midpo_sym.files import keep
from midpo_sym.site.live.program import HORIZON, Program, Slider, point, run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 49
_WIDTH, _HEIGHT = 4.6, 2.9  # inches, of 72 units of the SVG each
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.13, 0.97, 0.17, 0.95  # of the axes, in shares of the figure
_INK, _CURVE, _FAINT = "#010203", "#010204", "#010205"
_COLOURS = {
    _INK: "var(--midpo-ink)",
    _CURVE: "var(--midpo-curve)",
    _FAINT: "var(--midpo-faint)",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the axes of a plot lie in its SVG, so that a script can draw into them.

    Attributes:
        box: left, right, bottom and top edge, in units of the SVG.
        low: the least value shown.
        high: the largest value shown.
    """

    box: tuple[float, float, float, float]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Plot:
    """One curve, drawn."""

    svg: str
    frame: Frame


def curves(program: Program, sliders: Sequence[Slider]) -> tuple[list[float], ...]:
    """Return the places, the values of the loss there, and its derivatives."""
    places = [HORIZON * (2 * k / (_POINTS - 1) - 1) for k in range(_POINTS)]
    results = [run(program, point(program, sliders, x)) for x in places]
    return places, [value for value, _ in results], [slope for _, slope in results]


def draw(
    name: str, title: str, places: list[float], values: list[float], cache: Path | None
) -> Plot:
    """Return a plot of values over places.

    Args:
        name: prefix of every id in the SVG.
        title: what it shows, for those who cannot see it.
        places: x.
        values: y.
        cache: a folder of figures drawn before; None to draw anew.
    """
    low, high = _limits(values)
    box = (
        round(72 * _WIDTH * _LEFT, 2),
        round(72 * _WIDTH * _RIGHT, 2),
        round(72 * _HEIGHT * (1 - _BOTTOM), 2),
        round(72 * _HEIGHT * (1 - _TOP), 2),
    )
    drawn = [f"{value:.12g}" for value in (*places, *values)]
    key = hashlib.sha256("\n".join([_own_text(), name, title, *drawn]).encode()).hexdigest()
    path = cache / f"{key[:32]}.svg" if cache else None
    if path and path.is_file():
        return Plot(path.read_text(encoding="utf-8"), Frame(box, low, high))
    svg = _tidied(_figure(places, values, (low, high)), name, title)
    if path:
        keep(path, svg.encode())
    return Plot(svg, Frame(box, low, high))


def _own_text() -> str:
    return Path(__file__).read_text(encoding="utf-8")


def _limits(values: list[float]) -> tuple[float, float]:
    """Return limits with room for the curves that sliders will make."""
    low, high = min(*values, 0.0), max(*values, 0.0)
    room = 0.6 * (high - low) or 1.0
    return (low - room if low < 0 else 0.0), (high + room if high > 0 else 0.0)


def _figure(places: list[float], values: list[float], limits: tuple[float, float]) -> str:
    import matplotlib as mpl  # noqa: PLC0415 - half a second, and most figures are cached

    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "midpo", "font.size": 10}
    with mpl.rc_context(settings):
        from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415

        figure = Figure(figsize=(_WIDTH, _HEIGHT))
        FigureCanvasSVG(figure)
        figure.subplots_adjust(left=_LEFT, right=_RIGHT, bottom=_BOTTOM, top=_TOP)
        axes: Axes = figure.add_subplot()
        _dress(axes, limits)
        (line,) = axes.plot(places, values, color=_CURVE, linewidth=2.2)
        line.set_gid("curve")
        figure.patch.set_visible(False)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def _dress(axes: Any, limits: tuple[float, float]) -> None:
    axes.set_xlim(-HORIZON, HORIZON)
    axes.set_ylim(*limits)
    axes.patch.set_visible(False)
    axes.tick_params(colors=_INK, length=3)
    axes.axvline(0, color=_FAINT, linewidth=0.8)
    axes.axhline(0, color=_FAINT, linewidth=0.8)
    for side, spine in axes.spines.items():
        spine.set_color(_INK)
        spine.set_visible(side in ("left", "bottom"))


def _rounded(found: re.Match[str]) -> str:
    """Return coordinates to a tenth of a point, which is less than a pixel, and no idle space."""
    return re.sub(r"\s*([LM])\s*", r"\1", re.sub(r"(\d+\.\d)\d+", r"\1", found[0]))


def _tidied(svg: str, name: str, title: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Its rule "*{…}" would reach the whole page.
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    label = f'role="img" aria-label="{html.escape(title, quote=True)}" data-search-exclude'
    svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', label, svg, count=1)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    svg = svg.replace("xlink:href", "href").replace(' version="1.1"', "")
    svg = re.sub(r' (?:d|x|y)="[^"]*"', _rounded, svg)
    for colour, variable in _COLOURS.items():
        svg = svg.replace(colour, variable)
    # A mark looks as its definition says, a number as the style sheet says.
    svg = re.sub(r'(<use [^>]*?) style="[^"]*"', r"\1", svg)
    svg = re.sub(r'(<text )style="[^"]*text-anchor: (\w+)[^"]*"', r'\1text-anchor="\2"', svg)
    svg = re.sub(rf'<g id="{name}-curve">\s*<path', f'<path id="{name}-curve"', svg)
    svg = re.sub(r'<g(?: id="[^"]*")?>|</g>', "", svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip()
