"""What the pages of the atlas say beside the generated files, proved when they are made.

The functions here are work for several processes: each takes a text and gives text back, since a
theorem does not cross from one process to another. The rows of libraries are read as proposals of
what to prove; what is not proved now is not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TypeVar

from midpo_sym.atlas import index
from midpo_sym.atlas.likeness import may_be_related, of_data, rank
from midpo_sym.language import tree
from midpo_sym.prover.equivalence.answers import SAME, UP_TO, Relation
from midpo_sym.prover.equivalence.lattice import Entry, entry_of
from midpo_sym.prover.equivalence.profiles import fingerprints, profile
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT, side
from midpo_sym.session import remembering
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import load
from midpo_sym.workers import each_of

T = TypeVar("T", bound=Hashable)
R = TypeVar("R")

_MOST_TRIED = 2  # losses that a formula may be, besides those of its name
_ONE, _ZERO = tree.Number(1), tree.Number(0)


def all_of(work: Callable[[T], R], tasks: Sequence[T], keys: Sequence[str]) -> list[R]:
    """Return what comes of each task, computed in several processes where that pays.

    What a session has computed already is taken from it.

    Args:
        work: a function of this module.
        tasks: what it is called with.
        keys: what the answers depend on besides, a text for each task.
    """
    with remembering() as session:
        known: dict[tuple[T, str], R] = session.recall(__name__, 8, work.__name__, dict)
        wanted = list(zip(tasks, keys, strict=True))
        missing = [each for each in wanted if each not in known]
        made = each_of(work, [task for task, _ in missing])
        known.update(zip(missing, made, strict=True))
        return [known[each] for each in wanted]


def losses_of(asked: str) -> tuple[str, ...]:
    """Return the ids of the losses that a formula is, up to names: proved for each.

    Args:
        asked: the id of a loss, or the path of a specification.
    """
    if library.is_shipped(asked):
        return (asked,)
    derivation = load(Path(asked))
    ours = profile(side(LEFT, derivation))
    if ours is None:
        return ()
    ranks = {
        row.id: rank(ours, its)
        for row in index.read().values()  # proposals: what is said of them is proved here
        if row.profile and may_be_related(ours, its := of_data(row.profile))
    }
    near = sorted(ranks, key=lambda id_: ranks[id_])
    namesakes = [id_ for id_ in near if _family_name(id_) == _family_name(derivation.id)]
    near = list(dict.fromkeys([*near[:_MOST_TRIED], *namesakes]))
    found = ((each, _compared(derivation, library.get(each)).relation) for each in near)
    return tuple(id_ for id_, relation in found if relation and _is_same(relation))


def _family_name(id_: str) -> str:
    """Return what variants of a loss share: `ipo` of `ipo_mean`."""
    return id_.partition("_")[0]


def _is_same(relation: Relation) -> bool:
    """Return whether the values and the gradients are the same, up to names."""
    return (
        relation.kind in (SAME, UP_TO)
        and relation.of == "loss"
        and relation.gradient.says == "same"
        and (relation.factor, relation.offset) == (_ONE, _ZERO)
    )


def _compared(one: Derivation, other: Derivation) -> Entry:
    left, right = side(LEFT, one), side(RIGHT, other)
    first, second = fingerprints([left, right])
    return entry_of((left, right), (first, second), (profile(left), profile(right)))
