"""Time the torch losses against every peer, and measure their memory and accuracy.

    python benchmarks/losses.py [--quick] [--only PART ...] [--out DIR]

Run it with any Python: it makes a virtual environment with the peers, once, and starts itself in
it. Prints tables, writes losses.csv, losses.md and losses.svg. What is compared runs in turns, so
that a slow spell of the machine hits all sides alike; figures are medians.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = ("logits", "hidden", "memory", "accuracy", "growth")
VOCABULARIES = (32_768, 131_072)
EXAMPLE = """example, every figure of two parts anew and the others kept:
  python benchmarks/losses.py --only logits accuracy"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
        help=f"measure these of {', '.join(PARTS)}; other figures are kept from earlier",
    )  # fmt: skip
    parser.add_argument(
        "--vocabulary", type=int, choices=VOCABULARIES,
        help="measure time and memory at this one; other figures are kept from earlier",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5, help="runs of a method at most")
    parser.add_argument(
        "--limit", type=float, default=4, help="seconds of a method at a size, two runs apart"
    )
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument(
        "--clock", choices=("wall", "processor"), default="wall",
        help="processor: time the process ran, for a machine with other work to do",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="folder of the files; benchmarks/results")
    parser.add_argument(
        "--env", type=Path, default=HERE / ".venv", help="folder of the virtual environment"
    )
    options = parser.parse_args()
    from loss_speed import environment  # noqa: PLC0415 - the standard library is enough for --help

    environment.enter(options.env)
    run(options)


def run(options: argparse.Namespace) -> None:
    """Measure, print and write."""
    # What follows needs the environment.
    from loss_speed import figures as kept  # noqa: PLC0415
    from loss_speed import plot, report  # noqa: PLC0415
    from loss_speed.bars import judge  # noqa: PLC0415

    import midpo_sym  # noqa: PLC0415

    if Path(midpo_sym.__file__).parent != HERE.parent / "midpo_sym":
        sys.exit(f"midpo_sym is found in {midpo_sym.__file__}, not in {HERE.parent}")
    out: Path | None = options.out or (None if options.quick else HERE / "results")
    before = out / "losses.csv" if out else None
    rows = measure(options)
    if before and before.exists() and (options.only != PARTS or options.vocabulary):
        new = {row.key for row in rows}
        rows += [row for row in kept.read(before) if row.key not in new]
    found = kept.Figures(rows)
    verdicts = judge(found)
    blocks = [
        *([report.bar_block(verdicts)] if verdicts else []),
        *report.time_blocks(found),
        *report.memory_blocks(found),
        *report.accuracy_blocks(found),
        *report.growth_blocks(found),
    ]
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    for block in blocks:
        console.print(report.to_rich(block))
    if out:
        out.mkdir(parents=True, exist_ok=True)
        kept.write(out / "losses.csv", found)
        said = f"Written by `benchmarks/losses.py`. {report.machine(options.clock)}."
        page = "\n\n".join(
            ["# The losses' speed", said, "![](losses.svg)", *map(report.to_markdown, blocks)]
        )
        (out / "losses.md").write_text(page + "\n", encoding="utf-8")
        plot.draw(found, out / "losses.svg")


def measure(options: argparse.Namespace) -> list:
    """Return the figures of the parts asked for, with a progress bar on a terminal."""
    import torch  # noqa: PLC0415
    from loss_speed import plan  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    torch.set_num_threads(options.threads)
    tasks = plan.tasks(options)
    rows = []
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=len(tasks))
        for name, go in tasks:
            rows += go(lambda what, name=name: progress.update(bar, description=f"{name}: {what}"))
            progress.advance(bar)
    return rows


if __name__ == "__main__":
    main()
