"""How long the website takes to build, and how large its pages are.

    python benchmarks/site.py [--runs N] [--out DIR]

Each figure is the median of builds in processes of their own: with nothing of an earlier build,
with what an earlier build keeps, and by mkdocs without the plugin from the same pages, staged
beforehand. They run in turns, so that a slow spell of the machine hits all alike. The last figures
are of `midpo site serve`: the time and the processor time from an edit of a specification until the
server hands out its page with the edit, of which up to half a second is the wait for the next look
at the files.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import os
import platform
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
MIDPO = (sys.executable, "-m", "midpo_sym", "site")
MKDOCS = (sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict")
ENVIRONMENT = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
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
        for part in ("benchmarks/conformance/formulas", "benchmarks/results", "tests/cases/code"):
            shutil.copytree(ROOT / part, checkout / part)  # what was found of libraries
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
            start, spent = time.perf_counter(), children()
            subprocess.run(
                command, cwd=folder, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL
            )
            found.setdefault(what, []).append(time.perf_counter() - start)
            found.setdefault(f"{what}, processor time", []).append(children() - spent)
        for wall, spent in edited(checkout):
            found.setdefault("after an edit, until it is served", []).append(wall)
            found.setdefault("after an edit, processor time", []).append(spent)
    medians = {what: statistics.median(each) for what, each in found.items()}
    bars = {"after an edit, until it is served": RELOAD_BAR}
    rows = [Row("build", what, each, "s", bars.get(what)) for what, each in medians.items()]
    plain = "plain mkdocs, the same pages"
    for end, bar in (("", OVERHEAD_BAR), (", processor time", None)):
        over = 100 * (medians[f"warm{end}"] / medians[f"{plain}{end}"] - 1)
        rows.append(Row("build", f"warm, over plain mkdocs{end}", over, "%", bar))
    return rows


def children() -> float:
    """Return the processor time of all processes started so far, in seconds."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def edited(checkout: Path, times: int = 3) -> list[tuple[float, float]]:
    """Return how long edits take to be served, and the server's processor time for each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    path, found = checkout / "derivations/simpo.toml", []
    before = path.read_text(encoding="utf-8")
    with subprocess.Popen(
        (*MIDPO, "serve", "--address", address),
        cwd=checkout,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            served(server, address, "<h1")
            for each in range(times):
                time.sleep(1)  # the page counts as served as soon as it is written
                start, spent = time.perf_counter(), processor(server.pid)
                path.write_text(f"{before}# edit {each}\n", encoding="utf-8")
                served(server, address, f"# edit {each}")
                found.append((time.perf_counter() - start, processor(server.pid) - spent))
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)
            path.write_text(before, encoding="utf-8")
    return found


def served(server: subprocess.Popen[bytes], address: str, text: str) -> None:
    """Wait until SimPO's page has a text."""
    while server.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://{address}/algorithms/simpo.html") as answer,
        ):
            if text in answer.read().decode():
                return
        time.sleep(0.02)
    raise RuntimeError("the server has ended")


def processor(pid: int) -> float:
    """Return the processor time of a process so far, in seconds."""
    parts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


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
    out.mkdir(parents=True, exist_ok=True)
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
