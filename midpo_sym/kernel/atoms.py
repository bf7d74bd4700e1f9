"""The atoms of expressions, and whether expressions are well scoped. Trusted, like `kernel`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from midpo_sym.kernel.forms import Atom, OutsideClassError
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression


@dataclass(frozen=True, slots=True)
class Leaf:
    """A parameter, a length, or a quantity of one token; inside sg if it is frozen."""

    thawed: str
    leaf: Expression = field(compare=False, repr=False)
    token: bool = False
    policy: bool = False
    frozen: bool = False
    opaque: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The label, with a mark that no name in a tree has."""
        return self.thawed + "°" * self.frozen


@dataclass(frozen=True, slots=True)
class Opaque:
    """A function of normal forms, which its name tells apart from others."""

    name: str
    thawed: str
    token: bool = False
    policy: bool = False
    opaque: ClassVar[bool] = True
    leaf: ClassVar[None] = None


def check_scope(node: Expression, bound: str) -> None:
    """Check that every token atom stands under one sum or product, over its own response."""
    _check_names(node)
    match node:
        case tree.TokenProbability() | tree.Statistic() | tree.Weight():
            if node.response != bound:
                raise OutsideClassError("a token quantity outside the sum over its own tokens")
        case tree.TokenSum() | tree.TokenProduct():
            if bound:
                raise OutsideClassError("a sum over tokens inside another one")
            bound = node.response
        case tree.Probability():
            if bound:
                raise OutsideClassError("a whole response inside a sum over tokens")
    for child in node.children():
        check_scope(child, bound)


def _check_names(node: Expression) -> None:
    """Check that names are plain words: brackets and signs tell the atoms of nodes apart."""
    if isinstance(node, tree.Defined):  # stands for its body, whatever its name
        return
    names = [getattr(node, attribute, "_") for attribute in ("name", "model", "response")]
    names += node.of if isinstance(node, tree.Datum) else ()
    if not all(map(str.isidentifier, names)):
        raise OutsideClassError("a name that is not a plain word")


def leaf_of(node: Expression, *, frozen: bool) -> Leaf | None:
    """Return the atom of a node that is one, or whose logarithm is one."""
    policy = False
    leaf = node
    match node:
        case tree.Parameter():
            return Leaf(node.name, node)
        case tree.Length():
            return Leaf(f"|y_{node.response}|", node)
        case tree.Datum(name, of):
            return Leaf(f"Datum[{name}]({', '.join(of)})", node)
        case tree.Normaliser():
            return Leaf("log Z(x)", tree.Log(node))
        case tree.Weight():
            name = to_text(node)
        case tree.Statistic(name, response):
            # No weight is called so.
            name, policy = f"Statistic[{name}]({response})", node.row.trained
        case tree.Probability(model, response) | tree.TokenProbability(model, response):
            leaf = tree.Log(tree.TokenProbability(model, response))
            name, policy = to_text(leaf), model == "pi"
        case _:
            return None
    held = policy and frozen
    return Leaf(name, leaf, token=True, policy=policy and not held, frozen=held)


def collect(node: Expression, atoms: dict[str, Atom]) -> None:
    """Collect the atoms outside sg: those inside are replaced by them in the end."""
    atom = leaf_of(node, frozen=False)
    if atom:
        atoms[atom.name] = atom
    response = getattr(node, "response", "")
    if response:
        atoms[f"|y_{response}|"] = Leaf(f"|y_{response}|", tree.Length(response))
    for child in node.children():
        collect(child, atoms)
