"""A table of several losses, for a paper: what each is made of, and what of MI-DPO it is.

Nothing in it is typed by hand: it is printed from the specifications, and priors stand in it only
where the statement that they give the loss is proved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.functions import table
from midpo_sym.language.objective import Objective
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.equivalence.sides import Declared
from midpo_sym.prover.framework import FRAMEWORK_LINK
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Status
from midpo_sym.targets.wording.notation import UNICODE, Notation, Symbols

HEADINGS = ("method", "loss", "prior", "terms", "parameters", "needs")
_ONE = tree.Number(1)


@dataclass(frozen=True, slots=True)
class Row:
    """One loss.

    Attributes:
        method: its short name.
        loss: the loss of a pair, as one formula.
        prior: ζ(y), up to a factor, if it is proved that MI-DPO has with it what is claimed.
        terms: the links, with what they are applied to counted.
        parameters: with their domains.
        needs: what the loss needs besides the policy.
    """

    method: str
    loss: str
    prior: str
    terms: str
    parameters: str
    needs: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the cells, in the order of `HEADINGS`."""
        return self.method, self.loss, self.prior, self.terms, self.parameters, self.needs


def rows(results: Sequence[Result], notation: Notation) -> Iterator[Row]:
    """Yield a row for each result, which is of the own statement of a specification."""
    for result in results:
        symbols = result.derivation.symbols
        yield Row(
            result.derivation.title,
            _formula(unfold(loss(result.statement.target), keep_functions=True), notation, symbols),
            _prior(result, notation),
            _terms(result.statement.target, notation, symbols),
            _parameters(result, notation),
            _needs(result),
        )


def loss(target: Objective) -> Expression:
    """Return a loss as one expression, with a log-sigmoid under its name."""
    terms: list[Expression] = []
    for term in target.terms:
        if term.link.name == FRAMEWORK_LINK:
            named = table.call("logsigmoid", term.argument)
            terms.append(tree.Neg(named if term.weight == _ONE else tree.mul(term.weight, named)))
        else:
            terms.append(term.loss)
    return tree.total([*terms, *target.additive])


def _formula(node: Expression, notation: Notation, symbols: Symbols) -> str:
    return notation.math.format(notation.show(node, symbols))


def _prior(result: Result, notation: Notation) -> str:
    """Return the prior with what it gives, if that is proved."""
    status = result.verdict.status
    if status is not Status.PROVED:
        return f"{status.value} for what the specification says"
    symbols = result.derivation.symbols
    zeta = unfold(result.statement.zeta, keep_functions=True)
    gives = result.statement.gives
    notes = [] if gives == "loss" else [f"gives the {gives}"]
    if result.gradient.status is not Status.PROVED:
        notes.append(f"gradient {result.gradient.status.value}")
    said = f" ({', '.join(notes)})" if notes else ""
    return f"{_formula(zeta, notation, symbols)}{said}"


def _terms(target: Objective, notation: Notation, symbols: Symbols) -> str:
    """Return the links, each once, with how often it stands there, and what is added."""
    names = Counter(
        "any link"
        if term.link.is_any
        else term.link.said
        if term.link.is_named
        else _formula(term.link.body, notation, symbols)
        for term in target.terms
    )
    said = [name if count == 1 else f"{count} of {name}" for name, count in names.items()]
    if target.additive:
        said.append(f"{len(target.additive)} added")
    return ", ".join(said)


def _parameters(result: Result, notation: Notation) -> str:
    """Return the parameters, weights and data with their domains."""
    found = result.derivation
    declared: list[Declared] = [*found.parameters, *found.weights, *found.data]
    parts = []
    for each in declared:
        symbol = each.symbol.unicode if notation is UNICODE else each.symbol.latex
        domain = notation.domains.get(each.domain, "")
        parts.append(notation.math.format(f"{symbol} {domain}".strip()))
    return ", ".join(parts) or "none"


def _needs(result: Result) -> str:
    """Return what the loss needs besides the policy."""
    found = result.properties
    if found is None:
        return "not computed"
    needed = {
        "a reference": not found.reference_free,
        "next-token distributions": found.needs_divergence,
        "lengths": found.needs_length,
        "weights per token": found.needs_weights,
    }
    return ", ".join(word for word, holds in needed.items() if holds) or "the policy alone"
