"""What the pages of the atlas say beside the index, proved when they are made.

The functions here are work for several processes: each takes a text and gives text back, since a
theorem does not cross from one process to another. The lattice and the rows of libraries are read
as proposals of what to prove; what is not proved now is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from midpo_sym.atlas import index
from midpo_sym.atlas.likeness import may_be_related, of_data, rank
from midpo_sym.language import tree
from midpo_sym.prover.equivalence.answers import SAME, SPECIAL_LEFT, UP_TO, Relation
from midpo_sym.prover.equivalence.lattice import Entry, entry_of
from midpo_sym.prover.equivalence.profiles import fingerprints, profile
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT, side
from midpo_sym.prover.gradients.chain_rule import switch_symbols
from midpo_sym.prover.gradients.report import gradient_result
from midpo_sym.session import remembering
from midpo_sym.site.maths.formula import BREAK
from midpo_sym.site.maths.layout import formula, width
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.wording import gradients as wording
from midpo_sym.targets.wording.equivalence import Words
from midpo_sym.workers import each_of

T = TypeVar("T", bound=Hashable)
R = TypeVar("R")

_LABEL = re.compile(r"\b[AB]\.")
_TOKENS = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
_TIMES = r"\,"  # between two factors
_LINE = 40  # characters of a summand that is not broken
_MOST_TRIED = 2  # losses that a formula may be, besides those of its name
_ONE, _ZERO = tree.Number(1), tree.Number(0)


@dataclass(frozen=True, slots=True)
class Tie:
    """Two losses, one of which is the other at some values.

    Attributes:
        special: the id of the loss that is a special case.
        general: the id of what it is one of.
        same: whether the two are the same loss, up to names.
        at: the values: a symbol of the general loss, and what it is in symbols of the special one.
        gradient: whether the gradients are the same as well.
    """

    special: str
    general: str
    same: bool
    at: str
    gradient: bool


@dataclass(frozen=True, slots=True)
class Slope:
    """The gradient of a loss, proved by the kernel.

    Attributes:
        whole: the gradient as LaTeX.
        names: what the names in it stand for, as LaTeX.
        motions: when the two log-probabilities fall, in sentences with LaTeX between dollars.
    """

    whole: str
    names: tuple[str, ...]
    motions: tuple[str, ...]


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


def tie(pair: tuple[str, str]) -> Tie | None:
    """Return how two losses are tied; None if that is not proved here."""
    for one, other in (pair, pair[::-1]):
        entry = _compared(library.get(one), library.get(other))
        relation = entry.relation
        if relation is None or relation.of != "loss":
            continue
        at, gradient = _substitution(entry, relation), relation.gradient.says == "same"
        if relation.kind in (SAME, UP_TO):
            return Tie(one, other, same=True, at=at, gradient=gradient)
        if relation.kind == SPECIAL_LEFT:
            return Tie(one, other, same=False, at=at, gradient=gradient)
    return None


def slope(id_: str) -> Slope | None:
    """Return the gradient of a loss; None if it is undecided."""
    derivation = library.get(id_)
    if any(term.link.is_any for term in derivation.statement.target.terms):
        return None
    result = gradient_result(derivation)
    gradient, calculus = result.gradient, wording.TEX
    if not gradient.is_proved:
        return None
    symbols = dict(derivation.symbols)
    for each in gradient.coefficients:
        symbols |= switch_symbols(each.value, symbols)
    left, pieces = wording.whole(gradient, symbols, calculus)
    names = tuple(
        formula(each.body, symbols, f"{calculus.notation.show(each, symbols)} :=")
        for each in gradient.names
    )
    motions = tuple(wording.motion(each, symbols, calculus) for each in result.motions)
    whole = f" {BREAK} ".join(map(_in_factors, pieces))
    return Slope(f"{left} = {whole}", names, motions)


def _in_factors(piece: str) -> str:
    """Return a long summand with places to break between its factors."""
    if width(piece) <= _LINE:
        return piece
    factors, depth = [""], 0
    for part in _TOKENS.findall(piece):
        depth += (part in "{[(") - (part in "}])")
        if part == _TIMES and not depth:
            factors.append("")
        else:
            factors[-1] += part
    return f" {BREAK}' ".join(factors)


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


def _substitution(entry: Entry, relation: Relation) -> str:
    """Return the values of the general loss, in symbols of the special one."""
    words = Words(entry.left, entry.right)
    values = [_LABEL.sub("", each) for each in words.substitution(relation).split(", ")]
    parts = [each for each in values if len(set(each.split(" = "))) > 1]  # α = α says nothing
    parts += words.models(relation)
    if relation.factor != _ONE:
        parts.append(f"up to the factor {words.show(relation.factor, relation)}")
    if relation.offset != _ZERO:
        parts.append(f"up to the constant {words.show(relation.offset, relation)}")
    if needed := words.needed(relation.value.conditions):
        parts.append(f"where {needed}")
    return _LABEL.sub("", ", ".join(filter(None, parts)))
