"""What the theory may assume, and when its expressions are well formed. Trusted, like `kernel`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from midpo_sym.kernel.finite_atoms import FiniteAtom, Index, Value
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.order import nonnegative
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What may be used of a function f at distinct indices, whatever the other indices are.

    One for each function, and bodies that no other is about: so some functions satisfy them all.

    Attributes:
        function: f(x, y).
        over: the indices over which f sums to 1; none if f is equal to `body`.
        body: what f is equal to, if it is not a sum that is given.
    """

    function: indexed.Indexed
    over: tuple[str, ...] = ()
    body: Expression | None = None

    def __post_init__(self) -> None:
        """Check that it says something of f at all indices.

        Raises:
            ValueError: it does not.
        """
        indices = self.function.indices
        fits = len(set(indices)) == len(indices) and set(self.over) <= set(indices)
        if self.body is None:
            fits &= bool(self.over) and all(each[:1] in indexed.FINITE for each in self.over)
        else:
            fits &= not self.over and indexed.free_indices(self.body) <= set(indices)
            fits &= _lies_in(self.body, self.function.domain)
            fits &= self.function.name not in indexed.names(self.body)
        if not fits:
            raise ValueError("a hypothesis is Σ f = 1, or f = an expression without f")


def _lies_in(body: Expression, domain: str) -> bool:
    """Return whether the values of a body are in a domain by its form."""
    if domain == "nonnegative":
        return nonnegative(body)
    return domain == "real" or (domain == "positive" and body.positive)


def check_form(nodes: Iterable[Expression], given: Iterable[Hypothesis]) -> None:  # noqa: C901, PLR0912 - one case for each kind of node
    """Check names, and that a function has one domain, one list of sets and one hypothesis at most.

    Raises:
        OutsideClassError: they are not well formed.
    """
    seen: dict[str, tuple[object, ...]] = {}
    moved: list[tuple[str, str]] = []
    bodies = [each.body for each in given if each.body is not None]
    said = {each.function.name for each in given if each.body is not None}
    if any(said & indexed.names(body) for body in bodies):
        raise OutsideClassError("a hypothesis about what another hypothesis says")
    if len({each.function.name for each in given}) < len(set(given)):
        raise OutsideClassError("two hypotheses about one function")
    for node in (*nodes, *bodies, *(each.function for each in given)):
        for inner in node.walk():
            indices: tuple[str, ...] = ()
            names: tuple[str, ...] = ()
            signature: tuple[object, ...] | None = None
            match inner:
                case indexed.Indexed(name=name, indices=indices, domain=domain):
                    signature, names = (domain, *map(indexed.set_of, indices)), (name,)
                case tree.Parameter(name=name, domain=domain):
                    signature, names = (domain, "parameter"), (name,)
                case indexed.IndexSum(index=index) | indexed.Least(index=index):
                    indices = (index,)
                    if isinstance(inner, indexed.IndexSum) and index[:1] not in indexed.FINITE:
                        raise OutsideClassError("a sum over a set that may be infinite")
                case indexed.Applied(formals=formals, actuals=actuals, body=body):
                    indices = (*formals, *actuals)
                    same = [*map(indexed.set_of, formals)] == [*map(indexed.set_of, actuals)]
                    bound = indexed.free_indices(body) <= set(formals)
                    if not (same and bound and len(set(formals)) == len(formals)):
                        raise OutsideClassError("a definition that is not taken at its indices")
                case tree.Add() | tree.Mul() | tree.Div() | tree.Neg() | tree.Pow() | tree.Log():
                    continue
                case tree.Exp() | tree.Number():
                    continue
                case indexed.Differential(name=name, along=along):
                    moved.append((name, along))
                    names = (name, along or name)
                case _:
                    raise OutsideClassError("a token or response beside a sum over a finite set")
            if not all(map(indexed.is_index, indices)) or not all(map(str.isidentifier, names)):
                raise OutsideClassError("a name that is not a plain word, or no index")
            if signature and seen.setdefault(names[0], signature) != signature:
                raise OutsideClassError(f"two different quantities are called {names[0]}")
    for name, along in moved:
        if name in seen and along in seen and ("real", *seen[name][1:]) != seen[along]:
            raise OutsideClassError(f"{along} is no direction in which {name} can move")


def normalised(atom: FiniteAtom, hypothesis: Hypothesis, bound: Sequence[Index]) -> set[Index]:
    """Return the indices over which a hypothesis says that an atom sums to one, or none."""
    function = hypothesis.function
    if not isinstance(atom, Value) or atom.function != function.name:
        return set()
    done = [atom.at[function.indices.index(each)] for each in hypothesis.over]
    alone = all(each in bound and atom.at.count(each) == 1 for each in done)
    return set(done) if alone else set()
