"""Counterexamples in certified intervals, for where no exact one is found.

Both sides of an equation are evaluated in balls (`balls`) at the tiny language models of the exact
search (`jets`): two enclosures that do not meet prove that the values differ. A point at which
something is not clear counts neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from midpo_sym.judges.balls import Enclosure, disjoint
from midpo_sym.judges.jets import Ends, enclosed
from midpo_sym.judges.tiny import TinyModels, points
from midpo_sym.judges.witness import Meter, Search, TooMuchWorkError, Witness
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

WORK = 4_000  # nodes that a search evaluates at most, a sum's body once for each token
POINTS = 24  # that a search tries
FEW = 6  # that it tries where there is little hope
_CONFIRMING = 2  # at which a proved statement is tried
BITS = 64
MORE_BITS = 256  # with which a difference is stated, and points are tried again
_AGAIN = 2  # points at which enclosures meet, and that are tried again

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Hunt(Generic[Told]):
    """What came out of evaluating expressions at one point after another.

    Attributes:
        points: number of points at which all of them have clear values.
        models: the point that was looked for; None if there is none among them.
        told: what is told of it.
        stopped: whether the limit of work ended it.
    """

    points: int
    models: TinyModels | None = None
    told: Told | None = None
    stopped: bool = False


def search_further(
    found: Search,
    sides: tuple[Expression, Expression],
    *,
    of: str,
    of_losses: bool = False,
    equal: bool,
    agree: bool,
    work: int,
) -> Search:
    """Return what the exact search found, or if that is nothing, what intervals find.

    Args:
        found: what the exact search found.
        sides: what it compared.
        of: `value` or `gradient`.
        of_losses: whether the sides are losses.
        equal: whether the kernel proves the sides equal. Then intervals are asked only if there was
            no exact point at which it could have been contradicted.
        agree: whether random models show no difference. Then there is little hope.
        work: how many times the usual limit of work it may take.
    """
    seen, difference = found.of(of)
    if difference is not None or (equal and seen):
        return found
    tries = _CONFIRMING if equal else FEW if agree else POINTS
    return search(found, *sides, of=of, of_losses=of_losses, tries=tries, work=work * WORK)


def search(  # noqa: PLR0913 - all but the first three have defaults
    found: Search,
    left: Expression,
    right: Expression,
    *,
    of: str,
    of_losses: bool = False,
    tries: int = POINTS,
    work: int = WORK,
    kind: str | None = None,
    as_long: bool = False,
) -> Search:
    """Return what a search found, with a point at which enclosures of two sides do not meet.

    Args:
        found: what the exact search found.
        left: one side.
        right: the other side.
        of: `value` or `gradient`: what is compared.
        of_losses: what the witness is to say of the sides.
        tries: how many points to try.
        work: how many nodes to evaluate at most.
        kind: the arithmetic, `arb` or `mpmath`; None for Arb where it is installed.
        as_long: whether only pairs of equal lengths are tried.
    """
    others = (tree.responses(left) | tree.responses(right)) - {"w", "l"}
    responses = ("w", "l", *sorted(others))
    where = points(left, right, tries=tries, responses=responses, as_long=as_long)
    hunted = hunt((left, right), where, _apart, of=of, meter=Meter(work), kind=kind)
    found = replace(found, enclosed=hunted.points, stopped=found.stopped or hunted.stopped)
    if hunted.models is None:
        return found
    of_gradient = of == "gradient"
    witness = Witness(
        hunted.models, (), (), of_gradient, of_losses=of_losses, enclosures=hunted.told
    )
    return replace(found, gradient=witness) if of_gradient else replace(found, value=witness)


def _apart(ends: list[Ends]) -> tuple[Enclosure, Enclosure] | None:
    one, other = ends
    return disjoint(one, other)


def hunt(
    terms: tuple[Expression, ...],
    where: Iterable[TinyModels],
    tell: Callable[[list[Ends]], Told | None],
    *,
    of: str,
    meter: Meter,
    kind: str | None = None,
) -> Hunt[Told]:
    """Look for a point at which enclosures of some expressions tell something.

    What they tell is told again by narrower enclosures of the same point, and stated by these.

    Args:
        terms: the expressions.
        where: the points.
        tell: says what enclosures tell, given the ends of each; None if it is nothing.
        of: `value` or `gradient`: what is enclosed.
        meter: limits the work.
        kind: the arithmetic.
    """
    seen = 0
    meet: list[TinyModels] = []
    try:
        for models in where:
            ends = enclosed(terms, models, of=of, bits=BITS, meter=meter, kind=kind)
            if ends is None:
                continue
            seen += 1
            if tell(ends) is None:
                meet.append(models)
                continue
            told = _again(terms, models, tell, of, meter, kind)
            if told is not None:
                return Hunt(seen, models, told)
        for models in meet[:_AGAIN]:
            told = _again(terms, models, tell, of, meter, kind)
            if told is not None:
                return Hunt(seen, models, told)
    except TooMuchWorkError:
        return Hunt(seen, stopped=True)
    return Hunt(seen)


def _again(
    terms: tuple[Expression, ...],
    models: TinyModels,
    tell: Callable[[list[Ends]], Told | None],
    of: str,
    meter: Meter,
    kind: str | None,
) -> Told | None:
    ends = enclosed(terms, models, of=of, bits=MORE_BITS, meter=meter, kind=kind)
    return None if ends is None else tell(ends)
