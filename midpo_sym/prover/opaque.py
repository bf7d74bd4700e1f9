"""Which part of an expression is behind an opaque atom of its normal form."""

from __future__ import annotations

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Decision, normal_form
from midpo_sym.language import tree
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression

_KINDS = (
    tree.CauchyCdf,
    tree.Max,
    tree.Log,
    tree.Exp,
    tree.Pow,
    tree.Div,
    tree.Mul,
    tree.Probability,
)


def opaque_part(decision: Decision, *sides: Expression) -> Expression | None:
    """Return the smallest part of the sides that keeps an opaque atom in their difference."""
    return smallest_with(
        {atom.name for atom in decision.difference.present() if atom.opaque}, *sides
    )


def smallest_with(names: set[str], *sides: Expression) -> Expression | None:
    """Return the smallest part of the sides whose normal form has an atom of some name."""
    nodes = [
        node
        for side in sides
        for node in at_labels(unfold(side)).walk()
        if isinstance(node, _KINDS)
    ]
    for node in sorted(nodes, key=lambda each: each.size):
        if tree.token_responses(node):
            continue
        try:
            present = normal_form(node).present()
        except (OutsideClassError, ZeroDenominatorError):
            continue
        if names & {atom.name for atom in present}:
            return node
    return None
