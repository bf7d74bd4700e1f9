"""The symbols that a page uses, each with what it means: the table, and the texts on hover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.quantities.statistics import OPERATORS
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import DOMAINS, MODELS
from midpo_sym.site.maths.layout import PagePrinter, formula
from midpo_sym.spec.model import Derivation, Statement


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table of symbols.

    Attributes:
        key: what the symbol is marked with in formulas; the row's id is `symbol-` and this.
        latex: the symbol.
        meaning: what it is.
        value: what it stands for or where it lies, as LaTeX; "" if there is nothing to say.
        domain: the numbers it may be, in words; "" for what is no number of the reader's.
        default: the value its authors use; "" if none is known.
        code: its name in Python; "" if it has none.
    """

    key: str
    latex: str
    meaning: str
    value: str = ""
    domain: str = ""
    default: str = ""
    code: str = ""


def entries(derivation: Derivation) -> tuple[Entry, ...]:
    """Return the symbols of a derivation: the framework's first, then its own."""
    return (*_of_framework(derivation.statement), *_of_models(derivation), *_own(derivation))


def _of_framework(statement: Statement) -> Iterator[Entry]:
    yield Entry("x", "x", "the prompt")
    yield Entry("y", "y,\\; y_w,\\; y_l", "a response; the chosen one; the rejected one")
    yield Entry("zeta", r"\zeta", "the prior, MI-DPO's free distribution, given up to a factor")
    yield Entry("normaliser", "Z(x)", "that factor; it depends on the prompt only, and cancels")
    nodes = {type(node) for node in _nodes(statement)}
    if tree.Length in nodes or tree.TokenSum in nodes or tree.TokenProduct in nodes:
        yield Entry("length", "|y|", "number of tokens of a response, at least 1")
    used = {node.row.operator for node in _nodes(statement) if isinstance(node, tree.Statistic)}
    for each in OPERATORS:
        if each in used:
            yield Entry(each.name, each.latex, each.meaning)


def _of_models(derivation: Derivation) -> Iterator[Entry]:
    used = {
        name
        for node in _nodes(derivation.statement)
        for name in (
            node.row.models if isinstance(node, tree.Statistic) else (getattr(node, "model", ""),)
        )
    }
    for model in MODELS.values():
        if model.name in used or model.trained:
            yield Entry(model.name, model.latex, model.meaning)


def _own(derivation: Derivation) -> Iterator[Entry]:
    for parameter in derivation.parameters:
        default = "" if parameter.default is None else str(parameter.default)
        yield Entry(
            parameter.name,
            parameter.symbol.latex,
            parameter.meaning,
            domain=DOMAINS[parameter.domain],
            default=default,
            code=parameter.torch,
        )
    for weight in derivation.weights:
        labels = ", for each label its own" if weight.by_label else ""
        domain = f"{DOMAINS[weight.domain]}, per token{labels}"
        yield Entry(
            weight.name, weight.symbol.latex, weight.meaning, domain=domain, code=weight.torch
        )
    for datum in derivation.data:
        labels = ", for each label its own" if datum.by_label else ""
        domain = f"{DOMAINS[datum.domain]}, one for {datum.arity.each}{labels}"
        yield Entry(datum.name, datum.symbol.latex, datum.meaning, domain=domain, code=datum.torch)
    bodies = {
        node.name: node for node in _nodes(derivation.statement) if isinstance(node, tree.Defined)
    }
    for each in derivation.definitions:
        found = bodies.get(each.name)
        value = _definition(found, derivation) if found else ""
        yield Entry(each.name, each.symbol.latex, each.meaning or "an abbreviation", value)


def _definition(node: tree.Defined, derivation: Derivation) -> str:
    """Return a definition, of any response y if it is one of responses."""
    symbols = derivation.symbols
    renaming = {node.response: "y"} if node.response else {}
    general = tree.at_responses(node, renaming)
    body = tree.at_responses(node.body, renaming)
    return formula(body, symbols, f"{PagePrinter(symbols).print(general)} :=")


def _nodes(statement: Statement) -> Iterator[Expression]:
    for side in (statement.zeta, statement.target.loss):
        yield from side.walk()
