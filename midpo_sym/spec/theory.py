"""What the files of the theory and of the audit say, validated and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from midpo_sym.language.grammar.finite_sets import Abbreviation, Signature
from midpo_sym.language.indexed import Indexed
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.spec.model import Citation


@dataclass(frozen=True, slots=True)
class Assumption:
    """A hypothesis: `function` sums to 1 over some of its indices, or is equal to a body.

    Attributes:
        name: how steps call it.
        function: the function, at distinct indices.
        over: the indices of the sum; none for an equation.
        body: what the function is equal to; None for a sum.
        meaning: what it says, in words.
    """

    name: str
    function: Indexed
    over: tuple[str, ...]
    body: Expression | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a file declares.

    Attributes:
        title: what it is about.
        summary: one sentence.
        source: where the paper says it, if that is said.
        notes: Markdown.
        domains: name of a parameter to its domain.
        functions: name to signature.
        abbreviations: name to abbreviation.
        assumptions: name to hypothesis.
        meanings: name to what it is, in words.
        symbols: how each declared name is printed.
        text: the file, word for word.
        path: where it was read from.
    """

    title: str
    summary: str
    source: Citation | None
    notes: str
    domains: Mapping[str, str]
    functions: Mapping[str, Signature]
    abbreviations: Mapping[str, Abbreviation]
    assumptions: Mapping[str, Assumption]
    meanings: Mapping[str, str]
    symbols: Mapping[str, Symbol]
    text: str = field(repr=False)
    path: Path = field(repr=False)

    @property
    def id(self) -> str:
        """Return the name of the file without `.toml`."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Relation:
    """left = right or left <= right, and what its proof needs.

    Attributes:
        left: one side.
        sign: `=` or `<=`.
        right: the other side.
        using: names of the hypotheses.
        gap: of a bound, right minus left, not negative by its form.
    """

    left: Expression
    sign: str
    right: Expression
    using: tuple[str, ...]
    gap: Expression | None


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands for a function or parameter of another file: body, where formals are taken."""

    name: str
    formals: tuple[str, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Cited:
    """A chain that a step cites.

    Attributes:
        id: its name with that of its file: `lemma_1/split`.
        chain: the chain, if it stands in the same file, above.
    """

    id: str
    chain: Chain | None


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One step of a chain, from the line before to `to`; see the table of keys for the rest."""

    rules: tuple[str, ...]
    by: tuple[Cited, ...]
    where: tuple[Replacement, ...]
    sign: str
    to: Expression
    using: tuple[str, ...]
    gap: Expression | None
    equal_where: tuple[Expression, Expression] | None
    zero_where: tuple[Expression, Expression] | None
    factor: Expression | None
    at: str
    over: str
    note: str

    @property
    def rule(self) -> str:
        """Return the names of the rules in a row."""
        return ", ".join(self.rules)


@dataclass(frozen=True, slots=True)
class Chain:
    """A derivation: a line to start from, and steps."""

    id: str
    title: str
    indices: frozenset[str]
    start: Expression
    steps: tuple[ChainStep, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Theory:
    """One file of `derivations/theory`."""

    setting: Setting
    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict is computed from: one of these.

    Attributes:
        relation: an equation or bound.
        claims: claims of derivations, as `simpo/section-4`.
        chains: chains of the theory, as `lemma_1/split`.
        property: a row of `PROPERTIES` that most of `of` are said to have.
        of: derivations.
        same: the entry that judges the same statement, or the same slip in it.
        reason: why nothing is computed.
        negated: whether the evidence, once proved, refutes the statement.
    """

    relation: Relation | None = None
    claims: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    property: str = ""
    of: tuple[str, ...] = ()
    same: str = ""
    reason: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Repair:
    """A statement that is right, in the place of one that is not."""

    says: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement of the paper; see the table of keys."""

    id: str
    place: str
    says: str
    form: str
    status: str
    category: str
    why: str
    meant: str
    evidence: Evidence
    residual: Expression | None
    repair: Repair | None


@dataclass(frozen=True, slots=True)
class Audit:
    """One file of `derivations/audit`."""

    setting: Setting
    entries: tuple[Entry, ...]
