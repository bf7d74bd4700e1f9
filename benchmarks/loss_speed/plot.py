"""The plot: time and extra memory of every method, and how they grow."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from .figures import Figures
from .inputs import Size
from .methods import METHODS
from .report import PATHS, TITLES

OWN, OTHER = "#1b6e8c", "#c0c4c8"
LINES = ("-", "--", ":")
SHOWN = ("dpo", "tdpo")
MEASURES = {"seconds": ("time, ms", 1e3), "extra_mib": ("extra memory, MiB", 1.0)}


def draw(figures: Figures, path: Path) -> None:
    """Write the plot as SVG, the same bytes for the same figures."""
    panels = [(way, Size(dtype=dtype)) for way in PATHS for dtype in ("float32", "bfloat16")]
    with mpl.rc_context({"svg.hashsalt": "losses", "font.size": 8, "svg.fonttype": "none"}):
        canvas = Canvas(figsize=(11, 15), layout="constrained")
        axes = canvas.subplots(len(panels) + 1, 2, squeeze=False)
        for row, (way, size) in zip(axes, panels, strict=False):
            for axis, measure in zip(row, MEASURES, strict=True):
                bars(axis, figures, way, size, measure)
        for axis, measure in zip(axes[-1], MEASURES, strict=True):
            growth(axis, figures, measure)
        canvas.savefig(path, format="svg", metadata={"Date": None})


def bars(axis: Axes, figures: Figures, way: str, size: Size, measure: str) -> None:
    label, scale = MEASURES[measure]
    found = [
        (f"{TITLES[loss]}: {method.name}", value * scale, OWN if method.own else OTHER)
        for loss in SHOWN
        for method in METHODS
        if (value := figures.value(way, loss, method.name, measure, size)) is not None
    ]
    for name, value, colour in reversed(found):
        axis.barh(name, value, color=colour)
        axis.text(value, name, f" {value:,.0f}", va="center")
    axis.set_xlabel(label)
    axis.set_title(f"{PATHS[way]}, {size.dtype}, V = {size.vocabulary:,}")
    axis.margins(x=0.12)
    axis.spines[["top", "right"]].set_visible(False)


def growth(axis: Axes, figures: Figures, measure: str) -> None:
    """Draw growth in tokens: the other dimensions look alike and are in the table."""
    label, scale = MEASURES[measure]
    base = Size()
    rows = [
        row
        for row in figures
        if row.part == "growth" and row.measure == measure and row.size.pairs == base.pairs
    ]
    for style, (way, loss) in zip(LINES, sorted({(r.path, r.loss) for r in rows}), strict=False):
        some = [row for row in rows if (row.path, row.loss) == (way, loss)]
        vocabulary = min(row.size.vocabulary for row in some if row.size.tokens != base.tokens)
        for method in METHODS:
            points = sorted(
                (row.size.tokens, row.value * scale)
                for row in some
                if row.method == method.name
                and row.size.vocabulary == vocabulary
                and not row.size.prompt
                and method.path == way
            )
            if points:
                axis.plot(
                    *zip(*points, strict=True),
                    style,
                    marker="o",
                    markersize=3,
                    color=OWN if method.own else "#777777",
                    label=f"{TITLES[loss]}, {way}: {method.name}",
                )
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xlabel("tokens")
    axis.set_ylabel(label)
    axis.set_title("Growth in tokens")
    axis.legend(fontsize=6)
    axis.spines[["top", "right"]].set_visible(False)
