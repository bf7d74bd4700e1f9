"""What a loss has to be told about its responses, and what joins what is measured of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.checks import check_data, check_weights
from midpo_sym.tensor.inputs import values
from midpo_sym.tensor.kernels.measured import Measured
from midpo_sym.tensor.kernels.vocabulary import Measure
from midpo_sym.tensor.statistics import ResponseStatistics, assemble

_MANY = 8  # places listed in a message


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

    @property
    def needs_ref(self) -> bool:
        """Whether the reference matters, as log-probabilities or as a whole distribution."""
        return bool(self.kl) or (self.reference and self.reference_model != "prev")


@dataclasses.dataclass(frozen=True)
class Given:
    """What joins the measured statistics.

    Attributes:
        ref_logps: cached log π_ref(y_t), or None; (2B, T).
        prev_logps: cached log-probabilities of the previous policy, or None; (2B, T).
        weights: per-token weights by name, each (2B, T).
        data: by name, (2B,) of responses and of the pair of each, () of the batch.
        ref_sums: cached log π_ref(y) instead of `ref_logps`, or None; (2B,).
    """

    ref_logps: Tensor | None
    prev_logps: Tensor | None
    weights: Mapping[str, Tensor]
    data: Mapping[str, Tensor]
    ref_sums: Tensor | None = None

    def join(self, measured: Measured, live: Tensor) -> ResponseStatistics:
        """Return the statistics of a batch."""
        found = assemble(measured, live, self.ref_logps, self.prev_logps, self.weights)
        return dataclasses.replace(found, data=self.data, ref_sums=self.ref_sums)


def take_data(
    wanted: Mapping[str, tuple[str, str]], given: dict[str, Tensor], responses: int
) -> dict[str, Tensor]:
    """Take the data out of what is given by name, and return them for each response.

    Args:
        wanted: what has one, and the domain, by name.
        given: by name; data are (2B,) of responses, chosen first; (B,) of pairs; () of the batch.
        responses: how many, 2B.

    Raises:
        TypeError: one is no tensor.
        ValueError: one has another shape.
    """
    found = {}
    for name, (of, _) in wanted.items():
        each = given.pop(name)
        shape = {"y": (responses,), "pair": (responses // 2,), "batch": ()}[of]
        if not isinstance(each, Tensor):
            raise TypeError(f"{name}: expected a tensor {shape}, got {inputs.describe(each)}")
        if tuple(each.shape) != shape:
            what = {"y": "chosen responses first", "pair": "one for each pair", "batch": "one"}[of]
            raise ValueError(f"{name}: expected shape {shape}, {what}, got {inputs.describe(each)}")
        found[name] = each.repeat(2) if of == "pair" else each
    return found


def check_given(
    name: str,
    needs: Needs,
    weights: Mapping[str, Tensor],
    source: str,
    *,
    given: bool,
    prev_logps: Tensor | None,
) -> None:
    """Check that what a loss needs is there, whatever it looks like.

    Args:
        name: of the loss.
        needs: of the loss.
        weights: token weights and data by name.
        source: the arguments that give the reference.
        given: whether one of them was.
        prev_logps: log-probabilities of the previous policy, or None.

    Raises:
        TypeError: a weight is missing or unknown.
        ValueError: a frozen model is missing.
    """
    if set(weights) != {*needs.weights, *needs.data}:
        wanted = ", ".join((*needs.weights, *needs.data)) or "none"
        what = "token weights and data" if needs.data else "token weights"
        raise TypeError(
            f"{name}: expected the {what} {wanted}, got {', '.join(sorted(weights)) or 'none'}"
        )
    if needs.needs_ref and not given:
        raise ValueError(f"{source}: missing, {name} needs the reference")
    if needs.reference_model == "prev" and prev_logps is None:
        raise ValueError(f"prev_logps: missing, {name} needs the previous policy")


def check_present(side: str, name: str, needs: Needs, part: ResponseStatistics) -> None:
    """Check that statistics hold what a loss needs.

    Args:
        side: "chosen" or "rejected", for messages.
        name: of the loss.
        needs: of the loss.
        part: the statistics.

    Raises:
        ValueError: something is missing, or out of its domain.
    """
    fields = [f"kl_{each}" for each in needs.kl]
    if needs.needs_ref:
        fields.append("logratios")
    if needs.reference_model == "prev":
        fields.append("prev_logps")
    if part.ref_sums is not None:
        fields = [each for each in fields if each != "logratios"]
    missing = [each for each in fields if getattr(part, each) is None]
    missing += [f"vocabulary[{each!r}]" for each in needs.statistics if each not in part.vocabulary]
    missing += [f"data[{each!r}]" for each in needs.data if each not in part.data]
    missing += [f"weights[{each!r}]" for each in needs.weights if each not in part.weights]
    if missing:
        raise ValueError(
            f"{side}: {name} needs {', '.join(missing)} of the statistics, expected tensors "
            "(pairs, tokens), got None"
        )
    for each, domain in needs.weights.items():
        check_weights(domain, part.mask, part.mask, **{each: part.weights[each]})
    for each, (of, domain) in needs.data.items():
        check_data({"logps": part.logps}, domain, of, **{each: part.data[each]})


def check_defined(
    argument: Tensor, chosen: ResponseStatistics, rejected: ResponseStatistics
) -> None:
    """Check that no argument is ∞ - ∞.

    Raises:
        ValueError: an argument is NaN, and statistics of its pair are infinite.
    """
    wrong = argument.detach().isnan()
    if not values.may_read(wrong) or not wrong.any():
        return
    found = []
    for name, part in (("chosen", chosen), ("rejected", rejected)):
        for field in ("logps", "logratios", "kl_ref_pi", "kl_pi_ref"):
            each = getattr(part, field)
            if each is not None:
                places = (each.detach().isinf() & wrong.unsqueeze(1)).nonzero().tolist()
                found += [f"{name}.{field}[{row}, {token}]" for row, token in places[:_MANY]]
    if found:
        raise ValueError(
            f"the argument of pair {wrong.nonzero().flatten().tolist()[:_MANY]} is ∞ - ∞: infinite "
            f"at [pair, position] are {', '.join(found)}; a token has probability 0 under one "
            "model where the other gives it some, as a logit of -inf says: mask the same "
            "vocabulary in both, and no label of the responses"
        )
