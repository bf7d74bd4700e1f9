"""Operations: what a loss computes, as typed nodes between the tree and the text of a target.

A tree says what is meant, an operation how it is computed: nothing here forms a probability, and
each operation knows the shape of its value. Two that compute the same in the same way are equal.
None of them knows how it is written: names and texts are the targets'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import ClassVar, TypeAlias


class Shape(IntEnum):
    """What an operation gives for a batch of pairs; of two that are combined, the larger one."""

    NUMBER = 0  # the same for all pairs
    PAIR = 1  # (batch,)
    COLUMN = 2  # (batch, 1): of the response, beside quantities of its tokens
    TOKENS = 3  # (batch, tokens)


class Kind(Enum):
    """What a statistic measures."""

    LOG_PROBABILITY = "log π"
    LOG_RATIO = "log π − log of a frozen model"
    VOCABULARY = "a statistic of the next-token distributions"
    WEIGHT = "a declared number of a token"
    DATUM = "a declared number of a response, a pair or a batch"
    LENGTH = "the number of tokens"
    POSITION = "the place of a token among them"


@dataclass(frozen=True, slots=True)
class Operation:
    """A node.

    Attributes:
        shape: of the value.
    """

    shape: Shape = field(init=False, compare=False, repr=False)

    # Names of the fields that hold operands, or tuples of them.
    parts: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Compute the shape."""
        object.__setattr__(self, "shape", self._shape())

    def _shape(self) -> Shape:
        return max(each.shape for each in self.operands())

    def operands(self) -> Iterator[Operation]:
        """Yield the operations directly below this one, in the order they are written in."""
        for name in self.parts:
            value = getattr(self, name)
            if isinstance(value, tuple):
                yield from value
            else:
                yield value

    def walk(self) -> Iterator[Operation]:
        """Yield this operation and every one below it, the outer ones first."""
        yield self
        for each in self.operands():
            yield from each.walk()


Term: TypeAlias = tuple[int, Operation]  # of a sum: 1 or −1, and what is added or subtracted


@dataclass(frozen=True, slots=True)
class Number(Operation):
    """A whole number, not negative."""

    value: int

    def _shape(self) -> Shape:
        return Shape.NUMBER


@dataclass(frozen=True, slots=True)
class Parameter(Operation):
    """A hyper-parameter, by its name in the specification."""

    name: str

    def _shape(self) -> Shape:
        return Shape.NUMBER


@dataclass(frozen=True, slots=True)
class Argument(Operation):
    """What goes into the link, of each pair; in the formula of a link only."""

    def _shape(self) -> Shape:
        return Shape.PAIR


@dataclass(frozen=True, slots=True)
class Statistic(Operation):
    """A quantity that is measured of a response.

    Attributes:
        kind: what it measures.
        of: the model of a log-probability, the frozen model of a log-ratio, the name of a
            statistic of the vocabulary, of a weight or a datum; nothing for lengths and positions.
        response: `w` or `l`; "" for a datum of the pair or of the batch.
        by_token: whether it is of each token, 0 at padding, or of the whole response.
    """

    kind: Kind
    of: tuple[str, ...]
    response: str
    by_token: bool

    def _shape(self) -> Shape:
        return Shape.TOKENS if self.by_token else Shape.PAIR


@dataclass(frozen=True, slots=True)
class Filled(Operation):
    """A statistic of tokens with one of the response's own at padding, where 0 is not safe."""

    statistic: Statistic
    parts: ClassVar[tuple[str, ...]] = ("statistic",)


@dataclass(frozen=True, slots=True)
class Column(Operation):
    """A value of the response, for each of its tokens."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def _shape(self) -> Shape:
        return Shape.COLUMN


@dataclass(frozen=True, slots=True)
class Add(Operation):
    """A sum of signed terms: two or more, or the negative of one."""

    terms: tuple[Term, ...]

    def operands(self) -> Iterator[Operation]:
        """Yield the terms without their signs."""
        return (each for _, each in self.terms)


@dataclass(frozen=True, slots=True)
class Mul(Operation):
    """A product of two factors or more."""

    factors: tuple[Operation, ...]
    parts: ClassVar[tuple[str, ...]] = ("factors",)


@dataclass(frozen=True, slots=True)
class Div(Operation):
    """A quotient."""

    numerator: Operation
    denominator: Operation
    parts: ClassVar[tuple[str, ...]] = ("numerator", "denominator")


@dataclass(frozen=True, slots=True)
class Pow(Operation):
    """A power with a small exponent, or of a base that may be negative; others are exponentials."""

    base: Operation
    exponent: Operation
    parts: ClassVar[tuple[str, ...]] = ("base", "exponent")


@dataclass(frozen=True, slots=True)
class Max(Operation):
    """The larger of two values."""

    left: Operation
    right: Operation
    parts: ClassVar[tuple[str, ...]] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Min(Operation):
    """The smaller of two values."""

    left: Operation
    right: Operation
    parts: ClassVar[tuple[str, ...]] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Abs(Operation):
    """The size of a value."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Sigmoid(Operation):
    """1/(1 + exp(−a)) of a tensor, with a slope also where the exponential overflows."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class LogSigmoid(Operation):
    """The logarithm of that, which neither overflows nor underflows."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Exp(Operation):
    """An exponential."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Expm1(Operation):
    """exp(a) − 1, with the digits that the difference would lose where a is small."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Log(Operation):
    """A logarithm of what is no probability: of a parameter, a weight, a length."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class CauchyCdf(Operation):
    """atan(a)/π + 1/2, with the digits that the sum would lose where it is small."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class LogCauchyCdf(Operation):
    """The logarithm of that, with its digits also where it is close to zero."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class LogSumExp(Operation):
    """log(exp(a) + exp(b) + ...), which neither overflows nor underflows."""

    logs: tuple[Operation, ...]
    parts: ClassVar[tuple[str, ...]] = ("logs",)


@dataclass(frozen=True, slots=True)
class Sum(Operation):
    """A sum over the tokens of a response.

    Attributes:
        response: `w` or `l`.
        body: what is summed, of each token.
        masked: whether padding has to be left out; if not, the body is 0 there.
    """

    response: str
    body: Operation
    masked: bool
    parts: ClassVar[tuple[str, ...]] = ("body",)

    def _shape(self) -> Shape:
        return Shape.PAIR


@dataclass(frozen=True, slots=True)
class Detached(Operation):
    """A value that counts as a constant for gradients."""

    body: Operation
    parts: ClassVar[tuple[str, ...]] = ("body",)
