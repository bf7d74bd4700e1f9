"""Time the torch losses on a GPU against their peers and the bare matrix products.

    python benchmarks/gpu.py [--quick] [--losses NAME ...] [--ways NAME ...] [--out FILE]

Run it in an environment with torch for the GPU, and with trl and liger-kernel where these are to be
measured; what is missing is named and left out. Sizes are those that others publish: bfloat16, a
vocabulary of 151,936, a width of 4,096, 8,192 tokens. Beside time and peak memory it says whether a
step of ours makes the host wait, and whether a CUDA graph takes it. --quick runs tiny sizes on the
CPU, to see that it works. No figure of it is published yet: not measured on a GPU.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from loss_speed.inputs import Inputs, Size, draw

LOSSES = ("dpo", "simpo", "tdpo", "tis_dpo")
SUMS = ("dpo", "simpo")
PUBLISHED = Size(pairs=2, tokens=2048, vocabulary=151_936, hidden=4096, dtype="bfloat16")
TINY = Size(pairs=1, tokens=16, vocabulary=512, hidden=32, dtype="bfloat16")
WARM = 3  # steps before the first that is measured: compilers, caches
GOALS = "goals: 1.5 times the bare products and 6 GiB for DPO, 2 times for TDPO"
EXAMPLE = """example, two losses, and a table in a file:
  python benchmarks/gpu.py --losses dpo tdpo --out gpu.md"""


@dataclass(frozen=True)
class Way:
    """A way to compute losses.

    Attributes:
        name: in the table.
        path: `logits` or `hidden`.
        module: of `loss_speed`.
        function: of the module; from a loss and inputs to the loss.
        losses: those it computes.
        makes: the function returns a step instead.
        options: of the function.
    """

    name: str
    path: str
    module: str
    function: str
    losses: tuple[str, ...] = LOSSES
    makes: bool = False
    options: tuple[tuple[str, bool], ...] = ()

    def step(self, loss: str, inputs: Inputs) -> Callable[[], Any]:
        """Return what is measured.

        Raises:
            ModuleNotFoundError: its library is not installed.
        """
        found = getattr(importlib.import_module(f"loss_speed.{self.module}"), self.function)
        if self.makes:
            made: Callable[[], Any] = found(loss, inputs, **dict(self.options))
            return made
        return lambda: found(loss, inputs)


WAYS = (
    Way("midpo_sym", "logits", "with_midpo_sym", "from_logits"),
    Way("naive", "logits", "with_torch", "naive"),
    Way("naive, compiled", "logits", "with_torch", "compiled", makes=True),
    Way("TRL selective", "logits", "with_trl", "from_logits", SUMS),
    Way("midpo_sym", "hidden", "with_midpo_sym", "from_hidden"),
    Way("bare products", "hidden", "with_torch", "products", makes=True),
    Way("logits made", "hidden", "with_torch", "materialised"),
    Way("TRL fused", "hidden", "with_trl", "from_hidden"),
    Way("Liger", "hidden", "with_liger", "from_hidden", SUMS, makes=True),
    Way(
        "Liger, compiled", "hidden", "with_liger", "from_hidden", SUMS,
        makes=True, options=(("compiled", True),),
    ),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes on the CPU")
    parser.add_argument("--losses", nargs="+", choices=LOSSES, default=LOSSES, metavar="NAME")
    names = sorted({way.name for way in WAYS})
    parser.add_argument("--ways", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=10, help="steps that are measured")
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    if not options.quick and not torch.cuda.is_available():
        parser.error("no CUDA device is there; --quick runs tiny sizes on the CPU")
    device = torch.device("cpu" if options.quick else "cuda")
    lines = list(table(options, TINY if options.quick else PUBLISHED, device))
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table(options: argparse.Namespace, size: Size, device: torch.device) -> Iterator[str]:
    """Return the lines of a table in Markdown."""
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "a CPU: no measurement"
    tokens = 2 * size.pairs * size.tokens
    yield f"{card}, torch {torch.__version__}, {size.dtype}: {tokens} tokens, vocabulary "
    yield f"{size.vocabulary}, width {size.hidden}; {GOALS}."
    yield ""
    yield "| path | loss | way | ms | peak GiB | the host waits | CUDA graph |"
    yield "|---|---|---|---|---|---|---|"
    missing: dict[str, str] = {}
    for path in ("logits", "hidden"):
        for loss in options.losses:
            with device:
                inputs = draw(path, loss, size)
            for way in WAYS:
                if way.path != path or loss not in way.losses or way.name not in options.ways:
                    continue
                try:
                    cells = measured(way, loss, inputs, device, options.rounds)
                except ModuleNotFoundError as error:
                    missing[way.name] = str(error)
                except torch.OutOfMemoryError:
                    yield f"| {path} | {loss} | {way.name} | out of memory | | | |"
                else:
                    yield f"| {path} | {loss} | {way.name} | {' | '.join(cells)} |"
            del inputs
    if missing:
        yield ""
        yield "Left out: " + "; ".join(f"{name} ({why})" for name, why in missing.items())


def measured(
    way: Way, loss: str, inputs: Inputs, device: torch.device, rounds: int
) -> tuple[str, str, str, str]:
    """Return the cells of a way: time, memory, and what our own does to the host."""
    step = way.step(loss, inputs)

    def go() -> None:
        for leaf in inputs.leaves:
            leaf.grad = None
        value = step()
        if value is not None:
            value.backward()

    for _ in range(WARM):
        go()
    if device.type != "cuda":
        return f"{statistics.median(seconds(go) for _ in range(rounds)) * 1e3:.2f}", "", "", ""
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    times = [on_device(go) for _ in range(rounds)]
    peak = (torch.cuda.max_memory_allocated(device) - before) / 2**30
    own = way.name == "midpo_sym"
    return (
        f"{statistics.median(times):.2f}",
        f"{peak:.2f}",
        waits(go) if own else "",
        captured(go) if own else "",
    )


def seconds(go: Callable[[], None]) -> float:
    start = time.perf_counter()
    go()
    return time.perf_counter() - start


def on_device(go: Callable[[], None]) -> float:
    """Return the milliseconds between two events around a step."""
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    first.record()
    go()
    last.record()
    last.synchronize()
    return float(first.elapsed_time(last))


def waits(go: Callable[[], None]) -> str:
    """Return whether a step makes the host wait, by torch's own alarm."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        go()
    except RuntimeError as error:
        return f"yes: {error}".splitlines()[0]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return "no"


def captured(go: Callable[[], None]) -> str:
    """Return whether a CUDA graph takes a step."""
    try:
        with torch.cuda.graph(torch.cuda.CUDAGraph()):
            go()
    except RuntimeError as error:
        return f"no: {error}".splitlines()[0]
    return "yes"


if __name__ == "__main__":
    main()
