"""Look for relations of two losses: equations are solved, and what comes out is proved or dropped.

Relations are proposed by solving the equations between parameters (`proposals`, `equations`,
`solutions`), from the closest on, and each is proved by the kernel of the losses as they are after
the substitution (`questions`). That none is found is no proof that there is none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from midpo_sym.kernel.theorem import decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.tree import Expression
from midpo_sym.prover.equivalence import proposals
from midpo_sym.prover.equivalence.answers import (
    COMMON,
    LINK,
    NOT_ASKED,
    ONE,
    SAME,
    SPECIAL_LEFT,
    SPECIAL_RIGHT,
    UP_TO,
    WITH_ONE,
    ZERO,
    Answer,
    Relation,
)
from midpo_sym.prover.equivalence.changes import EQUAL_LENGTHS, Changes
from midpo_sym.prover.equivalence.equations import (
    FACTOR,
    OFFSET,
    REFUSED,
    SCALE,
    UNKNOWN,
    System,
    Systems,
)
from midpo_sym.prover.equivalence.pair import Pair, times_of
from midpo_sym.prover.equivalence.questions import changed, prove, scaled
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT
from midpo_sym.prover.equivalence.solutions import (
    Budget,
    Solution,
    is_never_zero,
    lies_in,
    solutions,
    tidied,
)

_MODES: tuple[dict[str, int | str], ...] = (  # what losses may differ by besides a substitution
    {FACTOR: 1, OFFSET: 0},
    {OFFSET: 0},
    {FACTOR: 1},
    {},
)
_MOST_TRIED = 6  # solutions that the kernel is asked about, for each system


class Search:
    """Looks for relations of two losses."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.budget = Budget()
        self.left, self.right = pair.left, pair.right

    def of_losses(self, changes: Changes) -> Relation | None:
        """Return the closest relation of the losses that is found under changes.

        With 1 in the place of a model it is one of what a loss becomes by that, and says so.
        """
        found = self.of_changed(changes)
        if found is None or not changes.puts_one:
            return found
        return replace(found, kind=WITH_ONE, back=None, back_conditions=())

    def of_changed(self, changes: Changes) -> Relation | None:
        """Return the closest relation of what the losses become under changes."""
        try:
            one, other = self.pair.changed(changes)
        except ValueError:
            return None
        same = self.by_name(changes)
        if same is not None:
            return same
        lengths = changes.where == EQUAL_LENGTHS
        systems = Systems(proposals.of_losses(one, other), lengths=lengths)
        special: Relation | None = None
        partial: Relation | None = None
        for fixed in _MODES[:1] if proposals.is_rigid(one, other) else _MODES:
            forward = self.solved(changes, systems, [*self.right.parameters], fixed)
            back = self.solved(changes, systems, [*self.left.parameters], fixed)
            if forward is not None and not self.is_whole(forward, LEFT):
                partial, forward = partial or forward, None
            if back is not None and not self.is_whole(back, RIGHT):
                partial, back = partial or back, None
            if forward is not None and back is not None:
                inverse = dict(back.changes.values)
                kind = SAME if self.is_by_name(forward) else UP_TO
                needs = back.value.conditions
                return replace(forward, kind=kind, back=inverse, back_conditions=needs)
            if special is None and forward is not None:
                special = replace(forward, kind=SPECIAL_LEFT)
            if special is None and back is not None:
                special = replace(back, kind=SPECIAL_RIGHT)
        return special or (replace(partial, kind=COMMON) if partial else None)

    def is_whole(self, relation: Relation, label: str) -> bool:
        """Return whether a relation is about all parameters with which a loss is defined.

        It is not if it needs more than the loss does, as 1/b of a real b.
        """
        side = self.left if label == LEFT else self.right
        needed = _needed(relation.value)
        if not needed:
            return True
        try:
            loss = changed(side, relation.changes).loss  # its own numbers are free, or renamed
            itself = prove("value", loss, loss)
        except REFUSED:
            return False
        return itself is not None and needed <= _needed(itself)

    def by_name(self, changes: Changes) -> Relation | None:
        """Return that the losses are the same once parameters of the same name are, or scales."""
        values = self.pair.identified().values
        if not len(values) == len(self.left.parameters) == len(self.right.parameters):
            return None
        found = self.proved(SAME, changes, values)
        if found is None or self.is_by_name(found):
            return found
        back = {
            each.name: tree.Parameter(name, each.domain)
            for name, each in values.items()
            if isinstance(each, tree.Parameter)
        }
        return replace(found, kind=UP_TO, back=back)

    def rescaled(self) -> Relation | None:
        """Return that the losses are the same with other weights and data, or multiples of them."""
        for names in self.pair.matches():
            changes = Changes(names=names)
            times = [times_of(name) for name in names if times_of(name) in self.pair.domains]
            found = self.whole(changes) if names != self.pair.names else None
            if found is None and times:
                scales = {
                    name: tree.Parameter(times_of(name), self.pair.domains[times_of(name)])
                    for name in names
                    if times_of(name) in self.pair.domains
                }
                found = self.whole(replace(changes, scales=scales), times)
            if found is not None:
                return found
        return None

    def whole(self, changes: Changes, more: Sequence[str] = ()) -> Relation | None:
        """Return that each loss is the other one at some values, under changes.

        Args:
            changes: what is replaced before.
            more: what is solved for besides parameters.
        """
        try:
            one, other = self.pair.changed(changes)
        except ValueError:
            return None
        systems = Systems(proposals.of_losses(one, other), lengths=False)
        for fixed in _MODES[:1] if proposals.is_rigid(one, other) else _MODES:
            there = self.solved(changes, systems, [*self.right.parameters, *more], fixed)
            if there is None or not self.is_whole(there, LEFT):
                continue
            back = self.solved(changes, systems, [*self.left.parameters, *more], fixed)
            if back is None or not self.is_whole(back, RIGHT):
                continue
            scales = back.changes.scales
            return replace(
                there,
                back=dict(back.changes.values),
                back_conditions=back.value.conditions,
                back_scales={name: tidied(tree.Div(ONE, each)) for name, each in scales.items()},
            )
        return None

    def special_cases(self, *, common: bool) -> Relation | None:
        """Return a relation at special values of weights and data, or of both sides' numbers.

        Args:
            common: whether both losses may be at special values.
        """
        for names in (self.pair.names, {}) if self.pair.names else ({},):
            found = self.special_case(names, common=common)
            if found is not None:
                return found
        return None

    def special_case(self, names: Mapping[str, str], *, common: bool) -> Relation | None:
        """Return such a relation where some weights and data of B are those of A.

        Args:
            names: these; all others are numbers that are solved for.
            common: whether both losses may be at special values.
        """
        left, right = self.left, self.right
        ours, theirs = [*left.parameters], [*right.parameters]
        mine = [name for name in left.quantities if name not in names.values()]
        others = [name for name in right.quantities if name not in names]
        changes = Changes(names=names)
        # Parameters alone were tried, unless it is for both sides at once.
        attempts = [[*theirs, *others], [*ours, *mine]] if mine or others else []
        if common:
            attempts.append([*theirs, *ours, *others, *mine])
        given = bool(mine or others)
        proposed = proposals.of_losses(*self.pair.changed(changes))
        systems = Systems(proposed, weights=given, lengths=False)
        identified = self.pair.identified().values
        for unknown in attempts:
            for values in (identified, {}):
                free = [name for name in unknown if name not in values]
                put = {name: v.name for name, v in values.items() if isinstance(v, tree.Parameter)}
                fixed = {**_MODES[0], **put}
                given_values = replace(changes, values=values)
                found = self.solved(given_values, systems, free, fixed, moving=True)
                if found is not None:
                    return replace(found, kind=self.kind_of(found))
        return None

    def kind_of(self, relation: Relation) -> str:
        """Return which of the two losses is a special case of the other, if one is."""
        values = relation.changes.values
        if not values.keys() & self.left.declared.keys():
            # every number of A is free
            return SPECIAL_LEFT if self.is_whole(relation, LEFT) else COMMON
        given = {name: each for name, each in values.items() if name in self.right.declared}
        free = all(self.is_free(name, each, values) for name, each in given.items())
        free = free and len(set(given.values())) == len(given) and self.is_whole(relation, RIGHT)
        return SPECIAL_RIGHT if free else COMMON

    def is_free(self, name: str, value: Expression, values: Mapping[str, Expression]) -> bool:
        """Return whether a number of B, put as it is, still takes all values of its domain.

        It is a parameter of A then, which is given no value and takes them all.
        """
        own = self.right.parameters.get(name)
        if own is None or not isinstance(value, tree.Parameter) or value.name in values:
            return False
        return lies_in(tree.Parameter(name, own.domain), value.domain)

    def is_by_name(self, relation: Relation) -> bool:
        """Return whether a relation does nothing but identify parameters of the same name."""
        values, same = relation.changes.values, self.pair.same_names()
        changed = relation.changes.models or relation.changes.scales
        plain = (relation.factor, relation.offset) == (ONE, ZERO) and not changed
        plain = plain and relation.changes.names == self.pair.names
        return plain and all(same.get(name) == value for name, value in values.items())

    def solved(
        self,
        changes: Changes,
        systems: Iterable[System],
        unknown: Sequence[str],
        fixed: Mapping[str, int | str],
        *,
        of: str = "loss",
        moving: bool = False,
    ) -> Relation | None:
        """Return a relation at a solution of one of some systems that the kernel confirms.

        Args:
            changes: what is replaced before.
            systems: the equations.
            unknown: what is solved for.
            fixed: unknowns that are given a number, or are another parameter, by its name.
            of: `loss` or `argument`.
            moving: whether a loss that does not depend on the policy any more counts as none.
        """
        for each in systems:
            wanted = [*(name for name in UNKNOWN if name not in fixed), *unknown]
            found = solutions(each, wanted, self.pair.domains, fixed, self.budget)
            for solution, _ in zip(found, range(_MOST_TRIED), strict=False):
                relation = self.proved(UP_TO, changes, solution, of=of)
                if relation is not None and not (moving and self.is_still(relation)):
                    return relation
        return None

    def proved(
        self, kind: str, changes: Changes, solution: Solution, *, of: str = "loss"
    ) -> Relation | None:
        """Return a relation if the kernel proves it, with what else is asked of it."""
        factor = solution.get(SCALE if of == "argument" else FACTOR, ONE)
        offset = solution.get(OFFSET, ZERO)
        order = (*self.right.declared, *self.left.declared)
        free = Changes(dict.fromkeys(map(times_of, changes.scales), ONE))  # those without a value
        values = {name: solution[name] for name in order if name in solution}
        if changes.scales:
            values = {name: tidied(free.of("", each)) for name, each in values.items()}
        set_ = Changes(values)
        scales = {
            name: tidied(set_.of("", free.of("", solution.get(times_of(name), ONE))))
            for name in changes.scales
        }
        if not all(map(is_never_zero, scales.values())):
            return None
        changes = replace(changes, scales={n: each for n, each in scales.items() if each != ONE})
        known = {name: set_.of("", value) for name, value in changes.values.items()}
        both = {**known, **values}
        changes = replace(changes, values={name: both[name] for name in order if name in both})
        try:
            one, other = self.pair.changed(changes)
            if of == "argument":
                return self.proved_arguments(changes, one, other, factor)
            value = prove("value", one.loss, scaled(other.loss, factor, offset))
        except REFUSED:
            return None
        if value is None:
            return None
        if (factor, offset) != (ONE, ZERO) or changes.models:
            kind = UP_TO if kind == SAME else kind
        return Relation(kind, changes, factor, offset, of, value, NOT_ASKED, NOT_ASKED)

    def is_still(self, relation: Relation) -> bool:
        """Return whether a loss has no gradient under the changes of a relation."""
        loss = changed(self.left, relation.changes).loss
        try:
            return decide_gradient(loss, ZERO).theorem is not None
        except REFUSED:
            return True

    def of_arguments(self) -> Relation | None:
        """Return that what goes into the links is the same, up to a scale and a substitution."""
        links = [{term.link for term in side.objective.terms} for side in (self.left, self.right)]
        if links[0] == links[1]:
            return None
        changes = Changes(names=self.pair.names)
        one, other = self.pair.changed(changes)
        systems = Systems(proposals.of_arguments(one, other), lengths=False)
        found: list[Relation] = []
        for fixed in ({SCALE: 1}, {}):
            each = self.solved(changes, systems, [*self.right.parameters], fixed, of="argument")
            if each is not None:
                found.append(replace(each, kind=LINK))
        # at special values only if there is no other way
        found.sort(key=lambda each: any(map(_is_constant, each.changes.values.values())))
        return found[0] if found else None

    def proved_arguments(
        self, changes: Changes, one: Objective, other: Objective, scale: Expression
    ) -> Relation | None:
        """Return the relation of the arguments of links, in some order of the terms."""
        for permuted in itertools.permutations(other.terms):
            found: list[Answer] = []
            for term, another in zip(one.terms, permuted, strict=True):
                value = prove("value", term.argument, scaled(another.argument, scale, ZERO))
                if value is None:
                    break
                found.append(value)
            else:
                theorems = tuple(each for answer in found for each in answer.theorems)
                needs = {each.expression: each for a in found for each in a.conditions}
                value = Answer("value", "same", theorems, conditions=tuple(needs.values()))
                return Relation(LINK, changes, scale, ZERO, "argument", value, NOT_ASKED, NOT_ASKED)
        return None


def _needed(answer: Answer) -> set[Expression]:
    """Return what is assumed of parameters alone."""
    return {
        each.expression
        for each in answer.conditions
        if not each.given_by and _is_of_parameters(each.expression)
    }


def _is_of_parameters(node: Expression) -> bool:
    leaves = [each for each in node.walk() if not each.children()]
    return all(isinstance(each, (tree.Parameter, tree.Number)) for each in leaves)


def _is_constant(value: Expression) -> bool:
    return not any(isinstance(node, tree.Parameter) for node in value.walk())
