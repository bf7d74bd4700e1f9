"""Everything that is measured."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from . import with_liger, with_midpo_sym, with_torch, with_torchtune, with_trl
from .formulas import KL, LOSSES
from .inputs import Inputs

Step = Callable[[], Tensor | None]
SUMS = tuple(each for each in LOSSES if each not in KL)  # what maintained libraries ship


@dataclass(frozen=True)
class Method:
    """A way to compute losses.

    Attributes:
        name: in tables.
        path: `logits` or `hidden`.
        losses: those it computes.
        make: from a loss and inputs, a step: the loss to call `backward` on, or None if the
            step has already done what a backward pass does.
        own: it is of this package.
        compiles: it has to see the size it is measured at beforehand.
        spends: it writes over the logits.
    """

    name: str
    path: str
    losses: tuple[str, ...]
    make: Callable[[str, Inputs], Step]
    own: bool = False
    compiles: bool = False
    spends: bool = False


def eager(way: Callable[[str, Inputs], Tensor]) -> Callable[[str, Inputs], Step]:
    return lambda loss, inputs: partial(way, loss, inputs)


METHODS = (
    Method("midpo_sym", "logits", LOSSES, eager(with_midpo_sym.from_logits), own=True),
    Method(
        "midpo_sym, in place", "logits", LOSSES, eager(with_midpo_sym.in_place),
        own=True, spends=True,
    ),
    Method("naive log_softmax", "logits", LOSSES, eager(with_torch.naive)),
    Method("naive, compiled", "logits", LOSSES, with_torch.compiled, compiles=True),
    Method("official formulation", "logits", tuple(KL), eager(with_torch.official)),
    Method("TRL selective", "logits", SUMS, eager(with_trl.from_logits)),
    Method("torchtune", "logits", SUMS, eager(with_torchtune.from_logits)),
    Method("midpo_sym", "hidden", LOSSES, eager(with_midpo_sym.from_hidden), own=True),
    Method("bare products", "hidden", LOSSES, with_torch.products),
    Method("materialised", "hidden", LOSSES, eager(with_torch.materialised)),
    Method("TRL fused", "hidden", LOSSES, eager(with_trl.from_hidden)),
    Method("Liger", "hidden", SUMS, with_liger.from_hidden),
    Method(
        "Liger, compiled", "hidden", SUMS, partial(with_liger.from_hidden, compiled=True),
        compiles=True,
    ),
)  # fmt: skip


def of(path: str, loss: str) -> list[Method]:
    return [each for each in METHODS if each.path == path and loss in each.losses]


def go(step: Step) -> None:
    """Run a step forward and backward."""
    value = step()
    if value is not None:
        value.backward()
