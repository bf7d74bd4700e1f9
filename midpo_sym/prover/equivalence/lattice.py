"""All pairs of many losses, and which of them is a special case of which.

Profiles and fingerprints rule most pairs out; what is left is searched, and what is found proved,
as for a single pair. Edges of the lattice are proved each by itself, and those that follow from
others are left out.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from midpo_sym.prover.equivalence.answers import (
    IN_VALUE,
    SAME,
    SPECIAL_LEFT,
    SPECIAL_RIGHT,
    UP_TO,
    WITH_ONE,
    Relation,
)
from midpo_sym.prover.equivalence.changes import Changes
from midpo_sym.prover.equivalence.pair import Pair
from midpo_sym.prover.equivalence.profiles import (
    Fingerprint,
    Profile,
    differ,
    fingerprints,
    look_alike,
    profile,
)
from midpo_sym.prover.equivalence.questions import ask_gradient
from midpo_sym.prover.equivalence.search import Search
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT, Side, side
from midpo_sym.session import remembering
from midpo_sym.spec.model import Derivation


@dataclass(frozen=True)
class Entry:
    """What is known of a pair of losses.

    Attributes:
        left: the first loss.
        right: the second one.
        relation: what is proved of them; None if nothing was found.
        differs: whether a point proves that they differ, at parameters of the same names.
    """

    left: Side
    right: Side
    relation: Relation | None
    differs: bool

    @property
    def says(self) -> str:
        """Return the kind of the relation, or what is known instead.

        That is `same value, other gradient` or `same value, gradient undecided`, `differs` or
        `undecided`.
        """
        if self.relation is not None:
            gradient = self.relation.gradient.says
            if self.relation.kind in (SAME, UP_TO) and gradient != "same":
                return IN_VALUE[gradient]
            return self.relation.kind
        return "differs" if self.differs else "undecided"


@dataclass(frozen=True)
class Edge:
    """A special case.

    Attributes:
        special: the loss that is one.
        general: what it is a special case of.
        gradient: whether the gradients are the same as well.
    """

    special: str
    general: str
    gradient: bool


@dataclass(frozen=True)
class Lattice:
    """All pairs of some losses.

    Attributes:
        ids: the losses, in order.
        entries: the pairs, in order.
        classes: losses that are the same up to a substitution, those with a partner only.
        edges: special cases, without those that follow from others, in value or in gradient.
        seconds: how long it took.
    """

    ids: tuple[str, ...]
    entries: tuple[Entry, ...]
    classes: tuple[tuple[str, ...], ...]
    edges: tuple[Edge, ...]
    seconds: float = field(default=0.0, compare=False)

    @property
    def related(self) -> tuple[Entry, ...]:
        """Return the pairs of which something is proved besides that they differ."""
        return tuple(each for each in self.entries if each.relation is not None)


def compare_all(
    derivations: Sequence[Derivation],
    progress: Callable[[list[tuple[int, int]]], Iterable[tuple[int, int]]] = iter,
) -> Lattice:
    """Compare every two of some losses.

    Args:
        derivations: the specifications, no two of which have the same id.
        progress: goes through the pairs, and may show how far it is.
    """
    start = time.perf_counter()
    with remembering():
        lefts, rights = ([side(label, each) for each in derivations] for label in (LEFT, RIGHT))
        prints = fingerprints(lefts)
        profiles = [profile(each) for each in lefts]
        entries = [
            entry_of((lefts[i], rights[j]), (prints[i], prints[j]), (profiles[i], profiles[j]))
            for i, j in progress([*itertools.combinations(range(len(derivations)), 2)])
        ]
    ids = tuple(each.id for each in derivations)
    classes = _classes(ids, entries)
    seconds = time.perf_counter() - start
    shown = tuple(tuple(each) for each in dict.fromkeys(classes.values()) if len(each) > 1)
    return Lattice(ids, tuple(entries), shown, _edges(entries, classes), seconds)


def entry_of(
    sides: tuple[Side, Side],
    prints: tuple[Fingerprint, Fingerprint],
    profiles: tuple[Profile | None, Profile | None],
) -> Entry:
    """Return what is proved of two losses, if they may be related at all.

    Args:
        sides: the losses, as the left and the right one.
        prints: their fingerprints, taken at the same points.
        profiles: their profiles.
    """
    apart = differ(*prints)
    pair = Pair(*sides)
    relation = None
    one, other = profiles
    alike = look_alike(*prints)
    if one is None or other is None:
        relation = _related(pair) if alike else None
    elif alike or any(
        (
            one.may_become(other),
            other.may_become(one),
            one.bends_like(other),
            one.goes_on_like(other),
        )
    ):
        relation = _related(pair)
    if relation is None and one is not None and other is not None:
        relation = _renamed(pair, one, other)
        if relation is None and one.arguments == other.arguments:
            relation = Search(pair).of_arguments()
    if relation is not None and relation.of == "loss":
        changed = pair.changed(relation.changes)
        relation = replace(relation, gradient=ask_gradient(*changed, relation.factor))
    return Entry(*sides, relation, apart and (relation is None or relation.kind != SAME))


def _related(pair: Pair) -> Relation | None:
    search = Search(pair)
    found = search.of_losses(Changes(names=pair.names))
    if found is not None and found.kind in (SAME, UP_TO):
        return found
    return search.rescaled() or found or search.special_cases(common=False)


def _renamed(pair: Pair, one: Profile, other: Profile) -> Relation | None:
    """Return that the losses are the same with one model in the place of another."""
    search = Search(pair)
    for models in pair.models():
        shown = [
            each.with_models(models.get(label, {})) for label, each in ((LEFT, one), (RIGHT, other))
        ]
        if not models or shown[0] != shown[1]:
            continue
        found = search.of_losses(Changes(names=pair.names, models=models))
        if found is not None and found.kind in (SAME, UP_TO, WITH_ONE):
            return found
    return None


def _classes(ids: Sequence[str], entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Return, for each loss, those that it is the same as up to a substitution of parameters."""
    found: dict[str, tuple[str, ...]] = {each: (each,) for each in ids}
    for entry in entries:
        relation = entry.relation
        if relation is None or relation.changes.models or relation.gradient.says != "same":
            continue
        if relation.kind in (SAME, UP_TO):
            joined = dict.fromkeys((*found[entry.left.id], *found[entry.right.id]))
            merged = tuple(each for each in ids if each in joined)
            found.update(dict.fromkeys(merged, merged))
    return found


