"""Which losses a loss is: the same, a special case of, or nearest to; each relation proved here.

The index rules most losses out, by what they are made of. What is left is compared as any pair is,
and only what the kernel proves in this run is said. How near the others are is counted: axes that
differ, then steps in the lattice of special cases, then what they have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from midpo_sym.atlas import index, lattices
from midpo_sym.atlas.likeness import may_be_related, of_data, overlap, rank
from midpo_sym.atlas.making import row_of
from midpo_sym.atlas.rows import Row
from midpo_sym.prover.equivalence.answers import SAME, SPECIAL_LEFT, SPECIAL_RIGHT, UP_TO
from midpo_sym.prover.equivalence.lattice import Entry, entry_of
from midpo_sym.prover.equivalence.profiles import Profile, fingerprints, profile
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT, side
from midpo_sym.session import remembering
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Derivation

_MOST_PROOFS = 20
_MOST_NEAR = 5


@dataclass(frozen=True, slots=True)
class Near:
    """A loss that is near, without a relation that is proved.

    Attributes:
        row: of the index.
        apart: the axes that differ.
        distance: the steps to it in the lattice of special cases; None if none lead there.
    """

    row: Row
    apart: tuple[str, ...]
    distance: int | None


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a loss is among all that come with the package.

    Attributes:
        row: of the loss itself, computed now.
        related: the pairs of which a relation is proved, the closest relation first.
        nearest: of the others, those that are nearest.
        stale: the ids whose rows in the index were not current, and were computed again.
        untried: the ids that were left out, as more may be related than are tried.
    """

    row: Row
    related: tuple[Entry, ...]
    nearest: tuple[Near, ...]
    stale: tuple[str, ...]
    untried: tuple[str, ...]

    def of_kind(self, *kinds: str) -> tuple[Entry, ...]:
        """Return the pairs related in one of some ways, in the words of `Entry.says`."""
        return tuple(each for each in self.related if each.says in kinds)

    @property
    def same(self) -> tuple[str, ...]:
        """Return the ids of the losses that this one is, up to a substitution."""
        return tuple(each.right.id for each in self.of_kind(SAME, UP_TO))

    @property
    def special_case_of(self) -> tuple[str, ...]:
        """Return the ids of the losses that this one is a special case of."""
        return tuple(each.right.id for each in self.of_kind(SPECIAL_LEFT))

    @property
    def generalises(self) -> tuple[str, ...]:
        """Return the ids of the losses that are special cases of this one."""
        return tuple(each.right.id for each in self.of_kind(SPECIAL_RIGHT))


def like(derivation: Derivation) -> Likeness:
    """Return what a loss is among all that come with the package.

    Args:
        derivation: the loss; one of those that come with the package is not compared with itself.

    Raises:
        SpecError: it is about every link and so has no loss.
    """
    with remembering():
        mine = side(LEFT, derivation)
        if not mine.has_loss:
            message = "its link stands for every function: it has no loss"
            raise SpecError(derivation.id, message)
        row, ours = row_of(derivation), profile(mine)
        found = index.current()
        others = [each for each in found.rows if not _is_shipped(derivation, each.id)]
        related, untried = relatives(derivation, others)
        profiles = _profiles(others)
        nearest = _nearest(row, ours, related, others, profiles)
        return Likeness(row, related, nearest, found.stale, untried)


def relatives(
    derivation: Derivation, rows: Sequence[Row], most: int = _MOST_PROOFS
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the losses to which a relation is proved, the closest first, and those not tried.

    This is the one search for what a loss is: `like` and `midpo verify` use it.

    Args:
        derivation: the loss.
        rows: of the index. They choose what is tried; nothing that is said rests on them.
        most: how many proofs are tried.
    """
    with remembering():
        ours, profiles = profile(side(LEFT, derivation)), _profiles(rows)
        tried, untried = _candidates(ours, rows, profiles, most)
        entries = _compared(derivation, ours, {id_: profiles[id_] for id_ in tried})
    related = [each for each in entries if each.relation is not None]
    related.sort(key=lambda each: _ORDER.get(each.says, len(_ORDER)))
    return tuple(related), untried


def _is_shipped(derivation: Derivation, id_: str) -> bool:
    """Return whether a specification is the one of an id that comes with the package."""
    return derivation.id == id_ and library.get(id_).text == derivation.text


def _profiles(rows: Iterable[Row]) -> dict[str, Profile | None]:
    return {each.id: of_data(each.profile) if each.profile else None for each in rows}


_ORDER = {kind: k for k, kind in enumerate((SAME, UP_TO, SPECIAL_LEFT, SPECIAL_RIGHT))}


def _candidates(
    ours: Profile | None,
    others: Sequence[Row],
    profiles: Mapping[str, Profile | None],
    most: int,
) -> tuple[list[str], tuple[str, ...]]:
    """Return the losses that may be related, those that have most in common first."""
    ranks = {
        each.id: rank(ours, its)
        for each in others
        if ours and (its := profiles[each.id]) and may_be_related(ours, its)
    }
    found = sorted(ranks, key=lambda id_: ranks[id_])
    return found[:most], tuple(found[most:])


def _compared(
    derivation: Derivation, ours: Profile | None, others: Mapping[str, Profile | None]
) -> list[Entry]:
    """Compare a loss with others, of which the profiles are known, one after another.

    Profiles and fingerprints of both are taken as of a left one, as names go by the side.
    """
    left = side(LEFT, derivation)
    specifications = [library.get(id_) for id_ in others]
    print_of_left, *prints = fingerprints([left, *(side(LEFT, each) for each in specifications)])
    return [
        entry_of((left, side(RIGHT, each)), (print_of_left, its), (ours, known))
        for each, its, known in zip(specifications, prints, others.values(), strict=True)
    ]


def _nearest(
    row: Row,
    ours: Profile | None,
    related: Sequence[Entry],
    others: Sequence[Row],
    profiles: Mapping[str, Profile | None],
) -> tuple[Near, ...]:
    said = {each.right.id for each in related}
    steps = lattices.steps_from(related)
    near = [
        Near(each, row.axes.apart(each.axes), steps.get(each.id))
        for each in others
        if each.id not in said
    ]
    near.sort(key=lambda each: _how_far(each, ours, profiles))
    return tuple(near[:_MOST_NEAR])


def _how_far(
    each: Near, ours: Profile | None, profiles: Mapping[str, Profile | None]
) -> tuple[int, float, float]:
    distance = float("inf") if each.distance is None else each.distance
    return len(each.apart), distance, -overlap(ours, profiles[each.row.id])
