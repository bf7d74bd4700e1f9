"""The study's figures as SVG; the same bytes for the same results."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from midpo_sym.lab.study.arms import Arm
from midpo_sym.lab.study.comparing import Comparison
from midpo_sym.lab.study.config import Study
from midpo_sym.lab.study.results import Results
from midpo_sym.lab.training.losses import find_loss

# Colours that colour-blind readers tell apart (Okabe and Ito 2008), and marks that need no colour.
FAMILIES = {
    "log-ratio to the reference": ("#0072b2", "o"),
    "log-ratio, lengths": ("#56b4e9", "s"),
    "token by token": ("#009e73", "^"),
    "no reference": ("#d55e00", "D"),
    "no reference, lengths": ("#e69f00", "v"),
    "learned prior": ("#cc79a7", "X"),
}


def family(study: Study, arm: Arm) -> str:
    """Return what a loss looks at."""
    if arm.learns_prior:
        return "learned prior"
    needs = find_loss(arm.of, study.own).needs
    if needs.kl or needs.weights or needs.statistics:
        return "token by token"
    if needs.reference:
        return "log-ratio, lengths" if needs.lengths else "log-ratio to the reference"
    return "no reference, lengths" if needs.lengths else "no reference"


def frontier(study: Study, arms: Sequence[Arm], results: Results, origin: str) -> bytes:
    """Return divergence and reward of every arm, a panel for each world, below the frontier.

    A line goes through the snapshots of a run, means over the seeds; its end has the mark.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    drawing, panels = _panels(len(study.worlds))
    for panel, world in zip(panels, study.worlds, strict=True):
        curves = [curve for (name, _), curve in results.frontiers.items() if name == world]
        if curves:
            places = [point[0] for point in curves[0]]
            best = [fmean(curve[k][1] for curve in curves) for k in range(len(places))]
            panel.plot(places, best, color="#000000", linewidth=1.2, label="most reward possible")
        for arm in arms:
            color, mark = FAMILIES[family(study, arm)]
            path = _path(results, world, arm.name)
            if not path:
                continue
            xs, ys = zip((0.0, 0.0), *path, strict=True)  # from the reference on
            panel.plot(xs, ys, color=color, linewidth=0.7, alpha=0.6)
            panel.scatter(xs[-1:], ys[-1:], color=color, marker=mark, s=22)
            panel.annotate(arm.name, (xs[-1], ys[-1]), fontsize=5, xytext=(3, 2),
                           textcoords="offset points")  # fmt: skip
        panel.set_title(world.replace("_", " "))
        panel.set_xlabel("KL(π‖π_ref), nats")
        panel.set_ylabel("reward gained")
        panel.grid(linewidth=0.3)
    used = {family(study, arm) for arm in arms}
    for name, (color, mark) in FAMILIES.items():
        if name in used:
            panels[0].scatter([], [], color=color, marker=mark, s=22, label=name)
    drawing.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return _svg(drawing, "Reward and divergence of every loss", origin)


def forest(comparisons: Mapping[str, Comparison], baseline: str, origin: str) -> bytes:
    """Return the differences of value from the baseline, with their intervals.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    drawing, panels = _panels(1, height=1.2 + 0.22 * len(comparisons))
    panel = panels[0]
    ordered = sorted(comparisons, key=lambda name: comparisons[name].estimate)
    for place, name in enumerate(ordered):
        each = comparisons[name]
        if abs(each.low) != float("inf"):
            panel.plot([each.low, each.high], [place, place], color="#666666", linewidth=1)
        panel.scatter([each.estimate], [place], color="#0072b2", s=18)
    panel.axvline(0, color="#000000", linewidth=0.8)
    panel.set_yticks(range(len(ordered)), ordered)
    panel.set_xlabel(f"value above that of {baseline}")
    panel.grid(axis="x", linewidth=0.3)
    return _svg(drawing, f"Value of every loss against {baseline}", origin)


def _path(results: Results, world: str, arm: str) -> list[tuple[float, float]]:
    """Return mean divergence and reward at each snapshot of the compared runs."""
    found: dict[int, list[tuple[float, float]]] = {}
    for row in results.rows:
        is_it = (row["phase"], row["world"], row["arm"]) == ("test", world, arm)
        if is_it and not row["failure"] and row["step"] is not None:
            found.setdefault(row["step"], []).append((row["kl"], row["reward_gain"]))
    return [
        (fmean(kl for kl, _ in found[step]), fmean(gain for _, gain in found[step]))
        for step in sorted(found)
    ]


def _panels(count: int, height: float = 4.2) -> tuple[Any, list[Any]]:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - slow, and an extra
    except ImportError as error:
        raise ImportError("figures need Matplotlib: in a checkout, pip install '.[lab]'") from error
    columns = min(count, 3)
    lines = -(-count // columns)
    drawing = Figure(figsize=(1.5 + 4.2 * columns, 1.0 + height * lines), layout="constrained")
    grid = drawing.subplots(lines, columns, squeeze=False).flatten().tolist()
    for panel in grid[count:]:
        panel.set_axis_off()
    return drawing, grid[:count]


def _svg(drawing: Any, title: str, origin: str) -> bytes:
    import matplotlib as mpl  # noqa: PLC0415 - as above

    metadata = {"Date": None, "Creator": None, "Title": title, "Description": origin}
    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "midpo_sym", "svg.fonttype": "path"}):
        drawing.savefig(file, format="svg", metadata=metadata)
    return file.getvalue()
