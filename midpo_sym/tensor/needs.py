"""What a loss has to be told about its responses, and what joins what is measured of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.kernels.measured import Measured
from midpo_sym.tensor.kernels.vocabulary import Measure
from midpo_sym.tensor.statistics import ResponseStatistics, assemble


@dataclasses.dataclass(frozen=True)
class Needs:
    """What a loss needs to know of a response, and how it depends on that.

    Attributes:
        reference: log-probabilities of a frozen model, the reference or a previous policy.
        kl: the divergences, of "ref_pi" for KL(π_ref‖π) and "pi_ref" for KL(π‖π_ref).
        statistics: for each name of another statistic of next-token distributions, the function
            that measures it from log-probabilities (..., vocabulary), and the models of these:
            "pi", "ref", "prev".
        lengths: the numbers of tokens.
        weights: for each name of per-token weights, the domain they are in: "real", "nonnegative",
            "positive", "unit" or "open unit".
        data: for each name of numbers given as data, what has one, "y" (a response), "pair" or
            "batch", and the domain they are in.
        linear: the argument is linear in the per-token statistics, up to a constant, so that its
            derivative by them does not depend on them; a stop-gradient keeps it linear. It lets
            `from_hidden` work in a single pass, which checks that it is true.
        by_sums: the policy enters the loss of a pair through the log-probabilities of its two
            responses only, in whatever way. It lets `from_hidden` work in a single pass as well.
        reference_model: which frozen model: "ref", "prev", or None.
    """

    reference: bool = False
    kl: tuple[str, ...] = ()
    statistics: Mapping[str, Measure] = dataclasses.field(default_factory=dict)
    lengths: bool = False
    weights: Mapping[str, str] = dataclasses.field(default_factory=dict)
    data: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    linear: bool = False
    by_sums: bool = False
    reference_model: Literal["ref", "prev"] | None = None


@dataclasses.dataclass(frozen=True)
class Given:
    """What joins the measured statistics.

    Attributes:
        ref_logps: cached log π_ref(y_t), or None; (2B, T).
        prev_logps: cached log-probabilities of the previous policy, or None; (2B, T).
        weights: per-token weights by name, each (2B, T).
        data: by name, (2B,) of responses and of the pair of each, () of the batch.
    """

    ref_logps: Tensor | None
    prev_logps: Tensor | None
    weights: Mapping[str, Tensor]
    data: Mapping[str, Tensor]

    def join(self, measured: Measured, live: Tensor) -> ResponseStatistics:
        """Return the statistics of a batch."""
        found = assemble(measured, live, self.ref_logps, self.prev_logps, self.weights)
        return dataclasses.replace(found, data=self.data)


def rows_of_data(
    wanted: Mapping[str, tuple[str, str]], data: Mapping[str, Tensor], responses: int
) -> dict[str, Tensor]:
    """Return data by name for each response of a batch, as `ResponseStatistics` have them.

    Args:
        wanted: what has one, and the domain, by name.
        data: by name: (2B,) of responses, chosen first; (B,) of pairs; () of the batch.
        responses: how many, 2B.

    Raises:
        TypeError: one is no tensor.
        ValueError: one has another shape.
    """
    found = {}
    for name, (of, _) in wanted.items():
        each = data[name]
        shape = {"y": (responses,), "pair": (responses // 2,), "batch": ()}[of]
        if not isinstance(each, Tensor):
            raise TypeError(f"{name}: expected a tensor {shape}, got {inputs.describe(each)}")
        if tuple(each.shape) != shape:
            what = {"y": "chosen responses first", "pair": "one for each pair", "batch": "one"}[of]
            raise ValueError(f"{name}: expected shape {shape}, {what}, got {inputs.describe(each)}")
        found[name] = each.repeat(2) if of == "pair" else each
    return found
