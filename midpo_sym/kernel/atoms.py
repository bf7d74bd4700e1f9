"""The atoms of expressions, and whether expressions are well scoped. Trusted, like `kernel`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from sympy.polys.rings import PolyElement

from midpo_sym.kernel.forms import (
    Atom,
    Form,
    NormalForm,
    OutsideClassError,
    application,
    variables,
)
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
    """A function of normal forms, which its name tells apart from others.

    Attributes:
        nonnegative: whether it is zero or more by its form; if not, nothing is known.
    """

    name: str
    thawed: str
    token: bool = False
    policy: bool = False
    nonnegative: bool = field(default=False, compare=False)
    opaque: ClassVar[bool] = True
    leaf: ClassVar[None] = None


def opaque_of(
    function: str,
    arguments: tuple[Form, ...],
    atoms: dict[str, Atom],
    thawed: Mapping[str, str],
    *,
    from_zero: bool,
) -> Opaque:
    """Return the atom of a function of forms.

    Args:
        function: "exp", "log", "max", "Σ" or `CAUCHY`.
        arguments: the forms.
        atoms: what their variables are.
        thawed: those inside sg: what they are outside.
        from_zero: whether the value is known to be zero or more.
    """
    name = application(function, arguments)
    forms = [NormalForm(c, sums, atoms) for c, sums in arguments]
    parts = [part for _, sums in arguments for r in sums.values() for part in (r.numer, r.denom)]
    return Opaque(
        name,
        application(function, arguments, thawed) if thawed else name,
        token=any(atom.token for each in forms for atom in each.atoms_of(each.constant)),
        policy=any(atom.policy for each in forms for atom in each.present()),
        nonnegative=from_zero
        or function == "exp"
        or (function == "Σ" and all(is_from_zero(each, atoms) for each in parts)),
    )


def is_from_zero(polynomial: PolyElement, atoms: Mapping[str, Atom]) -> bool:
    """Return whether it has positive coefficients only, and atoms that are zero or more (A13)."""
    return all(c > 0 for c in polynomial.itercoeffs()) and all(
        _never_negative(atoms[name]) for name in variables(polynomial)
    )


def _never_negative(atom: Atom) -> bool:
    if isinstance(atom, Opaque):
        return atom.nonnegative
    return atom.leaf is not None and atom.leaf.nonnegative


def check_scope(node: Expression, bound: str) -> None:
    """Check that every token atom stands under one sum or product, over its own response."""
    _check_names(node)
    match node:
        case tree.TokenProbability() | tree.Statistic() | tree.Weight() | tree.Position():
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
        case tree.Weight() | tree.Position():
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
