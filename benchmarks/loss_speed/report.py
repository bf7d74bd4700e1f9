"""The tables, for a terminal and for Markdown, and the machine they come from."""

import importlib.metadata
import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.table import Table

from .bars import Verdict
from .figures import Figures
from .formulas import LOSSES
from .inputs import Size
from .methods import METHODS

TITLES = {
    "dpo": "DPO",
    "simpo": "SimPO",
    "tdpo": "TDPO",
    "tis_dpo": "TIS-DPO",
    "sparsepo": "SparsePO",
}
PATHS = {"logits": "From logits", "hidden": "From hidden states"}
PEERS = ("torch", "trl", "liger-kernel", "torchtune")


@dataclass(frozen=True)
class Block:
    """A table of strings with a title and a remark."""

    title: str
    remark: str
    header: Sequence[str]
    lines: Sequence[Sequence[str]]


def machine(clock: str) -> str:
    """Return processor, cores, threads, clock and versions, and no name of a machine."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*: (.*)$", text, re.MULTILINE)
    has = set(flags[1].split()) if flags else set()
    units = [each for each in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if each in has]
    versions = [f"{each} {importlib.metadata.version(each)}" for each in PEERS]
    return ", ".join(
        [
            f"{model[1] if model else platform.machine()} ({', '.join(units)})",
            f"{os.cpu_count()} cores",
            f"{torch.get_num_threads()} thread{'s' * (torch.get_num_threads() > 1)} used",
            f"{clock} clock",
            f"{platform.python_implementation()} {'.'.join(platform.python_version_tuple()[:2])}",
            *versions,
        ]
    )


def size_of(size: Size) -> str:
    return f"V = {size.vocabulary:,}, {size.dtype}"


def measured(figures: Figures, parts: Iterable[str]) -> list[tuple[str, Size]]:
    """Return the paths and sizes that parts of the figures are about, in order."""
    wanted = set(parts)
    found = {(row.path, row.size) for row in figures if row.part in wanted}
    return sorted(
        found,
        key=lambda each: (each[0] != "logits", each[1].dtype != "float32", each[1].vocabulary),
    )


def lines_of(
    figures: Figures, path: str, size: Size, measure: str, form: str, *, scale: float = 1
) -> list[list[str]]:
    """Return a line for each method: the figure and, for the others, its ratio to midpo_sym's."""
    lines = []
    for method in METHODS:
        if method.path != path:
            continue
        cells = []
        for loss in LOSSES:
            value = figures.value(path, loss, method.name, measure, size)
            own = figures.value(path, loss, "midpo_sym", measure, size)
            if value is None:
                cells.append("–")
            elif own is None or method.name == "midpo_sym" or measure.endswith("error"):
                cells.append(format(value * scale, form))
            else:
                cells.append(f"{value * scale:{form}} ({value / own:.2f}×)")
        if set(cells) != {"–"}:
            lines.append([method.name, *cells])
    return lines


def time_blocks(figures: Figures) -> list[Block]:
    header = ("method", *(TITLES[each] for each in LOSSES))
    return [
        Block(
            f"{PATHS[path]}: time, {size_of(size)}",
            "Milliseconds, forward and backward, median; in brackets times midpo_sym's."
            + REMARKS[path],
            header,
            lines_of(figures, path, size, "seconds", ",.0f", scale=1e3),
        )
        for path, size in measured(figures, ("logits", "hidden"))
    ]


REMARKS = {
    "logits": " Policy's and reference's logits are given; SimPO has no reference. In place: the "
    "gradient is written over the logits.",
    "hidden": " Policy's and reference's hidden states and lm_head are given; SimPO has no "
    "reference. Bare products: the matrix products alone, into memory that is there. TRL's and "
    "Liger's GPU kernels are in Triton; on a processor the same classes run plain torch, which is "
    "what is timed here.",
}


