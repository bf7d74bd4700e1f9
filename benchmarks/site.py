"""How long the website takes to build, and how large its pages are.

    python benchmarks/site.py [--runs N] [--out DIR]

Each figure is the median of builds in processes of their own: with nothing of an earlier build,
with what an earlier build keeps, and by mkdocs without the plugin from the same pages, staged
beforehand. They run in turns, so that a slow spell of the machine hits all alike. The last figure
is a build after an edit of a specification, in a process that has built before, as
`midpo site serve` does it.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
MIDPO = (sys.executable, "-m", "midpo_sym", "site")
MKDOCS = (sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict")
ENVIRONMENT = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
EDITED = """
import time
from pathlib import Path
from midpo_sym.site import project
path = Path("derivations/simpo.toml")
project.build(Path("mkdocs.yml"), None)
for _ in range(2):
    path.write_text(path.read_text(encoding="utf-8") + "# edited\\n", encoding="utf-8")
    start = time.perf_counter()
    project.build(Path("mkdocs.yml"), None)
print(time.perf_counter() - start)
"""
OVERHEAD_BAR = 25  # per cent over plain mkdocs, warm
RELOAD_BAR = 2.0  # seconds, after an edit
PAGE_BAR = 150.0  # kB of HTML, without fonts


class Row(NamedTuple):
    """One figure."""

    part: str
    name: str
    figure: float
    unit: str
    bar: float | None = None

    @property
    def judged(self) -> str:
        """Return whether the bar is met, if there is one."""
        return "" if self.bar is None else "met" if self.figure <= self.bar else "missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="builds of each kind")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        checkout, staged = Path(name) / "checkout", Path(name) / "staged"
        checkout.mkdir()
        for part in ("derivations", "midpo_sym", "site"):  # the package's own copy reads its own
            shutil.copytree(ROOT / part, checkout / part)
        shutil.copy(ROOT / "mkdocs.yml", checkout)
        subprocess.run((*MIDPO, "stage", "--out", staged), cwd=checkout, check=True)
        rows = [*times(checkout, staged, given.runs), *sizes(checkout / "build/site")]
    write(rows, given.out)


def times(checkout: Path, staged: Path, runs: int) -> list[Row]:
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        shutil.rmtree(checkout / "build", ignore_errors=True)
        for what, command, folder in (
            ("cold", (*MIDPO, "build"), checkout),
            ("warm", (*MIDPO, "build"), checkout),
            ("plain mkdocs, the same pages", MKDOCS, staged),
        ):
            start = time.perf_counter()
            subprocess.run(
                command, cwd=folder, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL
            )
            found.setdefault(what, []).append(time.perf_counter() - start)
        found.setdefault("after an edit, served", []).append(edited(checkout))
    medians = {what: statistics.median(each) for what, each in found.items()}
    bars = {"after an edit, served": RELOAD_BAR}
    rows = [Row("build", what, each, "s", bars.get(what)) for what, each in medians.items()]
    over = 100 * (medians["warm"] / medians["plain mkdocs, the same pages"] - 1)
    return [*rows, Row("build", "warm, over plain mkdocs", over, "%", OVERHEAD_BAR)]


def edited(checkout: Path) -> float:
    """Return how long a build takes after an edit, in a process that has built before."""
    done = subprocess.run(
        (sys.executable, "-c", EDITED),
        cwd=checkout,
        check=True,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.strip().splitlines()[-1])


def sizes(site: Path) -> list[Row]:
    """Return the sizes of all pages but the smallest, and of the font."""
    rows = []
    pages = sorted(site.rglob("*.html"), key=lambda path: -path.stat().st_size)
    for path in pages:
        content, name = path.read_bytes(), path.relative_to(site).as_posix()
        if name.startswith("decisions/") or name == "404.html":
            continue
        rows.append(Row("page", name, len(content) / 1000, "kB", PAGE_BAR))
        rows.append(Row("page, gzip", name, len(gzip.compress(content)) / 1000, "kB"))
    font = site / "assets/generated/math.woff2"
    return [*rows, Row("font", font.name, font.stat().st_size / 1000, "kB")]


def write(rows: list[Row], out: Path) -> None:
    with (out / "site.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("part", "name", "figure", "unit", "bar"))
        table.writerows((r.part, r.name, f"{r.figure:.3f}", r.unit, r.bar) for r in rows)
    tools = ", ".join(f"{each} {version(each)}" for each in ("mkdocs", "mkdocs-material"))
    busy = f"{os.getloadavg()[2]:.1f} processes running on average"
    python = f"CPython {platform.python_version()}"
    lines = [
        "# The website: time to build, size of pages",
        "",
        f"Written by `benchmarks/site.py`. {os.cpu_count()} cores, {busy}, {python}, {tools}.",
        "",
        "| build | figure | bar | |",
        "| --- | ---: | ---: | --- |",
    ]
    for each in (row for row in rows if row.part == "build"):
        bar = "" if each.bar is None else f"≤ {each.bar:g} {each.unit}"
        lines.append(f"| {each.name} | {each.figure:.2f} {each.unit} | {bar} | {each.judged} |")
    lines += ["", f"HTML, without fonts; the bar is {PAGE_BAR:g} kB a page.", ""]
    lines += ["| page | kB | kB, gzip | |", "| --- | ---: | ---: | --- |"]
    small = {row.name: row.figure for row in rows if row.part == "page, gzip"}
    lines += [
        f"| {row.name} | {row.figure:.0f} | {small[row.name]:.0f} | {row.judged} |"
        for row in rows
        if row.part == "page"
    ]
    (font,) = (row.figure for row in rows if row.part == "font")
    lines += ["", f"The font of the mathematics: {font:.0f} kB, once."]
    text = "\n".join(lines) + "\n"
    (out / "site.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
