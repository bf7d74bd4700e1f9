"""What a specification says, validated and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from midpo_sym.language.grammar.losses import Definition
from midpo_sym.language.objective import Objective
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.quantities.data import Arity
from midpo_sym.language.tree import Expression


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a work: a key of `sources.toml`, or free text."""

    work: str
    place: str


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A scalar parameter of the algorithm.

    Attributes:
        name: its word in the specification.
        domain: a row of `DOMAINS`.
        default: the value its authors use, if they name one.
        meaning: what it does.
        symbol: how it is printed.
        torch: its name in Python.
    """

    name: str
    domain: str
    default: Fraction | None
    meaning: str
    symbol: Symbol
    torch: str


@dataclass(frozen=True, slots=True)
class WeightSpec:
    """A number per token; `by_label` if chosen and rejected have weights of their own."""

    name: str
    domain: str
    by_label: bool
    meaning: str
    symbol: Symbol
    torch: str


@dataclass(frozen=True, slots=True)
class DatumSpec:
    """A number given as data, of a response, a pair or a batch; `by_label` as of a weight."""

    name: str
    arity: Arity
    domain: str
    by_label: bool
    meaning: str
    symbol: Symbol
    torch: str


@dataclass(frozen=True, slots=True)
class DefinitionSpec:
    """An abbreviation, with its symbol and what it says."""

    name: str
    definition: Definition
    meaning: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Statement:
    """What the prover is asked: does MI-DPO with this prior have this loss?

    Attributes:
        scale: α of the framework.
        zeta: ζ(y), up to a positive factor that depends on x only.
        target: the loss.
        gives: a row of `GIVES`: what of the loss MI-DPO is said to give.
        score_of: the response whose score stands on the side of MI-DPO, with ζ known exactly; ""
            for the argument of its log-sigmoid.
    """

    scale: Expression
    zeta: Expression
    target: Objective
    gives: str = "loss"
    score_of: str = ""

    @staticmethod
    def of(scale: Expression, zeta: Expression, link: str, argument: Expression) -> Statement:
        """Return the statement of a loss of one term.

        Args:
            scale: α of the framework.
            zeta: ζ(y).
            link: the outer function of the loss, a row of `LINKS`.
            argument: what goes into it, in terms of the responses w and l.
        """
        return Statement(scale, zeta, Objective.of(link, argument))

    @property
    def link(self) -> str:
        """Return the name of the loss's link.

        Raises:
            ShapeError: the loss has more than one term.
        """
        return self.target.only_term().link.name

    @property
    def argument(self) -> Expression:
        """Return what goes into the link.

        Raises:
            ShapeError: the loss has more than one term.
        """
        return self.target.only_term().argument


@dataclass(frozen=True, slots=True)
class Claim:
    """What some work prints, or a reading or repair of that; what must come out of checking it.

    Attributes:
        id: permanent name within the file.
        citation: where it is printed, or what it reads or repairs.
        printed: whether the work prints it; a reading or a repair of ours is not printed.
        status: what is expected of the value.
        gradient: what is expected of the gradient.
        statement: what is claimed.
        residual: what framework minus target is expected to be, if that is said.
        knows: what a prior for the loss is expected to have to know, if that is said.
        note: for people.
        is_main: whether it claims just what [prior] and [loss] say.
        convention: the library and version whose code computes it; "" for what a work prints.
        parameters: those of this claim alone.
    """

    id: str
    citation: Citation
    printed: bool
    status: str
    gradient: str
    statement: Statement
    residual: Expression | None
    note: str
    is_main: bool
    knows: str = ""
    convention: str = ""
    parameters: tuple[ParameterSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Derivation:
    """One specification file.

    Attributes:
        id: name of the file without `.toml`.
        title: short name.
        name: full name.
        summary: one sentence.
        source: the work that introduced the algorithm, if that is said.
        notes: Markdown.
        elsewhere: how other code of the same name differs; plain text.
        parameters: in the order of the file.
        weights: numbers per token, those under [data] last.
        data: other numbers that are given, in the order of the file.
        definitions: in the order of the file.
        statement: what [prior] and [loss] say.
        claims: in the order of the file.
        text: the file, word for word.
        path: where it was read from.
        checked: a row of `CHECKED`: where the formula was read; "" if that is not said.
    """

    id: str
    title: str
    name: str
    summary: str
    source: Citation | None
    notes: str
    elsewhere: str
    parameters: tuple[ParameterSpec, ...]
    weights: tuple[WeightSpec, ...]
    data: tuple[DatumSpec, ...]
    definitions: tuple[DefinitionSpec, ...]
    statement: Statement
    claims: tuple[Claim, ...]
    text: str = field(repr=False)
    path: Path = field(repr=False)
    checked: str = ""

    @property
    def symbols(self) -> Mapping[str, Symbol]:
        """Return how each declared name is printed."""
        of_claims = [each for claim in self.claims for each in claim.parameters]
        return {each.name: each.symbol for each in (*self.declarations, *of_claims)}

    @property
    def declarations(self) -> tuple[ParameterSpec | WeightSpec | DatumSpec | DefinitionSpec, ...]:
        """Return everything that has a name, in the order of the file."""
        return (*self.parameters, *self.weights, *self.data, *self.definitions)
