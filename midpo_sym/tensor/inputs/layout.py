"""The forms that a batch of pairs comes in, and how each becomes (2B, T), chosen responses first.

A form is said, never guessed: `pairs=` for the order of the rows, `cu_seqlens=` or `segments=`
where several responses lie in one row.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from midpo_sym.tensor.inputs.checking import IGNORE, describe

Pairs = Literal["halves", "interleaved", "shared"]
PAIRS = ("halves", "interleaved", "shared")
SIDES = ("chosen", "rejected")
PROMPT, CHOSEN, REJECTED = 0, 1, 2  # of `segments`, where the responses of a pair share a row


class Places(NamedTuple):
    """Where the tokens of responses lie among the tokens of a batch, row after row.

    Attributes:
        where: into the tokens (N·T); int64 (2B, T'), any where `there` is False.
        there: whether a response has that token; bool (2B, T').
        labelled: where it may have a label: not at what only predicts; bool (2B, T').
    """

    where: Tensor
    there: Tensor
    labelled: Tensor

    def on(self, device: torch.device) -> Places:
        """Return the same on a device."""
        return Places(*(each.to(device, non_blocking=True) for each in self))

    def states(self, value: Tensor) -> Tensor:
        """Return hidden states or logits of the responses: (N, T, H) to (2B, T', H)."""
        return value.flatten(0, 1)[self.where]

    def tokens(self, value: Tensor, blank: float) -> Tensor:
        """Return numbers of tokens: (N, T) to (2B, T'), `blank` where there is no token."""
        return torch.where(self.labelled, value.flatten()[self.where], blank)


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a batch is given.

    Attributes:
        pairs: the order of the rows: "halves", chosen responses first; "interleaved", each chosen
            response before its rejected one; "shared", one row for a pair and its prompt.
        cu_seqlens: where packed responses begin, and the end; integers (2B + 1,).
        segments: which response a token belongs to, 0 to 2B - 1, or -1 for none; with "shared",
            0 the prompt, 1 the chosen and 2 the rejected response; integers (N, T).
        shifted: whether the outputs at t predict the labels at t.
    """

    pairs: Pairs = "halves"
    cu_seqlens: Tensor | None = None
    segments: Tensor | None = None
    shifted: bool = False

    def __post_init__(self) -> None:
        """Check that the parts go together.

        Raises:
            ValueError: they do not.
        """
        if self.pairs not in PAIRS:
            raise ValueError(
                f"pairs: expected {', '.join(map(repr, PAIRS))}, or two tensors (chosen, rejected) "
                f"in the place of one, got {self.pairs!r}"
            )
        if self.cu_seqlens is not None and self.segments is not None:
            raise ValueError("segments: cu_seqlens says them already; pass one of the two")
        if self.pairs == "shared":
            if self.segments is None:
                raise ValueError(
                    "segments: missing, pairs='shared' needs them: 0 at the prompt, 1 at the "
                    "chosen and 2 at the rejected response, -1 at padding; integers (B, T)"
                )
            if self.shifted:
                raise ValueError(
                    "shifted: the end of a shared prompt predicts two tokens, for which shifted "
                    "labels have no room; pass labels that are not shifted"
                )

    @property
    def packed(self) -> bool:
        """Whether rows hold several responses."""
        return self.cu_seqlens is not None or self.segments is not None

    def places(self, shape: tuple[int, ...], device: torch.device) -> Places | None:
        """Return where the responses lie in a batch, in the order in which they are given.

        Args:
            shape: (N, T) of the labels.
            device: of the batch.

        Raises:
            TypeError: cu_seqlens or segments are no tensors of integers.
            ValueError: they do not fit the batch, or a response is in pieces.
        """
        if self.cu_seqlens is not None:
            found = _runs(_from_starts(self.cu_seqlens, shape), len(self.cu_seqlens) - 1)
            return found.on(device)
        if self.segments is None:
            return None
        segments = self.segments.unsqueeze(0) if _ndim(self.segments) == 1 else self.segments
        _check_integers("segments", segments, "(responses, tokens)")
        if tuple(segments.shape) != shape:
            raise ValueError(
                f"segments: expected shape {shape}, as labels has it, got {describe(segments)}"
            )
        segments = segments.cpu().long()  # shapes are known to the host: it waits here, once
        if self.pairs == "shared":
            return _shared(segments).on(device)
        return _runs(segments, int(segments.max()) + 1).on(device)

    def order(self, responses: int, device: torch.device) -> Tensor | None:
        """Return the rows in the order chosen, then rejected, or None if that is theirs.

        Raises:
            ValueError: their number is odd.
        """
        if responses % 2:
            raise ValueError(
                f"{responses} responses make no pairs: expected an even number, in the order that "
                f"pairs={self.pairs!r} says"
            )
        if self.pairs != "interleaved":
            return None
        return torch.arange(responses, device=device).view(-1, 2).t().reshape(-1)


def _ndim(value: object) -> int:
    return value.ndim if isinstance(value, Tensor) else 0


def _check_integers(name: str, value: object, shape: str) -> None:
    if (
        not isinstance(value, Tensor)
        or value.is_floating_point()
        or value.is_complex()
        or value.dtype == torch.bool
        or value.ndim != 1 + shape.count(", ")
    ):
        raise TypeError(f"{name}: expected a tensor of integers {shape}, got {describe(value)}")


def _from_starts(starts: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return which response each token belongs to; (1, nnz)."""
    _check_integers("cu_seqlens", starts, "(responses + 1)")
    given = [int(each) for each in starts.tolist()]
    if shape[0] != 1:
        raise ValueError(
            f"cu_seqlens: expected one row of packed responses, (1, nnz), got labels of shape "
            f"{shape}; for several rows pass segments"
        )
    if given[:1] != [0] or given[-1] != shape[1] or given != sorted(given):
        raise ValueError(
            f"cu_seqlens: expected the numbers of tokens before each response, from 0 up to "
            f"{shape[1]}, none below the one before it, got {given[:9]}"
        )
    ends = torch.tensor(given[1:])
    places = torch.arange(shape[1])
    return torch.searchsorted(ends, places, right=True).unsqueeze(0)


def _runs(segments: Tensor, responses: int) -> Places:
    """Return the places of responses whose tokens follow one another.

    Raises:
        ValueError: a response is in pieces, or in two rows.
    """
    flat = segments.flatten()
    before = functional.pad(segments[:, :-1], (1, 0), value=-1)
    begins = (segments != before) & (segments >= 0)
    if bool((torch.bincount(segments[begins], minlength=responses) > 1).any()):
        raise ValueError(
            "segments: a response is in pieces; expected its tokens to follow one another in one "
            "row, and a number of its own for each response"
        )
    counts = torch.bincount(flat[flat >= 0], minlength=responses)
    longest = max(1, int(counts.max()))
    first = torch.zeros(responses, dtype=torch.int64, device=flat.device)
    first[segments[begins]] = begins.flatten().nonzero().flatten()
    steps = torch.arange(longest, device=flat.device)
    there = steps < counts.unsqueeze(1)
    return Places(torch.where(there, first.unsqueeze(1) + steps, 0), there, there)


def _shared(segments: Tensor) -> Places:
    """Return the places of the responses of pairs that share a row and a prompt.

    What predicts the first token of either is the end of the prompt, so that comes first.

    Raises:
        ValueError: a row has no prompt.
    """
    width = segments.shape[1]
    prompt = segments == PROMPT
    if not bool(prompt.any(-1).all()):
        row = int((~prompt.any(-1)).nonzero()[0])
        raise ValueError(f"segments: row {row} has no prompt: expected a 0 where it is")
    steps = torch.arange(width, device=segments.device)
    end = torch.where(prompt, steps, -1).amax(-1)
    sides = [segments == each for each in (CHOSEN, REJECTED)]
    longest = max(1, *(int(each.sum(-1).max()) for each in sides))
    rows = torch.arange(len(segments), device=segments.device).unsqueeze(1) * width
    index, there = [], []
    for side in sides:
        tokens = torch.argsort((~side).int(), dim=-1, stable=True)[:, :longest]
        index.append(rows + torch.cat([end.unsqueeze(1), tokens], -1))
        there.append(steps[:longest] < side.sum(-1, keepdim=True))
    labelled = functional.pad(torch.cat(there), (1, 0), value=False)
    return Places(torch.cat(index), functional.pad(labelled[:, 1:], (1, 0), value=True), labelled)


def joined_sides(name: str, value: Any, *, blank: float = 0) -> Any:
    """Return two tensors, of chosen and of rejected responses, as one; what is none of them as is.

    Args:
        name: of the argument.
        value: a pair of tensors (B, T, ...) or (B,), or anything else.
        blank: what pads the shorter one.

    Raises:
        ValueError: it is another number of tensors, or the two have other shapes than that.
    """
    if not isinstance(value, tuple | list):
        return value
    check_sides(name, value)
    if value[0].ndim > 1:
        longest = max(each.shape[1] for each in value)
        value = [
            functional.pad(
                each, (0, 0) * (each.ndim - 2) + (0, longest - each.shape[1]), value=blank
            )
            for each in value
        ]
    return torch.cat(list(value))


def check_sides(name: str, value: Any) -> None:
    """Check that an argument is two tensors, of as many chosen as rejected responses.

    Raises:
        ValueError: it is not.
    """
    if (
        not isinstance(value, tuple | list)
        or len(value) != len(SIDES)
        or not all(isinstance(each, Tensor) and each.ndim for each in value)
        or value[0].ndim != value[1].ndim
        or len(value[0]) != len(value[1])
    ):
        found = (
            ", ".join(map(describe, value)) if isinstance(value, tuple | list) else describe(value)
        )
        raise ValueError(
            f"{name}: expected two tensors (chosen, rejected) of as many responses, since another "
            f"argument is given so, got {found}"
        )


def blank_of(name: str) -> int:
    """Return what stands where a per-token argument has no token."""
    return IGNORE if name == "labels" else 0


def arranged(
    layout: Layout, tokens: Mapping[str, Tensor | None], states: Mapping[str, Tensor | None]
) -> tuple[dict[str, Tensor | None], dict[str, Tensor | None]]:
    """Return a batch as (2B, T, ...), chosen responses first.

    Args:
        layout: how it is given.
        tokens: per-token arguments by name, "labels" among them; (N, T), or (2B,) as it is.
        states: hidden states by name; (N, T, H).

    Raises:
        TypeError: as `Layout.places` raises it.
        ValueError: as `Layout.places` and `Layout.order` raise it, or a shape does not fit.
    """
    labels = tokens["labels"]
    if not isinstance(labels, Tensor):
        return dict(tokens), dict(states)  # whoever reads the labels says what is wrong
    if layout.packed:
        tokens, states = one_row(tokens, states)
        labels = tokens["labels"]
        assert isinstance(labels, Tensor)
        shape = tuple(labels.shape)
        for name, each in (*tokens.items(), *states.items()):
            if each is not None and each.ndim > 1 and tuple(each.shape[:2]) != shape:
                raise ValueError(
                    f"{name}: expected shape {shape}, as labels has it, got {describe(each)}"
                )
        places = layout.places(shape, labels.device)
        assert places is not None
        tokens = {
            name: each
            if each is None or each.ndim == 1
            else places.tokens(each, blank_of(name)).to(each.dtype)
            for name, each in tokens.items()
        }
        states = {
            name: None if each is None else places.states(each) for name, each in states.items()
        }
        labels = tokens["labels"]
        assert isinstance(labels, Tensor)
    order = layout.order(len(labels), labels.device)
    if order is None:
        return dict(tokens), dict(states)

    def rows(each: Tensor | None) -> Tensor | None:
        return each[order] if each is not None and len(each) == len(order) else each

    return (
        {name: rows(each) for name, each in tokens.items()},
        {name: rows(each) for name, each in states.items()},
    )


def one_row(
    tokens: Mapping[str, Tensor | None], states: Mapping[str, Tensor | None]
) -> tuple[dict[str, Tensor | None], dict[str, Tensor | None]]:
    """Return what is packed as (nnz, ...) as (1, nnz, ...); sums of responses stay (2B,)."""
    labels = tokens["labels"]
    if labels is None or labels.ndim != 1:
        return dict(tokens), dict(states)
    return (
        {
            name: each.unsqueeze(0) if each is not None and each.shape == labels.shape else each
            for name, each in tokens.items()
        },
        {
            name: each.unsqueeze(0) if each is not None and each.ndim == labels.ndim + 1 else each
            for name, each in states.items()
        },
    )
