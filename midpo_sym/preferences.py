"""Which label-free prior a finite set of preferences allows: exact, or the cycle that forbids one.

A loss with a margin offset, such as SimPO's γ, is MI-DPO only if the prior makes the offset: for
each preferred pair, log ζ(winner) − log ζ(loser) has to be a given number d. One prior does so for
all pairs iff d lies in the row space of the incidence matrix of the preference graph, that is, iff
the offsets add up to zero around every cycle, those walked backwards with a minus.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import Any, TypeAlias

import sympy
from sympy.polys.polyerrors import CoercionFailed

Answer = Hashable
Offset: TypeAlias = Any  # a Fraction or an expression of SymPy's, which has no types
_ALLOWED = "whole numbers, fractions.Fraction, and SymPy's rational functions of symbols"


@dataclass(frozen=True, slots=True)
class CycleStep:
    """One preference on a cycle.

    Attributes:
        winner: the preferred answer.
        loser: the other one.
        offset: log ζ(winner) − log ζ(loser), as required.
        forward: whether the cycle walks from the winner to the loser.
    """

    winner: Answer
    loser: Answer
    offset: Offset
    forward: bool


@dataclass(frozen=True, slots=True)
class GraphSolution:
    """The prior on the answers to one prompt, or why there is none.

    Attributes:
        log_zeta: log ζ by answer, up to a constant for each connected part of the graph, where
            the answer named first has 0; None if there is no such prior.
        cycle: the preferences of a cycle that forbids one, in the order in which it is walked;
            empty if there is a prior.
        total: its offsets added up, each with a minus if it is walked from loser to winner. Not
            zero if there is a cycle; a total with symbols says for which values it is.
    """

    log_zeta: dict[Answer, Offset] | None
    cycle: tuple[CycleStep, ...] = ()
    total: Offset = Fraction(0)

    @property
    def exists(self) -> bool:
        """Whether there is a prior."""
        return self.log_zeta is not None


@dataclass(frozen=True, slots=True)
class _Edge:
    """A preference, with its offset in the field that all of them are computed in."""

    winner: Answer
    loser: Answer
    offset: Any


@dataclass(frozen=True, slots=True)
class _Reached:
    """How the search came to an answer: log ζ, and the edge and answer it came from."""

    value: Any
    depth: int
    edge: _Edge | None = None
    before: Answer = None


def prior_on_graph(
    edges: Iterable[tuple[Answer, Answer]], offsets: Iterable[Any] | Rational | sympy.Expr
) -> GraphSolution:
    """Decide whether a prior that knows no label makes the offsets that the preferences need.

    SimPO's loss is α/|y_w| log π(y_w) − α/|y_l| log π(y_l) − γ, so its prior has to make
    log ζ(y_w) − log ζ(y_l) = γ/α besides what depends on each answer alone. On a chain of
    preferences it does, by giving each answer its rank, although the paper rules chains out:

        >>> from sympy.abc import gamma
        >>> chain = prior_on_graph([("a", "b"), ("b", "c")], gamma)
        >>> chain.log_zeta
        {'a': 0, 'b': -gamma, 'c': -2*gamma}

    On a pair that was labelled both ways none does, although the paper does not rule that out:

        >>> flipped = prior_on_graph([("a", "b"), ("b", "a")], gamma)
        >>> flipped.exists, flipped.total
        (False, 2*gamma)

    Time and memory grow as the number of answers and preferences. Nothing is rounded.

    Args:
        edges: preferred pairs (winner, loser) for one prompt; answers are anything hashable. The
            same pair may stand there twice.
        offsets: log ζ(winner) − log ζ(loser) as each edge requires it, in the order of the edges,
            or one for all. Whole numbers, `Fraction`s, or SymPy's rational functions of symbols,
            which must hold for all values of the symbols.

    Returns:
        log ζ, or a cycle of edges that forbids it. If all offsets are numbers, so is every
        result, a `Fraction`; with symbols every result is a SymPy expression.

    Raises:
        TypeError: an edge is no pair of hashable answers, or an offset is not exact.
        ValueError: an answer is preferred to itself, or there are not as many offsets as edges.

    Source:
        Tutunov et al. 2025, section 4, SimPO's assumption: neither necessary nor sufficient.
    """
    pairs = [_pair(edge, place) for place, edge in enumerate(edges)]
    given = _given(offsets, len(pairs))
    numbers, back = _in_one_field(given)
    graph = [_Edge(*pair, offset) for pair, offset in zip(pairs, numbers, strict=True)]
    neighbours: dict[Answer, list[_Edge]] = {}
    for edge in graph:
        neighbours.setdefault(edge.winner, []).append(edge)
        neighbours.setdefault(edge.loser, []).append(edge)
    zero = numbers[0] - numbers[0] if numbers else Fraction(0)
    reached: dict[Answer, _Reached] = {}
    for root in neighbours:
        if root not in reached:
            reached[root] = _Reached(zero, 0)
            _spread(root, neighbours, reached)
    for edge in graph:
        if reached[edge.winner].value - reached[edge.loser].value != edge.offset:
            cycle = [(edge, True), *_path(edge.loser, edge.winner, reached)]
            total = sum((each.offset if ahead else -each.offset for each, ahead in cycle), zero)
            steps = [CycleStep(e.winner, e.loser, back(e.offset), ahead) for e, ahead in cycle]
            return GraphSolution(None, tuple(steps), back(total))
    return GraphSolution({answer: back(found.value) for answer, found in reached.items()})


def _spread(
    root: Answer, neighbours: dict[Answer, list[_Edge]], reached: dict[Answer, _Reached]
) -> None:
    """Reach every answer connected with the root, once, along a tree."""
    waiting = deque([root])
    while waiting:
        answer = waiting.popleft()
        here = reached[answer]
        for edge in neighbours[answer]:
            other, value = (
                (edge.loser, here.value - edge.offset)
                if edge.winner == answer
                else (edge.winner, here.value + edge.offset)
            )
            if other not in reached:
                reached[other] = _Reached(value, here.depth + 1, edge, answer)
                waiting.append(other)


def _path(start: Answer, end: Answer, reached: dict[Answer, _Reached]) -> list[tuple[_Edge, bool]]:
    """Return the edges of the tree from one answer to another, and whether each leads down."""
    up: list[tuple[_Edge, bool]] = []
    down: list[tuple[_Edge, bool]] = []
    while start != end:
        here, there = reached[start], reached[end]
        if here.depth >= there.depth and here.edge is not None:
            up.append((here.edge, here.edge.winner == start))
            start = here.before
        elif there.edge is not None:
            down.append((there.edge, there.edge.loser == end))
            end = there.before
    return [*up, *reversed(down)]


def _pair(edge: Any, place: int) -> tuple[Answer, Answer]:
    where = f"edges[{place}]"
    if isinstance(edge, str) or not isinstance(edge, Sequence) or len(edge) != 2:  # noqa: PLR2004
        raise TypeError(f"{where} is {_shown(edge)}; it has to be a pair (winner, loser)")
    winner, loser = edge
    for name, answer in (("winner", winner), ("loser", loser)):
        try:
            hash(answer)
        except TypeError:
            message = f"{where}: the {name} {_shown(answer)} is not hashable; name the answers"
            raise TypeError(f"{message} by text or numbers") from None
    if winner == loser:
        raise ValueError(f"{where}: {_shown(winner)} is preferred to itself; drop this edge")
    return winner, loser


def _given(offsets: Any, count: int) -> list[Any]:
    """Return an offset for each edge."""
    if isinstance(offsets, str | bytes | float | complex) or not isinstance(offsets, Iterable):
        return [_exact(offsets, "offsets")] * count
    found = [_exact(each, f"offsets[{place}]") for place, each in enumerate(offsets)]
    if len(found) != count:
        raise ValueError(f"there are {count} edges and {len(found)} offsets; give one for each")
    return found


def _exact(offset: Any, where: str) -> Offset:
    if isinstance(offset, sympy.Expr):
        return offset
    if isinstance(offset, Rational) and offset is not True and offset is not False:
        return Fraction(int(offset.numerator), int(offset.denominator))
    cure = f"; write Fraction({str(offset)!r})" if isinstance(offset, float) else ""
    raise TypeError(f"{where} is {_shown(offset)}, which is not exact; allowed: {_ALLOWED}{cure}")


def _in_one_field(offsets: Sequence[Offset]) -> tuple[list[Any], Any]:
    """Return the offsets where equality is decided, and the way back."""
    if not any(isinstance(each, sympy.Expr) for each in offsets):
        return list(offsets), Fraction
    expressions = [_expression(each) for each in offsets]
    symbols = sorted(set().union(*(each.free_symbols for each in expressions)), key=str)
    field = sympy.QQ.frac_field(*symbols) if symbols else sympy.QQ
    found = []
    for place, each in enumerate(expressions):
        message = f"offsets[{place}] is {each}, which is no exact rational function"
        if each.has(sympy.Float):  # SymPy would take it for the fraction next to it
            raise TypeError(f"{message}; allowed: {_ALLOWED}")
        try:
            found.append(field.from_sympy(each))
        except (CoercionFailed, ValueError, ZeroDivisionError):
            raise TypeError(f"{message}; allowed: {_ALLOWED}") from None
    return found, field.to_sympy


def _expression(offset: Offset) -> sympy.Expr:
    if isinstance(offset, sympy.Expr):
        return offset
    return sympy.Rational(offset.numerator, offset.denominator)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004