def _edges(entries: Iterable[Entry], classes: Mapping[str, tuple[str, ...]]) -> tuple[Edge, ...]:
    """Return the special cases that do not follow from others, between the first of each class."""
    in_value: dict[str, set[str]] = {}
    in_gradient: dict[str, set[str]] = {}
    for entry in entries:
        relation = entry.relation
        if relation is None or relation.changes.models:
            continue
        ends = entry.left.id, entry.right.id
        if relation.kind == SPECIAL_RIGHT:
            ends = ends[1], ends[0]
        if relation.kind in (SPECIAL_LEFT, SPECIAL_RIGHT):
            special, general = (classes[each][0] for each in ends)
            if special == general:
                continue
            in_value.setdefault(special, set()).add(general)
            if relation.gradient.says == "same":
                in_gradient.setdefault(special, set()).add(general)
    whole = [Edge(*ends, gradient=True) for ends in _reduced(in_gradient)]
    known = {(special, each) for special in in_gradient for each in in_gradient[special]}
    rest = [Edge(*ends, gradient=False) for ends in _reduced(in_value) if ends not in known]
    return tuple(sorted((*whole, *rest), key=lambda edge: (edge.special, edge.general)))


def _reduced(above: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Return the edges of a graph without those that follow from others."""
    return [
        (special, general)
        for special, generals in above.items()
        for general in generals
        if not any(general in _reached(each, above) for each in generals - {general})
    ]


def _reached(start: str, above: Mapping[str, set[str]]) -> set[str]:
    """Return all that a loss is a special case of."""
    found: set[str] = set()
    waiting = [*above.get(start, ())]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += above.get(each, ())
    return found
