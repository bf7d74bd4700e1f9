"""Two losses beside each other: which of their names are the same, and what may be put for what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.quantities.data import TOKEN
from midpo_sym.language.tree import Expression
from midpo_sym.prover.equivalence.changes import ONE, Changes
from midpo_sym.prover.equivalence.equations import UNKNOWN
from midpo_sym.prover.equivalence.questions import changed
from midpo_sym.prover.equivalence.sides import Side
from midpo_sym.spec.model import DatumSpec, WeightSpec

_SCALED = ("positive", "nonnegative", "real")  # domains of which multiples are all, too
_MOST_MATCHES = 6


class Pair:
    """Two losses, and what is known of their names.

    Attributes:
        left: A.
        right: B.
        names: weights and data of B that are A's of the same name and kind, by their names.
        domains: of every parameter, weight and number that is given, and of what is solved for:
            among it what a weight or a number of B may be multiplied by.
    """

    def __init__(self, left: Side, right: Side) -> None:
        self.left, self.right = left, right
        self.names = _same_quantities(left, right)
        declared = {**left.declared, **right.declared}
        times = {
            times_of(name): "real" if each.domain == "real" else "positive"
            for name, each in right.quantities.items()
            if each.domain in _SCALED
        }
        self.domains = {name: each.domain for name, each in declared.items()} | UNKNOWN | times

    def changed(self, changes: Changes) -> tuple[Objective, Objective]:
        """Return both losses under changes.

        Raises:
            ValueError: one of them has none.
        """
        return changed(self.left, changes), changed(self.right, changes)

    @property
    def has_lengths(self) -> bool:
        """Return whether one of the losses speaks of the number of tokens."""
        sides = (self.left, self.right)
        return any(isinstance(node, tree.Length) for side in sides for node in side.loss.walk())

    def models(self) -> Iterator[dict[str, dict[str, str]]]:
        """Yield changes of models to try: none, one for another, and 1 in the place of one."""
        yield {}
        ours, theirs = self.left.models, self.right.models
        for one in sorted(ours - theirs):
            for other in sorted(theirs - ours):
                yield {self.left.label: {one: other}}
        for side, more, absent in (
            (self.left, ours - theirs, theirs - ours),
            (self.right, theirs - ours, ours - theirs),
        ):
            if more and not absent:
                yield {side.label: dict.fromkeys(sorted(more), ONE)}

    def matches(self) -> Iterator[dict[str, str]]:
        """Yield ways to put each weight and number of A in the place of one of B of its kind.

        That of the same names comes first, if they have them.
        """
        ours, theirs = self.left.quantities, self.right.quantities
        if len(ours) != len(theirs):
            return
        found = [
            dict(zip(theirs, permuted, strict=True))
            for permuted in itertools.islice(itertools.permutations(ours), _MOST_MATCHES)
        ]
        found.sort(key=lambda names: names != self.names)
        for names in found:
            if all(_kind(theirs[name]) == _kind(ours[same]) for name, same in names.items()):
                yield names

    def same_names(self) -> dict[str, Expression]:
        """Return the parameters of B that are A's of the same name and domain, as those."""
        ours = {each.name: (name, each.domain) for name, each in self.left.parameters.items()}
        return {
            name: tree.Parameter(*ours[each.name])
            for name, each in self.right.parameters.items()
            if ours.get(each.name, ("", ""))[1] == each.domain
        }

    def identified(self) -> Changes:
        """Return the changes under which losses are compared that are not the same.

        Parameters of the same name are one, and so are the scales of the framework.
        """
        values = self.same_names()
        match self.left.scale, self.right.scale:
            case tree.Parameter(name=mine) as scale, tree.Parameter(name=theirs) if (
                theirs not in values
                and scale not in values.values()
                and {mine, theirs} <= self.domains.keys()
                and self.domains[mine] == self.domains[theirs]
            ):
                values[theirs] = scale
        return Changes(values, self.names)


def times_of(name: str) -> str:
    """Return the name of what a weight or a number of B is multiplied by."""
    return f"_times_{name}"


def _same_quantities(left: Side, right: Side) -> dict[str, str]:
    """Return the weights and data of B that are A's of the same name and kind, by their names."""
    found = {}
    for name, theirs in right.quantities.items():
        mine = f"{left.label}_{theirs.name}"
        ours = left.quantities.get(mine)
        if ours is not None and _kind(ours) == _kind(theirs):
            found[name] = mine
    return found


def _kind(each: WeightSpec | DatumSpec) -> tuple[str, str, bool]:
    arity = each.arity.of if isinstance(each, DatumSpec) else TOKEN.of
    return arity, each.domain, each.by_label
