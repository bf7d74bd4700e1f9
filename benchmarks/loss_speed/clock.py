"""Seconds of a step forward and backward, taken in turns."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median

import torch

from .figures import Figure
from .inputs import Inputs, Size, draw
from .methods import Method, Step, go, of

SMALL = 64  # vocabulary of the call before the clock runs
CLOCKS: dict[str, Callable[[], float]] = {
    "wall": time.perf_counter,
    # All of the process's threads, the kernel's work for them included: with one thread what the
    # wall clock shows on a machine that has nothing else to do.
    "processor": time.process_time,
}


@dataclass
class Runner:
    """A method at work on inputs.

    Attributes:
        method: which.
        step: made for the inputs.
        seconds: of the runs so far.
    """

    method: Method
    step: Step
    seconds: list[float] = field(default_factory=list)

    def run(self, inputs: Inputs, kept: torch.Tensor | None, now: Callable[[], float]) -> None:
        """Time one run, with fresh gradients and, where the last run spent them, logits."""
        renew(inputs, kept if self.method.spends else None)
        gc.collect()
        gc.disable()
        try:
            start = now()
            go(self.step)
            self.seconds.append(now() - start)
        finally:
            gc.enable()
        renew(inputs, kept if self.method.spends else None)


def renew(inputs: Inputs, kept: torch.Tensor | None) -> None:
    for leaf in inputs.leaves:
        leaf.grad = None
    if kept is not None:
        inputs.leaves[0].data.copy_(kept)


def warm_up(method: Method, path: str, loss: str, size: Size) -> None:
    """Run a method on a small problem, so that what happens once has happened."""
    small = draw(path, loss, replace(size, tokens=8, vocabulary=SMALL, hidden=16))
    go(method.make(loss, small))


def seconds(  # noqa: PLR0913 - three of them say what is timed, the rest are options
    path: str,
    loss: str,
    size: Size,
    *,
    rounds: int,
    limit: float,
    clock: str,
    part: str | None = None,
    only: tuple[str, ...] = (),
    watch: Callable[[str], None] = lambda _: None,
) -> list[Figure]:
    """Return the median seconds of every method for a loss.

    The methods take turns, in an order that moves on each round, so that a slow spell of the
    machine hits all of them. A method sits out once it has had two runs and its time is spent.

    Args:
        path: `logits` or `hidden`.
        loss: such as `tdpo`.
        size: of the problem.
        rounds: runs of each method at most.
        limit: seconds for each method, two runs apart.
        clock: one of `CLOCKS`.
        part: of the figures; the path unless given.
        only: names of the methods; all if empty.
        watch: is told what runs.
    """
    inputs = draw(path, loss, size)
    chosen = [each for each in of(path, loss) if not only or each.name in only]
    keep = any(each.spends for each in chosen)
    kept = inputs.leaves[0].detach().clone() if keep else None
    runners = []
    for method in chosen:
        watch(f"{method.name}, warming up")
        warm_up(method, path, loss, size)
        runner = Runner(method, method.make(loss, inputs))
        if method.compiles:
            runner.run(inputs, kept, CLOCKS[clock])
            runner.seconds.clear()
        runners.append(runner)
    for turn in range(rounds):
        for place in range(len(runners)):
            runner = runners[(place + turn) % len(runners)]
            if len(runner.seconds) < 2 or sum(runner.seconds) < limit:  # noqa: PLR2004 - see above
                watch(runner.method.name)
                runner.run(inputs, kept, CLOCKS[clock])
    return [
        Figure(
            *(part or path, path, loss, each.method.name, "seconds"),
            *(median(each.seconds), len(each.seconds), size),
        )
        for each in runners
    ]
