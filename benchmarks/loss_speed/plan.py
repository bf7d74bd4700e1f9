"""What is measured at which size."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from . import accuracy, clock, memory
from .bars import BASE, LARGE
from .figures import Figure
from .formulas import LOSSES
from .inputs import Size
from .methods import of

Watch = Callable[[str], None]
Task = tuple[str, Callable[[Watch], list[Figure]]]

SIZES = [
    Size(vocabulary=vocabulary, dtype=dtype)
    for vocabulary in (BASE, LARGE)
    for dtype in ("float32", "bfloat16")
]
SLOW = ("dpo", "tdpo")  # what is measured from hidden states at the large vocabulary
RIVALS = {
    ("logits", "dpo"): ("midpo_sym", "naive log_softmax"),
    ("logits", "tdpo"): ("midpo_sym", "official formulation"),
    ("hidden", "tdpo"): ("midpo_sym", "materialised"),
}
GROWTH = Size(vocabulary=16_384)
GROWN = [
    *(replace(GROWTH, tokens=tokens) for tokens in (64, 128, 256, 512, 1024)),
    *(replace(GROWTH, vocabulary=vocabulary) for vocabulary in (4_096, 8_192, 32_768, 65_536)),
    *(replace(GROWTH, pairs=pairs) for pairs in (1, 4, 8)),
    replace(GROWTH, prompt=0.5),
]
TINY = Size(pairs=1, tokens=16, vocabulary=512, hidden=32)


def tasks(options: argparse.Namespace) -> list[Task]:
    """Return what to do for the parts asked for, each with a name."""
    sizes = [replace(TINY, dtype=each.dtype) for each in SIZES[:2]] if options.quick else SIZES
    if options.vocabulary:
        sizes = [each for each in sizes if each.vocabulary == options.vocabulary]
    grown = [TINY, replace(TINY, tokens=32)] if options.quick else GROWN
    timed = partial(clock.seconds, rounds=options.rounds, limit=options.limit, clock=options.clock)
    found: list[Task] = []
    for path in ("logits", "hidden"):
        if path in options.only:
            found += [
                (
                    f"{path}, {loss}, {size.vocabulary}, {size.dtype}",
                    _watched(timed, path, loss, size),
                )
                for size in sizes
                for loss in LOSSES
                if path == "logits" or size.vocabulary < LARGE or loss in SLOW
            ]
    if "memory" in options.only:
        cases = [
            (path, loss, method.name, size)
            for path in ("logits", "hidden")
            for size in sizes[:2]
            for loss in LOSSES
            for method in of(path, loss)
        ]
        found.append(("memory", partial(memory.figures, "memory", cases)))
    if "accuracy" in options.only:
        found += [
            (f"accuracy, {loss}, {size.dtype}", partial(accuracy.figures, loss, size, 3))
            for size in sizes[:2]
            for loss in LOSSES
        ]
    if "growth" in options.only:
        found += [
            (
                f"growth, {path}, {loss}",
                _watched(timed, path, loss, size, part="growth", only=names, rounds=3),
            )
            for (path, loss), names in RIVALS.items()
            for size in grown
        ]
        cases = [
            (path, loss, name, size)
            for (path, loss), names in RIVALS.items()
            for size in grown
            for name in names
        ]
        found.append(("growth", partial(memory.figures, "growth", cases)))
    return found


def _watched(
    timed: Callable[..., list[Figure]], path: str, loss: str, size: Size, **options: object
) -> Callable[[Watch], list[Figure]]:
    return lambda watch: timed(path, loss, size, watch=watch, **options)