def memory_blocks(figures: Figures) -> list[Block]:
    header = ("method", *(TITLES[each] for each in LOSSES))
    return [
        Block(
            f"{PATHS[path]}: extra memory, {size_of(size)}",
            "MiB, peak of the resident set during forward and backward less what was resident "
            "before, gradients included; in brackets times midpo_sym's.",
            header,
            lines_of(figures, path, size, "extra_mib", ",.0f"),
        )
        for path, size in measured(figures, ("memory",))
    ]


def accuracy_blocks(figures: Figures) -> list[Block]:
    header = ("method", *(TITLES[each] for each in LOSSES))
    texts = {"loss_error": "loss", "gradient_error": "gradient"}
    return [
        Block(
            f"Accuracy of the {text} from logits, {size_of(size)}",
            "Relative error against float64 on the same rounded logits, the largest of several "
            "draws"
            + (", of the whole gradient in the Euclidean norm." if text == "gradient" else "."),
            header,
            lines_of(figures, path, size, measure, ".1e"),
        )
        for path, size in measured(figures, ("accuracy",))
        for measure, text in texts.items()
    ]


def growth_blocks(figures: Figures) -> list[Block]:
    rows = [row for row in figures if row.part == "growth"]
    keys = sorted({(row.path, row.loss) for row in rows}, key=lambda each: (each[0], each[1]))
    blocks = []
    for path, loss in keys:
        some = [row for row in rows if (row.path, row.loss) == (path, loss)]
        names = list(dict.fromkeys(row.method for row in some))
        sizes = list(dict.fromkeys(row.size for row in some))
        lines = []
        for size in sizes:
            cells = []
            for name in names:
                took = figures.value(path, loss, name, "seconds", size, part="growth")
                extra = figures.value(path, loss, name, "extra_mib", size, part="growth")
                cells.append("–" if took is None else f"{took * 1e3:,.0f} ms")
                cells.append("–" if extra is None else f"{extra:,.0f} MiB")
            lines.append(
                [str(size.pairs), f"{size.tokens:,}", f"{size.vocabulary:,}", *prompt(size), *cells]
            )
        header = ["pairs", "tokens", "vocabulary", "prompt"]
        for name in names:
            header += [name, ""]
        blocks.append(
            Block(
                f"Growth: {TITLES[loss]}, {PATHS[path].lower()}, {sizes[0].dtype}",
                "Time and extra memory as one dimension grows, the others held. Prompt: the share "
                "of the positions that has no label.",
                header,
                lines,
            )
        )
    return blocks


def prompt(size: Size) -> list[str]:
    return [f"{size.prompt:.0%}"]


def bar_block(verdicts: Sequence[Verdict]) -> Block:
    lines = []
    for each in verdicts:
        bar = each.bar
        what = {"seconds": "time", "extra_mib": "memory", "loss_error": "loss"}[bar.measure]
        if bar.at_least:
            bound, found = f"≥ {bar.at_least:g}× faster", f"{each.figure:.2f}×"
        elif bar.rivals:
            bound, found = f"≤ {bar.at_most:.2f} of", f"{each.figure:.2f}"
        else:
            bound, found = f"error ≤ {bar.at_most:g}", f"{each.figure:.1e}"
        where = f"{bar.path}, {bar.dtype}"
        lines.append(
            (
                *(where, TITLES[each.loss], f"{each.size.vocabulary:,}", what),
                *(each.rival or "float64", bound, found, "met" if each.met else "missed"),
            )
        )
    met = sum(each.met for each in verdicts)
    return Block(
        "Bars",
        f"{met} of {len(verdicts)} met. Against several rivals the best counts.",
        ("path", "loss", "vocabulary", "what", "against", "bar", "figure", ""),
        lines,
    )


def to_rich(block: Block) -> Table:
    table = Table(title=block.title, caption=block.remark)
    for place, name in enumerate(block.header):
        table.add_column(name, justify="right" if place else "left")
    for line in block.lines:
        table.add_row(*line, style="red" if line[-1] == "missed" else None)
    return table


def to_markdown(block: Block) -> str:
    def row(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rule = ["---", *["---:"] * (len(block.header) - 1)]
    table = "\n".join(map(row, [block.header, rule, *block.lines]))
    return f"## {block.title}\n\n{block.remark}\n\n{table}"
