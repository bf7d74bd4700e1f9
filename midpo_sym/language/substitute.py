"""Put one expression in the place of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression, over


def substitute(node: Expression, values: Mapping[str, Expression]) -> Expression:
    """Return a tree with parameters and weights replaced by expressions, by name.

    Raises:
        ValueError: something positive by its form would be so no more.
    """
    if isinstance(node, (tree.Parameter, tree.Weight)) and node.name in values:
        return values[node.name]
    return over(node, [substitute(child, values) for child in node.children()])


def resolve_labels(node: Expression) -> Expression:
    """Return a tree of the responses w and l that says itself what depends on the label.

    `by_label` gives way to the value at its response, and weights and data that each label has of
    its own get names of their own; a renaming of the responses then keeps the labels.
    """
    return _with_labels(at_labels(node))


def at_labels(node: Expression) -> Expression:
    """Return a tree of the responses w and l with `by_label` replaced by what it says there."""
    if isinstance(node, tree.ByLabel):
        return at_labels(node.chosen if node.response == "w" else node.rejected)
    return over(node, [at_labels(child) for child in node.children()])


def _with_labels(node: Expression) -> Expression:
    if isinstance(node, (tree.Weight, tree.Datum)) and node.by_label:
        response = node.response if isinstance(node, tree.Weight) else node.of[0]
        label = "chosen" if response == "w" else "rejected"
        return replace(node, name=f"_{label}_{node.name}")  # no declared name starts with _
    return over(node, [_with_labels(child) for child in node.children()])


def label_of_weight(name: str) -> tuple[str, str | None]:
    """Return the declared name of a weight, and the label that `resolve_labels` put to it.

    >>> label_of_weight("_chosen_mu1"), label_of_weight("mu1")
    (('mu1', 'chosen'), ('mu1', None))
    """
    for label in ("chosen", "rejected"):
        if name.startswith(f"_{label}_"):
            return name.removeprefix(f"_{label}_"), label
    return name, None


def unfold(node: Expression, *, keep_functions: bool = False) -> Expression:
    """Return a tree with every defined name replaced by what it stands for.

    Args:
        node: the tree.
        keep_functions: whether calls of functions stay that are more than arithmetic.
    """
    if isinstance(node, tree.Call) and keep_functions and not node.function.is_arithmetic:
        arguments = [unfold(each, keep_functions=True) for each in node.arguments]
        return tree.Call(node.function, tuple(arguments), node.of)
    if isinstance(node, (tree.Defined, tree.Call)):
        return unfold(node.body, keep_functions=keep_functions)
    return over(node, [unfold(child, keep_functions=keep_functions) for child in node.children()])
