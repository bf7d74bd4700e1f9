"""What is said of two losses: the verdict in a sentence, and each relation in a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.prover.derivation.difference import ARGUMENT, LOSS, REST, WEIGHT, Chain
from midpo_sym.prover.equivalence.answers import (
    COMMON,
    LINK,
    ONE,
    SPECIAL_LEFT,
    SPECIAL_RIGHT,
    WITH_ONE,
    ZERO,
    Answer,
    Comparison,
    Relation,
)
from midpo_sym.prover.equivalence.changes import EQUAL_LENGTHS, ONE_TOKEN
from midpo_sym.prover.equivalence.changes import ONE as ONE_EVERYWHERE
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT, Side
from midpo_sym.prover.verdict import Condition
from midpo_sym.targets.wording.notation import UNICODE, Notation, Symbols
from midpo_sym.targets.wording.shapes import link_name

_LENGTH = "n"
_PARTS = {ARGUMENT: "argument", WEIGHT: "weight", REST: "additional terms"}
_SPECIAL = (SPECIAL_LEFT, SPECIAL_RIGHT, COMMON)
_SAME = ("same", "same up to")
_HEADLINES = {
    "same": "A and B are the same loss.",
    "same up to": "A and B are the same loss up to the following.",
    "same value, other gradient": "A and B have the same value, other gradient.",
    "same value, gradient undecided": "A and B have the same value; whether they have the same "
    "gradient is undecided.",
    "same on a subset": "A and B differ, and are the same in special cases.",
    "undecided": "It is undecided whether A and B are the same.",
}
NOT_EXCLUDED = "Pairs of which nothing was found may be related by a substitution all the same."
NOT_FOUND = "No substitution was found that makes them the same; that there is none is not proved."


@dataclass(frozen=True)
class Words:
    """How a comparison is put into words.

    Attributes:
        left: A.
        right: B.
        notation: how formulas stand in a sentence.
    """

    left: Side
    right: Side
    notation: Notation = UNICODE

    @staticmethod
    def of(comparison: Comparison, notation: Notation = UNICODE) -> Words:
        """Return how a comparison is put into words."""
        return Words(comparison.left, comparison.right, notation)

    @property
    def symbols(self) -> dict[str, Symbol]:
        """Return how the names of both sides are printed."""
        n = {_LENGTH: Symbol(_LENGTH, _LENGTH)}
        return {**self.left.symbols, **self.right.symbols, **n}

    def headline(self, comparison: Comparison) -> str:
        """Return the verdict in a sentence."""
        if comparison.verdict != "differs":
            return _HEADLINES[comparison.verdict]
        closest = comparison.closest
        if closest is not None and closest.kind == LINK:
            return "A and B differ: what is proved is about the arguments of their links."
        if closest is not None and closest.kind == WITH_ONE:
            return "A and B differ: what is proved is with 1 in the place of a model."
        return "A and B differ."

    def note(self, comparison: Comparison) -> str:
        """Return what is not proved of losses that are not the same; "" if they are."""
        return "" if comparison.verdict in _SAME else NOT_FOUND

    def relation(self, relation: Relation) -> str:
        """Return what is proved, in a sentence."""
        whole = relation.of == "loss"
        one, other = (LEFT, RIGHT) if whole else ("the argument of A", "that of B")
        factor = self.show(relation.factor, relation)
        if relation.factor != ONE:
            factor = f"({factor})" if isinstance(relation.factor, (tree.Add, tree.Neg)) else factor
            other = f"{self.math(factor)} × {other}"
        if relation.offset != ZERO:
            other += f" + {self.math(self.show(relation.offset, relation))}"
        parts = [f"{one} = {other}"]
        if at := self.substitution(relation):
            parts.append(f"at {at}")
        parts += self.models(relation)
        if relation.changes.where == EQUAL_LENGTHS:
            parts.append(f"where {self.math('|y_w| = |y_l| = n')}")
        elif relation.changes.where == ONE_TOKEN:
            parts.append("where each response is one token")
        if needed := self.needed(relation.value.conditions):
            parts.append(f"where {needed}")
        said = ", ".join(parts)
        if not whole:
            return f"{said}: the same arguments under different links"
        if relation.kind == WITH_ONE:
            (label,) = relation.changes.models
            return f"{said}: of what {label} becomes by that, not of {label}"
        return f"{said}: {relation.kind}" if relation.kind in _SPECIAL else said

    def substitution(self, relation: Relation) -> str:
        """Return the values of parameters, weights and data; "" if there are none."""
        values = relation.changes.values.items()
        found = [
            self.math(f"{self.name(name)} = {self.show(value, relation)}") for name, value in values
        ]
        scales = relation.changes.scales
        found += [
            self.math(f"{self.name(name)} = {self.multiple(same, scales.get(name, ONE))}")
            for name, same in relation.changes.names.items()
            if name in self.right.declared and same in self.left.declared
        ]
        return ", ".join(sorted(found, key=lambda each: each.startswith(LEFT)))

    def back(self, relation: Relation) -> str:
        """Return the substitution the other way; "" if there is none to be said."""
        found = [
            self.math(f"{self.name(name)} = {self.show(value, relation)}")
            for name, value in (relation.back or {}).items()
        ]
        found += [
            self.math(f"{self.name(relation.changes.names[name])} = {self.multiple(name, scale)}")
            for name, scale in relation.back_scales.items()
        ]
        if not found:
            return ""
        if needed := self.needed(relation.back_conditions):
            found.append(f"where {needed}")
        return ", ".join(found)

    def multiple(self, name: str, scale: Expression) -> str:
        """Return a weight or a number that is given, times a number."""
        if scale == ONE:
            return self.name(name)
        return self.show(tree.mul(scale, tree.Parameter(name, "real")))

    def needed(self, conditions: Iterable[Condition]) -> str:
        """Return what has to be assumed different from zero; "" if it is nothing."""
        return ", ".join(
            self.math(self.notation.never_zero(each.expression, self.symbols))
            for each in conditions
            if not each.given_by
        )

    def models(self, relation: Relation) -> list[str]:
        """Return which models are put in the place of which."""
        return [
            f"with {self.model(other)} in the place of {label}'s {self.model(model)}"
            for label, models in relation.changes.models.items()
            for model, other in models.items()
        ]

    def model(self, name: str) -> str:
        """Return the symbol of a model, or 1."""
        if name == ONE_EVERYWHERE:
            return self.math("1")
        return self.math(getattr(MODELS[name], "unicode" if self.notation is UNICODE else "latex"))

    def answer(self, answer: Answer) -> str:
        """Return what is said of the value, the gradient or the reward."""
        if answer.says == "same":
            needed = self.needed(answer.conditions)
            return f"same, where {needed}" if needed else "same"
        if answer.says == "undecided":
            return f"undecided: {answer.reason}"
        if answer.what == "loss":
            return "differs, shown at a point"
        *words, last = answer.what.split()
        what = " ".join([*words, self.math(last) if words else last])  # the reward of y_w
        return f"differs in the {what}, shown at a point"

    def chain(self, chain: Chain, relation: Relation | None) -> tuple[str, str]:
        """Return what a chain starts from, and what it arrives at.

        Args:
            chain: the lines.
            relation: what they derive; None if it is the residual.
        """
        part = "" if chain.of == LOSS else f"the {_PARTS[chain.of]} of "
        place = f"term {chain.term} of " if chain.term else ""
        if relation is None:
            return f"{part}{LEFT} − {part}{RIGHT}", "what is left of it"
        there = f"{part}a term of {RIGHT}" if chain.term else f"{part}{RIGHT}"
        moved = (relation.factor, relation.offset) != (ONE, ZERO)
        if moved and (chain.of != ARGUMENT or relation.of == ARGUMENT):
            there += ", times the factor"
            there += " and plus the offset" if relation.offset != ZERO else ""
        return f"{part}{place}{LEFT}", there

    def residual(self, comparison: Comparison) -> str:
        """Return A minus B, if that can be written; "" otherwise."""
        found = comparison.residual
        if found is None:
            return ""
        what = "argument of A − argument of B" if comparison.of_arguments else "A − B"
        return f"{what} = {self.math(self.show(found))}"

    def name(self, name: str) -> str:
        """Return the symbol of a parameter, a weight or a number that is given."""
        known = self.symbols[name]
        return known.unicode if self.notation is UNICODE else known.latex

    def show(self, node: Expression, relation: Relation | None = None) -> str:
        """Return an expression; |y_w| as n, where it is about equal lengths."""
        return self.notation.show(self.at_lengths(node, relation), self.symbols)

    def at_lengths(self, node: Expression, relation: Relation | None) -> Expression:
        """Return an expression with n for |y_w|, where it is about equal lengths."""
        if relation is not None and relation.changes.where == EQUAL_LENGTHS:
            return _with_n(node)
        return node

    def math(self, formula: str) -> str:
        """Return a formula as it stands in a sentence."""
        return self.notation.math.format(formula)


def loss_line(objective: Objective, symbols: Symbols) -> str:
    """Return a loss in a line: its terms, and what is added to them."""
    parts = []
    for term in objective.terms:
        name = link_name(term.link, symbols)
        shown = name if term.link.is_named else f"[{name}]"
        weight = "" if term.weight == ONE else f"({UNICODE.show(term.weight, symbols)}) × "
        parts.append(f"{weight}{shown} of {UNICODE.show(term.argument, symbols)}")
    parts += [UNICODE.show(each, symbols) for each in objective.additive]
    return "  plus  ".join(parts)


def _with_n(node: Expression) -> Expression:
    if node == tree.Length("w"):
        return tree.Parameter(_LENGTH, "positive")
    return tree.over(node, [_with_n(child) for child in node.children()])
