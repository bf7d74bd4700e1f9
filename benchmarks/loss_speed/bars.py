"""What the figures have to reach, and whether they do."""

from dataclasses import dataclass

from .figures import Figures
from .inputs import Size
from .methods import SUMS

KLS = ("tdpo", "tis_dpo", "sparsepo")
LIGER = ("Liger", "Liger, compiled")
BASE = 32_768
LARGE = 131_072


@dataclass(frozen=True)
class Bar:
    """A bound on midpo_sym's figure.

    Attributes:
        path: `logits` or `hidden`.
        dtype: `float32` or `bfloat16`.
        losses: it is for.
        measure: `seconds`, `extra_mib` or `loss_error`.
        rivals: the best of them is compared; none for a bound on the figure itself.
        at_least: how many times more the rival takes, if that is what is bounded.
        at_most: the share of the rival's, or the figure itself, if that is.
        vocabularies: it holds for.
        own: the method of ours.
    """

    path: str
    dtype: str
    losses: tuple[str, ...]
    measure: str
    rivals: tuple[str, ...]
    at_least: float = 0.0
    at_most: float = 0.0
    vocabularies: tuple[int, ...] = (BASE, LARGE)
    own: str = "midpo_sym"


SECONDS, MEMORY, ERROR = "seconds", "extra_mib", "loss_error"
OFFICIAL, PRODUCTS = ("official formulation",), ("bare products",)
BARS = (
    Bar("logits", "float32", SUMS, SECONDS, ("TRL selective",), at_least=4.5),
    Bar("logits", "float32", SUMS, SECONDS, ("naive log_softmax",), at_least=3.4),
    Bar("logits", "float32", SUMS, SECONDS, ("naive, compiled",), at_least=1.5),
    Bar("logits", "float32", SUMS, MEMORY, ("TRL selective",), at_most=1 / 2),
    Bar("logits", "float32", KLS, SECONDS, OFFICIAL, at_least=4.5, vocabularies=(BASE,)),
    Bar("logits", "float32", KLS, SECONDS, OFFICIAL, at_least=6, vocabularies=(LARGE,)),
    Bar("logits", "float32", KLS, SECONDS, ("naive, compiled",), at_least=1.5),
    Bar("logits", "float32", KLS, MEMORY, OFFICIAL, at_most=1 / 4),
    Bar("hidden", "float32", SUMS, SECONDS, LIGER, at_least=1.1),
    Bar("hidden", "float32", SUMS, SECONDS, PRODUCTS, at_most=1.2),
    Bar("hidden", "float32", SUMS, MEMORY, LIGER, at_most=2 / 3),
    Bar("hidden", "float32", KLS, SECONDS, ("materialised",), at_least=1.4),
    Bar("hidden", "float32", KLS, SECONDS, ("TRL fused",), at_least=4),
    Bar("hidden", "float32", KLS, SECONDS, PRODUCTS, at_most=1.25),
    Bar("hidden", "float32", KLS, MEMORY, ("materialised",), at_most=1 / 4),
    Bar("hidden", "bfloat16", SUMS, SECONDS, LIGER, at_least=1),
    Bar("hidden", "bfloat16", SUMS, MEMORY, LIGER, at_most=1),
    Bar("hidden", "bfloat16", KLS, SECONDS, ("materialised",), at_least=2.3),
    Bar("hidden", "bfloat16", KLS, MEMORY, ("materialised",), at_most=1 / 4),
    Bar("logits", "bfloat16", (*SUMS, *KLS), ERROR, (), at_most=1e-3),
)


@dataclass(frozen=True)
class Verdict:
    """A bar and what came out.

    Attributes:
        bar: which.
        loss: of the bar's.
        size: of the problem.
        figure: times the rival's, share of it, or error.
        rival: whose figure was compared, or "".
    """

    bar: Bar
    loss: str
    size: Size
    figure: float
    rival: str

    @property
    def met(self) -> bool:
        if self.bar.at_least:
            return self.figure >= self.bar.at_least
        return self.figure <= self.bar.at_most


def judge(figures: Figures) -> list[Verdict]:
    """Return the verdict on every bar for every loss and size that was measured."""
    sizes = {(row.path, row.loss, row.measure, row.size) for row in figures if row.part != "growth"}
    order = sorted(sizes, key=lambda each: (each[3].vocabulary, each[1]))
    return [
        verdict
        for bar in BARS
        for path, loss, measure, size in order
        if (path, measure, size.dtype) == (bar.path, bar.measure, bar.dtype)
        and loss in bar.losses
        and size.vocabulary in bar.vocabularies
        and (verdict := _of(bar, loss, size, figures)) is not None
    ]


def _of(bar: Bar, loss: str, size: Size, figures: Figures) -> Verdict | None:
    own = figures.value(bar.path, loss, bar.own, bar.measure, size)
    if own is None:
        return None
    if not bar.rivals:
        return Verdict(bar, loss, size, own, "")
    found = [(figures.value(bar.path, loss, each, bar.measure, size), each) for each in bar.rivals]
    best, rival = min((value, each) for value, each in found if value is not None)
    return Verdict(bar, loss, size, best / own if bar.at_least else own / best, rival)
