"""The leaves of the tree: parameters, lengths, probabilities, statistics, and numbers of tokens."""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.language.arithmetic import Expression
from midpo_sym.language.quantities import statistics

ABOVE_ZERO = ("positive", "open unit")  # the domains of positive numbers
UP_TO_ONE = ("unit", "open unit")
FROM_ZERO = ("nonnegative", "unit", *ABOVE_ZERO)


@dataclass(frozen=True, slots=True)
class Parameter(Expression):
    """A scalar parameter of an algorithm, such as α; its domain is a row of `DOMAINS`."""

    name: str
    domain: str = "real"

    def _is_positive(self) -> bool:
        return self.domain in ABOVE_ZERO

    def _is_nonnegative(self) -> bool:
        return self.domain in FROM_ZERO

    @property
    def below_one(self) -> bool:
        """Return whether its domain ends below one."""
        return self.domain == "open unit"

    @property
    def at_most_one(self) -> bool:
        """Return whether its domain ends at one, or below."""
        return self.domain in UP_TO_ONE


@dataclass(frozen=True, slots=True)
class Length(Expression):
    """|y|: the number of tokens of a response, at least 1."""

    response: str


@dataclass(frozen=True, slots=True)
class Probability(Expression):
    """π(y|x): the probability of a whole response under a model."""

    model: str
    response: str

    @property
    def below_one(self) -> bool:
        """Return that it is: every model has full support, over two responses or more."""
        return True


@dataclass(frozen=True, slots=True)
class TokenProbability(Expression):
    """π(y_t|x, y_<t): the probability of the token at the bound position t."""

    model: str
    response: str

    @property
    def below_one(self) -> bool:
        """Return that it is: every model has full support, over two tokens or more."""
        return True


@dataclass(frozen=True, slots=True)
class Statistic(Expression):
    """A statistic of the next-token distributions before the bound position t.

    Attributes:
        name: a row of `STATISTICS`.
        response: whose token is at t.
    """

    name: str
    response: str

    def __post_init__(self) -> None:
        """Check the name.

        Raises:
            ValueError: there is no such statistic.
        """
        if self.name not in statistics.STATISTICS:
            message = f"no statistic {self.name!r}; allowed: {', '.join(statistics.STATISTICS)}"
            raise ValueError(message)
        Expression.__post_init__(self)

    @property
    def row(self) -> statistics.Statistic:
        """Return what is known of it."""
        return statistics.STATISTICS[self.name]

    def _is_positive(self) -> bool:
        return self.row.domain in ABOVE_ZERO

    def _is_nonnegative(self) -> bool:
        return self.row.domain in FROM_ZERO


@dataclass(frozen=True, slots=True)
class Weight(Expression):
    """A declared number per token, such as μ₁(y_t); by label if both responses have their own."""

    name: str
    response: str
    domain: str = "real"
    by_label: bool = False

    def _is_positive(self) -> bool:
        return self.domain in ABOVE_ZERO

    def _is_nonnegative(self) -> bool:
        return self.domain in FROM_ZERO

    @property
    def below_one(self) -> bool:
        """Return whether its domain ends below one."""
        return self.domain == "open unit"

    @property
    def at_most_one(self) -> bool:
        """Return whether its domain ends at one, or below."""
        return self.domain in UP_TO_ONE


@dataclass(frozen=True, slots=True)
class Position(Expression):
    """The place of the token at the bound position t in its response, from 1 on."""

    response: str


@dataclass(frozen=True, slots=True)
class Datum(Expression):
    """A declared number that is given as data: of a response, of a pair, or of a batch.

    Attributes:
        name: its word in a specification.
        of: the responses it is a number of: one, the chosen and the rejected one, or none.
        domain: a row of `DOMAINS`.
        by_label: whether chosen and rejected responses have numbers of their own.
    """

    name: str
    of: tuple[str, ...] = ()
    domain: str = "real"
    by_label: bool = False

    def _is_positive(self) -> bool:
        return self.domain in ABOVE_ZERO

    def _is_nonnegative(self) -> bool:
        return self.domain in FROM_ZERO

    @property
    def below_one(self) -> bool:
        """Return whether its domain ends below one."""
        return self.domain == "open unit"

    @property
    def at_most_one(self) -> bool:
        """Return whether its domain ends at one, or below."""
        return self.domain in UP_TO_ONE


@dataclass(frozen=True, slots=True)
class Normaliser(Expression):
    """Z(x): the unknown positive factor up to which a prior is known; the same for both."""
