"""From the denominators of a theorem to the conditions a reader has to check."""

from __future__ import annotations

from sympy.polys.fields import FracElement

from midpo_sym.language import tree
from midpo_sym.language.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.normal_form import Atom
from midpo_sym.prover.rebuild import NotReadableError, rational
from midpo_sym.prover.verdict import Condition


def conditions(
    denominators: tuple[FracElement, ...], atoms: dict[str, Atom]
) -> tuple[Condition, ...]:
    """Return the factors of denominators that are not plain numbers, each once.

    Raises:
        NotReadableError: a denominator has an opaque atom, which no words stand for.
    """
    found: dict[str, Condition] = {}
    for denominator in denominators:
        for factor, _ in denominator.numer.factor_list()[1]:
            node = rational(denominator.field(factor), atoms)
            if isinstance(node, tree.Neg):
                node = node.body
            found[to_text(node)] = Condition(node, _reason(node))
    return tuple(found[key] for key in sorted(found))


def _reason(node: Expression) -> str:
    match node:
        case tree.Length(response=response):
            return f"|y_{response}| ≥ 1"
        case tree.Parameter(name=name, domain="positive"):
            return f"{name} is positive"
    return "it is a sum of positive terms" if node.positive else ""


__all__ = ["NotReadableError", "conditions"]
