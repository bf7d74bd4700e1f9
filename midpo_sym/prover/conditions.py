"""From the denominators of a theorem to the conditions a reader has to check."""

from __future__ import annotations

from collections.abc import Iterator

from midpo_sym.language import tree
from midpo_sym.language.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.forms import Atom, Denominator
from midpo_sym.prover.rebuild import NotReadableError, rational
from midpo_sym.prover.verdict import Condition


def conditions(
    denominators: tuple[Denominator, ...], atoms: dict[str, Atom]
) -> tuple[Condition, ...]:
    """Return the factors of denominators that are not plain numbers, each once."""
    found = {
        to_text(factor): Condition(factor, _reason(factor))
        for denominator in denominators
        for factor in _factors(denominator, atoms)
    }
    return tuple(found[key] for key in sorted(found))


def _factors(denominator: Denominator, atoms: dict[str, Atom]) -> Iterator[Expression]:
    """Yield the factors of a denominator.

    Where they have no words, it is one factor as it was written; unless it is positive by its
    form, like a sum of probabilities: that takes no condition.
    """
    value = denominator.value
    try:
        nodes = [rational(value.field(factor), atoms) for factor, _ in value.numer.factor_list()[1]]
    except NotReadableError:
        nodes = [] if denominator.node.positive else [denominator.node]
    for node in nodes:
        yield node.body if isinstance(node, tree.Neg) else node


def _reason(node: Expression) -> str:
    match node:
        case tree.Length(response=response):
            return f"|y_{response}| ≥ 1"
        case tree.Parameter(name=name, domain="positive"):
            return f"{name} is positive"
    return "it is a sum of positive terms" if node.positive else ""
