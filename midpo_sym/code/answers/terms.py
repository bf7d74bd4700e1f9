"""A loss as an expression, taken apart into weighted terms, each a link of an argument."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from midpo_sym.code.tracing.algebra import (
    ONE,
    TWO,
    ZERO,
    NotReadableError,
    log,
    negative,
    over,
    times,
    total,
)
from midpo_sym.language import tree
from midpo_sym.language.links import LINKS, VARIABLE
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression

LOGSIGMOID, HINGE, SIGMOID, IDENTITY = "logsigmoid", "hinge", "sigmoid", "identity"


@dataclass(frozen=True, slots=True)
class Part:
    """A term: weight × link(argument), the link in words of the language."""

    link: str
    argument: Expression
    weight: Expression = ONE


@dataclass
class Parts:
    """What a loss is a sum of.

    Attributes:
        terms: those with a link.
        added: the others.
    """

    terms: list[Part] = field(default_factory=list)
    added: list[Expression] = field(default_factory=list)

    @staticmethod
    def of(loss: Expression) -> Parts:
        """Return the parts of a loss; one that has no link has the identity."""
        found = Parts()
        found.add_up(loss, ONE)
        if not found.terms:
            return Parts([Part(IDENTITY, negative(loss))])
        return Parts(_joined(found.terms), found.added)

    def add_up(self, node: Expression, weight: Expression) -> None:
        """Add an expression, times a weight."""
        match node:
            case tree.Neg(body=body):
                return self.add_up(body, negative(weight))
            case tree.Add(terms=terms) if _has_link(node):
                for each in terms:
                    self.add_up(each, weight)
                return None
            case tree.Mul(factors=factors):
                bent = [each for each in factors if _has_link(each)]
                if len(bent) == 1:
                    rest = tree.product([each for each in factors if each is not bent[0]])
                    return self.add_up(bent[0], times(weight, rest))
            case tree.Div(numerator=above, denominator=below) if _has_link(above) and not _has_link(
                below
            ):
                return self.add_up(above, over(weight, below))
        link = _link_of(node)
        if link is None:
            self.added.append(times(weight, node))
        else:
            self.terms.append(Part(*link, weight))
        return None


def _joined(terms: list[Part]) -> list[Part]:
    """Return the terms, those of one argument, or of minus it, as one under a link of both."""
    left, found = [*terms], []
    while left:
        first, *rest = left
        alike = [each for each in left if _sign(each, first) and not tree.responses(each.weight)]
        if len(alike) < 2 or first not in alike:  # noqa: PLR2004 - of more than one
            found.append(first)
            left = rest
            continue
        link = " + ".join(f"({to_text(each.weight)})*({_at(each, first)})" for each in alike)
        found.append(Part(link, first.argument))
        left = [each for each in left if each not in alike]
    return found


def _sign(part: Part, other: Part) -> int:
    """Return 1 if two terms have one argument, -1 if one has minus the other's, else 0."""
    if part.argument == other.argument:
        return 1
    return -1 if negative(part.argument) == other.argument else 0


def _at(part: Part, first: Part) -> str:
    """Return the link of a term, as one of the argument of another term."""
    plain = _sign(part, first) > 0
    if part.link in LINKS:
        return to_text(_mirrored(LINKS[part.link].body, plain=plain))
    return part.link if plain else re.sub(r"\ba\b", "(-a)", part.link)


def _mirrored(node: Expression, *, plain: bool) -> Expression:
    """Return a link as it is, or of minus its argument."""
    match node:
        case tree.Neg(body=tree.Parameter()) if node.body == VARIABLE:
            return node if plain else VARIABLE
        case tree.Parameter() if node == VARIABLE:
            return node if plain else tree.Neg(VARIABLE)
    return tree.over(node, [_mirrored(each, plain=plain) for each in node.children()])


def _has_link(node: Expression) -> bool:
    return any(_link_of(each) is not None for each in node.walk())


def _link_of(node: Expression) -> tuple[str, Expression] | None:
    """Return the link that an expression is, and its argument; None if it is none."""
    match node:
        case tree.Log(body=tree.Add(terms=terms)) if ONE in terms:
            rest = _without_one(terms)
            try:
                return LOGSIGMOID, negative(log(rest))
            except NotReadableError:
                return None
        case tree.Max(left=left, right=right) if ZERO in (left, right):
            inner = right if left == ZERO else left
            if isinstance(inner, tree.Add) and ONE in inner.terms:
                return HINGE, negative(_without_one(inner.terms))
            return "max(0, -a)", negative(inner)
        case tree.Pow(base=tree.Add(terms=terms), exponent=exponent) if exponent == TWO:
            still = total([each for each in terms if not tree.responses(each)])
            moving = total([each for each in terms if tree.responses(each)])
            return ("a**2" if still == ZERO else f"(a + ({to_text(still)}))**2"), moving
        case tree.Div(numerator=above, denominator=tree.Add(terms=terms)) if (
            above == ONE and ONE in terms
        ):
            rest = _without_one(terms)
            if isinstance(rest, tree.Exp):
                return SIGMOID, rest.body
        case tree.Exp(body=body):
            return "exp(-a)", negative(body)
    return None


def _without_one(terms: tuple[Expression, ...]) -> Expression:
    """Return a sum without the first of its ones."""
    rest = [*terms]
    rest.remove(ONE)
    return total(rest)
